//! The messages of the orders' HTTP API. Times are Unix milliseconds, money is kopecks.

use serde::{Deserialize, Serialize};

use super::{Counts, Cursor, DeliveryName, Order, OrderDetail, QuoteId, Quoted, Status};
use crate::messages::Problem;

/// Answer of `GET /api/orders/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "OrderList"))]
pub struct OrderList<O = Vec<Order>> {
    /// The orders, newest first.
    pub orders: O,
    /// Goes into `cursor=` for those below; `None` at the end.
    pub next: Option<Cursor>,
    /// How many stand where, of all that the reader may see and not only of what he asked for; `None` where nobody has
    /// counted, and for sellers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// The state of the board: who passes it on as `min_epoch=` is shown no older one. 0 if the factory itself answered.
    pub epoch: u64,
    /// How long ago the factory was last asked, in milliseconds. What has changed since is told by whoever changed it.
    pub age_ms: u64,
    /// Whether that is longer than a list stays fresh: the factory does not answer.
    pub stale: bool,
    /// When to ask again, in milliseconds.
    pub poll_after_ms: u64,
}

/// Answer of `GET /api/orders/{id}/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderAnswer {
    /// Everything about it.
    pub order: OrderDetail,
    /// As in [`OrderList`].
    pub epoch: u64,
    /// As in [`OrderList`].
    pub age_ms: u64,
    /// As in [`OrderList`].
    pub stale: bool,
}

/// Body of `POST /api/orders/{id}/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeStatus {
    /// The status that it is to get.
    pub status: Status,
    /// The version of the state that this was decided on: if it has another by now, nothing is changed.
    #[serde(deserialize_with = "crate::exact::deserialize")]
    pub expected_version: u64,
}

/// Answer to [`ChangeStatus`]: from here on every read shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Changed {
    /// What has become of it.
    pub order: Order,
    /// As in [`OrderList`]; 0 if the board could not be told, which then learns of it from the factory.
    pub epoch: u64,
}

/// Why a change was not made, where somebody else was quicker: 409.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LostRace {
    /// As any error.
    #[serde(flatten)]
    pub problem: Problem,
    /// What has become of it, and by whom.
    pub order: Order,
}

/// Answer of `POST /api/quotes` and of `GET /api/quotes/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Quote {
    /// Its name.
    pub id: QuoteId,
    /// What is known.
    #[serde(flatten)]
    pub state: QuoteState,
}

/// How far a quote has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum QuoteState {
    /// It is being calculated.
    Calculating {
        /// How much of it is done, 0 to 100.
        percent: u8,
        /// When to ask again, in milliseconds.
        poll_after_ms: u64,
    },
    /// Here it is.
    Ready {
        /// What it costs.
        #[serde(flatten)]
        quoted: Quoted,
        /// How long ago it was calculated, in milliseconds.
        age_ms: u64,
    },
    /// It could not be calculated.
    Failed {
        /// Why, in the factory's words.
        reason: String,
        /// When it is tried again if somebody asks, in milliseconds.
        retry_after_ms: u64,
    },
}

/// Body of `POST /api/hooks/orders`: the factory tells of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderHook {
    /// The name of this delivery: each is taken once.
    pub delivery: DeliveryName,
    /// When it was sent, Unix milliseconds.
    #[serde(deserialize_with = "crate::exact::deserialize")]
    pub timestamp: u64,
    /// What has become of the order.
    pub order: Order,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kopecks;

    #[test]
    fn a_quote_is_one_flat_object() {
        let id = QuoteId([0; 32]);
        let quoted = Quoted {
            price_kopecks: Kopecks::new(5).unwrap(),
            days: 2,
        };
        let quote = Quote {
            id,
            state: QuoteState::Ready { quoted, age_ms: 7 },
        };
        let text =
            format!(r#"{{"id":"{id}","state":"ready","price_kopecks":5,"days":2,"age_ms":7}}"#);
        assert_eq!(serde_json::to_string(&quote).unwrap(), text);
        assert_eq!(serde_json::from_str::<Quote>(&text).unwrap(), quote);
    }
}
