//! Everything that CargoTech tells of one cargo.

use serde::{Deserialize, Serialize};

use crate::{Cargo, LoadingTime};

/// A cargo with what only its own screen shows. What CargoTech left out or spoilt is `None`, never a made-up value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CargoDetail {
    /// What its card shows.
    pub cargo: Cargo,
    /// Where it is loaded.
    pub loading: Stop,
    /// Where it goes.
    pub unloading: Stop,
    /// What it is: "молочная продукция".
    pub goods: Option<String>,
    /// The comment of whoever offers it.
    pub note: Option<String>,
    /// The full names of the ways to load it.
    pub load_types: Vec<String>,
    /// The full names of the trucks that may carry it.
    pub truck_types: Vec<String>,
    /// Who offers it.
    pub company: Option<Company>,
    /// Whose it is.
    pub shipper: Option<Company>,
    /// The taxpayer number of whoever stands behind the offer, where that is another.
    pub external_inn: Option<String>,
    /// Who answers questions.
    pub contacts: Vec<Contact>,
    /// The platform that it came from.
    pub partner: Option<String>,
    /// Its page there, `http` or `https`.
    pub url: Option<String>,
    /// When it was offered.
    pub created_at: Option<LoadingTime>,
    /// Whether the truck comes back where it started.
    pub round_trip: Option<bool>,
    /// Whether it leaves room for other cargos.
    pub partial_load: Option<bool>,
    /// Whether it was taken out of the archive's list.
    pub archived: Option<bool>,
}

/// What only the detail tells of an end of the route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stop {
    /// Street and house.
    pub address: Option<String>,
    /// The last day of loading or unloading there.
    pub until: Option<LoadingTime>,
}

/// A company as its partners see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Company {
    /// Its name.
    pub name: Option<String>,
    /// Its taxpayer number.
    pub inn: Option<String>,
    /// What it does, in CargoTech's word: `broker`, `shipper`, `carrier`.
    pub kind: Option<String>,
    /// How far it was checked, in CargoTech's word.
    pub security_status: Option<String>,
}

/// Somebody to call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Contact {
    /// The name.
    pub name: Option<String>,
    /// On whose behalf, in CargoTech's word: `broker`, `company`.
    pub kind: Option<String>,
    /// Numbers as they were written down.
    pub phones: Vec<String>,
}
