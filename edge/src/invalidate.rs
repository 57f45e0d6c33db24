//! `POST /api/internal/invalidate`: from its answer on, nothing that was fetched before is stored, nor served to whoever
//! demands the epoch that the answer names.
//!
//! The body is signed: `X-Signature` is the HMAC-SHA256 of its bytes under `INTERNAL_SECRET`, in hexadecimal digits. It
//! holds the time and is good for a minute, once.

use domain::{CargoId, Filters};
use serde::Deserialize;
use serde_json::json;
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
    upstream_guard_do::{self, Invalidation, Target},
};

const LONGEST_BODY: usize = 4 * 1024;
/// How far the body's time and ours may differ, in milliseconds.
const WINDOW_MS: u64 = 60_000;

/// The body.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// When it was given, Unix milliseconds.
    timestamp: u64,
    target: Which,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Which {
    /// One page of the list behind these filters; of this driver, where drivers have records of their own.
    Key {
        filters: String,
        #[serde(default)]
        page: u32,
        #[serde(default)]
        driver_id: i64,
    },
    /// The detail of one cargo; as this driver sees it, where drivers have records of their own.
    Cargo {
        id: CargoId,
        #[serde(default)]
        driver_id: i64,
    },
    /// All dictionaries.
    Dictionaries,
    /// All order boards.
    Boards(Boards),
    /// All records of one driver, where drivers have records of their own.
    User(i64),
    /// All records.
    Everything,
}

/// What is to become of the order boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Boards {
    /// What they show next they read from the MES.
    Forget,
    /// The same; and the MES counts its changes anew: its database was put back to what it was.
    Renumbered,
    /// Their objects begin anew, with what is in their storage.
    Restart,
}

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
    let order: Order = serde_json::from_str(&body)
        .map_err(|error| Failure::of_field("body", error.to_string()))?;
    let now = clock::now();
    let given_at = UnixMillis(order.timestamp);
    if now.since(given_at).max(given_at.since(now)) > WINDOW_MS {
        return Err(Failure::Unauthorized);
    }
    let kind = match &order.target {
        Which::Key { .. } => "key",
        Which::Cargo { .. } => "cargo",
        Which::Dictionaries => "dictionaries",
        Which::Boards(_) => "boards",
        Which::User(_) => "user",
        Which::Everything => "everything",
    };
    let (records, epoch) = match target(order.target, config.scope)? {
        Ok(target) => {
            let invalidation = Invalidation {
                target,
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
    tally::count_many(Family::Invalidations, [kind, ""], records);
    let body = json!({
        "invalidated": records,
        // Whoever demands this with `min_epoch` is served nothing older, whichever of the records he reads.
        "epoch": epoch,
    });
    Ok(Answer::json(200, &body).header("cache-control", "no-store"))
}

/// The records that are meant, or what is to become of the order boards, which are not the guard's.
fn target(which: Which, scope: Scope) -> Result<Result<Target, Boards>, Failure> {
    Ok(Ok(match which {
        Which::Key {
            filters,
            page,
            driver_id,
        } => {
            let filters = Filters::parse(&filters).map_err(Failure::Invalid)?;
            let list = Resource::List { filters, page };
            Target::Key(RecordKey::of(scope, driver_id, &list))
        }
        Which::Cargo { id, driver_id } => {
            Target::Key(RecordKey::of(scope, driver_id, &Resource::Cargo(id)))
        }
        Which::Dictionaries => Target::Prefix(RecordKey::DICTIONARIES.to_owned()),
        Which::User(driver_id) => Target::Prefix(keys::prefix_of(Some(driver_id))),
        Which::Everything => Target::Prefix(String::new()),
        Which::Boards(boards) => return Ok(Err(boards)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_one_target() {
        let order = |target: &str| {
            let body = format!(r#"{{"timestamp":5,"target":{target}}}"#);
            serde_json::from_str::<Order>(&body).map(|order| order.target)
        };
        assert_eq!(order(r#""everything""#).unwrap(), Which::Everything);
        assert_eq!(order(r#"{"user":7}"#).unwrap(), Which::User(7));
        let boards = Which::Boards(Boards::Forget);
        assert_eq!(order(r#"{"boards":"forget"}"#).unwrap(), boards);
        assert_eq!(order(r#""dictionaries""#).unwrap(), Which::Dictionaries);
        let cargo = Which::Cargo {
            id: CargoId::new(5).unwrap(),
            driver_id: 0,
        };
        assert_eq!(order(r#"{"cargo":{"id":"5"}}"#).unwrap(), cargo);
        let key = Which::Key {
            filters: "mode=my".into(),
            page: 0,
            driver_id: 0,
        };
        assert_eq!(order(r#"{"key":{"filters":"mode=my"}}"#).unwrap(), key);
        for wrong in [
            r#""nothing""#,
            "{}",
            r#"{"key":{}}"#,
            r#"{"cargo":{"id":5}}"#,
            r#"{"user":"x"}"#,
            "null",
        ] {
            assert!(order(wrong).is_err(), "{wrong}");
        }
    }
}
