//! A cargo of the board.

use super::cities::City;
use super::companies::Company;
use super::freight_types::{FreightType, Goods};
use super::quote::Quote;
use chrono::{DateTime, NaiveDate, Utc};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Id of a cargo: a number that the API writes as digits in a string. Higher is newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CargoId(pub u64);

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
        struct Digits;

        impl Visitor<'_> for Digits {
            type Value = CargoId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a cargo id: digits, as a string or a number")
            }

            fn visit_u64<E: Error>(self, id: u64) -> Result<CargoId, E> {
                Ok(CargoId(id))
            }

            fn visit_str<E: Error>(self, id: &str) -> Result<CargoId, E> {
                id.parse()
                    .map(CargoId)
                    .map_err(|_| E::invalid_value(Unexpected::Str(id), &self))
            }
        }

        deserializer.deserialize_any(Digits)
    }
}

/// Where and when a cargo is loaded or unloaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// The city.
    pub city: &'static City,
    /// House number for the address of the detail.
    pub house: i64,
    /// First possible day.
    pub first_date: NaiveDate,
    /// Last possible day, the first one at the earliest.
    pub last_date: NaiveDate,
    /// Hour of the day, for cargos whose dates come as ISO-8601 with a clock time; a plain date otherwise.
    pub hour: Option<i64>,
}

/// A cargo of the board.
#[derive(Clone, Debug, PartialEq)]
pub struct Cargo {
    /// Its id.
    pub id: CargoId,
    /// How many cargos the world had made before it.
    pub serial: u64,
    /// Whether the account may haul it: listed under `my`, not only under `all`.
    pub mine: bool,
    /// When it came to the board.
    pub created_at: DateTime<Utc>,
    /// Loading.
    pub start: Stop,
    /// Unloading.
    pub finish: Stop,
    /// By road.
    pub distance_km: i64,
    /// Weight in kilograms.
    pub weight_kg: i64,
    /// Volume in tenths of a cubic metre.
    pub volume_tenths: i64,
    /// What it is.
    pub goods: &'static Goods,
    /// Ways to load it; may be empty.
    pub load_types: Vec<&'static FreightType>,
    /// Trucks that take it; may be empty.
    pub truck_types: Vec<&'static FreightType>,
    /// Who offers it.
    pub company: &'static Company,
    /// Whose it is.
    pub shipper: &'static Company,
    /// Who answers the phone.
    pub contact: &'static str,
    /// Their numbers, one or two.
    pub phones: Vec<String>,
    /// The shipper's words; may be empty.
    pub note: &'static str,
    /// What it pays.
    pub quote: Quote,
    /// What it paid at first; the price walks around this.
    pub first_kopecks: Option<i64>,
}
