//! The price signals of the loaded cards.

use domain::{Kopecks, price_book::PriceCell};
use leptos::prelude::*;

/// The prices of the loaded cards, each a signal of its own: an answer sets the signals that differ and no other.
pub type PriceBook = domain::price_book::PriceBook<LivePrice>;

/// The price of one card. Whoever shows it subscribes to it; nothing else on the page hears of a change.
#[derive(Clone, Debug)]
pub struct LivePrice(ArcRwSignal<Option<Kopecks>>);

impl LivePrice {
    /// A price as the list gave it.
    pub fn new(price: Option<Kopecks>) -> Self {
        Self(ArcRwSignal::new(price))
    }

    /// The signal itself, for whoever shows the price.
    pub fn signal(&self) -> &ArcRwSignal<Option<Kopecks>> {
        &self.0
    }
}

impl PriceCell for LivePrice {
    fn price(&self) -> Option<Kopecks> {
        *self.0.read_untracked()
    }

    fn set_price(&self, price: Option<Kopecks>) {
        self.0.set(price);
    }
}
