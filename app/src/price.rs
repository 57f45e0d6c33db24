//! The one thing on a card that moves: its price.
//!
//! An ordinary `{move || ...}` would show it just as well. But it renders from an asynchronous task for each row, and
//! an effect of any kind takes its subscription down and builds it up again on every run. A price has one source for
//! as long as it is shown, so [`ShownPrice`] is a node of the reactive graph by itself: subscribed once, and told
//! synchronously.

use std::{
    cell::Cell,
    cmp::Ordering,
    sync::{Arc, Weak},
};

use domain::{Kopecks, price_book::PriceCell};
use js_sys::JsString;
use leptos::{
    prelude::*,
    reactive::graph::{AnySource, AnySubscriber, ReactiveNode, Source, Subscriber, ToAnySource},
};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;

use crate::{price_book::LivePrice, ready_text};

#[wasm_bindgen]
extern "C" {
    /// An element whose setters take strings that JavaScript holds already.
    #[wasm_bindgen(extends = web_sys::Element, js_name = Element)]
    type Element;

    #[wasm_bindgen(method, setter, js_name = className)]
    fn set_class(this: &Element, name: &JsString);

    #[wasm_bindgen(method, js_name = setAttribute)]
    fn set_ready_attribute(this: &Element, name: &JsString, value: &JsString);

    /// The same for a text node.
    #[wasm_bindgen(extends = web_sys::Text, js_name = Text)]
    type Text;

    #[wasm_bindgen(method, setter, js_name = data)]
    fn set_ready_data(this: &Text, data: &JsString);
}

/// The words that go with every price.
struct Names {
    at_rest: JsString,
    /// The classes of a rise and of a fall. Each has a twin with the same look: to change from one to the other starts
    /// the animation anew, without asking the browser for a layout in between.
    risen: [JsString; 2],
    fallen: [JsString; 2],
    /// The attribute that style sheets show beside the price. The price's text node is all the text that changes.
    per_km: JsString,
}

thread_local! {
    static NAMES: Names = Names {
        at_rest: "price".into(),
        risen: ["price up-a".into(), "price up-b".into()],
        fallen: ["price down-a".into(), "price down-b".into()],
        per_km: "data-per-km".into(),
    };
}

/// What a price needs to be shown.
#[derive(Clone, Debug)]
pub struct PriceTag {
    /// The live price.
    pub price: LivePrice,
    /// The price for each kilometre as the list gave it, right as long as the price stays what it was.
    pub per_km: Option<Kopecks>,
    /// Kilometres, to work out the price for each once it has changed.
    pub distance_km: Option<u32>,
}

/// A directive: shows a price in `element`, and its changes, until the owner ends.
pub fn live_price(element: web_sys::Element, tag: PriceTag) {
    let price = tag.price.price();
    let text = document().create_text_node("");
    // In place of what the template has there.
    element.set_text_content(None);
    let _ = element.append_child(&text);
    let source = tag.price.signal().to_any_source();
    let shown = Arc::new(ShownPrice(SendWrapper::new(Shown {
        price: Cell::new(price),
        twin: Cell::new(false),
        element: element.unchecked_into(),
        text: text.unchecked_into(),
        tag,
    })));
    let Shown { tag, .. } = &*shown.0;
    shown.0.show(price, tag.per_km, |names| &names.at_rest);

    let weak: Weak<ShownPrice> = Arc::downgrade(&shown);
    let subscriber = AnySubscriber(Arc::as_ptr(&shown).addr(), weak);
    source.add_subscriber(subscriber.clone());
    on_cleanup(move || {
        source.remove_subscriber(&subscriber);
        drop(shown);
    });
}

/// A subscriber of one price. DOM nodes stay on the one thread there is.
struct ShownPrice(SendWrapper<Shown>);

struct Shown {
    tag: PriceTag,
    element: Element,
    text: Text,
    /// What the text says.
    price: Cell<Option<Kopecks>>,
    /// Which of the twin classes comes next.
    twin: Cell<bool>,
}

impl Shown {
    fn update(&self) -> bool {
        let price = self.tag.price.price();
        let before = self.price.replace(price);
        if price == before {
            return false;
        }
        let twin = usize::from(self.twin.replace(!self.twin.get()));
        // A price that appears or disappears moves neither up nor down.
        let direction = before.and_then(|before| Some(price?.cmp(&before)));
        self.show(price, self.tag.per_km_at(price), |names| match direction {
            Some(Ordering::Greater) => &names.risen[twin],
            Some(Ordering::Less) => &names.fallen[twin],
            _ => &names.at_rest,
        });
        true
    }

    fn show(
        &self,
        price: Option<Kopecks>,
        per_km: Option<Kopecks>,
        class: impl FnOnce(&Names) -> &JsString,
    ) {
        NAMES.with(|names| {
            self.text.set_ready_data(&ready_text::price(price));
            self.element
                .set_ready_attribute(&names.per_km, &ready_text::per_km(per_km));
            self.element.set_class(class(names));
        });
    }
}

impl PriceTag {
    fn per_km_at(&self, price: Option<Kopecks>) -> Option<Kopecks> {
        let distance = i64::from(self.distance_km.filter(|&km| km > 0)?);
        Kopecks::new((price?.get() + distance / 2) / distance)
    }
}

impl ReactiveNode for ShownPrice {
    fn mark_dirty(&self) {
        self.update_if_necessary();
    }

    // Its source is a signal: never in doubt, always changed.
    fn mark_check(&self) {}

    // Nobody depends on what is on the screen.
    fn mark_subscribers_check(&self) {}

    fn update_if_necessary(&self) -> bool {
        self.0.update()
    }
}

impl Subscriber for ShownPrice {
    // Its one source is known from the start and stays.
    fn add_source(&self, _: AnySource) {}

    fn clear_sources(&self, _: &AnySubscriber) {}
}
