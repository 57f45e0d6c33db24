//! Reading records: isolate memory, then KV, then the key's object.

use std::{
    cell::{Cell, RefCell},
    pin::pin,
    rc::Rc,
};

use domain::{Cargo, CargoId, Filters, PAGE_ROWS, Page, PriceHistory, Window};
use futures_util::future::{Either, join_all, select};
use serde_json::json;
use swr::{
    Asking, Class, Demand, Epoch, Found, HotCopies, Look, Policy, Settled, Stamp, UnixMillis,
    Verdict, Wish,
};
use worker::{Context, Delay, Env};

use crate::{
    cache_status::{CacheStatus, Forward, Reason, Tier},
    clock,
    config::Config,
    keys::{Owner, RecordKey},
    log::{self, Level, RequestId},
    metrics::Family,
    price_history_do,
    problem::Failure,
    record::Record,
    refresher_do::{self, Outcome, Refresh},
    resource::{Content, Resource},
    seen_prices::{self, SeenPrice},
    server_timing::ServerTiming,
    tally,
    upstream_guard_do::class_label,
};

/// The KV binding of records.
pub const RECORDS: &str = "RECORDS";

/// How long a location may answer from its own copy of KV's copy, in seconds: the least that KV allows.
const KV_CACHE_TTL: u64 = 30;

/// What nobody waits for and nobody could tell is asked for again after so many milliseconds.
const ASK_AGAIN_AFTER: u64 = 5_000;

thread_local! {
    /// Plain data: no future, no JavaScript object, no lock that another request would wait on.
    static HOT: RefCell<Option<HotCopies<RecordKey, Rc<Record>>>> = const { RefCell::new(None) };
}

/// One driver's view of the records, for one request.
pub struct Reader {
    env: Env,
    context: Context,
    pub config: Rc<Config>,
    driver_id: i64,
    request: Rc<RequestId>,
    now: UnixMillis,
    /// See [`Demand::min_epoch`].
    min_epoch: Epoch,
    timing: Cell<ServerTiming>,
    /// Of which class refreshes are that this reader does not wait for.
    behind: Class,
}

/// A copy that can be shown.
pub struct Copy<T> {
    pub content: T,
    pub stamp: Stamp,
    pub verdict: Verdict,
    tier: Tier,
    forward: Option<Forward>,
    /// See [`swr::Pace::poll_after`].
    pub asking: Option<Asking>,
}

impl Copy<Content> {
    fn found(found: Found<Rc<Record>>, tier: Tier) -> Self {
        Self {
            content: found.value.content.clone(),
            stamp: found.value.stamp,
            verdict: found.verdict,
            tier,
            forward: None,
            asking: found.asking,
        }
    }

    /// The same copy of what its resource holds.
    fn of_kind<T>(self, kind: impl FnOnce(&Content) -> Option<T>) -> Result<Copy<T>, Failure> {
        let Some(content) = kind(&self.content) else {
            let error = "a record holds something else than its key names".to_owned();
            return Err(Failure::Platform(worker::Error::RustError(error)));
        };
        Ok(Copy {
            content,
            stamp: self.stamp,
            verdict: self.verdict,
            tier: self.tier,
            forward: self.forward,
            asking: self.asking,
        })
    }
}

impl<T> Copy<T> {
    /// Whether it is no longer fresh.
    pub fn is_stale(&self) -> bool {
        !matches!(self.verdict, Verdict::Fresh { .. })
    }

    /// How much longer it is fresh, in milliseconds; negative once it is not.
    fn ttl_ms(&self, policy: &Policy, now: UnixMillis) -> i64 {
        policy.fresh_for(self.stamp) as i64 - now.since(self.stamp.fetched_at) as i64
    }

    /// What the cache did for it.
    pub fn status(&self, policy: &Policy, now: UnixMillis) -> CacheStatus {
        CacheStatus {
            tier: self.tier,
            forward: self.forward,
            ttl_ms: self.ttl_ms(policy, now),
        }
    }
}

/// The pages that hold a window, from its first row on.
pub struct Copies {
    /// The first page's number.
    pub first_page: u32,
    /// The pages in order, without a gap; fewer than the window needs if one could not be had.
    pub pages: Vec<Copy<Rc<Page>>>,
    /// Why there are fewer than needed.
    pub missing: Option<Failure>,
    /// The moment at which they are judged: after the wait, if there was one.
    pub now: UnixMillis,
}

impl Reader {
    /// A reader for a request of `driver_id`, which came at `now`.
    pub fn new(
        env: Env,
        context: Context,
        config: Rc<Config>,
        driver_id: i64,
        request: Rc<RequestId>,
        now: UnixMillis,
    ) -> Self {
        Self {
            env,
            context,
            config,
            driver_id,
            request,
            now,
            min_epoch: Epoch::default(),
            timing: Cell::default(),
            behind: Class::Background,
        }
    }

    /// The same reader, whose refreshes are the first to starve if he does not wait for them.
    pub fn in_lowest_class(self) -> Self {
        let behind = Class::Prefetch;
        Self { behind, ..self }
    }

    /// When the request came.
    pub fn now(&self) -> UnixMillis {
        self.now
    }

    /// The request's name.
    pub fn request(&self) -> &str {
        self.request.as_str()
    }

    /// How the price of a cargo went, as this driver may know it.
    ///
    /// # Errors
    /// If the object that keeps it can't be reached.
    pub async fn history(&self, id: CargoId) -> worker::Result<PriceHistory> {
        price_history_do::of(&self.env, self.owner(), id).await
    }

    /// The same reader, who knows of so many invalidations.
    pub fn demanding(self, min_epoch: Epoch) -> Self {
        Self { min_epoch, ..self }
    }

    /// What the reading took so far, unless memory alone has served it.
    pub fn timing(&self) -> Option<ServerTiming> {
        Some(self.timing.get()).filter(|timing| *timing != ServerTiming::default())
    }

    /// Has what is likely to be read next fetched behind the answer, unless it is at hand. Of all calls these are the
    /// first to starve.
    pub fn prefetch(&self, resource: &Resource, policy: &Policy) {
        let key = self.key(resource);
        if self.hot(|hot| hot.wants_ahead(&key, policy, self.now)) {
            let wish = policy.wish(None, Class::Prefetch, self.now);
            self.refresh_behind(&key, resource, wish);
        }
    }

    /// The copy that memory has, if it can be served at once; for whoever can do without one. One that is due is refreshed
    /// behind the answer, one that is not there is fetched.
    pub fn at_hand<T>(
        &self,
        resource: &Resource,
        policy: &Policy,
        kind: impl FnOnce(&Content) -> Option<T>,
    ) -> Option<Copy<T>> {
        let key = self.key(resource);
        let found = match self.hot(|hot| hot.look(&key, policy, &self.demand())) {
            Look::Serve(found) => found,
            Look::Refresh(found) => {
                self.refresh_due(&key, resource, policy);
                found
            }
            Look::Search { ask } => {
                let again_after = policy.fresh.min(ASK_AGAIN_AFTER);
                if ask || self.hot(|hot| hot.wants_unread(&key, again_after, self.now)) {
                    self.refresh_due(&key, resource, policy);
                }
                return None;
            }
        };
        Copy::found(found, Tier::Memory).of_kind(kind).ok()
    }

    /// One copy of a resource, judged after the wait for it, and the moment of that.
    ///
    /// # Errors
    /// If it can't be had, or is of another kind.
    pub async fn one<T>(
        &self,
        resource: &Resource,
        policy: &Policy,
        kind: impl FnOnce(&Content) -> Option<T>,
    ) -> Result<(Copy<T>, UnixMillis), Failure> {
        let mut copy = self.copy(resource, policy).await?.of_kind(kind)?;
        let now = self.judge(policy, std::slice::from_mut(&mut copy));
        Ok((copy, now))
    }

    /// The pages that hold `window`. Pages are read side by side, once the first has told how many there are.
    ///
    /// # Errors
    /// If the first page can't be had.
    pub async fn copies(
        &self,
        filters: &Filters,
        window: Window,
        policy: &Policy,
    ) -> Result<Copies, Failure> {
        let numbers = window.pages();
        let first_page = *numbers.start();
        let page = async |page| {
            let filters = filters.clone();
            let list = Resource::List { filters, page };
            self.copy(&list, policy).await?.of_kind(Content::list)
        };
        let first = page(first_page).await?;
        let pages_in_all = first.content.total.div_ceil(PAGE_ROWS);
        let last_page = (*numbers.end()).min(pages_in_all.saturating_sub(1));
        let mut pages = vec![first];
        let mut missing = None;
        if last_page > first_page {
            let rest = (first_page + 1..=last_page).map(page);
            for copy in join_all(rest).await {
                match copy {
                    Ok(copy) => pages.push(copy),
                    Err(failure) => {
                        missing = Some(failure);
                        break;
                    }
                }
            }
        }
        let now = self.judge(policy, &mut pages);
        Ok(Copies {
            first_page,
            pages,
            missing,
            now,
        })
    }

    /// Judges copies that were waited for, and returns the moment: they age meanwhile, so the clock is asked again unless
    /// memory alone has served them.
    fn judge<T>(&self, policy: &Policy, copies: &mut [Copy<T>]) -> UnixMillis {
        let now = if copies.iter().any(|copy| copy.tier != Tier::Memory) {
            clock::now()
        } else {
            self.now
        };
        for copy in copies {
            copy.verdict = policy.verdict(copy.stamp, now);
            tally::count(
                Family::Reads,
                [copy.tier.label(), verdict_label(copy.verdict)],
            );
        }
        now
    }

    fn demand(&self) -> Demand {
        Demand {
            now: self.now,
            min_epoch: self.min_epoch,
            random: clock::random(),
        }
    }

    fn key(&self, resource: &Resource) -> RecordKey {
        RecordKey::of(self.config.scope, self.driver_id, resource)
    }

    async fn copy(&self, resource: &Resource, policy: &Policy) -> Result<Copy<Content>, Failure> {
        let key = self.key(resource);
        let demand = self.demand();
        let ask = match self.hot(|hot| hot.look(&key, policy, &demand)) {
            Look::Serve(found) => return Ok(Copy::found(found, Tier::Memory)),
            Look::Refresh(found) => {
                self.refresh_due(&key, resource, policy);
                return Ok(Copy::found(found, Tier::Memory));
            }
            Look::Search { ask } => ask,
        };
        let before = self.hot(|hot| hot.stamp(&key));
        self.search(&key, resource).await;
        let held = self.hot(|hot| hot.stamp(&key));
        let tier = if held == before {
            Tier::Memory
        } else {
            Tier::Kv
        };
        match self.hot(|hot| hot.settle(&key, policy, &demand, ask)) {
            Settled::Serve(found) => Ok(Copy::found(found, tier)),
            Settled::Refresh(found) => {
                self.refresh_due(&key, resource, policy);
                Ok(Copy::found(found, tier))
            }
            Settled::Wait { fallback } => {
                let have = self.hot(|hot| hot.stamp(&key));
                let wish = policy.wish(have, Class::Waiting, self.now);
                let ask = self.ask(&key, resource, wish);
                let reason = match held {
                    _ if fallback => Reason::Stale,
                    Some(_) => Reason::Request,
                    None => Reason::Miss,
                };
                self.wait(ask, policy, demand, reason, tier).await
            }
        }
    }

    fn ask(&self, key: &RecordKey, resource: &Resource, wish: Wish) -> Refresh {
        Refresh {
            key: key.clone(),
            resource: resource.clone(),
            wish,
            request: self.request.as_str().to_owned(),
        }
    }

    /// Has a copy that is due refreshed behind the answer.
    fn refresh_due(&self, key: &RecordKey, resource: &Resource, policy: &Policy) {
        let have = self.hot(|hot| hot.stamp(key));
        let wish = Wish {
            class: self.behind,
            ..policy.wish(have, Class::Background, self.now)
        };
        self.refresh_behind(key, resource, wish);
    }

    fn refresh_behind(&self, key: &RecordKey, resource: &Resource, wish: Wish) {
        let ask = self.ask(key, resource, wish);
        let refresh = refresh(self.env.clone(), self.config.clone(), ask);
        self.context.wait_until(async move {
            refresh.await;
        });
    }

    /// Waits for a refresh: with a copy to fall back on, for a moment only; without one, under the deadline. The refresh
    /// itself goes on.
    async fn wait(
        &self,
        ask: Refresh,
        policy: &Policy,
        demand: Demand,
        reason: Reason,
        tier: Tier,
    ) -> Result<Copy<Content>, Failure> {
        let key = ask.key.clone();
        let refresh = refresh(self.env.clone(), self.config.clone(), ask);
        let patience = match reason {
            Reason::Stale => self.config.fallback_patience,
            Reason::Miss | Reason::Request => self.config.read_deadline,
        };
        let began = clock::now();
        let before = self.hot(|hot| hot.stamp(&key));
        let outcome = match select(pin!(refresh), pin!(Delay::from(patience))).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => None,
        };
        let demand = Demand {
            now: clock::now(),
            // An epoch that the object has not reached was handed out by nobody.
            min_epoch: outcome.map_or(demand.min_epoch, |answer| {
                demand.min_epoch.min(answer.epoch)
            }),
            ..demand
        };
        let held = self.hot(|hot| hot.stamp(&key));
        let fetched = outcome.is_some_and(|answer| answer.outcome == Outcome::Fetched);
        let upstream_ms = held.filter(|_| fetched).map(|stamp| stamp.cost);
        self.timing.set(
            self.timing
                .get()
                .waited(demand.now.since(began), upstream_ms),
        );
        let forward = Forward {
            reason,
            collapsed: outcome.is_some_and(|answer| answer.joined),
            stored: fetched,
        };
        // Who is served what the object had, or what he had, without upstream having been asked, was not sent on.
        let (tier, forward) = match outcome.map(|answer| answer.outcome) {
            Some(Outcome::Fetched) => (Tier::Upstream, Some(forward)),
            Some(Outcome::Enough | Outcome::BackedOff) if held != before => (Tier::Object, None),
            Some(Outcome::Enough | Outcome::BackedOff) => (tier, None),
            Some(Outcome::Failed | Outcome::Other) if held != before => {
                (Tier::Object, Some(forward))
            }
            Some(Outcome::Failed | Outcome::Other) | None => (tier, Some(forward)),
        };
        let found = self.hot(|hot| hot.after_waiting(&key, policy, &demand));
        match found {
            Some(found) => Ok(Copy {
                forward,
                ..Copy::found(found, tier)
            }),
            None => {
                let detail = json!({"key": key, "outcome": outcome.map(|answer| answer.outcome)});
                log::write(
                    Level::Warn,
                    "nothing_to_serve",
                    self.request.as_str(),
                    detail,
                );
                Err(Failure::Unavailable {
                    retry_after_ms: outcome
                        .map_or(self.config.pace.interval, |answer| answer.retry_after_ms),
                })
            }
        }
    }

    /// Puts the copy in KV, if there is one, into memory. A KV that fails, or takes its time, is a miss.
    async fn search(&self, key: &RecordKey, resource: &Resource) {
        let Ok(kv) = self.env.kv(RECORDS) else { return };
        let began = clock::now();
        let get = kv.get(key.as_str()).cache_ttl(KV_CACHE_TTL).text();
        let found = match select(pin!(get), pin!(Delay::from(self.config.kv_patience))).await {
            Either::Left((found, _)) => found.map_err(|error| error.to_string()),
            Either::Right(_) => Err("it took too long".to_owned()),
        };
        let took = clock::now().since(began);
        self.timing.set(self.timing.get().searched(took));
        let result = match found {
            Ok(Some(text)) => match Record::decode_of(resource, &text) {
                Some(record) => {
                    keep(&self.config, key.clone(), Rc::new(record), text.len());
                    "found"
                }
                None => "unreadable",
            },
            Ok(None) => "missing",
            Err(error) => {
                let detail = json!({"key": key, "error": error});
                log::write(Level::Error, "kv_get_failed", self.request.as_str(), detail);
                "failed"
            }
        };
        tally::count(Family::KvReads, [result, ""]);
    }

    /// The newest price of a cargo that a list has shown here, unless he demands an epoch: nobody can say what has been
    /// invalidated since that list was read.
    pub fn seen_price(&self, id: CargoId) -> Option<SeenPrice> {
        let demands_nothing = self.min_epoch == Epoch::default();
        demands_nothing.then(|| seen_prices::of(self.owner(), id))?
    }

    /// A cargo as its detail told it at that moment, with the newest price that a list has shown here, and when that was read.
    pub fn with_newest_price(&self, mut cargo: Cargo, read_at: UnixMillis) -> (Cargo, UnixMillis) {
        match self.seen_price(cargo.id) {
            Some(seen) if seen.read_at > read_at => {
                cargo.price_kopecks = seen.price;
                cargo.price_per_km_kopecks = seen.per_km;
                (cargo, seen.read_at)
            }
            _ => (cargo, read_at),
        }
    }

    fn owner(&self) -> Owner {
        self.config.scope.owner(self.driver_id)
    }

    fn hot<T>(&self, with: impl FnOnce(&mut HotCopies<RecordKey, Rc<Record>>) -> T) -> T {
        hot(&self.config, with)
    }
}

impl Copies {
    /// When the oldest page was read upstream.
    pub fn as_of(&self) -> UnixMillis {
        self.oldest()
            .map_or(UnixMillis::default(), |copy| copy.stamp.fetched_at)
    }

    /// How old the oldest page is, in milliseconds.
    pub fn age_ms(&self) -> u64 {
        self.now.since(self.as_of())
    }

    /// The longest time between the readings of two pages, in milliseconds.
    pub fn spread_ms(&self) -> u64 {
        let newest = self.pages.iter().map(|copy| copy.stamp.fetched_at).max();
        newest.unwrap_or_default().since(self.as_of())
    }

    /// How many cargos match in all, by the page read last.
    pub fn total(&self) -> u32 {
        self.pages
            .iter()
            .max_by_key(|copy| copy.stamp.fetched_at)
            .map_or(0, |copy| copy.content.total)
    }

    /// Whether a page is no longer fresh.
    pub fn is_stale(&self) -> bool {
        self.pages.iter().any(Copy::is_stale)
    }

    /// The oldest page.
    pub fn oldest(&self) -> Option<&Copy<Rc<Page>>> {
        self.pages.iter().min_by_key(|copy| copy.stamp.fetched_at)
    }

    /// What the cache did for the page that was hardest to get.
    pub fn status(&self, policy: &Policy) -> CacheStatus {
        let hardest = self
            .pages
            .iter()
            .max_by_key(|copy| (copy.forward.is_some(), copy.tier));
        let ttls = self.pages.iter().map(|copy| copy.ttl_ms(policy, self.now));
        CacheStatus {
            tier: hardest.map_or(Tier::Memory, |copy| copy.tier),
            forward: hardest.and_then(|copy| copy.forward),
            ttl_ms: ttls.min().unwrap_or(0),
        }
    }
}

/// What the key's object said.
#[derive(Clone, Copy)]
struct Answer {
    outcome: Outcome,
    /// Whether there was a fetch under way already.
    joined: bool,
    /// When to ask again if there was no new copy, in milliseconds.
    retry_after_ms: u64,
    /// How often the key was invalidated.
    epoch: Epoch,
}

/// Asks the key's object for a refresh and keeps what comes in memory. `None` if the object does not answer.
async fn refresh(env: Env, config: Rc<Config>, ask: Refresh) -> Option<Answer> {
    let key = ask.key.clone();
    let resource = ask.resource.clone();
    let class = class_label(ask.wish.class);
    let request = ask.request.clone();
    let refreshed = match refresher_do::refresh(&env, ask).await {
        Ok(refreshed) => refreshed,
        Err(error) => {
            tally::count(Family::Refreshes, [class, "unreachable"]);
            let detail = json!({"key": key, "error": error.to_string()});
            log::write(Level::Error, "object_unreachable", &request, detail);
            return None;
        }
    };
    tally::count(Family::Refreshes, [class, refreshed.outcome.label()]);
    if refreshed.retry_after_ms > 0 {
        hot(&config, |hot| {
            hot.nothing_for(&key, refreshed.retry_after_ms, clock::now());
        });
    }
    if let Some(text) = refreshed.record {
        match Record::decode_of(&resource, text.get()) {
            Some(record) => {
                let bytes = record.content.approximate_bytes();
                keep(&config, key, Rc::new(record), bytes);
            }
            None => {
                log::write(
                    Level::Warn,
                    "record_unreadable",
                    &request,
                    json!({"key": key}),
                );
            }
        }
    }
    Some(Answer {
        outcome: refreshed.outcome,
        joined: refreshed.joined,
        retry_after_ms: refreshed.retry_after_ms,
        epoch: refreshed.epoch,
    })
}

fn verdict_label(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fresh { .. } => "fresh",
        Verdict::Stale => "stale",
        Verdict::OnError => "on_error",
        Verdict::Dead => "dead",
    }
}

fn keep(config: &Config, key: RecordKey, record: Rc<Record>, bytes: usize) {
    if let Content::List(page) = &record.content {
        seen_prices::note(key.owner(), page, record.stamp.fetched_at);
    }
    hot(config, |hot| hot.put(key, record, bytes, clock::now()));
}

fn hot<T>(config: &Config, with: impl FnOnce(&mut HotCopies<RecordKey, Rc<Record>>) -> T) -> T {
    HOT.with_borrow_mut(|hot| {
        with(hot.get_or_insert_with(|| HotCopies::new(config.hot_copies_bytes)))
    })
}
