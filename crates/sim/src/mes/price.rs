//! What parts cost: pure, so that equal questions have equal answers whoever asks and whenever.

use crate::world::dice::Dice;
use domain::Kopecks;
use domain::orders::Quoted;
use sha2::{Digest, Sha256};

/// The price and the days of so many parts of this model (its hash, or its name where there is no file) and material.
pub fn quote(model: &str, material: &str, quantity: u32) -> Quoted {
    let digest = Sha256::digest(format!("{model}\n{material}"));
    let seed = digest
        .iter()
        .take(8)
        .fold(0, |seed, byte| seed << 8 | u64::from(*byte));
    let mut dice = Dice::new(seed);
    // Of one part, in roubles without kopecks.
    let roubles = dice.within(150..=38_000);
    // A hundredth less for every doubling.
    let discount_percent = i64::from(quantity.max(1).ilog2());
    let kopecks = roubles * i64::from(quantity) * (100 - discount_percent);
    Quoted {
        // 38,000 times 100,000 roubles stay below a price's greatest.
        price_kopecks: Kopecks::new(kopecks.clamp(1, Kopecks::MAX))
            .unwrap_or_else(|| unreachable!("clamped to what a price may be")),
        days: u32::try_from(dice.within(2..=6)).unwrap_or(2) + quantity / 250,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_follows_from_model_material_and_quantity() {
        let price = |model, material, quantity| quote(model, material, quantity).price_kopecks;
        assert_eq!(quote("a", "PA12", 4), quote("a", "PA12", 4));
        assert_ne!(price("a", "PA12", 4), price("b", "PA12", 4));
        assert_ne!(price("a", "PA12", 4), price("a", "ABS", 4));
        assert!(price("a", "PA12", 5) > price("a", "PA12", 4));
        assert!(price("a", "PA12", 100_000).get() <= Kopecks::MAX);
    }
}
