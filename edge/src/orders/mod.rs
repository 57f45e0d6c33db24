//! The factory's orders: who may see them, what he is shown, and how they are moved.

pub mod access;
pub mod board;
pub mod change;
pub mod config;
pub mod detail;
pub mod entry;
pub mod hook;
pub mod leased;
pub mod list;
pub mod quotes;
pub mod shelf;
mod upload;

pub use upload::DEADLINE as UPLOAD_DEADLINE;

use std::time::Duration;

use board::Forgetting;
pub use config::OrdersConfig;
use domain::orders::{OrderId, Site};
use worker::Env;

use crate::{metrics::Family, problem::Failure, tally};

impl OrdersConfig {
    /// The factory's system.
    pub fn mes(&self) -> mes::Client {
        mes::Client::new(
            self.mes_base_url.clone(),
            self.mes_token.clone(),
            self.mes_timeout,
        )
    }

    /// The site whose board holds this order; `None` for the board of all.
    pub fn board_of(&self, id: OrderId) -> Option<Site> {
        (!self.sites.is_empty()).then(|| id.site())
    }

    /// How long a reader waits for the MES.
    pub fn read_deadline(&self) -> Duration {
        self.mes_timeout + self.patience
    }

    /// How long everything on the way to an answer may take together: the board, and two calls to the MES where it says
    /// nothing, or where a change is made and its end can't be told.
    pub fn answer_deadline(&self) -> Duration {
        let lease_and_grace = Duration::from_millis(self.board.lease + self.board.grace);
        2 * self.read_deadline() + self.patience + lease_and_grace
    }
}

/// Has all boards begin anew, and forget something. How many there are, and an epoch
/// that no earlier state has.
///
/// # Errors
/// If one can't be reached.
pub async fn restart(
    env: &Env,
    config: &OrdersConfig,
    forgetting: Forgetting,
) -> worker::Result<(u64, u64)> {
    let sites = match &config.sites[..] {
        [] => vec![None],
        sites => sites.iter().copied().map(Some).collect(),
    };
    let (mut boards, mut epochs) = (0, 0);
    for site in sites {
        let message = board::Message {
            site,
            what: board::What::Restart(forgetting),
        };
        boards += 1;
        epochs += board::tell::<u64>(env, &message, config.read_deadline()).await? + 1;
    }
    Ok((boards, epochs))
}

/// A call to the MES, counted.
pub fn counted<T>(kind: &'static str, result: Result<T, mes::Error>) -> Result<T, mes::Error> {
    let outcome = match &result {
        Ok(_) => "ok",
        Err(mes::Error::NoAnswer) => "no_answer",
        Err(mes::Error::Unavailable { .. }) => "unavailable",
        Err(mes::Error::Malformed { .. }) => "malformed",
        Err(mes::Error::Unauthorized) => "unauthorized",
        Err(mes::Error::Rejected { .. }) => "rejected",
    };
    tally::count(Family::MesCalls, [kind, outcome]);
    result
}

/// What a client is told when the MES gave nothing.
pub fn unavailable(error: mes::Error) -> Failure {
    match error {
        mes::Error::Rejected { reason } => Failure::of_field("query", reason),
        _ => Failure::Unavailable {
            retry_after_ms: 2_000,
        },
    }
}
