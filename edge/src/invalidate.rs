//! `POST /api/internal/invalidate`: from its answer on, nothing that was fetched before is stored, nor served to whoever
//! demands the epoch that the answer names.
//!
//! The body is signed: `X-Signature` is the HMAC-SHA256 of its bytes under `INTERNAL_SECRET`, in hexadecimal digits. It
//! holds the time and is good for a minute, once.

use domain::{
    Filters,
    messages::{Boards, Invalidate, Invalidated, Target},
};
use swr::UnixMillis;
use worker::Env;

use crate::{
    clock,
    config::Config,
    http::Answer,
    keys::{self, RecordKey, Scope},
    metrics::Family,
    orders::{self, board::Forgetting},
    problem::Failure,
    resource::Resource,
    signature::{self, Signed},
    tally,
    upstream_guard_do::{self, Invalidation, Records},
};

const LONGEST_BODY: u32 = 4 * 1024;
/// How far the body's time and ours may differ, in milliseconds.
const WINDOW_MS: u64 = 60_000;

/// Carries an order out.
///
/// # Errors
/// A signature or a time that is not taken; an order that makes no sense, or was carried out before; an object that can't
/// be reached, in which case nothing is sure.
pub async fn answer(
    request: &web_sys::Request,
    env: &Env,
    config: &Config,
) -> Result<Answer, Failure> {
    let Signed { signature, body } =
        signature::signed(request, &config.internal_secret, LONGEST_BODY).await?;
    let order: Invalidate = serde_json::from_str(&body)
        .map_err(|error| Failure::of_field("body", error.to_string()))?;
    let now = clock::now();
    let given_at = UnixMillis(order.timestamp);
    if now.since(given_at).max(given_at.since(now)) > WINDOW_MS {
        return Err(Failure::Unauthorized);
    }
    let kind = match &order.target {
        Target::Key { .. } => "key",
        Target::Cargo { .. } => "cargo",
        Target::Dictionaries => "dictionaries",
        Target::Boards(_) => "boards",
        Target::User(_) => "user",
        Target::Everything => "everything",
    };
    let (invalidated, epoch) = match meant(order.target, config.scope)? {
        Ok(records) => {
            let invalidation = Invalidation {
                records,
                signature,
                good_until: given_at.plus(WINDOW_MS),
            };
            let done = upstream_guard_do::invalidate(env, invalidation).await?;
            let done = done.ok_or(Failure::Conflict("This order was carried out before."))?;
            (done.records, done.epoch.0)
        }
        // To do it twice does no harm.
        Err(boards) => {
            let orders = config.orders.as_ref().ok_or(Failure::NotFound)?;
            let forgetting = match boards {
                Boards::Forget => Forgetting::Orders,
                Boards::Renumbered => Forgetting::Numbers,
                Boards::Restart => Forgetting::Nothing,
            };
            orders::restart(env, orders, forgetting).await?
        }
    };
    tally::count_many(Family::Invalidations, [kind, ""], invalidated);
    let body = Invalidated { invalidated, epoch };
    Ok(Answer::json(200, &body).header("cache-control", "no-store"))
}

/// The records that are meant, or what is to become of the order boards, which are not the guard's.
fn meant(target: Target, scope: Scope) -> Result<Result<Records, Boards>, Failure> {
    Ok(Ok(match target {
        Target::Key {
            filters,
            page,
            driver_id,
        } => {
            let filters = Filters::parse(&filters).map_err(Failure::Invalid)?;
            let list = Resource::List { filters, page };
            Records::Key(RecordKey::of(scope, driver_id, &list))
        }
        Target::Cargo { id, driver_id } => {
            Records::Key(RecordKey::of(scope, driver_id, &Resource::Cargo(id)))
        }
        Target::Dictionaries => Records::Prefix(RecordKey::DICTIONARIES.to_owned()),
        Target::User(driver_id) => Records::Prefix(keys::prefix_of(Some(driver_id))),
        Target::Everything => Records::Prefix(String::new()),
        Target::Boards(boards) => return Ok(Err(boards)),
    }))
}
