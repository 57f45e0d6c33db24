//! How the price of one cargo went.

use serde::{Deserialize, Serialize};

use crate::Kopecks;

/// A price and since when it held, Unix milliseconds; on the wire `[1763600000000, 1350000]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PriceChange(pub u64, pub Option<Kopecks>);

/// The last changes of a price, oldest first. The first of all is the price that the cargo was first seen with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("maxItems" = Self::MOST)))]
#[serde(transparent)]
pub struct PriceHistory(Vec<PriceChange>);

impl PriceHistory {
    /// So many changes are kept.
    pub const MOST: usize = 96;

    /// Takes in a price that upstream gave at that moment. Whether it is news: the same price again is none, nor is what
    /// was read before the last change.
    pub fn note(&mut self, at: u64, price: Option<Kopecks>) -> bool {
        let is_news = self
            .0
            .last()
            .is_none_or(|last| last.0 < at && last.1 != price);
        if is_news {
            self.0.push(PriceChange(at, price));
            let too_many = self.0.len().saturating_sub(Self::MOST);
            self.0.drain(..too_many);
        }
        is_news
    }

    /// The changes, oldest first.
    pub fn changes(&self) -> &[PriceChange] {
        &self.0
    }

    /// When the price last changed.
    pub fn last_at(&self) -> Option<u64> {
        self.0.last().map(|last| last.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_another_price_is_a_change() {
        let mut history = PriceHistory::default();
        let price = Kopecks::new;
        assert!(history.note(10, price(100)));
        assert!(!history.note(20, price(100)), "the same again");
        assert!(!history.note(5, price(200)), "an earlier reading");
        assert!(!history.note(10, price(200)), "of the same moment");
        assert!(history.note(30, None));
        assert!(history.note(40, price(100)));
        let text = "[[10,100],[30,null],[40,100]]";
        assert_eq!(serde_json::to_string(&history).unwrap(), text);
        assert_eq!(serde_json::from_str::<PriceHistory>(text).unwrap(), history);
    }

    proptest! {
        #[test]
        fn it_is_bounded_ordered_and_never_repeats(readings in proptest::collection::vec((0_u64..500, 0_i64..4), 0..400)) {
            let mut history = PriceHistory::default();
            for (at, price) in readings {
                history.note(at, Kopecks::new(price));
            }
            prop_assert!(history.changes().len() <= PriceHistory::MOST);
            for pair in history.changes().windows(2) {
                prop_assert!(pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1);
            }
        }
    }
}
