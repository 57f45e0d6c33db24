//! `POST /api/hooks/orders`: the factory tells of a change that was made elsewhere. Signed like
//! [an invalidation](crate::invalidate), with a secret of its own.

use domain::orders::messages::OrderHook;
use serde_json::json;
use swr::UnixMillis;
use worker::Env;

use super::{
    OrdersConfig,
    board::{self, Message, What},
};
use crate::{
    clock,
    http::Answer,
    log::{self, Level, RequestId},
    metrics::{Family, Histogram},
    problem::Failure,
    signature, tally,
};

const LONGEST_BODY: u32 = 16 * 1024;
/// How far the body's time and ours may differ, in milliseconds: a delivery may be tried again for a while.
const WINDOW_MS: u64 = 300_000;

/// Takes a delivery in, once.
///
/// # Errors
/// A signature or a time that is not taken; a body that makes no sense; a delivery that came before; a board that can't be
/// reached, so that it should come again.
pub async fn answer(env: &Env, config: &OrdersConfig, id: &RequestId) -> Result<Answer, Failure> {
    let signed = signature::signed(id.request(), &config.webhook_secret, LONGEST_BODY).await?;
    let hook: OrderHook = serde_json::from_str(&signed.body)
        .map_err(|error| Failure::of_field("body", error.to_string()))?;
    let now = clock::now();
    let sent_at = UnixMillis(hook.timestamp);
    if now.since(sent_at).max(sent_at.since(now)) > WINDOW_MS {
        return Err(Failure::Unauthorized);
    }
    let changed_at = UnixMillis(hook.order.changed_at);
    let what = What::Hook {
        delivery: hook.delivery,
        good_until: sent_at.plus(2 * WINDOW_MS),
        order: hook.order,
    };
    let site = match &what {
        What::Hook { order, .. } => config.board_of(order.id),
        _ => None,
    };
    let told: worker::Result<bool> =
        board::tell(env, &Message { site, what }, config.read_deadline()).await;
    let label = match told {
        Ok(true) => "taken",
        Ok(false) => "repeated",
        Err(_) => "failed",
    };
    tally::count(Family::Hooks, [label, ""]);
    match told {
        Ok(true) => {
            tally::observe(Histogram::HookLag, now.since(changed_at));
            Ok(Answer::empty(204).header("cache-control", "no-store"))
        }
        Ok(false) => Err(Failure::Conflict("This delivery came before.")),
        Err(error) => {
            log::write(
                Level::Warn,
                "hook_not_taken",
                id.as_str(),
                json!({"error": error.to_string()}),
            );
            Err(Failure::Unavailable {
                retry_after_ms: 1_000,
            })
        }
    }
}
