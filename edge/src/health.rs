//! `GET /health/live`: the Worker runs. `GET /health/ready`: it is configured and its stores answer. CargoTech is no
//! part of either: without it drivers still see the last good prices.

use serde_json::json;
use worker::Env;

use crate::{config, http::Answer, problem::Failure, reader, upstream_guard_do};

/// The answer of `/health/live`.
pub fn live() -> Answer {
    Answer::json(200, &json!({"status": "live"})).header("cache-control", "no-store")
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
    let upstream = upstream_guard_do::status(env).await?;
    let body = json!({"status": "ready", "upstream": upstream});
    Ok(Answer::json(200, &body).header("cache-control", "no-store"))
}
