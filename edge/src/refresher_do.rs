//! The object of one key: single flight, fence, and the newest truth.

use std::{
    cell::{Cell, RefCell},
    pin::pin,
    rc::Rc,
    time::Duration,
};

use domain::{Filters, Page};
use futures_channel::oneshot;
use futures_util::{
    FutureExt,
    future::{Either, Shared, select},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use swr::{Ask, Class, Flight, Landing, Stamp, Ticket, UnixMillis};
use worker::{
    Delay, DurableObject, Env, Error, Method, Request, RequestInit, Response, Result, State,
    durable_object,
};

use crate::{
    clock,
    config::{self, Config},
    keys::RecordKey,
    reader::RECORDS,
    record::Record,
    upstream_guard_do,
};

/// A reader wants a key refreshed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refresh {
    /// The key, which is also the object's name.
    pub key: RecordKey,
    /// The canonical filters.
    pub filters: String,
    /// The page, from 0.
    pub page: u32,
    /// A copy read upstream at this moment or later is new enough.
    pub wanted_since: UnixMillis,
    /// The newest copy that the reader has: it need not be sent again.
    pub have: Option<Ticket>,
    /// Whether the reader waits.
    pub class: Class,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refreshed {
    /// How the copy was got.
    pub outcome: Outcome,
    /// The object's copy, unless the reader has it already.
    pub record: Option<Record>,
    /// When to ask again if there was no new copy, in milliseconds.
    pub retry_after_ms: u64,
}

/// How a refresh ended for one who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The object's copy was new enough.
    Enough,
    /// Upstream was read.
    Fetched,
    /// Upstream was asked and gave nothing usable.
    Failed,
    /// Upstream was not asked, because it failed a moment ago.
    BackedOff,
}

/// Asks a key's object.
///
/// # Errors
/// If the object can't be reached.
pub async fn refresh(env: &Env, ask: &Refresh) -> Result<Refreshed> {
    send(env, "REFRESHER", ask.key.as_str(), ask).await
}

/// Sends a message to the object `name` and reads its reply: the one way to talk to an object.
///
/// # Errors
/// If the object can't be reached, fails, or replies with something else.
pub async fn send<T: DeserializeOwned>(
    env: &Env,
    binding: &str,
    name: &str,
    message: &impl Serialize,
) -> Result<T> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_body(Some(serde_json::to_string(message)?.into()));
    let request = Request::new_with_init("https://object/", &init)?;
    let mut response = env
        .durable_object(binding)?
        .get_by_name(name)?
        .fetch_with_request(request)
        .await?;
    match response.status_code() {
        200 => response.json().await,
        status => Err(Error::RustError(format!("{binding} answered {status}"))),
    }
}

/// See the module.
#[durable_object]
pub struct Refresher {
    object: Rc<Object>,
}

struct Object {
    state: State,
    env: Env,
    /// What is in SQLite; `None` until it was read.
    memory: RefCell<Option<Memory>>,
    /// Resolves when the fetch under way has landed.
    landing: RefCell<Option<Shared<oneshot::Receiver<()>>>>,
    last_failed: Cell<bool>,
}

struct Memory {
    flight: Flight,
    record: Option<Record>,
    /// The last fetch found the whole list gone; it is believed when the next one finds the same.
    doubted: bool,
}

impl DurableObject for Refresher {
    fn new(state: State, env: Env) -> Self {
        Self {
            object: Rc::new(Object {
                state,
                env,
                memory: RefCell::new(None),
                landing: RefCell::new(None),
                last_failed: Cell::new(false),
            }),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let ask: Refresh = request.json().await?;
        Response::from_json(&self.object.clone().refresh(ask).await?)
    }
}

impl Object {
    async fn refresh(self: Rc<Self>, ask: Refresh) -> Result<Refreshed> {
        let config = config::of(&self.env).map_err(|error| Error::RustError(error.to_string()))?;
        let now = clock::now();
        let decision = self.with_memory(|memory| {
            let stored = memory.record.as_ref().map(|record| record.stamp);
            let decision = memory
                .flight
                .ask(&config.flight, stored, ask.wanted_since, now);
            if matches!(decision, Ask::Begin(_)) {
                self.save_flight(memory)?;
            }
            Ok(decision)
        })?;
        match decision {
            Ask::Enough => self.reply(&ask, Outcome::Enough, 0),
            Ask::BackOff { until } => self.reply(&ask, Outcome::BackedOff, until.since(now)),
            Ask::Begin(ticket) => {
                let (landed, landing) = oneshot::channel();
                let landing = landing.shared();
                self.landing.replace(Some(landing.clone()));
                // Not in this request: the fetch goes on when whoever asked first is gone.
                let flight = self.clone().fly(config, ask.clone(), ticket, now, landed);
                self.state.wait_until(flight);
                self.wait(landing, &ask).await
            }
            Ask::Join => {
                // Taken out first: a borrow held while waiting would meet the next flight's `replace`.
                let landing = self.landing.borrow().clone();
                match landing {
                    Some(landing) => self.wait(landing, &ask).await,
                    None => self.reply(&ask, Outcome::BackedOff, config.flight.backoff.base),
                }
            }
        }
    }

    async fn wait(
        &self,
        landing: Shared<oneshot::Receiver<()>>,
        ask: &Refresh,
    ) -> Result<Refreshed> {
        // Resolves when the sender is dropped as well.
        let _ = landing.await;
        let retry_after = self
            .with_memory(|memory| Ok(memory.flight.retry_at()))?
            .since(clock::now());
        let outcome = if self.last_failed.get() {
            Outcome::Failed
        } else {
            Outcome::Fetched
        };
        self.reply(ask, outcome, retry_after)
    }

    /// One fetch, from its beginning to its landing.
    async fn fly(
        self: Rc<Self>,
        config: Rc<Config>,
        ask: Refresh,
        ticket: Ticket,
        begun: UnixMillis,
        landed: oneshot::Sender<()>,
    ) {
        let result = self.fetch_page(&config, &ask).await;
        let stored = match self.land(&config, &ask, ticket, begun, result) {
            Ok(stored) => stored,
            Err(error) => {
                worker::console_error!("{}: landing: {error}", ask.key);
                None
            }
        };
        let _ = landed.send(());
        if let Some(record) = stored {
            self.copy_to_kv(&config, &ask.key, &record).await;
        }
    }

    /// The page, or why there is none, within the deadline.
    async fn fetch_page(
        &self,
        config: &Config,
        ask: &Refresh,
    ) -> std::result::Result<Page, String> {
        let filters =
            Filters::parse(&ask.filters).map_err(|_| "the filters are not canonical".to_owned())?;
        let call = upstream_guard_do::list_page(&self.env, &filters, ask.page, ask.class);
        let deadline = Delay::from(Duration::from_millis(config.flight.deadline));
        match select(pin!(call), pin!(deadline)).await {
            Either::Left((Ok(result), _)) => result.map_err(|error| error.to_string()),
            Either::Left((Err(error), _)) => Err(error.to_string()),
            Either::Right(_) => Err("the deadline has passed".to_owned()),
        }
    }

    /// Lands a fetch; the record that was stored, if one was.
    fn land(
        &self,
        config: &Config,
        ask: &Refresh,
        ticket: Ticket,
        begun: UnixMillis,
        result: std::result::Result<Page, String>,
    ) -> Result<Option<Record>> {
        self.with_memory(|memory| {
            let result = result.and_then(|page| {
                let emptied = page.total == 0
                    && memory
                        .record
                        .as_ref()
                        .is_some_and(|record| record.page.total > 0);
                let believed = !emptied || memory.doubted;
                memory.doubted = emptied;
                if believed {
                    Ok(page)
                } else {
                    Err("the whole list is gone: read again before it is believed".to_owned())
                }
            });
            let outcome = match &result {
                Ok(_) => swr::Outcome::Good,
                Err(_) => swr::Outcome::Failed,
            };
            let landing = memory.flight.land(
                &config.flight,
                ticket,
                begun,
                outcome,
                clock::now(),
                clock::random(),
            );
            let stored = match (landing, result) {
                (Landing::Store(stamp), Ok(page)) => {
                    let record = Record::new(stamp, page);
                    self.save_record(&record)?;
                    memory.record = Some(record.clone());
                    Some(record)
                }
                (Landing::Discard(refused), _) => {
                    worker::console_log!("{}: result discarded: {refused}", ask.key);
                    None
                }
                (_, Err(reason)) => {
                    let failures = memory.flight.failures();
                    worker::console_warn!(
                        "{}: refresh failed ({failures} in a row): {reason}",
                        ask.key
                    );
                    None
                }
                (Landing::KeepLast, Ok(_)) => None,
            };
            self.last_failed.set(stored.is_none());
            self.save_flight(memory)?;
            Ok(stored)
        })
    }

    fn reply(&self, ask: &Refresh, outcome: Outcome, retry_after_ms: u64) -> Result<Refreshed> {
        self.with_memory(|memory| {
            let newer = |stamp: Stamp| {
                !memory.flight.forbids(stamp) && ask.have.is_none_or(|have| have < stamp.ticket)
            };
            Ok(Refreshed {
                outcome,
                record: memory.record.clone().filter(|record| newer(record.stamp)),
                retry_after_ms,
            })
        })
    }

    /// The copy near the readers. Losing it costs them a question to this object, nothing more.
    async fn copy_to_kv(&self, config: &Config, key: &RecordKey, record: &Record) {
        let put = async {
            self.env
                .kv(RECORDS)?
                .put(key.as_str(), record.encode())?
                .expiration_ttl((config.prices.dead_after() / 1000).max(60))
                .execute()
                .await
                .map_err(Error::from)
        };
        if let Err(error) = put.await {
            worker::console_error!("KV put {key}: {error}");
        }
    }

    /// Runs `with` on what this object knows, which is read from SQLite the first time.
    fn with_memory<T>(&self, with: impl FnOnce(&mut Memory) -> Result<T>) -> Result<T> {
        let mut memory = self.memory.borrow_mut();
        if memory.is_none() {
            *memory = Some(self.load()?);
        }
        memory
            .as_mut()
            .map_or_else(|| Err(Error::RustError("no memory".to_owned())), with)
    }

    fn load(&self) -> Result<Memory> {
        #[derive(Deserialize)]
        struct Row {
            flight: String,
            doubted: i64,
            record: Option<String>,
        }
        let sql = self.state.storage().sql();
        sql.exec(
            "CREATE TABLE IF NOT EXISTS refresher (
                id INTEGER PRIMARY KEY CHECK (id = 0),
                flight TEXT NOT NULL,
                doubted INTEGER NOT NULL,
                record TEXT
            )",
            None,
        )?;
        let row = sql
            .exec("SELECT flight, doubted, record FROM refresher", None)?
            .to_array::<Row>()?
            .pop();
        Ok(match row {
            // The fence must not start anew: a flight that can't be read is an error, a record is just a miss.
            Some(row) => Memory {
                flight: serde_json::from_str(&row.flight)?,
                record: row.record.and_then(|record| Record::decode(&record)),
                doubted: row.doubted != 0,
            },
            None => Memory {
                flight: Flight::default(),
                record: None,
                doubted: false,
            },
        })
    }

    fn save_flight(&self, memory: &Memory) -> Result<()> {
        let flight = serde_json::to_string(&memory.flight)?;
        let doubted = i64::from(memory.doubted);
        self.state.storage().sql().exec(
            "INSERT INTO refresher (id, flight, doubted) VALUES (0, ?, ?)
             ON CONFLICT (id) DO UPDATE SET flight = excluded.flight, doubted = excluded.doubted",
            vec![flight.into(), doubted.into()],
        )?;
        Ok(())
    }

    /// Only with a flight in the row already: whoever lands has begun.
    fn save_record(&self, record: &Record) -> Result<()> {
        self.state.storage().sql().exec(
            "UPDATE refresher SET record = ? WHERE id = 0",
            vec![record.encode().into()],
        )?;
        Ok(())
    }
}
