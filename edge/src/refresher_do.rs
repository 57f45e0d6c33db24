//! The object of one key: single flight, fence, and the newest truth.

use std::{cell::RefCell, pin::pin, rc::Rc, time::Duration};

use domain::messages::PriceRow;
use futures_channel::oneshot;
use futures_util::{
    FutureExt,
    future::{Either, Shared, select},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{
    json,
    value::{RawValue, to_raw_value},
};
use swr::{Ask, Epoch, Flight, Refused, Stamp, StoreCopy, Ticket, UnixMillis, Wish};
use worker::{Delay, DurableObject, Env, Error, Request, Response, Result, State, durable_object};

use crate::{
    clock,
    config::{self, Config},
    keys::RecordKey,
    log::{self, Level},
    metrics::Family,
    objects, price_history_do,
    reader::RECORDS,
    record::Record,
    resource::Resource,
    tables, tally,
    upstream_guard_do::{self, CallError, CallFor, Fetched, class_label},
};

/// The object's tables.
pub const TABLES: &tables::Steps = &[&["CREATE TABLE IF NOT EXISTS refresher (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    flight TEXT NOT NULL,
    doubted INTEGER NOT NULL,
    record TEXT
)"]];

/// What an object is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// Somebody wants the key refreshed. Answered with [`Refreshed`].
    Refresh(Refresh),
    /// From now on nothing that was fetched before is stored or served. Answered with the new [`Epoch`].
    Invalidate(RecordKey),
    /// Upstream has recovered. Answered with the [`Epoch`].
    Forgive,
}

/// A reader wants a key refreshed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refresh {
    /// The key, which is also the object's name.
    pub key: RecordKey,
    /// What is to be read upstream.
    pub resource: Resource,
    /// What the reader wants.
    pub wish: Wish,
    /// The request that it is for.
    pub request: String,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refreshed {
    /// How the copy was got.
    pub outcome: Outcome,
    /// Whether it was got by a fetch that was under way already.
    pub joined: bool,
    /// The object's copy, unless the reader has it already. Written down, because it may be of another version: then there is
    /// none, but all else that is told counts.
    pub record: Option<Box<RawValue>>,
    /// When to ask again if there was no new copy, in milliseconds.
    pub retry_after_ms: u64,
    /// How often the key was invalidated.
    pub epoch: Epoch,
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
    /// As only a newer object can say.
    #[serde(other)]
    Other,
}

impl Outcome {
    /// Its name, as a label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Enough => "enough",
            Self::Fetched => "fetched",
            Self::Failed => "failed",
            Self::BackedOff => "backed_off",
            Self::Other => "other",
        }
    }
}

/// Asks a key's object.
///
/// # Errors
/// If the object can't be reached.
pub async fn refresh(env: &Env, ask: Refresh) -> Result<Refreshed> {
    let key = ask.key.clone();
    tell(env, &key, &Message::Refresh(ask)).await
}

/// From the moment this returns nothing of this key that was fetched before is stored, nor served to whoever demands the
/// epoch that it returns.
///
/// # Errors
/// If the object can't be reached: then nothing is sure.
pub async fn invalidate(env: &Env, key: RecordKey) -> Result<Epoch> {
    tell(env, &key, &Message::Invalidate(key.clone())).await
}

/// Tells a key's object that upstream has recovered.
///
/// # Errors
/// If the object can't be reached.
pub async fn forgive(env: &Env, key: &RecordKey) -> Result<Epoch> {
    tell(env, key, &Message::Forgive).await
}

async fn tell<T: DeserializeOwned>(env: &Env, key: &RecordKey, message: &Message) -> Result<T> {
    objects::send(env, "REFRESHER", key.as_str(), message).await
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
    landing: RefCell<Option<Shared<oneshot::Receiver<Landed>>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Landed {
    Stored,
    KeptLast,
    /// No call was made. Whoever is of a higher class than those it was for may get one.
    Refused,
    /// The key was invalidated meanwhile: whoever waited needs another fetch.
    Discarded,
}

/// What came of a fetch.
struct Landing {
    how: Landed,
    /// The record, if KV needs it.
    for_kv: Option<Record>,
    /// Prices that the histories have not heard of.
    new_prices: Vec<PriceRow>,
    /// When they were read.
    read_at: UnixMillis,
}

impl Landing {
    fn without_record(how: Landed) -> Self {
        Self {
            how,
            for_kv: None,
            new_prices: Vec::new(),
            read_at: UnixMillis::default(),
        }
    }
}

/// Why a fetch brought nothing.
enum Nothing {
    /// Upstream was not asked, or asked us to come back later.
    Refused { retry_after: u64, reason: String },
    /// It gave nothing usable.
    Failed(String),
}

struct Memory {
    flight: Flight,
    record: Option<Record>,
    /// The histories of prices may lack some of the record's.
    untold: bool,
    /// The last fetch found all gone that was there; it is believed when the next one finds the same.
    doubted: bool,
    store: StoreCopy,
}

impl DurableObject for Refresher {
    fn new(state: State, env: Env) -> Self {
        Self {
            object: Rc::new(Object {
                state,
                env,
                memory: RefCell::new(None),
                landing: RefCell::new(None),
            }),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        objects::answer(request, async |message| match message {
            Message::Refresh(ask) => objects::reply(&self.object.clone().refresh(ask).await?),
            Message::Invalidate(key) => objects::reply(&self.object.clone().invalidate(&key)?),
            Message::Forgive => objects::reply(&self.object.forgive()?),
        })
        .await
    }

    /// Once what it holds is good for nothing any more, the object removes itself.
    async fn alarm(&self) -> Result<Response> {
        self.object.retire().await?;
        Response::empty()
    }
}

impl Object {
    async fn refresh(self: Rc<Self>, ask: Refresh) -> Result<Refreshed> {
        let config = self.config()?;
        let class = ask.wish.class;
        let mut joined = false;
        // An invalidation under way may discard a fetch or two; whoever asks for more than that may ask again.
        for _ in 0..3 {
            let now = clock::now();
            let decision = self.with_memory(|memory| {
                let stored = memory.record.as_ref().map(|record| record.stamp);
                let decision = memory.flight.ask(&config.flight, stored, ask.wish, now);
                if matches!(decision, Ask::Begin(_)) {
                    self.save_flight(memory)?;
                }
                Ok(decision)
            })?;
            let landing = match decision {
                Ask::Enough => return self.reply(&ask, Outcome::Enough, joined),
                Ask::BackOff { .. } => return self.reply(&ask, Outcome::BackedOff, joined),
                Ask::Begin(ticket) => {
                    let (landed, landing) = oneshot::channel();
                    let landing = landing.shared();
                    self.landing.replace(Some(landing.clone()));
                    joined = false;
                    // Not in this request: the fetch goes on when whoever asked first is gone.
                    let flight = self
                        .clone()
                        .fly(config.clone(), ask.clone(), ticket, now, landed);
                    self.state.wait_until(flight);
                    landing
                }
                Ask::Join { raise } => {
                    // Taken out first: a borrow held while waiting would meet the next flight's `replace`.
                    let Some(landing) = self.landing.borrow().clone() else {
                        return self.reply(&ask, Outcome::BackedOff, joined);
                    };
                    joined = true;
                    tally::count(Family::Joins, [class_label(class), ""]);
                    if let Some(ticket) = raise {
                        self.raise(ask.clone(), ticket);
                    }
                    landing
                }
            };
            // The sender is dropped when the fetch dies.
            match landing.await.unwrap_or(Landed::KeptLast) {
                Landed::Stored => return self.reply(&ask, Outcome::Fetched, joined),
                Landed::KeptLast => return self.reply(&ask, Outcome::Failed, joined),
                Landed::Refused => {
                    let retry_at = self.with_memory(|memory| Ok(memory.flight.retry_at(class)))?;
                    if retry_at > clock::now() {
                        return self.reply(&ask, Outcome::BackedOff, joined);
                    }
                }
                Landed::Discarded => {}
            }
        }
        self.reply(&ask, Outcome::Failed, joined)
    }

    /// Tells the guard for whom the call under way is now.
    fn raise(&self, ask: Refresh, ticket: Ticket) {
        let env = self.env.clone();
        self.state.wait_until(async move {
            let (key, class) = (ask.key.clone(), ask.wish.class);
            if let Err(error) = upstream_guard_do::raise(&env, key, ticket, class).await {
                let detail = json!({"key": ask.key, "error": error.to_string()});
                log::write(Level::Warn, "not_raised", &ask.request, detail);
            }
        });
    }

    fn invalidate(self: Rc<Self>, key: &RecordKey) -> Result<Epoch> {
        let epoch = self.with_memory(|memory| {
            let epoch = memory.flight.invalidate();
            self.save_flight(memory)?;
            memory.store.deleted();
            Ok(epoch)
        })?;
        // For those who come to a place where nothing is known of the key yet; whoever demands the epoch is not served
        // the old copy anyway.
        let (this, env, key) = (self.clone(), self.env.clone(), key.clone());
        self.state.wait_until(async move {
            this.set_alarm_if_none().await;
            let deleted = async { Ok::<_, Error>(env.kv(RECORDS)?.delete(key.as_str()).await?) };
            if let Err(error) = deleted.await {
                let detail = json!({"key": key, "error": error.to_string()});
                log::write(Level::Error, "kv_delete_failed", "", detail);
            }
        });
        Ok(epoch)
    }

    fn forgive(&self) -> Result<Epoch> {
        self.with_memory(|memory| {
            memory.flight.forgive();
            self.save_flight(memory)?;
            Ok(memory.flight.epoch())
        })
    }

    async fn retire(&self) -> Result<()> {
        let config = self.config()?;
        let dead_at = self.with_memory(|memory| {
            let record = memory.record.as_ref();
            Ok(record.map_or(UnixMillis::default(), |record| {
                let dead_after = config.dead_after(&record.content);
                record.stamp.fetched_at.plus(dead_after)
            }))
        })?;
        let now = clock::now();
        if now < dead_at {
            return self.wake_in(dead_at.since(now)).await;
        }
        // KV's copy has expired by itself.
        self.memory.replace(None);
        self.state.storage().delete_all().await
    }

    /// Sets the alarm, a while later than `ms` from now: no clock anywhere still finds a copy alive by then.
    async fn wake_in(&self, ms: u64) -> Result<()> {
        const WHILE: Duration = Duration::from_secs(3600);
        let after = Duration::from_millis(ms) + WHILE;
        self.state.storage().set_alarm(after).await
    }

    fn config(&self) -> Result<Rc<Config>> {
        config::of(&self.env).map_err(|error| Error::RustError(error.to_string()))
    }

    /// One fetch, from its beginning to its landing.
    async fn fly(
        self: Rc<Self>,
        config: Rc<Config>,
        ask: Refresh,
        ticket: Ticket,
        begun: UnixMillis,
        landed: oneshot::Sender<Landed>,
    ) {
        let result = self.fetch(&config, &ask, ticket).await;
        let landing = match self.land(&config, &ask, ticket, begun, result) {
            Ok(landing) => landing,
            Err(error) => {
                let detail = json!({"key": ask.key, "error": error.to_string()});
                log::write(Level::Error, "not_stored", &ask.request, detail);
                Landing::without_record(Landed::KeptLast)
            }
        };
        // Nobody waits, perhaps.
        let _ = landed.send(landing.how);
        if let Some(record) = landing.for_kv {
            self.copy_to_kv(&config, &ask.key, &record).await;
            self.set_alarm_if_none().await;
        }
        if !landing.new_prices.is_empty() {
            self.tell_history(&ask, &landing.new_prices, landing.read_at)
                .await;
        }
    }

    /// What the histories don't hear now they hear with the next fetch.
    async fn tell_history(&self, ask: &Refresh, prices: &[PriceRow], read_at: UnixMillis) {
        let owner = ask.key.owner();
        let told = price_history_do::note(&self.env, owner, prices, read_at).await;
        if let Err(error) = &told {
            let detail = json!({"key": ask.key, "error": error.to_string()});
            log::write(Level::Warn, "history_not_told", &ask.request, detail);
        }
        let _ = self.with_memory(|memory| {
            memory.untold = told.is_err();
            Ok(())
        });
    }

    /// Where there is an alarm it looks after itself.
    async fn set_alarm_if_none(&self) {
        let set = async {
            if self.state.storage().get_alarm().await?.is_none() {
                let config = self.config()?;
                let dead_after = self.with_memory(|memory| {
                    let record = memory.record.as_ref();
                    Ok(record.map(|record| config.dead_after(&record.content)))
                })?;
                self.wake_in(dead_after.unwrap_or_else(|| config.all_dead_after()))
                    .await?;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = set.await {
            let detail = json!({"error": error.to_string()});
            log::write(Level::Error, "no_alarm", "", detail);
        }
    }

    /// What upstream says, or why it says nothing, within the deadline.
    async fn fetch(
        &self,
        config: &Config,
        ask: &Refresh,
        ticket: Ticket,
    ) -> std::result::Result<Fetched, Nothing> {
        let Refresh {
            key,
            resource,
            wish,
            request,
        } = ask;
        let copy_of = self.with_memory(|memory| {
            let record = memory.record.as_ref();
            Ok(record.map_or(UnixMillis::default(), |record| record.stamp.fetched_at))
        });
        let wanted = CallFor {
            ticket: Some(ticket),
            class: wish.class,
            copy_of: copy_of.unwrap_or_default(),
            request: request.clone(),
        };
        let call = upstream_guard_do::read(&self.env, key, resource, wanted);
        let deadline = Delay::from(Duration::from_millis(config.flight.deadline));
        let result = match select(pin!(call), pin!(deadline)).await {
            Either::Left((Ok(result), _)) => result,
            Either::Left((Err(error), _)) => return Err(Nothing::Failed(error.to_string())),
            Either::Right(_) => {
                return Err(Nothing::Failed("the deadline has passed".to_owned()));
            }
        };
        result.map_err(|error| {
            let reason = error.to_string();
            match error {
                CallError::BudgetSpent { retry_after_ms }
                | CallError::BreakerOpen { retry_after_ms }
                | CallError::Upstream(cargotech::Error::RateLimited { retry_after_ms }) => {
                    Nothing::Refused {
                        retry_after: retry_after_ms,
                        reason,
                    }
                }
                CallError::Upstream(_) => Nothing::Failed(reason),
            }
        })
    }

    /// Lands a fetch.
    fn land(
        &self,
        config: &Config,
        ask: &Refresh,
        ticket: Ticket,
        begun: UnixMillis,
        result: std::result::Result<Fetched, Nothing>,
    ) -> Result<Landing> {
        self.with_memory(|memory| {
            let result = result.and_then(|fetched| {
                let emptied = fetched.content.is_empty()
                    && memory
                        .record
                        .as_ref()
                        .is_some_and(|record| !record.content.is_empty());
                let believed = !emptied || memory.doubted;
                memory.doubted = emptied;
                if believed {
                    Ok(fetched)
                } else {
                    let reason = "all is gone: read again before it is believed";
                    Err(Nothing::Failed(reason.to_owned()))
                }
            });
            let outcome = match &result {
                Ok(fetched) => swr::Outcome::Good {
                    cost: fetched.took_ms,
                    waited: fetched.waited_ms,
                },
                Err(Nothing::Refused { retry_after, .. }) => swr::Outcome::Refused {
                    retry_after: *retry_after,
                },
                Err(Nothing::Failed(_)) => swr::Outcome::Failed,
            };
            let verdict = memory.flight.land(
                &config.flight,
                ticket,
                begun,
                outcome,
                clock::now(),
                clock::random(),
            );
            let landing = match (verdict, result) {
                (swr::Landing::Store(stamp), Ok(fetched)) => {
                    let before = memory.record.as_ref().map(|record| &record.content);
                    let mut content = fetched.content;
                    content.remember(before, stamp.fetched_at);
                    let known = before.filter(|_| !memory.untold);
                    let new_prices = content.new_prices(known);
                    let is_other = before != Some(&content);
                    let record = Record::new(stamp, content);
                    self.save_record(&record)?;
                    memory.record = Some(record.clone());
                    let for_kv = memory
                        .store
                        .wants(&config.store, stamp.fetched_at, is_other);
                    Landing {
                        how: Landed::Stored,
                        for_kv: for_kv.then_some(record),
                        new_prices,
                        read_at: stamp.fetched_at,
                    }
                }
                (swr::Landing::Discard(refused), _) => {
                    let (landed, reason) = match refused {
                        Refused::Invalidated => (Landed::Discarded, "invalidated"),
                        Refused::Overtaken => (Landed::KeptLast, "overtaken"),
                    };
                    tally::count(Family::Discards, [reason, ""]);
                    let detail = json!({"key": ask.key, "reason": reason});
                    log::write(Level::Info, "result_discarded", &ask.request, detail);
                    Landing::without_record(landed)
                }
                (_, Err(Nothing::Refused { reason, .. })) => {
                    let detail = json!({"key": ask.key, "reason": reason});
                    log::write(Level::Info, "not_refreshed", &ask.request, detail);
                    Landing::without_record(Landed::Refused)
                }
                (_, Err(Nothing::Failed(reason))) => {
                    let failures = memory.flight.failures();
                    let detail = json!({"key": ask.key, "reason": reason, "failures": failures});
                    log::write(Level::Warn, "refresh_failed", &ask.request, detail);
                    Landing::without_record(Landed::KeptLast)
                }
                (swr::Landing::KeepLast, Ok(_)) => Landing::without_record(Landed::KeptLast),
            };
            self.save_flight(memory)?;
            Ok(landing)
        })
    }

    fn reply(&self, ask: &Refresh, outcome: Outcome, joined: bool) -> Result<Refreshed> {
        let Wish { have, class, .. } = ask.wish;
        self.with_memory(|memory| {
            let newer = |stamp: Stamp| {
                !memory.flight.forbids(stamp) && have.is_none_or(|have| have < stamp.ticket)
            };
            let record = memory.record.as_ref();
            let record = record.filter(|record| newer(record.stamp));
            Ok(Refreshed {
                outcome,
                joined,
                record: record.map(to_raw_value).transpose()?,
                retry_after_ms: memory.flight.retry_at(class).since(clock::now()),
                epoch: memory.flight.epoch(),
            })
        })
    }

    /// The copy near the readers. Losing it costs them a question to this object, nothing more.
    async fn copy_to_kv(&self, config: &Config, key: &RecordKey, record: &Record) {
        let put = async {
            self.env
                .kv(RECORDS)?
                .put(key.as_str(), record.encode())?
                .expiration_ttl((config.dead_after(&record.content) / 1000).max(60))
                .execute()
                .await
                .map_err(Error::from)
        };
        let result = put.await;
        let label = if result.is_ok() { "written" } else { "failed" };
        tally::count(Family::KvWrites, [label, ""]);
        if let Err(error) = result {
            let detail = json!({"key": key, "error": error.to_string()});
            log::write(Level::Error, "kv_put_failed", "", detail);
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
        tables::bring_up(&sql, TABLES)?;
        let row = sql
            .exec("SELECT flight, doubted, record FROM refresher", None)?
            .to_array::<Row>()?
            .pop();
        Ok(match row {
            // What can't be read was written by another version. A record is just a miss.
            Some(row) => Memory {
                flight: serde_json::from_str(&row.flight).unwrap_or_else(|error| {
                    let detail = json!({"error": error.to_string()});
                    log::write(Level::Error, "flight_unreadable", "", detail);
                    Flight::beginning_at(Epoch(clock::now().0 / 1000))
                }),
                record: row.record.and_then(|record| Record::decode(&record)),
                doubted: row.doubted != 0,
                untold: false,
                store: StoreCopy::default(),
            },
            None => Memory {
                flight: Flight::default(),
                record: None,
                doubted: false,
                untold: false,
                store: StoreCopy::default(),
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
