//! The loaded rows: cards in the order of the list, and their prices.

use domain::{
    CargoId,
    messages::{CardRow, Prices},
    price_book::Patch,
};
use leptos::prelude::*;

use crate::{card::Card, price_book::PriceBook, reactive::Signal, view::Sort};

/// The loaded rows. The list on the page follows [`Rows::cards`]; prices never touch it.
#[derive(Clone, Copy)]
pub struct Rows {
    cards: Signal<Vec<Card>>,
    book: Signal<PriceBook>,
    /// Counts patches that moved a price.
    moves: Signal<u32>,
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            cards: Signal::default(),
            book: Signal::new(PriceBook::new()),
            moves: Signal::default(),
        }
    }
}

impl Rows {
    /// The cards, in the order asked for; tells when one comes or goes, and not when a price moves: a card that changed
    /// places under a thumb would be the wrong one.
    pub fn cards(self, sort: Sort) -> Vec<Card> {
        let cards = self.cards.get();
        if sort == Sort::Newest {
            return cards;
        }
        // Equal cards stay as the list has them. What is not known comes last.
        let key = |card: &Card| {
            let price = card.price.price_untracked().map_or(0, |price| price.get());
            let km = card.row.distance_km.map(i64::from);
            match sort {
                Sort::Newest => 0,
                Sort::Price => -price,
                Sort::PricePerKm => -(price / km.unwrap_or(i64::MAX)),
                Sort::Distance => km.unwrap_or(i64::MAX),
            }
        };
        // Each behind those that are not after it: some hundred cards, and no sorting algorithm to load on a phone.
        let mut sorted: Vec<(i64, Card)> = Vec::with_capacity(cards.len());
        for card in cards {
            let key = key(&card);
            let at = sorted.partition_point(|(other, _)| *other <= key);
            sorted.insert(at, (key, card));
        }
        sorted.into_iter().map(|(_, card)| card).collect()
    }

    /// The cards in the order of the list, this moment.
    pub fn cards_untracked(self) -> Vec<Card> {
        self.cards.get_untracked()
    }

    /// The card of a cargo, if it is loaded, this moment.
    pub fn card(self, id: CargoId) -> Option<Card> {
        let position = self.book.with_untracked(|book| book.position(id))?;
        self.cards
            .with_untracked(|cards| cards.get(position).cloned())
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

    /// Tells when a price has moved.
    pub fn follow_moves(self) {
        self.moves.track();
    }

    /// The row whose card is in the middle of the screen, this moment.
    pub fn in_view(self) -> u32 {
        let in_view = crate::card::in_view();
        let row = in_view.and_then(|id| self.book.with_untracked(|book| book.position(id)));
        row.map_or(0, count)
    }

    /// Adds rows at the end, which the edge gave when its clock said `now`. Those that are there already stay as they are:
    /// the list moves while it is being loaded. Whether any was new.
    pub fn append(self, rows: Vec<CardRow>, now: f64) -> bool {
        let mut added = Vec::new();
        self.book.update_untracked(|book| {
            for row in rows {
                let card = Card::new(row, now);
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
    pub fn replace(self, rows: Vec<CardRow>, now: f64) {
        let known = self.cards.get_untracked();
        let mut book = PriceBook::new();
        let mut cards = Vec::with_capacity(rows.len());
        self.book.update_untracked(|old| {
            for row in rows {
                // Cards stand in the order of their book.
                let position = old.position(row.id);
                let card = position.map_or_else(|| Card::new(row, now), |at| known[at].clone());
                if book.push(card.id(), card.price.clone()) {
                    card.gone.set(false);
                    cards.push(card);
                }
            }
            *old = book;
        });
        self.cards.set(cards);
    }

    /// Takes in the prices of a poll, from this row on: sets those that changed, marks the cards whose cargo is gone, and
    /// those that came back.
    pub fn patch(self, prices: &Prices, offset: u32) -> Patch {
        let patch = self
            .book
            .with_untracked(|book| book.patch(&prices.prices, offset, prices.total));
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
        if patch.changed > 0 {
            self.moves.update(|moves| *moves = moves.wrapping_add(1));
        }
        patch
    }

    /// Takes a card off the screen.
    pub fn dismiss(self, id: CargoId) {
        self.book.update_untracked(|book| book.remove(id));
        self.cards
            .update(|cards| cards.retain(|card| card.id() != id));
    }
}

fn count(cards: usize) -> u32 {
    u32::try_from(cards).unwrap_or(u32::MAX)
}
