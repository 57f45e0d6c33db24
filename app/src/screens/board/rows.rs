//! The loaded rows: cards in the order of the list, and their prices.

use domain::{Cargo, CargoId, PricesQuery, messages::Prices, price_book::Patch};
use leptos::prelude::*;

use super::card::Card;
use crate::price_book::PriceBook;

/// Rows asked for below the last card, so that a few new cargos above do not push cards out of the answer.
const SLACK: u32 = 20;

/// The loaded rows. The list on the page follows [`Rows::cards`]; prices never touch it.
#[derive(Clone, Copy)]
pub struct Rows {
    cards: RwSignal<Vec<Card>>,
    book: StoredValue<PriceBook>,
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            cards: RwSignal::new(Vec::new()),
            book: StoredValue::new(PriceBook::new()),
        }
    }
}

impl Rows {
    /// The cards, in order; tells when one comes or goes.
    pub fn cards(self) -> Vec<Card> {
        self.cards.get()
    }

    /// How many cards are loaded, this moment.
    pub fn len(self) -> u32 {
        self.cards.with_untracked(|cards| count(cards.len()))
    }

    /// How many of them are in the list still, this moment.
    pub fn present(self) -> u32 {
        let is_present = |card: &&Card| !card.gone.get_untracked();
        self.cards
            .with_untracked(|cards| count(cards.iter().filter(is_present).count()))
    }

    /// Whether none is.
    pub fn is_empty(self) -> bool {
        self.cards.with(Vec::is_empty)
    }

    /// How many rows a poll must ask for.
    pub fn poll_limit(self) -> u32 {
        self.len().saturating_add(SLACK).min(PricesQuery::MAX_LIMIT)
    }

    /// Adds rows at the end. Those that are there already stay as they are: the list moves while it is being loaded.
    /// Whether any was new.
    pub fn append(self, cargos: Vec<Cargo>) -> bool {
        let mut added = Vec::new();
        self.book.update_value(|book| {
            for cargo in cargos {
                let card = Card::new(cargo);
                if book.push(card.id(), card.price.clone()) {
                    added.push(card);
                }
            }
        });
        let any = !added.is_empty();
        if any {
            self.cards.update(|cards| cards.extend(added));
        }
        any
    }

    /// Puts these rows in place of all. A cargo that stays keeps its card, and so its nodes in the page; its price too,
    /// because the list may be older than the last poll.
    pub fn replace(self, cargos: Vec<Cargo>) {
        let known = self.cards.get_untracked();
        let mut book = PriceBook::new();
        let mut cards = Vec::with_capacity(cargos.len());
        self.book.update_value(|old| {
            for cargo in cargos {
                // Cards stand in the order of their book.
                let position = old.position(cargo.id);
                let card = position.map_or_else(|| Card::new(cargo), |at| known[at].clone());
                if book.push(card.id(), card.price.clone()) {
                    card.gone.set(false);
                    cards.push(card);
                }
            }
            *old = book;
        });
        self.cards.set(cards);
    }

    /// Takes in the prices of a poll: sets those that changed, marks the cards whose cargo is gone, and those that came
    /// back.
    pub fn patch(self, prices: &Prices) -> Patch {
        let patch = self
            .book
            .with_value(|book| book.patch(&prices.prices, prices.total));
        let held = |id| prices.prices.iter().any(|row| row.0 == id);
        self.cards.with_untracked(|cards| {
            for card in cards {
                let id = card.id();
                let was_gone = card.gone.get_untracked();
                // Missing is proof only in rows read at one moment; only being there proves that it is back.
                let is_gone = if was_gone {
                    !held(id)
                } else {
                    prices.coherent && patch.gone.contains(&id)
                };
                if is_gone != was_gone {
                    card.gone.set(is_gone);
                }
            }
        });
        patch
    }

    /// Takes a card off the screen.
    pub fn dismiss(self, id: CargoId) {
        self.book.update_value(|book| book.remove(id));
        self.cards
            .update(|cards| cards.retain(|card| card.id() != id));
    }
}

fn count(cards: usize) -> u32 {
    u32::try_from(cards).unwrap_or(u32::MAX)
}
