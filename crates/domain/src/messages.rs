//! The messages of the HTTP API. Times are Unix milliseconds, money is kopecks.

use serde::{Deserialize, Serialize};

use crate::{Cargo, CargoDetail, CargoId, Etag, Kopecks, PriceHistory, cargo::PriceMove};
pub use crate::{
    health::{Breaker, Health, Upstream},
    invalidation::{Boards, Invalidate, Invalidated, Target},
    problem::{Problem, ProblemKind},
};

/// Body of `POST /api/auth/telegram`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignIn {
    /// Telegram's initData as the WebView received it.
    pub init_data: String,
}

/// Answer to [`SignIn`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// Goes into `Authorization: Bearer`. A renewed one comes in the `X-Session-Token` header of any answer.
    pub session_token: String,
    /// When the token ends, Unix milliseconds.
    pub expires_at: u64,
    /// Who signed in.
    pub driver: Driver,
}

/// A driver, as Telegram names him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Driver {
    /// The Telegram user id.
    pub driver_id: i64,
    /// The first name, may be empty.
    pub first_name: String,
    /// The user name without `@`.
    pub username: Option<String>,
    /// IETF tag of the language that Telegram speaks to him.
    pub language_code: Option<String>,
}

/// Answer of `GET /api/cargos/`: of [`CardRow`]s if the query says `html`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "{C}List"))]
pub struct CargoList<C = Cargo> {
    /// How many cargos match in all.
    pub total: u32,
    /// The first row of this answer.
    pub offset: u32,
    /// The offset of the rows that follow; `None` at the end.
    pub next_offset: Option<u32>,
    /// When the oldest page used was read upstream, Unix milliseconds.
    pub as_of: u64,
    /// Whether that is longer ago than a list stays fresh.
    pub stale: bool,
    /// Items of the pages used that could not be shown at all.
    pub left_out: u32,
    /// The cargos, newest first.
    pub cargos: Vec<C>,
}

impl<C> CargoList<C> {
    /// The same with other words for each cargo.
    pub fn map<D>(self, cargo: impl FnMut(C) -> D) -> CargoList<D> {
        CargoList {
            total: self.total,
            offset: self.offset,
            next_offset: self.next_offset,
            as_of: self.as_of,
            stale: self.stale,
            left_out: self.left_out,
            cargos: self.cargos.into_iter().map(cargo).collect(),
        }
    }
}

/// A cargo with its card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CardRow {
    /// As of the [`Cargo`], like all that the card is kept alive with.
    pub id: CargoId,
    /// See [`Cargo`].
    pub price_kopecks: Option<Kopecks>,
    /// See [`Cargo`].
    pub price_per_km_kopecks: Option<Kopecks>,
    /// See [`Cargo`].
    pub distance_km: Option<u32>,
    /// See [`Cargo`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<PriceMove>,
    /// From where to where, as text.
    pub route: String,
    /// All that the card holds.
    pub html: String,
}

/// Answer of `GET /api/cargos/{id}/`: of a [`DetailPage`] if the query says `html`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "{C}Answer"))]
pub struct Detail<C = CargoDetail> {
    /// When it was read upstream, Unix milliseconds.
    pub as_of: u64,
    /// Whether that is longer ago than a detail stays fresh.
    pub stale: bool,
    /// How long ago the price was read, in milliseconds: that of a list is newer, where the edge knows one.
    pub price_age_ms: u64,
    /// The cargo.
    pub cargo: C,
}

impl<C> Detail<C> {
    /// The same with other words for the cargo.
    pub fn map<D>(self, cargo: impl FnOnce(C) -> D) -> Detail<D> {
        Detail {
            as_of: self.as_of,
            stale: self.stale,
            price_age_ms: self.price_age_ms,
            cargo: cargo(self.cargo),
        }
    }
}

/// All that a cargo's own screen shows besides its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DetailPage {
    /// From where to where, as text.
    pub route: String,
    /// The rest.
    pub html: String,
}

/// Answer of `GET /api/cargos/{id}/history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// When this is told, Unix milliseconds by the edge's clock: a phone's may be a day off.
    pub now: u64,
    /// How the price went, oldest first, as far back as it is remembered.
    pub changes: PriceHistory,
}

/// Answer of `GET /api/dictionaries/...`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "{T}Dictionary"))]
pub struct Dictionary<T> {
    /// The entries, in CargoTech's order.
    pub items: Vec<T>,
}

/// A cargo's id and its price, on the wire `["6236980507", 1350000]` or `["6236980508", null]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PriceRow(pub CargoId, pub Option<Kopecks>);

/// Answer of `GET /api/cargos/prices/`.
///
/// A 304 has no body; what of this may change without the prices comes in the headers of both: `Age` (seconds), `X-Stale`
/// and `X-Poll-After-Ms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Prices {
    /// The name of this state, the same as in the `ETag` header.
    pub etag: Etag,
    /// When the oldest page used was read upstream, Unix milliseconds.
    pub as_of: u64,
    /// How long ago that was, in milliseconds, by the edge's clock: a phone's clock may be a day off.
    pub age_ms: u64,
    /// Whether that is longer than a price stays fresh.
    pub stale: bool,
    /// Whether all rows were read at one moment, so that a cargo missing between them is gone. Pages of a list are read
    /// one by one: while one of them is older, a cargo may have moved from the one to the other unseen.
    pub coherent: bool,
    /// How many cargos match in all.
    pub total: u32,
    /// When to ask again, in milliseconds.
    pub poll_after_ms: u64,
    /// The state that this answer begins from, if it tells only what has changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Etag>,
    /// The first rows in list order; after `since` only those that are new or have another price.
    pub prices: Vec<PriceRow>,
    /// After `since`, all ids in their order, if that has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Vec<CargoId>>,
}

/// Header of a renewed session token.
pub const SESSION_HEADER: &str = "x-session-token";
/// Header that says `1` when the prices are stale, `0` when not.
pub const STALE_HEADER: &str = "x-stale";
/// Header with the pace the edge asks for, in milliseconds.
pub const POLL_AFTER_HEADER: &str = "x-poll-after-ms";

/// Header with the state of the order board: see [`OrderList`](crate::orders::messages::OrderList).
pub const EPOCH_HEADER: &str = "x-epoch";

/// Header with the names of the app's builds that are served now, with commas: a page of another build is out of date.
pub const BUILD_HEADER: &str = "x-build";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_row_is_a_pair() {
        let rows = [
            PriceRow(
                CargoId::new(6_236_980_507).unwrap(),
                Kopecks::new(1_350_000),
            ),
            PriceRow(CargoId::new(6_236_980_508).unwrap(), None),
        ];
        let text = r#"[["6236980507",1350000],["6236980508",null]]"#;
        assert_eq!(serde_json::to_string(&rows).unwrap(), text);
        assert_eq!(serde_json::from_str::<Vec<PriceRow>>(text).unwrap(), rows);
    }
}
