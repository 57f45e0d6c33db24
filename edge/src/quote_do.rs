//! The object of one quote: it is calculated once, however many ask. What it decides is decided in [`swr::Job`].

use std::cell::{Cell, RefCell};

use domain::orders::{QuoteId, QuoteRequest, Quoted, messages::QuoteState};
use mes::{Calculation, ModelHash};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{rc::Rc, time::Duration};
use swr::{Job, JobAsk, UnixMillis};
use worker::{DurableObject, Env, Error, Request, Response, Result, State, durable_object};

use crate::{
    clock, config,
    log::{self, Level},
    objects,
    orders::{OrdersConfig, counted},
};

/// The MES is not asked more often how far a calculation is, in milliseconds; and clients are told to ask as often.
const LOOK_EVERY_MS: u64 = 1_000;
/// The MES only begins a calculation, or tells how far it is. If it takes longer somebody who looks later asks it again, which
/// does no harm, and whoever asked is told that it is being calculated.
const MES_ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// A quote that nobody asks for any more is forgotten after so long, whatever has become of it.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);
/// Its key in the object's storage.
const JOB: &str = "job";

/// The form in which a quote is kept. One of another form is none.
const VERSION: u8 = 1;

/// What it takes to calculate it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The model's name at the MES.
    pub model: String,
    /// The rest.
    pub wanted: QuoteRequest,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: QuoteId,
    /// He who brings it may have it calculated.
    pub order: Option<Order>,
}

/// Asks for a quote, and if the order is there has it calculated. `None` if nobody has asked for it, or too long ago.
///
/// # Errors
/// If the object can't be reached.
pub async fn ask(env: &Env, id: QuoteId, order: Option<Order>) -> Result<Option<QuoteState>> {
    objects::send(env, "QUOTE", &id.to_string(), &Message { id, order }).await
}

/// See the module.
#[durable_object]
pub struct Quotes {
    state: State,
    env: Env,
    kept: RefCell<Option<Kept>>,
    /// When the MES was last asked, and how far it was.
    looked: Cell<(UnixMillis, u8)>,
}

/// What survives the object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    // What was kept before there was a number is of the first form.
    #[serde(rename = "v", default = "first")]
    version: u8,
    job: Job<Quoted>,
    order: Option<Order>,
}

const fn first() -> u8 {
    1
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            version: VERSION,
            job: Job::default(),
            order: None,
        }
    }
}

impl Kept {
    /// Reads what was kept; `None` if that is of another version. Then the quote is asked for anew, which does no harm: the MES
    /// knows its attempts by their names.
    pub fn read(value: Value) -> Option<Self> {
        serde_json::from_value(value)
            .ok()
            .filter(|kept: &Self| kept.version == VERSION)
    }
}

impl DurableObject for Quotes {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            kept: RefCell::new(None),
            looked: Cell::default(),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        objects::answer(request, async |Message { id, order }| {
            let config =
                config::of(&self.env).map_err(|error| Error::RustError(error.to_string()))?;
            let config = config
                .orders
                .clone()
                .ok_or_else(|| Error::RustError("no order board is configured".to_owned()))?;
            self.wake().await?;
            objects::reply(&self.ask(&config, id, order).await?)
        })
        .await
    }

    async fn alarm(&self) -> Result<Response> {
        self.kept.replace(None);
        self.state.storage().delete_all().await?;
        Response::empty()
    }
}

impl Quotes {
    async fn wake(&self) -> Result<()> {
        if self.kept.borrow().is_none() {
            let kept = self.state.storage().get::<Value>(JOB).await?;
            let kept = kept.and_then(|kept| {
                let read = Kept::read(kept);
                if read.is_none() {
                    log::write(Level::Warn, "quote_unreadable", "", Value::Null);
                }
                read
            });
            let kept = kept.unwrap_or_default();
            // Whoever came meanwhile may have gone on already.
            self.kept.borrow_mut().get_or_insert(kept);
        }
        Ok(())
    }

    async fn ask(
        &self,
        config: &Rc<OrdersConfig>,
        id: QuoteId,
        order: Option<Order>,
    ) -> Result<Option<QuoteState>> {
        let asked = self.with_kept(|kept| {
            let asked = kept.job.ask(&config.quotes, order.is_some(), clock::now());
            if let (Some(JobAsk::Begin { .. }), Some(order)) = (&asked, order) {
                kept.order = Some(order);
            }
            asked
        });
        Ok(match asked {
            None => None,
            Some(JobAsk::Done { value, age }) => Some(QuoteState::Ready {
                quoted: value,
                age_ms: age,
            }),
            Some(JobAsk::Failed {
                reason,
                retry_after,
            }) => Some(QuoteState::Failed {
                reason,
                retry_after_ms: retry_after,
            }),
            Some(JobAsk::Begin { attempt }) => {
                // Before the MES hears of it: if this object dies now, the next one knows the attempt.
                self.looked.set((clock::now(), 0));
                self.save().await?;
                self.state.storage().set_alarm(KEPT_FOR).await?;
                self.order(config, id, attempt).await?;
                Some(self.progress(config))
            }
            Some(JobAsk::Watch { attempt }) => {
                let (looked_at, percent) = self.looked.get();
                let now = clock::now();
                if now.since(looked_at) >= LOOK_EVERY_MS {
                    // Whoever comes meanwhile is told what was known before.
                    self.looked.set((now, percent));
                    self.look(config, id, attempt).await?;
                }
                Some(self.progress(config))
            }
        })
    }

    /// How things stand, without asking anybody.
    fn progress(&self, config: &OrdersConfig) -> QuoteState {
        let asked = self.with_kept(|kept| kept.job.ask(&config.quotes, false, clock::now()));
        match asked {
            Some(JobAsk::Done { value, age }) => QuoteState::Ready {
                quoted: value,
                age_ms: age,
            },
            Some(JobAsk::Failed {
                reason,
                retry_after,
            }) => QuoteState::Failed {
                reason,
                retry_after_ms: retry_after,
            },
            _ => QuoteState::Calculating {
                percent: self.looked.get().1,
                poll_after_ms: LOOK_EVERY_MS,
            },
        }
    }

    /// Orders an attempt; if it was ordered before, that only tells how far it is.
    async fn order(&self, config: &OrdersConfig, id: QuoteId, attempt: u32) -> Result<()> {
        let Some(order) = self.with_kept(|kept| kept.order.clone()) else {
            return self
                .end(attempt, Err("the order was lost".to_owned()))
                .await;
        };
        let Ok(model) = order.model.parse::<ModelHash>() else {
            return self
                .end(attempt, Err("the model was lost".to_owned()))
                .await;
        };
        let name = name_of(id, attempt);
        match counted(
            "calculate",
            mes(config).calculate(name, &model, &order.wanted).await,
        ) {
            Ok(Some(calculation)) => self.take_in(attempt, calculation).await,
            Ok(None) => {
                self.end(
                    attempt,
                    Err("the factory does not know the model".to_owned()),
                )
                .await
            }
            // Ordered again when somebody looks: that does no harm.
            Err(error) => self.log("quote_not_ordered", &error),
        }
    }

    async fn look(&self, config: &OrdersConfig, id: QuoteId, attempt: u32) -> Result<()> {
        match counted(
            "calculation",
            mes(config).calculation(name_of(id, attempt)).await,
        ) {
            Ok(Some(calculation)) => self.take_in(attempt, calculation).await,
            Ok(None) => self.order(config, id, attempt).await,
            Err(error) => self.log("quote_not_read", &error),
        }
    }

    async fn take_in(&self, attempt: u32, calculation: Calculation) -> Result<()> {
        match calculation {
            Calculation::Running { percent } => {
                self.looked.set((self.looked.get().0, percent));
                Ok(())
            }
            Calculation::Done(quoted) => self.end(attempt, Ok(quoted)).await,
            Calculation::Failed { reason } => self.end(attempt, Err(reason)).await,
        }
    }

    async fn end(&self, attempt: u32, result: std::result::Result<Quoted, String>) -> Result<()> {
        self.with_kept(|kept| kept.job.end(attempt, result, clock::now()));
        self.save().await
    }

    async fn save(&self) -> Result<()> {
        let kept = self.with_kept(|kept| kept.clone());
        self.state.storage().put(JOB, kept).await
    }

    fn log(&self, event: &str, error: &mes::Error) -> Result<()> {
        log::write(Level::Warn, event, "", json!({"error": error.to_string()}));
        Ok(())
    }

    fn with_kept<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(self.kept.borrow_mut().get_or_insert_with(Kept::default))
    }
}

fn mes(config: &OrdersConfig) -> mes::Client {
    config.mes().within(MES_ANSWERS_WITHIN)
}

/// The name of an attempt at the MES: another attempt is another calculation.
fn name_of(id: QuoteId, attempt: u32) -> QuoteId {
    let mut hash = Sha256::new();
    hash.update(id.0);
    hash.update(attempt.to_be_bytes());
    QuoteId(hash.finalize().into())
}
