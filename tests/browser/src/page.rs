//! The page of a test: the app on it, and what is asked of it.

use app::{screens::board::Board, telegram::Platform};
use domain::{CargoId, Kopecks};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, MutationObserver, MutationObserverInit, MutationRecord};

pub fn id(id: u64) -> CargoId {
    CargoId::new(id).unwrap()
}

/// 0 is no price.
pub fn price(kopecks: i64) -> Option<Kopecks> {
    Kopecks::new(kopecks)
}

/// A place in the page, emptied and removed when dropped.
pub struct Host {
    pub element: HtmlElement,
    mounted: Option<Box<dyn std::any::Any>>,
}

impl Host {
    /// Mounts a view.
    pub fn mount<V: IntoView + 'static>(view: impl FnOnce() -> V + 'static) -> Self {
        let element: HtmlElement = document()
            .create_element("div")
            .unwrap()
            .unchecked_into();
        document().body().unwrap().append_child(&element).unwrap();
        let mounted = mount_to(element.clone(), view);
        Self {
            element,
            mounted: Some(Box::new(mounted)),
        }
    }

    /// Mounts the whole screen, signed in as from Telegram.
    pub fn board() -> Self {
        clear_storage();
        open_with("tgWebAppData=hash%3Dab");
        Self::reopened()
    }

    /// The same, with what an earlier page left in the storage.
    pub fn reopened() -> Self {
        window().scroll_to_with_x_and_y(0.0, 0.0);
        let platform = Platform::start();
        Self::mount(move || view! { <Board platform /> })
    }

    pub fn all(&self, selector: &str) -> Vec<HtmlElement> {
        let found = self.element.query_selector_all(selector).unwrap();
        (0..found.length())
            .map(|i| found.get(i).unwrap().unchecked_into())
            .collect()
    }

    pub fn one(&self, selector: &str) -> HtmlElement {
        let mut found = self.all(selector);
        assert_eq!(found.len(), 1, "{selector} in {}", self.element.inner_html());
        found.remove(0)
    }

    /// The card of a cargo.
    pub fn card(&self, card: u64) -> HtmlElement {
        self.one(&format!("#cargo-{card}"))
    }

    /// What a card says of the price.
    pub fn price(&self, card: u64) -> String {
        plain(&text(&self.one(&format!("#cargo-{card} .price"))))
    }

    /// What the page says somewhere.
    pub fn says(&self, words: &str) -> bool {
        plain(&text(&self.element)).contains(words)
    }

    /// Watches for changes below `element`.
    pub fn watch(element: &Element, attributes: bool) -> Watch {
        let ignore = Closure::<dyn Fn()>::new(|| ()).into_js_value();
        let observer = MutationObserver::new(ignore.unchecked_ref()).unwrap();
        let options = MutationObserverInit::new();
        options.set_subtree(true);
        options.set_child_list(true);
        options.set_character_data(true);
        options.set_attributes(attributes);
        observer.observe_with_options(element, &options).unwrap();
        Watch(observer)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.mounted.take();
        self.element.remove();
    }
}

/// Changes seen so far. Ask before the page's own turn ends: what the browser has delivered is lost.
pub struct Watch(MutationObserver);

impl Watch {
    pub fn changes(&self) -> Vec<MutationRecord> {
        self.0
            .take_records()
            .iter()
            .map(JsCast::unchecked_into)
            .collect()
    }
}

pub fn text(element: &Element) -> String {
    element.text_content().unwrap_or_default()
}

/// No-break spaces as spaces.
pub fn plain(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

pub fn clear_storage() {
    window().session_storage().unwrap().unwrap().clear().unwrap();
}

/// Opens the page with this fragment.
pub fn open_with(fragment: &str) {
    window().location().set_hash(fragment).unwrap();
}
