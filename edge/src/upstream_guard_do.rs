//! The object of the CargoTech account: every call passes it. It holds the login, the budget and the breaker.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    pin::pin,
    rc::Rc,
    time::Duration,
};

use cargotech::{Client, Token};
use futures_channel::oneshot;
use futures_util::{
    FutureExt,
    future::{AbortHandle, Either, LocalBoxFuture, Shared, abortable, select, try_join_all},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use swr::{
    Breaker, BreakerState, Budget, Class, Epoch, Grant, Pass, Permit, Place, Ticket, UnixMillis,
};
use worker::{
    Delay, DurableObject, Env, Error, Request, Response, Result, SqlStorage, State, durable_object,
};

use crate::{
    clock,
    config::{self, Config},
    guarded_keys::Keys,
    keys::RecordKey,
    log::{self, Level},
    metrics::{Family, Histogram},
    objects::{self, send},
    refresher_do,
    resource::{Content, Resource},
    tables, tally,
};

/// So long the word that somebody waits for a call is kept, if it comes before the call, in milliseconds.
const RAISED_FOR: u64 = 5_000;

/// After a recovery so many keys are told of it; the others find out when their back-off ends.
const MOST_TROUBLED: usize = 900;

/// So many at a time: one request may make no more than a thousand of its own.
const INVALIDATED_AT_ONCE: usize = 100;

/// One account, one object.
const NAME: &str = "cargotech";

/// The object's tables: the login, and what [`crate::guarded_keys`] writes down.
pub const TABLES: &tables::Steps = &[&[
    "CREATE TABLE IF NOT EXISTS login (id INTEGER PRIMARY KEY CHECK (id = 0), token TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, seen_at INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS used (signature TEXT PRIMARY KEY, good_until INTEGER NOT NULL)",
]];

/// What the guard is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    Read {
        key: RecordKey,
        resource: Resource,
        wanted: CallFor,
    },
    /// Somebody of this class waits now for the call of this fetch.
    Raise {
        key: RecordKey,
        ticket: Ticket,
        class: Class,
    },
    Status,
    Invalidate {
        invalidation: Invalidation,
        /// Records up to this one have been.
        after: Option<RecordKey>,
    },
}

/// What a call is for, and for whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallFor {
    /// Which of the key's fetches; none for a login.
    pub ticket: Option<Ticket>,
    /// Whether somebody waits for it.
    pub class: Class,
    /// When the copy was fetched that it is to replace; 0 if there is none.
    pub copy_of: UnixMillis,
    /// The request that it was begun for; empty if for none.
    pub request: String,
}

/// What is to be invalidated, and by whose leave.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invalidation {
    /// What. In messages it keeps the name that objects of earlier versions know.
    #[serde(rename = "target")]
    pub records: Records,
    /// The signature of the request: good for one.
    pub signature: String,
    /// Until when such a signature would be taken.
    pub good_until: UnixMillis,
}

/// Records to invalidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Records {
    /// One.
    Key(RecordKey),
    /// All whose name begins so.
    Prefix(String),
}

/// What was invalidated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalidated {
    /// How many records.
    pub records: u64,
    /// The highest of their new epochs.
    pub epoch: Epoch,
    /// The last of them, if there may be more.
    last: Option<RecordKey>,
}

/// Why a call was not made, or what it ended with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallError {
    /// Made, and CargoTech gave nothing usable.
    #[error("CargoTech {0}")]
    Upstream(cargotech::Error),
    /// Not made: the calls of this minute are spent.
    #[error("the call budget is spent for {retry_after_ms} ms")]
    BudgetSpent {
        /// When there may be a call again.
        retry_after_ms: u64,
    },
    /// Not made: CargoTech has failed too often.
    #[error("the breaker is open for {retry_after_ms} ms")]
    BreakerOpen {
        /// When the next probe may go.
        retry_after_ms: u64,
    },
}

/// What upstream gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fetched {
    /// It.
    pub content: Content,
    /// How long the call took, in milliseconds.
    pub took_ms: u32,
    /// How long it had waited before, in milliseconds.
    pub waited_ms: u32,
}

/// How things stand with upstream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Whether calls are made, refused or probed.
    pub breaker: BreakerState,
    /// Whether a login is held.
    pub logged_in: bool,
    /// How many calls may be made at once.
    pub calls_left: f64,
    /// For how many milliseconds nobody may call, because upstream said so.
    pub paused_for_ms: u64,
    /// How many wait for a call.
    pub in_line: usize,
}

/// Reads upstream.
///
/// # Errors
/// The outer one if the guard can't be reached, the inner one if the call gave nothing.
pub async fn read(
    env: &Env,
    key: &RecordKey,
    resource: &Resource,
    wanted: CallFor,
) -> Result<std::result::Result<Fetched, CallError>> {
    let message = Message::Read {
        key: key.clone(),
        resource: resource.clone(),
        wanted,
    };
    send(env, "UPSTREAM_GUARD", NAME, &message).await
}

/// Tells that somebody of this class waits now for the call of this fetch, which was begun for somebody of a lower one.
///
/// # Errors
/// If the guard can't be reached.
pub async fn raise(env: &Env, key: RecordKey, ticket: Ticket, class: Class) -> Result<()> {
    let message = Message::Raise { key, ticket, class };
    send(env, "UPSTREAM_GUARD", NAME, &message).await
}

/// How things stand with upstream.
///
/// # Errors
/// If the guard can't be reached.
pub async fn status(env: &Env) -> Result<Status> {
    send(env, "UPSTREAM_GUARD", NAME, &Message::Status).await
}

/// Invalidates records. `None` if the request was carried out before.
///
/// # Errors
/// If the guard or one of the records' objects can't be reached: then some may be as they were.
pub async fn invalidate(env: &Env, invalidation: Invalidation) -> Result<Option<Invalidated>> {
    let mut all = Invalidated::default();
    loop {
        let message = Message::Invalidate {
            invalidation: invalidation.clone(),
            after: all.last.take(),
        };
        let some: Option<Invalidated> = send(env, "UPSTREAM_GUARD", NAME, &message).await?;
        let Some(some) = some else {
            return Ok(None);
        };
        all = Invalidated {
            records: all.records + some.records,
            epoch: all.epoch.max(some.epoch),
            last: some.last,
        };
        if all.last.is_none() {
            return Ok(Some(all));
        }
    }
}

/// See the module.
#[durable_object]
pub struct UpstreamGuard {
    state: Rc<State>,
    env: Env,
    guard: RefCell<Option<Rc<Guard>>>,
}

impl DurableObject for UpstreamGuard {
    fn new(state: State, env: Env) -> Self {
        Self {
            state: Rc::new(state),
            env,
            guard: RefCell::new(None),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        objects::answer(request, async |message| {
            let guard = self.guard()?;
            match message {
                Message::Read {
                    key,
                    resource,
                    wanted,
                } => {
                    guard.keys.note(&key, clock::now())?;
                    let wanted = Wanted::new(wanted);
                    objects::reply(&guard.read_alone(&key, resource, wanted).await)
                }
                Message::Raise { key, ticket, class } => {
                    guard.raise(key, ticket, class);
                    objects::reply(&())
                }
                Message::Invalidate {
                    invalidation,
                    after,
                } => objects::reply(&guard.invalidate(invalidation, after).await?),
                Message::Status => objects::reply(&guard.status()),
            }
        })
        .await
    }
}

impl UpstreamGuard {
    fn guard(&self) -> Result<Rc<Guard>> {
        if let Some(guard) = &*self.guard.borrow() {
            return Ok(guard.clone());
        }
        let config = config::of(&self.env).map_err(|error| Error::RustError(error.to_string()))?;
        let guard = Guard::new(self.state.clone(), self.env.clone(), config, clock::now())?;
        let guard = Rc::new(guard);
        self.guard.replace(Some(guard.clone()));
        Ok(guard)
    }
}

type Login = Shared<LocalBoxFuture<'static, std::result::Result<(), CallError>>>;

struct Guard {
    state: Rc<State>,
    env: Env,
    config: Rc<Config>,
    keys: Keys,
    /// The call under way for each key.
    under_way: RefCell<HashMap<RecordKey, UnderWay>>,
    /// For whom the calls of fetches are that have yet to come, and when that was told.
    raised: RefCell<HashMap<RecordKey, Raised>>,
    /// Keys whose refreshes have failed since upstream last recovered.
    troubled: RefCell<HashSet<RecordKey>>,
    client: Client,
    budget: RefCell<Budget>,
    breaker: RefCell<Breaker>,
    /// Kept in SQLite too: an object that is idle for a while is evicted, and a login costs a call.
    token: RefCell<Option<Token>>,
    /// The login under way, which all who need one join.
    login: RefCell<Option<Login>>,
    /// CargoTech refused our credentials: not tried again before this moment.
    refused: RefCell<Option<(cargotech::Error, UnixMillis)>>,
}

impl Guard {
    fn new(state: Rc<State>, env: Env, config: Rc<Config>, now: UnixMillis) -> Result<Self> {
        let sql = state.storage().sql();
        tables::bring_up(&sql, TABLES)?;
        let token = load_token(&sql)?;
        Ok(Self {
            keys: Keys::open(sql, config.all_dead_after(), now)?,
            under_way: RefCell::default(),
            raised: RefCell::default(),
            troubled: RefCell::default(),
            env,
            state,
            client: Client::new(&config.cargotech_base_url, config.upstream_timeout),
            budget: RefCell::new(Budget::new(config.upstream_calls_per_minute, now)),
            breaker: RefCell::new(Breaker::new(config.breaker)),
            token: RefCell::new(token),
            login: RefCell::new(None),
            refused: RefCell::new(None),
            config,
        })
    }

    fn status(&self) -> Status {
        let now = clock::now();
        let mut budget = self.budget.borrow_mut();
        Status {
            breaker: self.breaker.borrow().state(),
            logged_in: self.token.borrow().is_some(),
            calls_left: budget.left(now),
            paused_for_ms: budget.paused_for(now),
            in_line: budget.in_line(),
        }
    }

    fn raise(&self, key: RecordKey, ticket: Ticket, class: Class) {
        if let Some(call) = self.under_way.borrow().get(&key)
            && call.wanted.ticket == Some(ticket)
        {
            return call.wanted.raise(class);
        }
        // It has yet to come, or is over.
        let told_at = clock::now();
        let mut raised = self.raised.borrow_mut();
        raised.retain(|_, word| told_at.since(word.told_at) < RAISED_FOR);
        let word = Raised {
            ticket,
            class,
            told_at,
        };
        let is_news = raised
            .get(&key)
            .is_none_or(|before| before.rank() < word.rank());
        if is_news {
            raised.insert(key, word);
        }
    }

    /// One call. Another of an earlier fetch of the same key that is still under way is ended first: whoever asked for it
    /// has died, or he would not have let another ask; one that comes after that of a later fetch is not made. So upstream
    /// never sees two at a time for one key.
    async fn read_alone(
        self: &Rc<Self>,
        key: &RecordKey,
        resource: Resource,
        wanted: Rc<Wanted>,
    ) -> std::result::Result<Fetched, CallError> {
        let is_overtaken = self
            .under_way
            .borrow()
            .get(key)
            .is_some_and(|later| later.wanted.ticket > wanted.ticket);
        if is_overtaken {
            return Err(CallError::Upstream(cargotech::Error::NoAnswer));
        }
        let told = self.raised.borrow().get(key).map(Raised::rank);
        if let Some((ticket, class)) = told
            && wanted.ticket == Some(ticket)
        {
            self.raised.borrow_mut().remove(key);
            wanted.raise(class);
        }
        let (call, end) = abortable(self.clone().read_in_time(&resource, &wanted));
        let under_way = UnderWay {
            end,
            wanted: wanted.clone(),
        };
        if let Some(forgotten) = self.under_way.borrow_mut().insert(key.clone(), under_way) {
            forgotten.end.abort();
        }
        let result = call
            .await
            .unwrap_or(Err(CallError::Upstream(cargotech::Error::NoAnswer)));
        let mut under_way = self.under_way.borrow_mut();
        if under_way
            .get(key)
            .is_some_and(|last| Rc::ptr_eq(&last.wanted, &wanted))
        {
            under_way.remove(key);
        }
        drop(under_way);
        if result.is_err() && self.troubled.borrow().len() < MOST_TROUBLED {
            self.troubled.borrow_mut().insert(key.clone());
        }
        result
    }

    /// One call, before whoever asked gives it up and asks again: a call that is still under way then is ended, so
    /// that upstream never sees two for one key.
    async fn read_in_time(
        self: Rc<Self>,
        resource: &Resource,
        wanted: &Wanted,
    ) -> std::result::Result<Fetched, CallError> {
        let in_time = Duration::from_millis(self.config.flight.deadline * 9 / 10);
        match select(
            pin!(self.read(resource, wanted)),
            pin!(Delay::from(in_time)),
        )
        .await
        {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(CallError::Upstream(cargotech::Error::NoAnswer)),
        }
    }

    /// One call. A dead token costs one login and one repetition, however many calls found it dead.
    async fn read(
        self: Rc<Self>,
        resource: &Resource,
        wanted: &Wanted,
    ) -> std::result::Result<Fetched, CallError> {
        let token = self.clone().token(None).await?;
        match self.fetch(wanted, &token, resource).await {
            Err(CallError::Upstream(cargotech::Error::Unauthorized)) => {
                let token = self.clone().token(Some(&token)).await?;
                self.fetch(wanted, &token, resource).await
            }
            other => other,
        }
    }

    async fn fetch(
        &self,
        wanted: &Wanted,
        token: &Token,
        resource: &Resource,
    ) -> std::result::Result<Fetched, CallError> {
        let began = Cell::new(UnixMillis::default());
        let call = async {
            began.set(clock::now());
            self.content(token, resource).await
        };
        let content = self.call(wanted, call).await?;
        let took = clock::now().since(began.get());
        tally::observe(Histogram::Upstream, took);
        let waited = began.get().since(wanted.came_at);
        Ok(Fetched {
            content,
            took_ms: u32::try_from(took).unwrap_or(u32::MAX),
            waited_ms: u32::try_from(waited).unwrap_or(u32::MAX),
        })
    }

    async fn content(
        &self,
        token: &Token,
        resource: &Resource,
    ) -> std::result::Result<Content, cargotech::Error> {
        let client = &self.client;
        Ok(match resource {
            Resource::List { filters, page } => {
                let page = client.list_page(token, filters, *page).await?;
                Content::List(Rc::new(page))
            }
            Resource::Cargo(id) => Content::Cargo(client.detail(token, *id).await?.map(Rc::new)),
            Resource::Points(text) => Content::Points(client.points(token, text).await?.into()),
            Resource::LoadTypes => Content::Types(client.load_types(token).await?.into()),
            Resource::TruckTypes => Content::Types(client.truck_types(token).await?.into()),
        })
    }

    /// A token other than `dead`: the one held, or that of a login.
    async fn token(self: Rc<Self>, dead: Option<&Token>) -> std::result::Result<Token, CallError> {
        let held = |guard: &Self| {
            guard
                .token
                .borrow()
                .clone()
                .filter(|token| Some(token) != dead)
        };
        if let Some(token) = held(&self) {
            return Ok(token);
        }
        let login = self
            .login
            .borrow_mut()
            .get_or_insert_with(|| self.clone().log_in().boxed_local().shared())
            .clone();
        login.await?;
        held(&self).ok_or(CallError::Upstream(cargotech::Error::Unauthorized))
    }

    async fn log_in(self: Rc<Self>) -> std::result::Result<(), CallError> {
        let result = self.new_token().await;
        self.login.replace(None);
        let token = result?;
        if let Err(error) = save_token(&self.state, &token) {
            // The next object logs in again, nothing worse.
            let detail = json!({"error": error.to_string()});
            log::write(Level::Error, "login_not_kept", "", detail);
        }
        self.token.replace(Some(token));
        Ok(())
    }

    /// A token of a new login, unless CargoTech refused our credentials a moment ago.
    async fn new_token(&self) -> std::result::Result<Token, CallError> {
        let refused = self.refused.borrow().clone();
        match refused {
            Some((refusal, until)) if clock::now() < until => {
                return Err(CallError::Upstream(refusal));
            }
            _ => {}
        }
        let login = self.client.login(&self.config.credentials);
        let wanted = Wanted::new(CallFor {
            ticket: None,
            class: Class::Waiting,
            copy_of: UnixMillis::default(),
            request: String::new(),
        });
        let result = self.call(&wanted, login).await;
        if let Err(CallError::Upstream(
            refusal @ (cargotech::Error::Suspended | cargotech::Error::BadCredentials),
        )) = &result
        {
            let detail =
                json!({"reason": refusal.to_string(), "consequence": "no call can be made"});
            log::write(Level::Error, "login_refused", "", detail);
            let until = clock::now().plus(self.config.login_pause_ms);
            self.refused.replace(Some((refusal.clone(), until)));
        }
        result
    }

    /// Makes a call when budget and breaker let it, and tells them how it ended.
    async fn call<T>(
        &self,
        wanted: &Wanted,
        call: impl Future<Output = std::result::Result<T, cargotech::Error>>,
    ) -> std::result::Result<T, CallError> {
        let admitted = self.admit(wanted).await;
        let class = wanted.class.get();
        let pass = admitted.inspect_err(|refusal| {
            tally::count(Family::Refusals, [class_label(class), refusal.label()]);
        })?;
        let unreported = Unreported {
            guard: self,
            pass,
            class,
        };
        let result = call.await;
        unreported.report(&result);
        if let Err(error) = &result {
            let detail = json!({"class": class_label(class), "reason": error.to_string()});
            log::write(Level::Warn, "upstream_call_failed", &wanted.request, detail);
        }
        result.map_err(CallError::Upstream)
    }

    /// An outage has ended. Keys that back off because of it need not any longer; and what they ask for now flows in
    /// evenly, not all at once.
    fn recovered(&self) {
        self.budget.borrow_mut().forgo_burst(clock::now());
        let keys = self.troubled.take();
        let detail = json!({"keys": keys.len()});
        log::write(Level::Info, "upstream_recovered", "", detail);
        let env = self.env.clone();
        self.state.wait_until(async move {
            for key in keys {
                if let Err(error) = refresher_do::forgive(&env, &key).await {
                    let detail = json!({"key": key, "error": error.to_string()});
                    log::write(Level::Warn, "recovery_not_told", "", detail);
                }
            }
        });
    }

    async fn invalidate(
        &self,
        Invalidation {
            records,
            signature,
            good_until,
        }: Invalidation,
        after: Option<RecordKey>,
    ) -> Result<Option<Invalidated>> {
        let is_first = after.is_none();
        if is_first && !self.keys.use_once(&signature, good_until, clock::now())? {
            return Ok(None);
        }
        let keys = match records {
            Records::Key(key) => vec![key],
            Records::Prefix(prefix) => {
                let after = after.as_ref().map_or("", RecordKey::as_str);
                self.keys.with_prefix(&prefix, after, INVALIDATED_AT_ONCE)?
            }
        };
        let last = keys.last().filter(|_| keys.len() == INVALIDATED_AT_ONCE);
        let last = last.cloned();
        let records = keys.len() as u64;
        let epochs = keys
            .into_iter()
            .map(async |key| refresher_do::invalidate(&self.env, key).await);
        let epochs = try_join_all(epochs).await?;
        Ok(Some(Invalidated {
            records,
            epoch: epochs.into_iter().max().unwrap_or_default(),
            last,
        }))
    }

    /// Waits for a place in the budget, as long as the refresh that needs it can still end in time.
    async fn admit(&self, wanted: &Wanted) -> std::result::Result<Pass, CallError> {
        let longest_wait = self
            .config
            .flight
            .deadline
            .saturating_sub(self.config.upstream_timeout.as_millis() as u64);
        let give_up_at = clock::now().plus(longest_wait);
        let mut line = InLine::join(&self.budget, wanted);
        loop {
            let now = clock::now();
            let open_for = self.breaker.borrow().refuses_for(now);
            if open_for > 0 {
                return Err(CallError::BreakerOpen {
                    retry_after_ms: open_for,
                });
            }
            let grant = self.budget.borrow_mut().take(line.place, now);
            match grant {
                Grant::Now => {
                    return match self.breaker.borrow_mut().permit(now) {
                        Permit::Go(pass) => Ok(pass),
                        Permit::Refused(retry_after_ms) => {
                            Err(CallError::BreakerOpen { retry_after_ms })
                        }
                    };
                }
                Grant::In(ms) if now.plus(ms) <= give_up_at => {
                    let turn = Delay::from(Duration::from_millis(ms));
                    if let Either::Right(_) = select(pin!(turn), wanted.raised()).await {
                        drop(line);
                        line = InLine::join(&self.budget, wanted);
                    }
                }
                Grant::In(retry_after_ms) => return Err(CallError::BudgetSpent { retry_after_ms }),
            }
        }
    }
}

/// For whom a call is. That may change while it waits in the line: somebody joins whose reader waits.
struct Wanted {
    ticket: Option<Ticket>,
    class: Cell<Class>,
    copy_of: UnixMillis,
    request: String,
    came_at: UnixMillis,
    raised: RefCell<Option<oneshot::Sender<()>>>,
}

impl Wanted {
    fn new(
        CallFor {
            ticket,
            class,
            copy_of,
            request,
        }: CallFor,
    ) -> Rc<Self> {
        Rc::new(Self {
            ticket,
            class: Cell::new(class),
            copy_of,
            request,
            came_at: clock::now(),
            raised: RefCell::default(),
        })
    }

    fn raise(&self, class: Class) {
        if self.class.get() < class {
            self.class.set(class);
            if let Some(raised) = self.raised.take() {
                // Nobody listens any more: it is no longer in the line.
                let _ = raised.send(());
            }
        }
    }

    /// Resolves when it is raised, and when somebody else begins to listen.
    fn raised(&self) -> oneshot::Receiver<()> {
        let (raised, receiver) = oneshot::channel();
        self.raised.replace(Some(raised));
        receiver
    }
}

/// Word that came before the call that it is about.
struct Raised {
    ticket: Ticket,
    class: Class,
    told_at: UnixMillis,
}

impl Raised {
    /// Of two words the one about the later fetch counts, then the one for the higher class.
    fn rank(&self) -> (Ticket, Class) {
        (self.ticket, self.class)
    }
}

/// A call under way.
struct UnderWay {
    end: AbortHandle,
    wanted: Rc<Wanted>,
}

/// Somebody in the line for a call. Whoever is dropped leaves it.
struct InLine<'a> {
    budget: &'a RefCell<Budget>,
    place: Place,
}

impl<'a> InLine<'a> {
    fn join(budget: &'a RefCell<Budget>, wanted: &Wanted) -> Self {
        let place = budget.borrow_mut().join(wanted.class.get(), wanted.copy_of);
        Self { budget, place }
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.budget.borrow_mut().leave(self.place);
    }
}

/// A call under way. One that is dropped was given up.
struct Unreported<'a> {
    guard: &'a Guard,
    pass: Pass,
    class: Class,
}

impl Unreported<'_> {
    /// It has ended: tells the breaker and the budget.
    fn report<T>(self, result: &std::result::Result<T, cargotech::Error>) {
        let Guard {
            breaker, budget, ..
        } = self.guard;
        let now = clock::now();
        let ended = match result {
            Ok(_) => "ok",
            Err(error) => error_label(error),
        };
        tally::count(Family::Calls, [class_label(self.class), ended]);
        match result {
            Err(error) if error.is_outage() => {
                let mut breaker = breaker.borrow_mut();
                let was_open = breaker.is_open();
                breaker.failed(self.pass, now, clock::random());
                if breaker.is_open() && !was_open {
                    let detail = json!({"reason": error.to_string()});
                    log::write(Level::Error, "breaker_opened", "", detail);
                }
            }
            answered => {
                if let Err(cargotech::Error::RateLimited { retry_after_ms }) = answered {
                    budget.borrow_mut().pause(*retry_after_ms, now);
                }
                let has_recovered = breaker.borrow_mut().succeeded(self.pass);
                if has_recovered {
                    self.guard.recovered();
                }
            }
        }
        // Its time is over: there is nothing to abandon any more.
    }
}

impl Drop for Unreported<'_> {
    fn drop(&mut self) {
        let mut breaker = self.guard.breaker.borrow_mut();
        breaker.abandoned(self.pass, clock::now());
    }
}

impl CallError {
    fn label(&self) -> &'static str {
        match self {
            Self::BudgetSpent { .. } => "budget",
            Self::BreakerOpen { .. } => "breaker",
            Self::Upstream(error) => error_label(error),
        }
    }
}

/// The value of a `class` label.
pub fn class_label(class: Class) -> &'static str {
    match class {
        Class::Prefetch => "prefetch",
        Class::Background => "background",
        Class::Waiting => "waiting",
    }
}

fn error_label(error: &cargotech::Error) -> &'static str {
    use cargotech::Error;
    match error {
        Error::Unauthorized => "401",
        Error::Suspended => "403",
        Error::BadCredentials | Error::Rejected { .. } => "422",
        Error::RateLimited { .. } => "429",
        Error::Unavailable { status: 500 } => "500",
        Error::Unavailable { status: 502 } => "502",
        Error::Unavailable { status: 503 } => "503",
        Error::Unavailable { status: 504 } => "504",
        Error::Unavailable { .. } => "other",
        Error::Malformed { .. } => "malformed",
        Error::NoAnswer => "no_answer",
    }
}

fn load_token(sql: &SqlStorage) -> Result<Option<Token>> {
    #[derive(Deserialize)]
    struct Row {
        token: Token,
    }
    let rows = sql
        .exec("SELECT token FROM login", None)?
        .to_array::<Row>()?;
    Ok(rows.into_iter().map(|row| row.token).next())
}

fn save_token(state: &State, token: &Token) -> Result<()> {
    state.storage().sql().exec(
        "INSERT INTO login (id, token) VALUES (0, ?) ON CONFLICT (id) DO UPDATE SET token = excluded.token",
        vec![token.as_str().into()],
    )?;
    Ok(())
}
