//! The page of a test: the app on it, and what is asked of it.

use std::{cell::RefCell, rc::Rc};

use app::{screens::App, telegram::Platform};
use cards::text::lang;
use domain::{CargoId, Kopecks, Lang};
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
        Self::dressed(BOARD, |element| mount_to(element, view))
    }

    /// Has somebody mount something in this style.
    pub fn dressed<M: 'static>(css: &str, mount: impl FnOnce(HtmlElement) -> M) -> Self {
        dress(css);
        lang::speak(Lang::Ru);
        // What a test that failed has left.
        if let Some(left) = document().get_element_by_id("host") {
            left.remove();
        }
        let element: HtmlElement = document().create_element("div").unwrap().unchecked_into();
        element.set_id("host");
        document().body().unwrap().append_child(&element).unwrap();
        let mounted = mount(element.clone());
        Self {
            element,
            mounted: Some(Box::new(mounted)),
        }
    }

    /// Mounts the whole screen, signed in as from Telegram.
    pub fn board() -> Self {
        clear_storage();
        open_with(RUSSIAN);
        Self::reopened()
    }

    /// The same, with what an earlier page left in the storage.
    pub fn reopened() -> Self {
        window().scroll_to_with_x_and_y(0.0, 0.0);
        let platform = Platform::start();
        Self::mount(move || view! { <App platform /> })
    }

    /// What a driver could see or hear of.
    pub fn all(&self, selector: &str) -> Vec<HtmlElement> {
        let found = self.element.query_selector_all(selector).unwrap();
        (0..found.length())
            .map(|i| found.get(i).unwrap().unchecked_into())
            .filter(|element: &HtmlElement| element.get_client_rects().length() > 0)
            .collect()
    }

    pub fn one(&self, selector: &str) -> HtmlElement {
        let mut found = self.all(selector);
        assert_eq!(
            found.len(),
            1,
            "{selector} in {}",
            self.element.inner_html()
        );
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
}

impl Drop for Host {
    fn drop(&mut self) {
        self.mounted.take();
        self.element.remove();
    }
}

/// Watches an element and what is below it.
pub struct Watch {
    observer: MutationObserver,
    delivered: Rc<RefCell<Vec<MutationRecord>>>,
}

impl Watch {
    /// Watches text and children.
    pub fn text_and_nodes(element: &Element) -> Self {
        Self::new(element, false)
    }

    /// Watches everything, attributes too.
    pub fn everything(element: &Element) -> Self {
        Self::new(element, true)
    }

    fn new(element: &Element, attributes: bool) -> Self {
        let delivered = Rc::<RefCell<Vec<_>>>::default();
        let deliver = {
            let delivered = Rc::clone(&delivered);
            Closure::<dyn Fn(js_sys::Array)>::new(move |records: js_sys::Array| {
                delivered
                    .borrow_mut()
                    .extend(records.iter().map(JsCast::unchecked_into::<MutationRecord>));
            })
            .into_js_value()
        };
        let observer = MutationObserver::new(deliver.unchecked_ref()).unwrap();
        let options = MutationObserverInit::new();
        options.set_subtree(true);
        options.set_child_list(true);
        options.set_character_data(true);
        options.set_attributes(attributes);
        observer.observe_with_options(element, &options).unwrap();
        Self {
            observer,
            delivered,
        }
    }

    /// The changes since the start or the last call.
    pub fn changes(&self) -> Vec<MutationRecord> {
        let mut changes = self.delivered.take();
        changes.extend(
            self.observer
                .take_records()
                .iter()
                .map(JsCast::unchecked_into::<MutationRecord>),
        );
        changes
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// What an element says to whoever looks.
pub fn text(element: &HtmlElement) -> String {
    element.inner_text()
}

/// No-break spaces as spaces.
pub fn plain(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

/// The style of the drivers' page.
const BOARD: &str = concat!(
    include_str!("../../../app/style/base.css"),
    include_str!("../../../app/style/board.css"),
);
/// The style of the operators' page.
pub const ORDERS: &str = concat!(
    include_str!("../../../app/style/base.css"),
    include_str!("../../../app/style/orders.css"),
);

/// Gives the page the app's own style.
fn dress(css: &str) {
    let head = document().head().unwrap();
    let style = head.query_selector("#style").unwrap().unwrap_or_else(|| {
        let style = document().create_element("style").unwrap();
        style.set_id("style");
        head.append_child(&style).unwrap();
        style
    });
    // Nothing is ever painted while the clock stands: what waits for that would never be shown.
    let shown = "\n.cards > .card { content-visibility: visible; }";
    style.set_text_content(Some(&(css.to_owned() + shown)));
}

/// Nothing is left of an earlier visit, in the address neither.
pub fn clear_storage() {
    for storage in [window().session_storage(), window().local_storage()] {
        storage.unwrap().unwrap().clear().unwrap();
    }
    // Whoever Telegram does not name has chosen Russian.
    let chosen = window().local_storage().unwrap().unwrap();
    chosen.set_item("loadboard_language", "1|ru").unwrap();
    let history = window().history().unwrap();
    history
        .replace_state_with_url(&JsValue::NULL, "", Some("?"))
        .unwrap();
}

/// The fragment of somebody to whom Telegram speaks Russian.
pub const RUSSIAN: &str = "tgWebAppData=user%3D%257B%2522id%2522%253A5%252C%2522language_code%2522%253A%2522ru%2522%257D%26hash%3Dab";

/// Opens the page with this fragment.
pub fn open_with(fragment: &str) {
    window().location().set_hash(fragment).unwrap();
}
