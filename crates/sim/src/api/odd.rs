//! Cargos as they never should be: every way in which an item of the list can be wrong, mixed among good ones.
//!
//! Every second cargo is odd, and its serial number says in which way, so the same cargo is always odd in the same
//! way. A price that an odd item shows counts when the price rule accepts it, however absurd it is.

use crate::world::cargo::Cargo;
use crate::world::quote::right_price;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A positive whole number, so a price under the price rule: a billion roubles less a kopeck.
pub const ABSURD_KOPECKS: i64 = 99_999_999_999;

/// A way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// The id is a number; the rest is good.
    NumericId,
    /// `points` is null.
    NullPoints,
    /// The city of loading and the whole stop of unloading are null.
    NullCities,
    /// `company` and `currency` are null.
    NullCompany,
    /// No arrays at all, where empty ones are usual.
    MissingArrays,
    /// `distance` is a text with a fraction.
    DistanceAsText,
    /// `weight` is negative, `volume` a text.
    WeightAndVolume,
    /// Dates that are none.
    Dates,
    /// Neither price field is there.
    PriceMissing,
    /// `price_carrier` is negative, `price` as it was.
    CarrierPriceNegative,
    /// Both are negative.
    PriceNegative,
    /// [`ABSURD_KOPECKS`].
    PriceAbsurd,
    /// Both are beyond all integers.
    PriceBeyondIntegers,
    /// `price_carrier` is a text, `price` as it was.
    CarrierPriceText,
    /// Both are texts.
    PriceText,
    /// Both have a fraction.
    PriceFractional,
    /// Both are of no type for a price: an object, a boolean.
    PriceOtherTypes,
    /// Not an object.
    NotAnObject,
    /// An object without an id.
    WithoutId,
    /// Another item of the page again.
    Duplicate,
}

const WAYS: [Oddity; 20] = [
    Oddity::NumericId,
    Oddity::NullPoints,
    Oddity::NullCities,
    Oddity::NullCompany,
    Oddity::MissingArrays,
    Oddity::DistanceAsText,
    Oddity::WeightAndVolume,
    Oddity::Dates,
    Oddity::PriceMissing,
    Oddity::CarrierPriceNegative,
    Oddity::PriceNegative,
    Oddity::PriceAbsurd,
    Oddity::PriceBeyondIntegers,
    Oddity::CarrierPriceText,
    Oddity::PriceText,
    Oddity::PriceFractional,
    Oddity::PriceOtherTypes,
    Oddity::NotAnObject,
    Oddity::WithoutId,
    Oddity::Duplicate,
];

impl Oddity {
    /// How this cargo is odd in odd weather; `None` for the good half.
    pub fn of(cargo: &Cargo) -> Option<Self> {
        let turn = usize::try_from(cargo.serial / 2).unwrap_or_default();
        (cargo.serial % 2 == 1).then(|| WAYS[turn % WAYS.len()])
    }

    /// Whether the cargo's own id is still readable.
    pub fn shows_id(self) -> bool {
        !matches!(self, Self::NotAnObject | Self::WithoutId | Self::Duplicate)
    }

    /// The good JSON of a cargo, made odd. A duplicate is only marked here: it is null until [`fill_duplicates`].
    pub fn apply(self, mut cargo: Map<String, Value>) -> Value {
        match self {
            Self::NumericId => {
                let number = cargo["id"].as_str().and_then(|id| id.parse::<u64>().ok());
                cargo["id"] = Value::from(number);
            }
            Self::NullPoints => cargo["points"] = Value::Null,
            Self::NullCities => {
                cargo["points"]["start"]["city"] = Value::Null;
                cargo["points"]["finish"] = Value::Null;
            }
            Self::NullCompany => {
                cargo["company"] = Value::Null;
                cargo["currency"] = Value::Null;
            }
            Self::MissingArrays => {
                for array in ["load_types", "truck_types", "contacts"] {
                    cargo.remove(array);
                }
            }
            Self::DistanceAsText => {
                cargo["distance"] = Value::from(format!("{}.4", cargo["distance"]))
            }
            Self::WeightAndVolume => {
                cargo["weight"] = Value::from(-20_000);
                cargo["volume"] = Value::from("82 куба");
            }
            Self::Dates => {
                cargo["points"]["start"]["first_date"] = Value::from("завтра");
                cargo["points"]["start"]["last_date"] = Value::from("2026-02-31");
                cargo["points"]["finish"]["first_date"] = Value::Null;
            }
            Self::PriceMissing => {
                for price in ["price_carrier", "price", "price_per_km"] {
                    cargo.remove(price);
                }
            }
            Self::CarrierPriceNegative => cargo.extend(field("price_carrier", json!(-1_350_000))),
            Self::PriceNegative => cargo.extend(prices(json!(-1_350_000), json!(-1))),
            Self::PriceAbsurd => cargo.extend(prices(json!(ABSURD_KOPECKS), json!(ABSURD_KOPECKS))),
            Self::PriceBeyondIntegers => cargo.extend(prices(json!(1e30), json!(-1e30))),
            Self::CarrierPriceText => {
                cargo.extend(field("price_carrier", json!("по договорённости")))
            }
            Self::PriceText => cargo.extend(prices(json!("13 500 руб."), json!(""))),
            Self::PriceFractional => cargo.extend(prices(json!(1_350_000.5), json!(0.01))),
            Self::PriceOtherTypes => {
                cargo.extend(prices(json!({"amount": 1_350_000}), json!(true)))
            }
            Self::NotAnObject => return Value::from("cargo"),
            Self::WithoutId => {
                cargo.remove("id");
            }
            Self::Duplicate => return Value::Null,
        }
        Value::Object(cargo)
    }
}

fn field(name: &str, value: Value) -> [(String, Value); 1] {
    [(name.to_owned(), value)]
}

fn prices(price_carrier: Value, price: Value) -> [(String, Value); 2] {
    [
        ("price_carrier".to_owned(), price_carrier),
        ("price".to_owned(), price),
    ]
}

/// Puts the nearest item before it that has an id, or else after it, in the place of every duplicate of a page.
pub fn fill_duplicates(page: &mut [Value]) {
    for at in 0..page.len() {
        if page[at].is_null() {
            let (before, after) = page.split_at(at);
            let origin = before
                .iter()
                .rev()
                .chain(after)
                .find(|item| item.get("id").is_some());
            page[at] = origin.cloned().unwrap_or_default();
        }
    }
}

/// The price that a cargo of this good JSON shows in odd weather, under the price rule. An item whose own id can't be
/// read shows none.
pub fn price(oddity: Option<Oddity>, cargo: Map<String, Value>) -> Option<i64> {
    match oddity {
        Some(oddity) if !oddity.shows_id() => None,
        Some(oddity) => right_price(&oddity.apply(cargo)),
        None => right_price(&Value::Object(cargo)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::cargo_json::listed;
    use crate::config::Config;
    use crate::world::{Mode, World};
    use std::collections::BTreeSet;

    fn cargo_with_both_prices(world: &World) -> Map<String, Value> {
        let both = |json: &Map<String, Value>| {
            ["price_carrier", "price"]
                .iter()
                .all(|field| json.get(*field).is_some_and(Value::is_u64))
        };
        world
            .cargos(Mode::All)
            .map(|cargo| listed(cargo, true))
            .find(both)
            .unwrap()
    }

    #[test]
    fn a_page_of_a_hundred_has_every_oddity_among_as_many_good_items() {
        let world = World::new(1, Config::default().start);
        let page: Vec<Option<Oddity>> = world.cargos(Mode::My).take(100).map(Oddity::of).collect();
        let ways: BTreeSet<Oddity> = page.iter().copied().flatten().collect();
        assert_eq!(ways, BTreeSet::from(WAYS));
        assert!((40..=60).contains(&page.iter().filter(|oddity| oddity.is_none()).count()));
    }

    #[test]
    fn an_odd_price_is_what_the_price_rule_makes_of_it() {
        let world = World::new(1, Config::default().start);
        let good = cargo_with_both_prices(&world);
        let (carrier, fallback) = (good["price_carrier"].as_i64(), good["price"].as_i64());
        for (oddity, expected) in [
            (Oddity::NumericId, carrier),
            (Oddity::NullPoints, carrier),
            (Oddity::PriceMissing, None),
            (Oddity::CarrierPriceNegative, fallback),
            (Oddity::PriceNegative, None),
            (Oddity::PriceAbsurd, Some(ABSURD_KOPECKS)),
            (Oddity::PriceBeyondIntegers, None),
            (Oddity::CarrierPriceText, fallback),
            (Oddity::PriceText, None),
            (Oddity::PriceFractional, None),
            (Oddity::PriceOtherTypes, None),
            (Oddity::NotAnObject, None),
            (Oddity::WithoutId, None),
            (Oddity::Duplicate, None),
        ] {
            assert_eq!(price(Some(oddity), good.clone()), expected, "{oddity:?}");
        }
        assert_eq!(price(None, good), carrier);
    }

    #[test]
    fn every_oddity_changes_the_item() {
        let world = World::new(1, Config::default().start);
        let good = cargo_with_both_prices(&world);
        for oddity in WAYS {
            assert_ne!(
                oddity.apply(good.clone()),
                Value::Object(good.clone()),
                "{oddity:?}"
            );
        }
    }

    #[test]
    fn a_duplicate_repeats_the_nearest_item_with_an_id() {
        let mut page = [
            Value::Null,
            json!("cargo"),
            json!({"id": "1"}),
            json!({}),
            Value::Null,
        ];
        fill_duplicates(&mut page);
        assert_eq!(
            page,
            [
                json!({"id": "1"}),
                json!("cargo"),
                json!({"id": "1"}),
                json!({}),
                json!({"id": "1"})
            ]
        );
    }
}
