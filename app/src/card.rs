//! One cargo, as a card of a list.

use std::sync::Arc;

use cards::text;
use domain::{CargoId, messages::CardRow};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, MouseEvent};

use crate::{
    clock,
    dom::{find, find_all, flag, touched},
    price::{PriceTag, live_price},
    price_book::{LivePrice, Moved},
    reactive::class,
};

/// A cargo on the screen: what the list said of it, and what may change.
#[derive(Clone, Debug)]
pub struct Card {
    /// The cargo as the list gave it.
    pub row: Arc<CardRow>,
    /// Its price, set by every poll that differs.
    pub price: LivePrice,
    /// Whether a poll has shown that the cargo is no longer in the list.
    pub gone: ArcRwSignal<bool>,
}

impl Card {
    /// A card for a cargo that the list held when the edge's clock said `now`, Unix milliseconds.
    pub fn new(row: CardRow, now: f64) -> Self {
        let moved = row.moved.map(|moved| Moved {
            at: clock::now() - (now - moved.at as f64).max(0.0),
            was: moved.was,
        });
        Self {
            price: LivePrice::new(row.price_kopecks, moved),
            gone: ArcRwSignal::new(false),
            row: Arc::new(row),
        }
    }

    /// The cargo's id.
    pub fn id(&self) -> CargoId {
        self.row.id
    }

    /// What its price is shown with.
    pub fn price_tag(&self) -> PriceTag {
        PriceTag {
            price: self.price.clone(),
            per_km: self.row.price_per_km_kopecks,
            distance_km: self.row.distance_km,
        }
    }

    /// By how much its price has moved and how long ago, and the class that goes with it.
    fn moved(&self, Moved { at, was }: Moved) -> (String, &'static str) {
        let age_ms = (clock::now() - at).max(0.0) as u64;
        text::moved(was, self.price.price_untracked(), age_ms)
    }
}

/// The view of a [`Card`], an item of the list.
#[component]
pub fn CardView(
    /// What it shows.
    card: Card,
    /// Whether it is watched as it is made; [`show_stars`] keeps that right.
    #[prop(optional)]
    watched: bool,
    /// What its name in the page begins with, in a page that may hold another card of the same cargo.
    #[prop(optional)]
    list: &'static str,
) -> impl IntoView {
    let id = format!("{list}{ID}{}", card.id());
    let gone = card.gone.clone();
    let look = class(move || if gone.get() { "card gone" } else { "card" });
    view! { <li class=look id=id use:filled=(card, watched)></li> }
}

/// A directive: fills a card, and shows its price in it.
fn filled(place: Element, (card, watched): (Card, bool)) {
    place.set_inner_html(&card.row.html);
    if watched {
        show_star(&find(&place, ".star"), true);
    }
    live_price(find(&place, ".price"), card.price_tag());
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
    named("", id)
}

/// The card of a cargo among those that are watched.
pub fn of_watched(id: CargoId) -> Option<Element> {
    named(WATCHED, id)
}

fn named(list: &str, id: CargoId) -> Option<Element> {
    document().get_element_by_id(&format!("{list}{ID}{id}"))
}

/// What the names of cards that are watched begin with.
pub const WATCHED: &str = "watched-";

fn id_of(element: &Element) -> Option<CargoId> {
    let card = element.closest("li.card").ok()??;
    card.id().rsplit_once('-')?.1.parse().ok()
}

/// Brings what is told of moves up to date, on the cards whose names in the page begin with `list`. Prices themselves are
/// never behind.
pub fn show_moves(list: &str, cards: &[Card]) {
    for card in cards {
        let Some(moved) = card.price.moved() else {
            continue;
        };
        let Some(shown) = named(list, card.id()).map(|place| find(&place, ".moved")) else {
            continue;
        };
        let (moved, class) = card.moved(moved);
        if shown.text_content().as_deref() != Some(&moved) {
            shown.set_text_content(Some(&moved));
            shown.set_class_name(class);
        }
    }
}

/// Brings the stars up to date.
pub fn show_stars(list: &Element, is_watched: impl Fn(CargoId) -> bool) {
    for star in find_all(list, "button.star") {
        show_star(&star, id_of(&star).is_some_and(&is_watched));
    }
}

fn show_star(star: &Element, watched: bool) {
    let watched = flag(watched);
    if star.get_attribute(PRESSED).as_deref() != Some(watched) {
        let _ = star.set_attribute(PRESSED, watched);
    }
}

const PRESSED: &str = "aria-pressed";
