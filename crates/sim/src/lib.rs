//! A server that plays the CargoTech API: the same paths, shapes, errors and limits, over a world of made-up freight
//! that is the same for the same seed. Beside it, under `/mes`, it plays the system of a factory, with orders in a real
//! database. Developers run it in the place of the real services; tests and benches also tell it what weather to make and
//! ask it what really happened.
//!
//! | path | what |
//! |---|---|
//! | `/v1/...`, `/v2/...` | the API; see [`api`] |
//! | `/mes/v1/...` | the factory's API; see [`mes`] |
//! | `POST /_control` | weather, prices, cargos, tokens, pace: [`control::Orders`], the factory's as `mes`: [`mes::control::MesOrders`]; answered by the state, as is `GET` |
//! | `GET /_stats` | what was called, how often and how much at once: [`stats::Report`], and as `mes` [`mes::stats::Report`] |
//! | `GET /_prices` | what every price is, with `?ever=1` also what it ever was: [`simulation::Prices`] |
//! | `GET /_orders` | what is true of the factory's orders, `?ids=MSK-1,MSK-2` or as lists are asked for, with `&ever=1` also all their history |
//!
//! Everything that decides is pure and takes the time as an argument. Only what is called a server or a sender waits,
//! listens and has a clock, and only [`mes::store`] has a file.
//!
//! ```no_run
//! # async fn start() -> std::io::Result<()> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let config = sim::Config { latency_ms: 0, walk_ms: 0, churn_ms: 0, quiet: true, ..sim::Config::default() };
//! sim::serve(config, listener).await
//! # }
//! ```

mod access_log;
pub mod account;
pub mod api;
pub mod config;
pub mod control;
pub mod mes;
pub mod rate_limit;
pub mod server;
pub mod simulation;
pub mod stats;
pub mod weather;
pub mod world;

pub use config::Config;
pub use server::{Sim, serve};
