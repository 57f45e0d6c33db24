//! `GET /health/live`: the Worker runs. `GET /health/ready`: it is configured and its stores answer. CargoTech is no
//! part of either: without it drivers still see the last good prices.

use domain::messages::{Breaker, Health, Upstream};
use swr::BreakerState;
use worker::Env;

use crate::{
    config,
    http::Answer,
    problem::Failure,
    reader,
    upstream_guard_do::{self, Status},
};

/// The answer of `/health/live`: which version lives, too.
pub fn live(env: &Env) -> Answer {
    let config = config::of(env).ok();
    let live = Health::Live {
        commit: config.and_then(|config| config.commit.clone()),
    };
    Answer::json(200, &live).header("cache-control", "no-store")
}

/// The answer of `/health/ready`.
///
/// # Errors
/// The setting that is wrong, or the store that does not answer.
pub async fn ready(env: &Env) -> Result<Answer, Failure> {
    config::of(env)?;
    env.kv(reader::RECORDS)?
        .get("health")
        .text()
        .await
        .map_err(worker::Error::from)?;
    let ready = Health::Ready {
        upstream: told(&upstream_guard_do::status(env).await?),
    };
    Ok(Answer::json(200, &ready).header("cache-control", "no-store"))
}

fn told(status: &Status) -> Upstream {
    Upstream {
        breaker: match status.breaker {
            BreakerState::Closed => Breaker::Closed,
            BreakerState::Open => Breaker::Open,
            BreakerState::HalfOpen => Breaker::HalfOpen,
        },
        logged_in: status.logged_in,
        calls_left: status.calls_left,
        paused_for_ms: status.paused_for_ms,
        in_line: status.in_line as u64,
    }
}
