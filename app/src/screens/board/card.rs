//! One cargo.

use std::sync::Arc;

use domain::{Cargo, CargoId, Place};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::price::{PriceTag, live_price};
use crate::{price_book::LivePrice, reactive::class, text};

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
    /// A card for a cargo that the list holds.
    pub fn new(cargo: Cargo) -> Self {
        Self {
            price: LivePrice::new(cargo.price_kopecks),
            gone: ArcRwSignal::new(false),
            cargo: Arc::new(cargo),
        }
    }

    /// The cargo's id.
    pub fn id(&self) -> CargoId {
        self.cargo.id
    }
}

/// The view of a [`Card`], an item of the list. What is not known leaves an empty element, which takes no room.
#[component]
pub fn CardView(
    /// What it shows.
    card: Card,
) -> impl IntoView {
    let Card { cargo, price, gone } = card;
    let tag = PriceTag {
        price,
        per_km: cargo.price_per_km_kopecks,
        distance_km: cargo.distance_km,
    };
    let look = class(move || if gone.get() { "card gone" } else { "card" });
    view! {
        <li class=look id=format!("{ID}{}", cargo.id)>
            <article aria-label=text::route(&cargo)>
                <p class="price" use:live_price=tag></p>
                <div class="route">
                    {stop(&cargo.from)}
                    <p class="distance">{cargo.distance_km.map_or_else(String::new, text::distance)}</p>
                    {stop(&cargo.to)}
                </div>
                <p class="load">{text::load(&cargo)}</p>
                <p class="company">{cargo.company.clone().unwrap_or_default()}</p>
                <div class="farewell">
                    <span class="badge">{text::GONE}</span>
                    <button type="button">{text::DISMISS}</button>
                </div>
            </article>
        </li>
    }
}

fn stop(place: &Place) -> impl IntoView + use<> {
    view! {
        <p class="stop">
            <span class="city">{text::city(&place.city).to_owned()}</span>
            <time>{place.date.map_or_else(String::new, text::loading_time)}</time>
        </p>
    }
}

const ID: &str = "cargo-";

/// The cargo whose card is dismissed by this tap somewhere in the list. One listener for all: a card has no handler of
/// its own.
pub fn dismissed(tap: &web_sys::MouseEvent) -> Option<CargoId> {
    let touched: web_sys::Element = tap.target()?.dyn_into().ok()?;
    let button = touched.closest("button").ok()??;
    let card = button.closest("li").ok()??;
    card.id().strip_prefix(ID)?.parse().ok()
}
