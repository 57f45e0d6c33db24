//! What has changed between two states of the prices.

use rustc_hash::FxHashMap;

use crate::{CargoId, messages::PriceRow};

/// The way from one state of the rows to another: `apply(delta(a, b), a) == b`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceDelta {
    /// Rows that are new, or whose price is another, in the order of the new state.
    pub changed: Vec<PriceRow>,
    /// All ids in their new order, unless the same cargos stand in the same order as before.
    pub order: Option<Vec<CargoId>>,
}

/// A delta that does not fit the rows it is applied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the changes are those of another state")]
pub struct Misfit;

impl PriceDelta {
    /// The way from `old` to `new`, neither of which holds a cargo twice.
    pub fn between(old: &[PriceRow], new: &[PriceRow]) -> Self {
        let ids = |rows: &[PriceRow]| rows.iter().map(|row| row.0).collect::<Vec<_>>();
        let is_same_order = old.len() == new.len() && old.iter().zip(new).all(|(a, b)| a.0 == b.0);
        if is_same_order {
            let both = old.iter().zip(new);
            return Self {
                changed: both.filter(|(a, b)| a != b).map(|(_, b)| *b).collect(),
                order: None,
            };
        }
        let positions = positions(old);
        let is_known = |row: &&PriceRow| {
            let known = positions.get(&row.0).map(|&position| old[position]);
            known == Some(**row)
        };
        Self {
            changed: new.iter().filter(|row| !is_known(row)).copied().collect(),
            order: Some(ids(new)),
        }
    }

    /// The rows that `old` becomes.
    ///
    /// # Errors
    /// If it names a cargo of which neither it nor `old` knows the price, or changes one that is not there.
    pub fn apply(&self, old: &[PriceRow]) -> Result<Vec<PriceRow>, Misfit> {
        let positions = match self.order {
            Some(_) => positions(old),
            None => FxHashMap::default(),
        };
        let len = self.order.as_ref().map_or(old.len(), Vec::len);
        let mut rows = Vec::with_capacity(len);
        // In the order of the new state, as the rows are.
        let mut changed = self.changed.iter();
        let mut next = changed.next();
        for position in 0..len {
            let id = match &self.order {
                Some(order) => order[position],
                None => old[position].0,
            };
            let row = match next {
                Some(row) if row.0 == id => {
                    next = changed.next();
                    *row
                }
                _ if self.order.is_none() => old[position],
                _ => old[*positions.get(&id).ok_or(Misfit)?],
            };
            rows.push(row);
        }
        match next {
            None => Ok(rows),
            Some(_) => Err(Misfit),
        }
    }

    /// Whether it is shorter to tell than the `rows` rows it leads to.
    pub fn is_worth_it(&self, rows: usize) -> bool {
        // `["6236980507",1350000],` and `"6236980507",`.
        const ROW: usize = 23;
        const ID: usize = 13;
        let order = self.order.as_ref().map_or(0, Vec::len);
        self.changed.len() * ROW + order * ID < rows * ROW
    }
}

fn positions(rows: &[PriceRow]) -> FxHashMap<CargoId, usize> {
    let mut positions = FxHashMap::default();
    for (position, row) in rows.iter().enumerate() {
        positions.insert(row.0, position);
    }
    positions
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    use crate::Kopecks;

    fn rows(rows: &[(u64, i64)]) -> Vec<PriceRow> {
        let row = |&(id, price): &(u64, i64)| {
            PriceRow(CargoId::new(id).expect("not 0"), Kopecks::new(price))
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn what_stays_is_not_told() {
        let old = rows(&[(1, 10), (2, 20), (3, 0)]);
        let new = rows(&[(1, 10), (2, 21), (3, 0)]);
        let delta = PriceDelta::between(&old, &new);
        assert_eq!(delta.changed, rows(&[(2, 21)]));
        assert_eq!(delta.order, None);
        assert_eq!(PriceDelta::between(&new, &new), PriceDelta::default());
    }

    #[test]
    fn a_cargo_that_comes_or_goes_changes_the_order() {
        let old = rows(&[(1, 10), (2, 20)]);
        let new = rows(&[(3, 30), (1, 10)]);
        let delta = PriceDelta::between(&old, &new);
        assert_eq!(delta.changed, rows(&[(3, 30)]));
        assert_eq!(delta.order.as_deref().map(<[_]>::len), Some(2));
        assert_eq!(delta.apply(&old), Ok(new));
    }

    #[test]
    fn a_price_that_is_gone_is_a_change() {
        let old = rows(&[(1, 10)]);
        let new = rows(&[(1, 0)]);
        let delta = PriceDelta::between(&old, &new);
        assert_eq!(delta.changed, new);
    }

    #[test]
    fn what_does_not_fit_is_noticed() {
        let old = rows(&[(1, 10), (2, 20)]);
        let stranger = PriceDelta {
            changed: rows(&[(9, 90)]),
            order: None,
        };
        assert_eq!(stranger.apply(&old), Err(Misfit));
        let unpriced = PriceDelta {
            changed: vec![],
            order: Some(vec![CargoId::new(9).unwrap()]),
        };
        assert_eq!(unpriced.apply(&old), Err(Misfit));
    }

    #[test]
    fn a_delta_is_worth_it_while_it_is_the_shorter() {
        let old: Vec<_> = (1..=100).map(|id| (id, 10)).collect();
        let mut new = old.clone();
        new.insert(0, (101, 10));
        let delta = PriceDelta::between(&rows(&old), &rows(&new));
        assert!(delta.is_worth_it(new.len()));
        let others: Vec<_> = (1..=100).map(|id| (id, 11)).collect();
        let delta = PriceDelta::between(&rows(&old), &rows(&others));
        assert!(!delta.is_worth_it(others.len()));
    }

    fn book() -> impl Strategy<Value = Vec<PriceRow>> {
        let cargos = (1_u64..=12).collect::<Vec<_>>();
        let ids = proptest::sample::subsequence(cargos, 0..=12).prop_shuffle();
        (ids, proptest::collection::vec(0_i64..3, 12)).prop_map(|(ids, prices)| {
            let book: Vec<_> = ids.into_iter().zip(prices).collect();
            rows(&book)
        })
    }

    proptest! {
        /// The law.
        #[test]
        fn a_delta_leads_from_the_old_state_to_the_new(old in book(), new in book()) {
            prop_assert_eq!(PriceDelta::between(&old, &new).apply(&old), Ok(new));
        }

        #[test]
        fn no_delta_whatever_panics(old in book(), changed in book(), order in proptest::option::of(book())) {
            let order = order.map(|rows| rows.iter().map(|row| row.0).collect());
            let _ = PriceDelta { changed, order }.apply(&old);
        }
    }
}
