//! Changes of prices: those between two states lead from the one to the other, and any others lead somewhere or nowhere, but
//! never show a price that neither side has told.

#![no_main]

use std::collections::HashSet;

use arbitrary::{Arbitrary, Unstructured};
use domain::{CargoId, Kopecks, PriceDelta, messages::PriceRow};
use libfuzzer_sys::fuzz_target;

/// Few ids, so that they meet.
#[derive(Arbitrary, Debug)]
struct States {
    old: Vec<(u8, u8)>,
    new: Vec<(u8, u8)>,
    changed: Vec<(u8, u8)>,
    order: Option<Vec<u8>>,
}

fn id(id: u8) -> CargoId {
    CargoId::new(u64::from(id) + 1).expect("not 0")
}

fn rows(rows: &[(u8, u8)]) -> Vec<PriceRow> {
    let row = |&(number, price): &(u8, u8)| PriceRow(id(number), Kopecks::new(price.into()));
    rows.iter().map(row).collect()
}

fn once(rows: Vec<PriceRow>) -> Vec<PriceRow> {
    let mut known = HashSet::new();
    rows.into_iter().filter(|row| known.insert(row.0)).collect()
}

fuzz_target!(|data: &[u8]| {
    let Ok(states) = States::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    let (old, new) = (once(rows(&states.old)), once(rows(&states.new)));
    let delta = PriceDelta::between(&old, &new);
    assert_eq!(delta.apply(&old), Ok(new.clone()));
    assert!(PriceDelta::between(&new, &new).changed.is_empty());

    let any = PriceDelta {
        changed: rows(&states.changed),
        order: states
            .order
            .map(|order| order.into_iter().map(id).collect()),
    };
    if let Ok(reached) = any.apply(&old) {
        assert!(
            reached
                .iter()
                .all(|row| old.contains(row) || any.changed.contains(row)),
            "somebody has told it"
        );
        if let Some(order) = &any.order {
            assert!(reached.iter().map(|row| row.0).eq(order.iter().copied()));
        }
    }
});
