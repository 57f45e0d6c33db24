//! The messages to an order board, and how long anybody waits for it.

use std::{cell::Cell, time::Duration};

use domain::orders::{
    Counts, Cursor, DeliveryName, Filter, Order, OrderDetail, OrderId, Rank, Site, Status,
};
use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{json, value::RawValue};
use swr::{UnixMillis, board::Mark};
use worker::{Delay, Env, Error, Result};

use super::OrdersConfig;
use crate::{
    clock,
    log::{self, Level, RequestId},
    metrics::Family,
    objects,
    problem::Failure,
    tally,
};

/// What a board is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// The site whose orders it holds; `None` for all.
    pub site: Option<Site>,
    /// What.
    pub what: What,
}

/// The messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Somebody reads a list. Answered with [`Told<ListTold>`].
    List {
        /// Which orders.
        filter: Filter,
        /// Those below this place alone.
        below: Option<Rank>,
        /// How many at most.
        limit: u32,
        /// Until when he waits for the MES; `None`: not at all.
        until: Option<UnixMillis>,
    },
    /// Somebody reads everything about an order. Answered with [`Told<DetailTold>`].
    Detail {
        /// Which.
        id: OrderId,
        /// Until when he waits for the MES; `None`: not at all.
        until: Option<UnixMillis>,
    },
    /// Somebody is going to move an order. Answered with its newest state, if that is known.
    Announce {
        /// The name of the change.
        mark: Mark,
        /// Which order.
        id: OrderId,
        /// Where it is to go.
        to: Status,
    },
    /// What came of that. Answered with the board's epoch, when no older state is served any more.
    Settle {
        /// The name of the change.
        mark: Mark,
        /// The order as it is now, if that is known.
        order: Option<Order>,
        /// The version that was changed, if it was changed.
        from_version: Option<u64>,
    },
    /// The factory tells of a change. Answered with whether this delivery is the first of its name.
    Hook {
        /// The delivery's name.
        delivery: DeliveryName,
        /// Until when its name is to be remembered.
        good_until: UnixMillis,
        /// What has become of the order.
        order: Order,
    },
    /// The object is to begin anew. Answered with the board's epoch.
    Restart(Forgetting),
}

/// What a board forgets when it begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forgetting {
    /// Nothing that is in its storage.
    Nothing,
    /// All that was read: what it shows next it reads from the MES.
    Orders,
    /// That, and up to which number the MES has counted its changes: it counts them anew.
    Numbers,
}

/// What a reader is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told<T> {
    /// This.
    Here(T),
    /// The MES is being asked: he is to ask again, and wait.
    Wait,
    /// It does not answer, and nothing is known.
    Nothing {
        /// When it may be better, in milliseconds.
        retry_after_ms: u64,
    },
}

/// A list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListTold {
    /// The orders, written down: whoever asked passes them on as they are.
    pub orders: Box<RawValue>,
    /// Where those below begin.
    pub next: Option<Cursor>,
    /// How many stand where.
    pub counts: Option<Counts>,
    /// The board's epoch.
    pub epoch: u64,
    /// When the MES was last asked.
    pub read_at: UnixMillis,
    /// Whether that is too long ago.
    pub stale: bool,
    /// For how long this may be served to others.
    pub lease_ms: Option<u64>,
}

/// Everything about an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetailTold {
    /// It; `None` if there is no such order.
    pub order: Option<OrderDetail>,
    /// The board's epoch.
    pub epoch: u64,
    /// When the MES was asked.
    pub read_at: UnixMillis,
    /// Whether that is too long ago.
    pub stale: bool,
}

/// An object that died is up again at once, but not at the first try for all who had asked it: after so many milliseconds they
/// try again, then after twice as many, up to the longest.
const FIRST_PAUSE: u64 = 10;
const LONGEST_PAUSE: u64 = 160;

/// Reads something from a board: `what` is told until when the reader waits. `None` if the board does not say a word in time:
/// he is to ask the MES himself. `kind` is its name in counts.
///
/// # Errors
/// Nothing is known, and the MES does not answer. Or the board did not come back with what it had promised: to ask the MES for
/// that, which is slow already, all who wait would go there together.
pub async fn read<T: DeserializeOwned>(
    env: &Env,
    config: &OrdersConfig,
    site: Option<Site>,
    what: impl Fn(Option<UnixMillis>) -> What,
    kind: &'static str,
    id: &RequestId,
) -> std::result::Result<Option<T>, Failure> {
    let ask = async |until, patience| {
        let message = Message {
            site,
            what: what(until),
        };
        tell::<Told<T>>(env, &message, patience).await
    };
    let mut told = ask(None, config.patience).await;
    let mut how = "board";
    if matches!(told, Ok(Told::Wait)) {
        how = "wait";
        let until = clock::now().plus(config.mes_timeout.as_millis() as u64);
        told = ask(Some(until), config.mes_timeout + config.patience).await;
    }
    match told {
        Ok(Told::Here(it)) => {
            tally::count(Family::OrderReads, [kind, how]);
            return Ok(Some(it));
        }
        Ok(Told::Nothing { retry_after_ms }) => {
            return Err(Failure::Unavailable { retry_after_ms });
        }
        Ok(Told::Wait) => {}
        Err(error) => {
            let detail = json!({"error": error.to_string(), "promised": how == "wait"});
            log::write(Level::Warn, "board_unreachable", id.as_str(), detail);
        }
    }
    if how == "wait" {
        let retry_after_ms = config.board.flight.backoff.base;
        return Err(Failure::Unavailable { retry_after_ms });
    }
    tally::count(Family::OrderReads, [kind, "mes"]);
    Ok(None)
}

/// Tells the board of a site, or of all, and waits for its answer for so long. Meanwhile it is told again if it fails; each
/// message may be told more than once.
///
/// # Errors
/// Why it failed the last time, or that it took longer.
pub async fn tell<T: DeserializeOwned>(
    env: &Env,
    message: &Message,
    patience: Duration,
) -> Result<T> {
    let name = message
        .site
        .map_or_else(|| "all".to_owned(), |site| site.to_string());
    let failed = Cell::new(None);
    let answer = std::pin::pin!(async {
        let mut pause = FIRST_PAUSE;
        loop {
            match objects::send(env, "ORDER_BOARD", &name, message).await {
                Ok(answer) => break answer,
                Err(error) => failed.set(Some(error)),
            }
            Delay::from(Duration::from_millis(pause)).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    });
    match select(answer, Delay::from(patience)).await {
        Either::Left((answer, _)) => Ok(answer),
        Either::Right(_) => {
            let slow = || Error::RustError("the board took too long".to_owned());
            Err(failed.take().unwrap_or_else(slow))
        }
    }
}
