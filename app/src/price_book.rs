//! The price signals of the loaded cards.

use domain::{Kopecks, price_book::PriceCell};
use leptos::prelude::*;

use crate::clock;

/// The prices of the loaded cards, each a signal of its own: an answer sets the signals that differ and no other.
pub type PriceBook = domain::price_book::PriceBook<LivePrice>;

/// The price of one card. Whoever shows it subscribes to it; nothing else on the page hears of a change.
#[derive(Clone, Debug)]
pub struct LivePrice {
    price: ArcRwSignal<Option<Kopecks>>,
    moved: ArcStoredValue<Option<Moved>>,
}

/// The last change of a price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    /// When, by [`clock::now`].
    pub at: f64,
    /// What it was before.
    pub was: Option<Kopecks>,
}

impl LivePrice {
    /// A price as the list gave it, and how it came to be that.
    pub fn new(price: Option<Kopecks>, moved: Option<Moved>) -> Self {
        Self {
            price: ArcRwSignal::new(price),
            moved: ArcStoredValue::new(moved),
        }
    }

    /// The signal itself, for whoever shows the price.
    pub fn signal(&self) -> &ArcRwSignal<Option<Kopecks>> {
        &self.price
    }

    /// The price, this moment.
    pub fn price_untracked(&self) -> Option<Kopecks> {
        *self.price.read_untracked()
    }

    /// How it last moved.
    pub fn moved(&self) -> Option<Moved> {
        self.moved.get_value()
    }
}

impl PriceCell for LivePrice {
    fn price(&self) -> Option<Kopecks> {
        self.price_untracked()
    }

    fn set_price(&self, price: Option<Kopecks>) {
        self.moved.set_value(Some(Moved {
            at: clock::now(),
            was: self.price_untracked(),
        }));
        self.price.set(price);
    }
}
