//! `GET /api/cargos/{id}/history`: how the price of a cargo went.

use domain::{CargoId, messages::History};
use serde_json::json;

use crate::{
    http::Answer,
    log::{self, Level},
    problem::Failure,
    reader::Reader,
};

/// So long a phone may keep an answer, in seconds: what changes meanwhile its own screen has seen.
const KEPT_FOR: u32 = 10;
/// After that a history that could not be had may be asked for again, in milliseconds.
const RETRY_AFTER: u64 = 5_000;

/// The answer. A cargo that no list has shown has an empty history.
///
/// # Errors
/// If the object that keeps it can't be reached.
pub async fn answer(id: CargoId, reader: &Reader) -> Result<Answer, Failure> {
    let changes = reader.history(id).await.map_err(|error| {
        let detail = json!({"cargo": id, "error": error.to_string()});
        log::write(
            Level::Error,
            "history_unreachable",
            reader.request(),
            detail,
        );
        Failure::Unavailable {
            retry_after_ms: RETRY_AFTER,
        }
    })?;
    let now = reader.now().0;
    Ok(Answer::json(200, &History { now, changes })
        .header("cache-control", format!("private, max-age={KEPT_FOR}")))
}
