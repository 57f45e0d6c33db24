//! The newest price of each cargo that any list has shown here: what a detail is shown with, and watched cargos.

use std::cell::RefCell;

use domain::{CargoId, Kopecks, Page};
use swr::{Bounded, UnixMillis};

use crate::keys::Owner;

/// Some sixty thousand cargos.
const MOST_BYTES: usize = 4_000_000;
/// What one takes, with its key and its place in the order of use.
const BYTES: usize = 64;

/// A cargo's price as a list showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenPrice {
    /// See [`domain::Cargo::price_kopecks`].
    pub price: Option<Kopecks>,
    /// See [`domain::Cargo::price_per_km_kopecks`].
    pub per_km: Option<Kopecks>,
    /// When the list was read upstream.
    pub read_at: UnixMillis,
}

thread_local! {
    static SEEN: RefCell<Option<Bounded<(Owner, CargoId), SeenPrice>>> = const { RefCell::new(None) };
}

/// Takes in a page that was read upstream at that moment.
pub fn note(owner: Owner, page: &Page, read_at: UnixMillis) {
    SEEN.with_borrow_mut(|seen| {
        let seen = seen.get_or_insert_with(|| Bounded::new(MOST_BYTES));
        for cargo in &page.cargos {
            let key = (owner, cargo.id);
            if seen
                .get_mut(&key)
                .is_some_and(|last| last.read_at >= read_at)
            {
                continue;
            }
            let price = SeenPrice {
                price: cargo.price_kopecks,
                per_km: cargo.price_per_km_kopecks,
                read_at,
            };
            seen.put(key, price, BYTES);
        }
    });
}

/// The newest price of a cargo, if a list has shown it here.
pub fn of(owner: Owner, id: CargoId) -> Option<SeenPrice> {
    SEEN.with_borrow_mut(|seen| seen.as_mut()?.get_mut(&(owner, id)).copied())
}
