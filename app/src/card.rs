//! One cargo, as a card of a list.

use std::sync::Arc;

use domain::{Cargo, CargoId, Place};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, MouseEvent};

use crate::{
    clock,
    dom::{Escaped, find, find_all, flag, touched},
    price::{PriceTag, live_price},
    price_book::{LivePrice, Moved},
    reactive::class,
    text::{self, words},
};

/// A cargo on the screen: what the list said of it, and what may change.
#[derive(Clone, Debug)]
pub struct Card {
    /// The cargo as the list gave it.
    pub cargo: Arc<Cargo>,
    /// Its price, set by every poll that differs.
    pub price: LivePrice,
    /// Whether a poll has shown that the cargo is no longer in the list.
    pub gone: ArcRwSignal<bool>,
}

impl Card {
    /// A card for a cargo that the list held when the edge's clock said `now`, Unix milliseconds.
    pub fn new(cargo: Cargo, now: f64) -> Self {
        let moved = cargo.moved.map(|moved| Moved {
            at: clock::now() - (now - moved.at as f64).max(0.0),
            was: moved.was,
        });
        Self {
            price: LivePrice::new(cargo.price_kopecks, moved),
            gone: ArcRwSignal::new(false),
            cargo: Arc::new(cargo),
        }
    }

    /// The cargo's id.
    pub fn id(&self) -> CargoId {
        self.cargo.id
    }

    /// What its price is shown with.
    pub fn price_tag(&self) -> PriceTag {
        PriceTag {
            price: self.price.clone(),
            per_km: self.cargo.price_per_km_kopecks,
            distance_km: self.cargo.distance_km,
        }
    }

    /// By how much its price has moved and how long ago, and the class that goes with it.
    pub fn moved(&self) -> (String, &'static str) {
        let Some(Moved { at, was }) = self.price.moved() else {
            return (String::new(), "moved");
        };
        let is = self.price.price_untracked();
        let age_ms = (clock::now() - at).max(0.0) as u64;
        let class = if is > was { "moved up" } else { "moved down" };
        (text::moved(was, is, age_ms), class)
    }

    /// All that a card holds but its price. What is not known leaves an empty element, which takes no room.
    fn html(&self, watched: bool, href: &str) -> String {
        let words = words();
        let cargo = &*self.cargo;
        let (moved, moved_class) = self.moved();
        let route = text::route(cargo);
        let route = Escaped(&route);
        format!(
            "<article aria-label=\"{route}\"><p class=\"price\"></p><div class=\"route\">{}<p class=\"distance\">{}</p>{}</div>\
             <p class=\"load\">{}</p><div class=\"foot\"><p class=\"company\">{}</p><p class=\"{moved_class}\">{moved}</p></div>\
             <a class=\"open\" href=\"{}\" aria-label=\"{route}\"></a>\
             <button type=\"button\" class=\"star\" aria-label=\"{}\" aria-pressed=\"{}\"></button>\
             <div class=\"farewell\"><span class=\"badge\">{}</span><button type=\"button\" class=\"dismiss\">{}</button></div></article>",
            stop(&cargo.from),
            cargo.distance_km.map_or_else(String::new, text::distance),
            stop(&cargo.to),
            Escaped(&text::load(cargo)),
            Escaped(cargo.company.as_deref().unwrap_or_default()),
            Escaped(href),
            words.watch,
            flag(watched),
            words.gone,
            words.dismiss,
        )
    }
}

fn stop(place: &Place) -> String {
    format!(
        "<p class=\"stop\"><span class=\"city\">{}</span><time>{}</time></p>",
        Escaped(text::city(&place.city)),
        place.date.map_or_else(String::new, text::loading_time),
    )
}

/// The view of a [`Card`], an item of the list.
#[component]
pub fn CardView(
    /// What it shows.
    card: Card,
    /// Whether it is watched as it is made; [`show_stars`] keeps that right.
    #[prop(optional)]
    watched: bool,
    /// The address of its own screen.
    #[prop(optional, into)]
    href: String,
    /// What its name in the page begins with, in a page that may hold another card of the same cargo.
    #[prop(optional)]
    list: &'static str,
) -> impl IntoView {
    let html = card.html(watched, &href);
    let tag = card.price_tag();
    let Card { cargo, gone, .. } = card;
    let look = class(move || if gone.get() { "card gone" } else { "card" });
    view! { <li class=look id=format!("{list}{ID}{}", cargo.id) use:filled=(html, tag)></li> }
}

/// A directive: fills a card, and shows its price in it.
fn filled(card: Element, (html, tag): (String, PriceTag)) {
    card.set_inner_html(&html);
    live_price(find(&card, ".price"), tag);
}

const ID: &str = "cargo-";

/// What a tap somewhere in a list of cards means. One listener for all: a card has no handler of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tapped {
    /// The driver wants to see all of a cargo.
    Open(CargoId),
    /// The star of a cargo.
    Star(CargoId),
    /// A cargo that is gone may leave the screen.
    Dismiss(CargoId),
}

/// What was tapped, if it was anything.
pub fn tapped(event: &web_sys::Event) -> Option<Tapped> {
    let touched = touched(event, "a, button")?;
    let id = id_of(&touched)?;
    match touched.class_name().as_str() {
        "open" => {
            // Whoever wants it in another tab gets it there.
            let tap: &MouseEvent = event.dyn_ref()?;
            if tap.ctrl_key() || tap.meta_key() || tap.shift_key() {
                return None;
            }
            event.prevent_default();
            Some(Tapped::Open(id))
        }
        "star" => Some(Tapped::Star(id)),
        "dismiss" => Some(Tapped::Dismiss(id)),
        _ => None,
    }
}

/// The cargo whose card is in the middle of the screen.
pub fn in_view() -> Option<CargoId> {
    let window = window();
    let middle = |size: Result<JsValue, JsValue>| Some(size.ok()?.as_f64()? as f32 / 2.0);
    let (x, y) = (
        middle(window.inner_width())?,
        middle(window.inner_height())?,
    );
    id_of(&document().element_from_point(x, y)?)
}

/// The card of a cargo in the list.
pub fn of_list(id: CargoId) -> Option<Element> {
    document().get_element_by_id(&format!("{ID}{id}"))
}

fn id_of(element: &Element) -> Option<CargoId> {
    let card = element.closest("li.card").ok()??;
    card.id().rsplit_once(ID)?.1.parse().ok()
}

/// Brings what is told of moves up to date. Prices themselves are never behind.
pub fn show_moves(list: &Element, cards: &[Card]) {
    for card in cards.iter().filter(|card| card.price.moved().is_some()) {
        let selector = format!("[id$={ID}{}] .moved", card.id());
        let Ok(Some(shown)) = list.query_selector(&selector) else {
            continue;
        };
        let (moved, class) = card.moved();
        if shown.text_content().as_deref() != Some(&moved) {
            shown.set_text_content(Some(&moved));
            shown.set_class_name(class);
        }
    }
}

/// Brings the stars up to date.
pub fn show_stars(list: &Element, is_watched: impl Fn(CargoId) -> bool) {
    for star in find_all(list, "button.star") {
        let watched = flag(id_of(&star).is_some_and(&is_watched));
        if star.get_attribute("aria-pressed").as_deref() != Some(watched) {
            let _ = star.set_attribute("aria-pressed", watched);
        }
    }
}
