//! The CargoTech API, one file an endpoint. Pure: a [`Call`] in, an [`answer::Answer`] out.

pub mod answer;
pub mod cargo_json;
pub mod detail;
pub mod dictionaries;
pub mod filters;
pub mod list;
pub mod login;
pub mod odd;
pub mod query;

use axum::body::Bytes;
use query::Query;
use serde::{Deserialize, Serialize};

/// What of the API is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `POST /v1/auth/login`
    Login,
    /// `GET /v1/me`
    Me,
    /// `GET /v2/cargos/views`
    List,
    /// `GET /v1/carrier/cargos/{id}`
    Detail,
    /// `GET /v1/dictionaries/points`
    Points,
    /// `GET /v1/dictionaries/truck_types`
    TruckTypes,
    /// `GET /v1/dictionaries/load_types`
    LoadTypes,
    /// Any other path or method; always 404.
    Unknown,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Endpoint; 8] = [
        Endpoint::Login,
        Endpoint::Me,
        Endpoint::List,
        Endpoint::Detail,
        Endpoint::Points,
        Endpoint::TruckTypes,
        Endpoint::LoadTypes,
        Endpoint::Unknown,
    ];
}

/// One call, as far as answers depend on it.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is called.
    pub endpoint: Endpoint,
    /// The cargo of a detail call, as it stands in the path.
    pub id: Option<String>,
    /// The query.
    pub query: Query,
    /// The Bearer token.
    pub token: Option<String>,
    /// The body.
    pub body: Bytes,
}

impl Call {
    /// Where the page of a list call begins.
    pub fn offset(&self) -> Option<u64> {
        (self.endpoint == Endpoint::List)
            .then(|| self.query.get("offset")?.parse().ok())
            .flatten()
    }
}
