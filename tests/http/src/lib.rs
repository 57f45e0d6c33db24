//! Tests of the running Worker over HTTP. `cargo xtask test --only http` starts the Worker, with short windows, and a
//! simulator of CargoTech, and runs them one after the other; what is here is what they are written with.
//!
//! | variable | what |
//! |---|---|
//! | `LOADBOARD_URL` | where the Worker answers |
//! | `SIM_URL` | where the simulator answers |
//! | `LOADBOARD_BOT_TOKEN` | signs initData as Telegram does |
//! | `LOADBOARD_SESSION_SECRET` | signs sessions as the Worker does |
//! | `LOADBOARD_PREVIOUS_SESSION_SECRET` | as the Worker did before |
//! | `LOADBOARD_INTERNAL_SECRET` | signs orders to invalidate |
//! | `LOADBOARD_METRICS_TOKEN` | reads the metrics |
//! | `LOADBOARD_CRM_KEY` | the sales system's key |
//! | `LOADBOARD_SELLER_KEY` | a seller's key, with his number in the place of `{}` |
//! | `LOADBOARD_MES_TOKEN` | the MES's own token |
//! | `LOADBOARD_WEBHOOK_SECRET` | signs what the MES tells |
//! | `LOADBOARD_IDS_OF_OPERATORS` | how many ids of Telegram each of the two operators has |
//! | `LOADBOARD_CANARY` | planted where secrets are sent: no log may hold it |
//! | `LOADBOARD_CANARY_TO_BE_SEEN` | planted where it is to be logged |
//!
//! A test begins with [`begin`] and reads through filters of its own ([`ColdFilters`]), so what the Worker remembers of
//! earlier tests is nothing to it. It waits for conditions ([`until`]), never for time to pass.

mod cold_filters;
mod factory;
mod forgery;
mod loadboard;
mod metrics;
mod reply;
mod simulator;
mod until;
pub mod windows;

pub use cold_filters::ColdFilters;
pub use factory::{MesStats, OPERATORS, TrueOrders, begin_with_orders, order_to, throw_away};
pub use forgery::{InitData, Order, SessionToken, signature, unix_millis, unix_seconds};
pub use loadboard::Loadboard;
pub use metrics::Metrics;
pub use reply::Reply;
pub use simulator::{EndpointStats, Simulator, Stats, TruePrices};
pub use until::{during, until};

/// Fair weather over a world that stands still, a Worker that reaches it with calls to spare, and a driver who is signed
/// in.
pub async fn begin() -> (Loadboard, Simulator) {
    let sim = Simulator::from_environment();
    sim.calm_down().await;
    let board = Loadboard::signed_in().await;
    board.pull_plugs(serde_json::json!({})).await;
    let cold = ColdFilters::new();
    until(
        "the Worker reaches upstream",
        windows::WHOLE_RECOVERY,
        async || board.get(&format!("/api/cargos/prices/?{cold}")).await,
        |reply| reply.status == 200,
    )
    .await;
    until(
        "what an earlier test has set going is done",
        windows::WHOLE_RECOVERY,
        async || board.calls_in_line().await + sim.stats().await.in_flight,
        |under_way| *under_way == 0,
    )
    .await;
    refill(&board).await;
    sim.forget_counts().await;
    (board, sim)
}

/// Waits until there are calls for everybody: for those who wait, for refreshes, and for pages that are fetched ahead. A
/// Worker that has just started has none, nor has one whose guard was idle and forgotten.
pub async fn refill(board: &Loadboard) {
    until(
        "there are calls for everybody",
        windows::WHOLE_RECOVERY,
        async || board.calls_left().await,
        |left| *left >= windows::CALLS_FOR_EVERYBODY,
    )
    .await;
}

/// The value of a variable that the suite is started with.
///
/// # Panics
/// If it is not set.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run these tests with `cargo xtask test --only http`")
    })
}
