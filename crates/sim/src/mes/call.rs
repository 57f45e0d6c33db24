//! What of the MES is called.

use serde::{Deserialize, Serialize};

/// What of the MES is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `GET /v1/orders`
    List,
    /// `GET /v1/orders?ids=`
    Ids,
    /// `GET /v1/orders/counts`
    Counts,
    /// `GET /v1/orders/{id}`
    Detail,
    /// `POST /v1/orders/{id}/status`
    StatusChange,
    /// `POST /v1/models`
    Model,
    /// `PUT /v1/calculations/{id}`
    CalculationPut,
    /// `GET /v1/calculations/{id}`
    CalculationGet,
}

impl Kind {
    /// Every kind of call.
    pub const ALL: [Self; 8] = [
        Self::List,
        Self::Ids,
        Self::Counts,
        Self::Detail,
        Self::StatusChange,
        Self::Model,
        Self::CalculationPut,
        Self::CalculationGet,
    ];
}
