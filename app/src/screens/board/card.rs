//! One cargo.

use std::sync::Arc;

use domain::{Cargo, CargoId, Place};
use leptos::prelude::*;

use super::price::{PriceTag, live_price};
use crate::{price_book::LivePrice, text};

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

/// The view of a [`Card`], an item of the list.
#[component]
pub fn CardView(
    /// What it shows.
    card: Card,
    /// Called with the id when the driver dismisses a card whose cargo is gone.
    #[prop(into)]
    on_dismiss: Callback<CargoId>,
) -> impl IntoView {
    let Card { cargo, price, gone } = card;
    let id = cargo.id;
    let tag = PriceTag {
        price,
        per_km: cargo.price_per_km_kopecks,
        distance_km: cargo.distance_km,
    };
    let load = text::load(&cargo);
    let is_gone = gone.clone();

    view! {
        <li class="card" class:gone=move || is_gone.get() id=format!("cargo-{id}")>
            <article aria-label=text::route(&cargo)>
                <p class="price" use:live_price=tag></p>
                <div class="route">
                    {stop(&cargo.from)}
                    {cargo.distance_km.map(|km| view! { <p class="distance">{text::distance(km)}</p> })}
                    {stop(&cargo.to)}
                </div>
                {(!load.is_empty()).then(|| view! { <p class="load">{load}</p> })}
                {cargo.company.clone().map(|company| view! { <p class="company">{company}</p> })}
                <Show when=move || gone.get()>
                    <div class="farewell">
                        <span class="badge">{text::GONE}</span>
                        <button type="button" on:click=move |_| on_dismiss.run(id)>
                            {text::DISMISS}
                        </button>
                    </div>
                </Show>
            </article>
        </li>
    }
}

fn stop(place: &Place) -> impl IntoView + use<> {
    view! {
        <p class="stop">
            <span class="city">{text::city(&place.city).to_owned()}</span>
            {place.date.map(|date| view! { <time>{text::loading_time(date)}</time> })}
        </p>
    }
}
