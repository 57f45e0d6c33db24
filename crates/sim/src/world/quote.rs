//! What the API says a cargo pays, and what of it is the price.

use serde_json::{Map, Value};

/// How one price field stands in the JSON. Upstream leaves prices out in more than one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stated {
    /// The field is not there.
    Absent,
    /// The field is null.
    Null,
    /// The field is 0, which also means "none".
    Zero,
    /// A real amount in kopecks.
    Kopecks(i64),
}

impl Stated {
    fn amount(self) -> Option<i64> {
        match self {
            Self::Kopecks(amount) if amount > 0 => Some(amount),
            _ => None,
        }
    }

    fn write(self, field: &str, cargo: &mut Map<String, Value>) {
        let value = match self {
            Self::Absent => return,
            Self::Null => Value::Null,
            Self::Zero => Value::from(0),
            Self::Kopecks(amount) => Value::from(amount),
        };
        cargo.insert(field.to_owned(), value);
    }
}

/// The price fields of a cargo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// What the carrier gets.
    pub price_carrier: Stated,
    /// What is paid when `price_carrier` says nothing.
    pub price: Stated,
}

impl Quote {
    /// A quote that states this price, or none at all.
    pub fn of(kopecks: Option<i64>) -> Self {
        match kopecks {
            Some(amount) => Self {
                price_carrier: Stated::Kopecks(amount),
                price: Stated::Kopecks(with_margin(amount)),
            },
            None => Self {
                price_carrier: Stated::Null,
                price: Stated::Zero,
            },
        }
    }

    /// The price under the price rule: `price_carrier` if positive, else `price` if positive, else none.
    pub fn kopecks(&self) -> Option<i64> {
        self.price_carrier.amount().or_else(|| self.price.amount())
    }

    /// The same quote with its price, if it has one, moved to `kopecks`.
    pub fn moved_to(self, kopecks: i64) -> Self {
        let moved = Stated::Kopecks(kopecks);
        match (self.price_carrier.amount(), self.price.amount()) {
            (Some(_), Some(_)) => Self {
                price_carrier: moved,
                price: Stated::Kopecks(with_margin(kopecks)),
            },
            (Some(_), None) => Self {
                price_carrier: moved,
                ..self
            },
            (None, Some(_)) => Self {
                price: moved,
                ..self
            },
            (None, None) => self,
        }
    }

    /// Writes the fields into the JSON of a cargo, `price_per_km` for `distance_km` included.
    pub fn write(&self, distance_km: i64, cargo: &mut Map<String, Value>) {
        self.price_carrier.write("price_carrier", cargo);
        self.price.write("price", cargo);
        cargo.insert(
            "price_per_km".to_owned(),
            Value::from(self.kopecks_per_km(distance_km).unwrap_or(0)),
        );
    }

    /// The price of one kilometre, in kopecks.
    pub fn kopecks_per_km(&self, distance_km: i64) -> Option<i64> {
        self.kopecks()?.checked_div(distance_km)
    }
}

/// What a broker asks who pays a carrier `kopecks`.
fn with_margin(kopecks: i64) -> i64 {
    sensible(kopecks.saturating_add(kopecks / 12))
}

/// The nearest amount that somebody would really write: whole hundreds of roubles from 10 000 ₽, 25 ₽ steps from
/// 1 000 ₽, 2,50 ₽ steps below; never less than one step.
pub fn sensible(kopecks: i64) -> i64 {
    let step = step(kopecks);
    (kopecks.saturating_add(step / 2) / step)
        .max(1)
        .saturating_mul(step)
}

/// The step of [`sensible`] amounts around `kopecks`.
pub fn step(kopecks: i64) -> i64 {
    match kopecks {
        1_000_000.. => 10_000,
        100_000.. => 2_500,
        _ => 250,
    }
}

/// The price rule, read from the JSON of a cargo as a careful client reads it: a field counts only when it is a
/// positive whole number.
pub fn right_price(cargo: &Value) -> Option<i64> {
    ["price_carrier", "price"].iter().find_map(|field| {
        cargo
            .get(field)
            .and_then(Value::as_i64)
            .filter(|kopecks| *kopecks > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_carriers_price_comes_first_and_nothing_falls_back_to_the_price() {
        let price = Stated::Kopecks(500);
        for (price_carrier, expected) in [
            (Stated::Kopecks(400), 400),
            (Stated::Zero, 500),
            (Stated::Null, 500),
            (Stated::Absent, 500),
        ] {
            assert_eq!(
                Quote {
                    price_carrier,
                    price
                }
                .kopecks(),
                Some(expected),
                "{price_carrier:?}"
            );
        }
        assert_eq!(
            Quote {
                price_carrier: Stated::Zero,
                price: Stated::Absent
            }
            .kopecks(),
            None
        );
    }

    #[test]
    fn a_moved_quote_states_the_new_price_and_keeps_its_form() {
        let fallback = Quote {
            price_carrier: Stated::Null,
            price: Stated::Kopecks(100_000),
        };
        let moved = fallback.moved_to(105_000);
        assert_eq!(
            (moved.price_carrier, moved.kopecks()),
            (Stated::Null, Some(105_000))
        );
        assert_eq!(Quote::of(None).moved_to(105_000).kopecks(), None);
        assert_eq!(
            Quote::of(Some(100_000)).moved_to(105_000).kopecks(),
            Some(105_000)
        );
    }

    #[test]
    fn only_positive_whole_numbers_are_prices() {
        for (cargo, expected) in [
            (json!({"price_carrier": 10, "price": 20}), Some(10)),
            (json!({"price_carrier": -10, "price": 20}), Some(20)),
            (json!({"price_carrier": "10", "price": 20}), Some(20)),
            (json!({"price_carrier": 10.5, "price": 20}), Some(20)),
            (json!({"price_carrier": 1e30, "price": 0}), None),
            (json!("cargo"), None),
        ] {
            assert_eq!(right_price(&cargo), expected, "{cargo}");
        }
    }

    #[test]
    fn sensible_prices_are_those_of_the_board() {
        assert_eq!(sensible(1_351_234), 1_350_000);
        assert_eq!(sensible(352_611), 352_500);
        assert_eq!(sensible(35_260), 35_250);
        assert_eq!(sensible(1), 250);
    }
}
