//! `POST /api/orders/{id}/status`: an order is moved. The MES first; then the board; and when that serves no older state any
//! more, the answer.

use std::{rc::Rc, time::Duration};

use domain::{
    messages::EPOCH_HEADER,
    orders::{
        Mover, Order, OrderId, Status,
        messages::{ChangeStatus, Changed},
        mover_of,
    },
};
use futures_channel::oneshot;
use mes::{Change, StatusChange};
use serde_json::json;
use swr::{UnixMillis, board::Mark};
use worker::{Context, Delay, Env};

use super::{
    OrdersConfig,
    access::Viewer,
    board::{self, Message, What},
    counted,
};
use crate::{
    clock,
    http::{self, Answer},
    log::{self, Level, RequestId},
    metrics::Family,
    problem::Failure,
    tally,
};

const LONGEST_BODY: u32 = 1_024;

/// What the board could not be told it is told again after so long, in milliseconds.
const TELL_AGAIN_AFTER: [u64; 3] = [1_000, 3_000, 10_000];

/// Moves an order. It is carried out to its end also when the client leaves.
///
/// # Errors
/// What is wrong with the body; a move that is not the client's to make, or that does not exist; somebody was quicker; the MES
/// does not answer, and then nobody knows whether the order was moved.
pub async fn answer(
    order: OrderId,
    env: &Env,
    context: &Context,
    config: &Rc<OrdersConfig>,
    viewer: &Viewer,
    id: &Rc<RequestId>,
) -> Result<Answer, Failure> {
    let (mover, by) = viewer.mover()?;
    let body = http::body(id.request(), LONGEST_BODY).await?;
    let change: ChangeStatus = serde_json::from_str(&body)
        .map_err(|error| Failure::of_field("body", error.to_string()))?;
    let (done, outcome) = oneshot::channel();
    let moving = Moving {
        env: env.clone(),
        config: config.clone(),
        id: id.clone(),
        order,
        mark: Mark((clock::random() * (1_u64 << 53) as f64) as u64),
        mover,
        by: by.to_owned(),
        change,
    };
    context.wait_until(async move {
        // Whoever asked may have left.
        let _ = done.send(moving.carry_out().await);
    });
    let result = outcome.await.map_err(|_| Failure::OutcomeUnknown)?;
    let label = match &result {
        Ok(_) => "made",
        Err(Failure::LostRace(_)) => "lost_race",
        Err(Failure::OutcomeUnknown) => "unknown",
        Err(_) => "refused",
    };
    tally::count(Family::OrderChanges, [label, ""]);
    let changed = result?;
    Ok(Answer::json(200, &changed)
        .header("cache-control", "no-store")
        .header(EPOCH_HEADER, changed.epoch))
}

/// A move on its way.
struct Moving {
    env: Env,
    config: Rc<OrdersConfig>,
    id: Rc<RequestId>,
    order: OrderId,
    mark: Mark,
    mover: Mover,
    by: String,
    change: ChangeStatus,
}

impl Moving {
    async fn carry_out(self) -> Result<Changed, Failure> {
        let announce = What::Announce {
            mark: self.mark,
            id: self.order,
            to: self.change.status,
        };
        let known: worker::Result<Option<Order>> = self.tell(announce, self.config.patience).await;
        let announced_at = known.is_ok().then(clock::now);
        let known = known.ok().flatten();
        if let Err(refused) = self.check_mover(known).await {
            self.settle(None, None, announced_at).await;
            return Err(refused);
        }
        let change = StatusChange {
            status: self.change.status,
            expected_version: self.change.expected_version,
            by: self.by.clone(),
        };
        let outcome = counted(
            "status",
            self.config.mes().change_status(self.order, &change).await,
        );
        match outcome {
            Ok(Change::Made(order)) => {
                let epoch = self
                    .settle(
                        Some(order.clone()),
                        Some(change.expected_version),
                        announced_at,
                    )
                    .await;
                Ok(Changed { order, epoch })
            }
            Ok(Change::Lost(order)) => {
                self.settle(Some(order.clone()), None, announced_at).await;
                Err(Failure::LostRace(Box::new(order)))
            }
            Ok(Change::NotAllowed) => {
                self.settle(None, None, announced_at).await;
                Err(not_allowed())
            }
            Ok(Change::UnknownOrder) => {
                self.settle(None, None, announced_at).await;
                Err(Failure::NotFound)
            }
            // Whether it was moved is not known: the board looks before it shows the order to anybody.
            Err(error) if error.leaves_the_outcome_open() => {
                let detail = json!({"order": self.order, "error": error.to_string()});
                log::write(Level::Warn, "change_unknown", self.id.as_str(), detail);
                self.until_in_doubt(announced_at).await;
                Err(Failure::OutcomeUnknown)
            }
            Err(error) => {
                self.settle(None, None, announced_at).await;
                Err(super::unavailable(error))
            }
        }
    }

    /// Whether this is a move, and the mover's to make, if the order is still as he saw it; if not, the MES says so.
    async fn check_mover(&self, known: Option<Order>) -> Result<(), Failure> {
        let known = match known {
            Some(order) if order.version >= self.change.expected_version => Some(order),
            _ => {
                let read = counted("ids", self.config.mes().by_ids(&[self.order]).await);
                read.map_err(super::unavailable)?.orders.pop()
            }
        };
        let known = known.ok_or(Failure::NotFound)?;
        if known.version != self.change.expected_version {
            return Ok(());
        }
        match mover_of(known.status, self.change.status) {
            Some(mover) if mover == self.mover => Ok(()),
            Some(_) => Err(Failure::Forbidden),
            None => Err(not_allowed()),
        }
    }

    /// Tells the board what came of it, and waits until nobody is served an older state. The board's epoch; 0 if it could not
    /// be told.
    async fn settle(
        &self,
        order: Option<Order>,
        from_version: Option<u64>,
        announced_at: Option<UnixMillis>,
    ) -> u64 {
        let is_news = order.is_some();
        let settle = What::Settle {
            mark: self.mark,
            order,
            from_version,
        };
        let patience = self.config.patience + Duration::from_millis(self.config.board.lease);
        match self.tell(settle.clone(), patience).await {
            Ok(epoch) => return epoch,
            Err(error) => {
                let detail = json!({"order": self.order, "error": error.to_string()});
                log::write(Level::Warn, "board_not_told", self.id.as_str(), detail);
            }
        }
        let (env, site) = (self.env.clone(), self.config.board_of(self.order));
        wasm_bindgen_futures::spawn_local(async move {
            for after in TELL_AGAIN_AFTER {
                Delay::from(Duration::from_millis(after)).await;
                let message = Message {
                    site,
                    what: settle.clone(),
                };
                if board::tell::<u64>(&env, &message, Duration::from_secs(5))
                    .await
                    .is_ok()
                {
                    break;
                }
            }
        });
        if is_news {
            self.until_in_doubt(announced_at).await;
        }
        0
    }

    /// Waits until the board doubts the order, if it knows of the change: from then on it looks before it shows the order to
    /// anybody.
    async fn until_in_doubt(&self, announced_at: Option<UnixMillis>) {
        if let Some(announced_at) = announced_at {
            let doubted_at = announced_at.plus(self.config.board.grace);
            let left = doubted_at.since(clock::now());
            Delay::from(Duration::from_millis(left)).await;
        }
    }

    async fn tell<T: serde::de::DeserializeOwned>(
        &self,
        what: What,
        patience: Duration,
    ) -> worker::Result<T> {
        let message = Message {
            site: self.config.board_of(self.order),
            what,
        };
        board::tell(&self.env, &message, patience).await
    }
}

fn not_allowed() -> Failure {
    let names: Vec<_> = Status::ALL.iter().map(|status| status.name()).collect();
    Failure::of_field(
        "status",
        format!(
            "no order moves there from where this one is ({})",
            names.join(", ")
        ),
    )
}
