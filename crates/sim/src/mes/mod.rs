//! The factory's system (MES), under `/mes`: orders in a real database whose lists are slow, changes of status that
//! only one of several can win, a calculator of prices, and a sender of webhooks.
//!
//! | path under `/mes` | what |
//! |---|---|
//! | `GET /v1/orders` | a page of a list; slow |
//! | `GET /v1/orders?ids=` | orders by their names |
//! | `GET /v1/orders/counts` | how many stand where; slow |
//! | `GET /v1/orders/{id}` | everything about one |
//! | `POST /v1/orders/{id}/status` | compare and set |
//! | `POST /v1/models` | a model, raw |
//! | `PUT`, `GET /v1/calculations/{id}` | a calculation of a price |
//!
//! What decides is pure: [`factory`], [`calculator`], [`hooks`], [`weather`], [`stats`]; [`store`] is the database,
//! the server waits and answers.

pub mod api;
pub mod calculator;
pub mod call;
pub mod config;
pub mod control;
pub mod durations;
pub mod factory;
mod hook_sender;
pub mod hooks;
pub mod memory;
pub mod price;
pub(crate) mod server;
pub mod stats;
pub mod store;
pub(crate) mod truth;
pub mod weather;

pub use config::Config;
