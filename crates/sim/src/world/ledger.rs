//! Every price that was ever given for a cargo.

use super::cargo::CargoId;
use std::collections::BTreeMap;

/// Remembers all prices of all cargos, gone ones included, so that a test can ask whether a price on a screen was
/// ever true. `None` is "no price".
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    given: BTreeMap<CargoId, Vec<Option<i64>>>,
}

impl Ledger {
    /// Notes that this price was given.
    pub fn enter(&mut self, id: CargoId, kopecks: Option<i64>) {
        let prices = self.given.entry(id).or_default();
        if !prices.contains(&kopecks) {
            prices.push(kopecks);
        }
    }

    /// The different prices of every cargo, oldest first.
    pub fn ever(&self) -> &BTreeMap<CargoId, Vec<Option<i64>>> {
        &self.given
    }
}
