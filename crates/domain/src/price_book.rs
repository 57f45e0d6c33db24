//! The prices of the cards on a screen, and what an answer changes in them.

use rustc_hash::FxHashMap;

use crate::{CargoId, Kopecks, messages::PriceRow};

/// Where one price is kept: a signal in the app, a plain cell in a test.
pub trait PriceCell {
    /// The price last set.
    fn price(&self) -> Option<Kopecks>;
    /// Called only with a price that differs from [`PriceCell::price`].
    fn set_price(&self, price: Option<Kopecks>);
}

/// One cell for each loaded card, in the order of the cards.
#[derive(Debug, Default)]
pub struct PriceBook<C> {
    cells: Vec<(CargoId, C)>,
    positions: FxHashMap<CargoId, usize>,
}

/// What [`PriceBook::patch`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// How many cells were set.
    pub changed: usize,
    /// Cards that are certainly no longer in the list, in the order of the book.
    pub gone: Vec<CargoId>,
    /// How many cargos stand in the list above or between the loaded cards and are not loaded.
    pub new: usize,
}

impl<C: PriceCell> PriceBook<C> {
    /// A book without cards.
    pub fn new() -> Self {
        Self {
            cells: Vec::new(),
            positions: FxHashMap::default(),
        }
    }

    /// How many cards are loaded.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether no card is loaded.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The cell of a card.
    pub fn get(&self, id: CargoId) -> Option<&C> {
        self.positions
            .get(&id)
            .map(|&position| &self.cells[position].1)
    }

    /// Where a card stands, from 0.
    pub fn position(&self, id: CargoId) -> Option<usize> {
        self.positions.get(&id).copied()
    }

    /// Adds a card at the end. A card that is there already stays as it is: loading more rows while the list moves
    /// may bring one twice. Returns whether it was added.
    pub fn push(&mut self, id: CargoId, cell: C) -> bool {
        let position = self.cells.len();
        match self.positions.entry(id) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(position);
                self.cells.push((id, cell));
                true
            }
        }
    }

    /// Takes a card out.
    pub fn remove(&mut self, id: CargoId) {
        if let Some(position) = self.positions.remove(&id) {
            self.cells.remove(position);
            for (position, (id, _)) in self.cells.iter().enumerate().skip(position) {
                self.positions.insert(*id, position);
            }
        }
    }

    /// Sets the cells whose price differs from the answer's, and no other.
    ///
    /// `rows` are rows of the list in its order, from row `offset` (from 0) on, `total` is how many match in all. Rows
    /// without a card are counted as [`Patch::new`] if a loaded card follows them (the rows after the last card are merely
    /// not loaded yet).
    ///
    /// A card that the answer does not hold is [`Patch::gone`] only on full evidence: the answer holds the whole
    /// list, or a card that stands below it in the book and, unless it begins with the first row, one that stands above.
    /// Otherwise rows that came or went may just have pushed it out of the answer.
    pub fn patch(&self, rows: &[PriceRow], offset: u32, total: u32) -> Patch {
        let mut patch = Patch::default();
        let mut seen = vec![false; self.cells.len()];
        let mut unknown = 0;
        // The answer's order is nearly always the book's: look at the next card before looking one up.
        let mut next = 0;
        for &PriceRow(id, price) in rows {
            let position = match self.cells.get(next) {
                Some((next_id, _)) if *next_id == id => next,
                _ => match self.positions.get(&id) {
                    Some(&position) => position,
                    None => {
                        unknown += 1;
                        continue;
                    }
                },
            };
            next = position + 1;
            seen[position] = true;
            patch.new = unknown;
            let cell = &self.cells[position].1;
            if cell.price() != price {
                cell.set_price(price);
                patch.changed += 1;
            }
        }

        let whole_list = offset == 0 && rows.len() as u64 >= u64::from(total);
        if whole_list || !seen.contains(&true) {
            patch.new = unknown;
        }
        let first = match offset {
            0 => 0,
            _ => seen.iter().position(|&seen| seen).unwrap_or(0),
        };
        let end = if whole_list {
            seen.len()
        } else {
            seen.iter().rposition(|&seen| seen).unwrap_or(0)
        };
        patch.gone = self.cells[first..end]
            .iter()
            .zip(&seen[first..end])
            .filter(|(_, seen)| !**seen)
            .map(|((id, _), _)| *id)
            .collect();
        patch
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Counts how often it was set.
    struct Counted {
        price: Cell<Option<Kopecks>>,
        sets: Cell<usize>,
    }

    impl PriceCell for Counted {
        fn price(&self) -> Option<Kopecks> {
            self.price.get()
        }

        fn set_price(&self, price: Option<Kopecks>) {
            assert_ne!(self.price.get(), price, "set without a change");
            self.price.set(price);
            self.sets.set(self.sets.get() + 1);
        }
    }

    fn id(id: u64) -> CargoId {
        CargoId::new(id).unwrap()
    }

    fn book(cards: &[(u64, i64)]) -> PriceBook<Counted> {
        let mut book = PriceBook::new();
        for &(card, price) in cards {
            let cell = Counted {
                price: Cell::new(Kopecks::new(price)),
                sets: Cell::new(0),
            };
            assert!(book.push(id(card), cell));
        }
        book
    }

    fn rows(rows: &[(u64, i64)]) -> Vec<PriceRow> {
        rows.iter()
            .map(|&(card, price)| PriceRow(id(card), Kopecks::new(price)))
            .collect()
    }

    fn ids(ids: &[u64]) -> Vec<CargoId> {
        ids.iter().map(|&card| id(card)).collect()
    }

    #[test]
    fn only_what_changed_is_set() {
        let book = book(&[(9, 90), (8, 80), (7, 0)]);
        let patch = book.patch(&rows(&[(9, 90), (8, 85), (7, 70)]), 0, 3);
        assert_eq!(
            patch,
            Patch {
                changed: 2,
                ..Patch::default()
            }
        );
        let sets = |card| book.get(id(card)).unwrap().sets.get();
        assert_eq!([sets(9), sets(8), sets(7)], [0, 1, 1]);
        assert_eq!(book.get(id(8)).unwrap().price(), Kopecks::new(85));
    }

    #[test]
    fn a_price_that_is_withdrawn_becomes_none() {
        let book = book(&[(9, 90)]);
        assert_eq!(book.patch(&rows(&[(9, 0)]), 0, 1).changed, 1);
        assert_eq!(book.get(id(9)).unwrap().price(), None);
    }

    #[test]
    fn the_same_answer_twice_changes_nothing_the_second_time() {
        let book = book(&[(9, 90), (8, 80)]);
        let answer = rows(&[(8, 81), (9, 91)]);
        assert_eq!(book.patch(&answer, 0, 2).changed, 2);
        assert_eq!(book.patch(&answer, 0, 2).changed, 0);
    }

    #[test]
    fn a_missing_card_with_a_later_one_present_is_gone() {
        let patch = book(&[(9, 1), (8, 1), (7, 1)]).patch(&rows(&[(9, 1), (7, 1)]), 0, 100);
        assert_eq!(patch.gone, ids(&[8]));
    }

    #[test]
    fn cards_pushed_out_by_new_ones_are_not_gone() {
        let patch =
            book(&[(9, 1), (8, 1), (7, 1)]).patch(&rows(&[(11, 1), (10, 1), (9, 1)]), 0, 100);
        assert_eq!(
            patch,
            Patch {
                changed: 0,
                gone: vec![],
                new: 2
            }
        );
    }

    #[test]
    fn an_answer_with_the_whole_list_is_evidence_for_all() {
        let patch = book(&[(9, 1), (8, 1), (7, 1)]).patch(&rows(&[(9, 1)]), 0, 1);
        assert_eq!(patch.gone, ids(&[8, 7]));
    }

    #[test]
    fn an_empty_answer_out_of_many_is_evidence_for_nothing() {
        let patch = book(&[(9, 1), (8, 1)]).patch(&[], 0, 100);
        assert_eq!(patch, Patch::default());
    }

    #[test]
    fn a_list_that_really_ended_takes_all_cards_along() {
        let patch = book(&[(9, 1), (8, 1)]).patch(&[], 0, 0);
        assert_eq!(patch.gone, ids(&[9, 8]));
    }

    #[test]
    fn rows_below_the_last_card_are_not_new() {
        let patch = book(&[(9, 1), (8, 1)]).patch(
            &rows(&[(10, 1), (9, 1), (8, 1), (7, 1), (6, 1)]),
            0,
            100,
        );
        assert_eq!(patch.new, 1);
    }

    #[test]
    fn where_no_card_is_left_every_row_is_new() {
        let patch = book(&[(9, 1)]).patch(&rows(&[(12, 1), (11, 1)]), 0, 100);
        assert_eq!((patch.new, patch.gone), (2, vec![]));
    }

    #[test]
    fn a_part_of_the_list_is_evidence_for_what_lies_within_it() {
        let book = || book(&[(9, 1), (8, 1), (7, 1), (6, 1), (5, 1)]);
        let patch = book().patch(&rows(&[(8, 1), (6, 1)]), 100, 500);
        assert_eq!(patch.gone, ids(&[7]), "neither above nor below");
        let patch = book().patch(&rows(&[(4, 1), (3, 1)]), 100, 102);
        assert_eq!(patch.gone, [], "the end of the list is not all of it");
        let patch = book().patch(&rows(&[]), 100, 0);
        assert_eq!(patch.gone, []);
    }

    #[test]
    fn a_card_is_loaded_once() {
        let mut book = book(&[(9, 90)]);
        let cell = Counted {
            price: Cell::new(None),
            sets: Cell::new(0),
        };
        assert!(!book.push(id(9), cell));
        assert_eq!(book.get(id(9)).unwrap().price(), Kopecks::new(90));
        assert_eq!(book.len(), 1);
    }

    #[test]
    fn after_a_removal_every_card_is_still_found() {
        let mut book = book(&[(9, 9), (8, 8), (7, 7)]);
        book.remove(id(8));
        assert_eq!(book.len(), 2);
        assert!(book.get(id(8)).is_none());
        assert_eq!(book.patch(&rows(&[(7, 70), (9, 90)]), 0, 2).changed, 2);
        assert_eq!(book.get(id(7)).unwrap().price(), Kopecks::new(70));
        assert_eq!(book.get(id(9)).unwrap().price(), Kopecks::new(90));
    }
}
