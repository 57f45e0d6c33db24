//! A cargo as the list shows it, and a page of them.

use std::{fmt, str::FromStr};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Kopecks, LoadingTime};

/// A CargoTech cargo id. On the wire a string of digits, because JavaScript's numbers end at 2^53.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CargoId(u64);

/// Why a text is no cargo id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cargo id is 1 to 19 digits, the first not 0")]
pub struct NotACargoId;

impl CargoId {
    /// `None` for 0 and for what has more than 19 digits.
    pub const fn new(id: u64) -> Option<Self> {
        if id >= 1 && id < 10_000_000_000_000_000_000 {
            Some(Self(id))
        } else {
            None
        }
    }

    /// The id as a number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for CargoId {
    type Err = NotACargoId;

    fn from_str(text: &str) -> Result<Self, NotACargoId> {
        // `u64::from_str` would also take "+5" and "007", which are other texts for the same id.
        if !text.starts_with(|first: char| ('1'..='9').contains(&first)) {
            return Err(NotACargoId);
        }
        text.parse().ok().and_then(Self::new).ok_or(NotACargoId)
    }
}

impl fmt::Display for CargoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for CargoId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CargoId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = CargoId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a cargo id as a string of digits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<CargoId, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

/// One end of the route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// The city's name; `None` where CargoTech gave none.
    pub city: Option<String>,
    /// The first day of loading or unloading there.
    pub date: Option<LoadingTime>,
}

/// A cargo as a card of the list shows it. What CargoTech left out or spoilt is `None`, never a made-up value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cargo {
    /// The cargo's id.
    pub id: CargoId,
    /// Where it is loaded.
    pub from: Place,
    /// Where it goes.
    pub to: Place,
    /// What the carrier gets; the cargo's own price where CargoTech does not tell that.
    pub price_kopecks: Option<Kopecks>,
    /// The price for each kilometre, as CargoTech counts it.
    pub price_per_km_kopecks: Option<Kopecks>,
    /// Kilograms.
    pub weight_kg: Option<u32>,
    /// Cubic metres, may be fractional.
    pub volume_m3: Option<f64>,
    /// Kilometres by road, rounded.
    pub distance_km: Option<u32>,
    /// Short names of the ways to load it, such as "задн.".
    pub load_types: Vec<String>,
    /// Short names of the trucks that may carry it, such as "реф.".
    pub truck_types: Vec<String>,
    /// The company that offers it.
    pub company: Option<String>,
    /// How the price last moved; `None` if it has not since the list was first read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<PriceMove>,
}

impl Cargo {
    /// One of which nothing is known but its id.
    pub fn unknown(id: CargoId) -> Self {
        Self {
            id,
            from: Place::default(),
            to: Place::default(),
            price_kopecks: None,
            price_per_km_kopecks: None,
            weight_kg: None,
            volume_m3: None,
            distance_km: None,
            load_types: Vec::new(),
            truck_types: Vec::new(),
            company: None,
            moved: None,
        }
    }
}

/// A change of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PriceMove {
    /// When it was first read, Unix milliseconds.
    pub at: u64,
    /// What the price was before.
    pub was: Option<Kopecks>,
}

/// One page of a list: up to [`crate::PAGE_ROWS`] cargos, newest first, no id twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// How many cargos match in all.
    pub total: u32,
    /// Items of this page that could not be shown at all: no usable id, or an id already on the page.
    pub left_out: u32,
    /// The cargos.
    pub cargos: Vec<Cargo>,
}

impl Page {
    /// Takes over from an earlier reading of the same page how prices have moved, and notes those that have since;
    /// `read_at` is when this one was read, Unix milliseconds.
    pub fn remember(&mut self, before: &Page, read_at: u64) {
        let before: FxHashMap<_, _> = before
            .cargos
            .iter()
            .map(|cargo| (cargo.id, (cargo.price_kopecks, cargo.moved)))
            .collect();
        for cargo in &mut self.cargos {
            cargo.moved = before.get(&cargo.id).and_then(|&(was, moved)| {
                if was == cargo.price_kopecks {
                    moved
                } else {
                    Some(PriceMove { at: read_at, was })
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(cargos: &[(u64, i64)]) -> Page {
        let cargo = |&(id, kopecks): &(u64, i64)| Cargo {
            price_kopecks: Kopecks::new(kopecks),
            ..Cargo::unknown(CargoId::new(id).unwrap())
        };
        Page {
            cargos: cargos.iter().map(cargo).collect(),
            ..Page::default()
        }
    }

    #[test]
    fn a_move_is_remembered_until_the_next() {
        let first = page(&[(1, 100), (2, 200)]);
        let mut second = page(&[(3, 300), (1, 150), (2, 200)]);
        second.remember(&first, 10);
        let moves = |page: &Page| {
            page.cargos
                .iter()
                .map(|cargo| cargo.moved)
                .collect::<Vec<_>>()
        };
        let moved = |at, was| {
            Some(PriceMove {
                at,
                was: Kopecks::new(was),
            })
        };
        assert_eq!(moves(&second), [None, moved(10, 100), None]);

        let mut third = page(&[(1, 150), (2, 0)]);
        third.remember(&second, 20);
        assert_eq!(moves(&third), [moved(10, 100), moved(20, 200)]);
        let mut fourth = page(&[(2, 250)]);
        fourth.remember(&third, 30);
        assert_eq!(moves(&fourth), [moved(30, 0)], "from no price");
    }

    #[test]
    fn an_id_has_one_spelling() {
        for text in ["1", "6236980507", "9999999999999999999"] {
            assert_eq!(
                text.parse::<CargoId>().map(|id| id.to_string()),
                Ok(text.into())
            );
        }
        for text in [
            "",
            "0",
            "007",
            "+5",
            "-5",
            "5 ",
            "5a",
            "10000000000000000000",
            "99999999999999999999",
            "５",
        ] {
            assert_eq!(text.parse::<CargoId>(), Err(NotACargoId), "{text}");
        }
    }

    #[test]
    fn an_id_is_a_string_on_the_wire() {
        let id = CargoId::new(6_236_980_507).unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""6236980507""#);
        assert_eq!(
            serde_json::from_str::<CargoId>(r#""6236980507""#).unwrap(),
            id
        );
        assert!(serde_json::from_str::<CargoId>("6236980507").is_err());
    }
}
