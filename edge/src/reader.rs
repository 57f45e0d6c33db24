//! Reading page records: isolate memory, then KV, then the key's object.

use std::{cell::RefCell, pin::pin, rc::Rc};

use domain::{Filters, PAGE_ROWS, Window};
use futures_util::future::{Either, join_all, select};
use swr::{Asking, Class, HotCopies, Policy, UnixMillis, Verdict};
use worker::{Context, Delay, Env};

use crate::{
    cache_status::{CacheStatus, Tier},
    clock,
    config::Config,
    keys::RecordKey,
    problem::Failure,
    record::Record,
    refresher_do::{self, Outcome, Refresh},
};

/// The KV binding of page records.
pub const RECORDS: &str = "RECORDS";

/// How long a location may answer from its own copy of KV's copy, in seconds: the least that KV allows.
const KV_CACHE_TTL: u64 = 30;

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
    now: UnixMillis,
}

/// A page that can be shown.
pub struct Copy {
    pub record: Rc<Record>,
    pub verdict: Verdict,
    tier: Tier,
    waited: bool,
    /// See [`swr::Pace::poll_after`].
    pub asking: Option<Asking>,
}

/// The pages that hold a window, from its first row on.
pub struct Copies {
    /// The first page's number.
    pub first_page: u32,
    /// The pages in order, without a gap; fewer than the window needs if one could not be had.
    pub pages: Vec<Copy>,
    /// Why there are fewer than needed.
    pub missing: Option<Failure>,
    /// The moment at which they are judged: after the wait, if there was one.
    pub now: UnixMillis,
}

impl Reader {
    /// A reader for the requests of `driver_id`.
    pub fn new(env: Env, context: Context, config: Rc<Config>, driver_id: i64) -> Self {
        Self {
            env,
            context,
            config,
            driver_id,
            now: clock::now(),
        }
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
        let first = self.copy(filters, first_page, policy).await?;
        let pages_in_all = first.record.page.total.div_ceil(PAGE_ROWS);
        let last_page = (*numbers.end()).min(pages_in_all.saturating_sub(1));
        let mut pages = vec![first];
        let mut missing = None;
        if last_page > first_page {
            let rest = (first_page + 1..=last_page).map(|page| self.copy(filters, page, policy));
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
        // Pages age while a reader waits: the clock is asked again unless memory alone served him.
        let now = if pages.iter().any(|copy| copy.tier != Tier::Memory) {
            clock::now()
        } else {
            self.now
        };
        for copy in &mut pages {
            copy.verdict = policy.verdict(copy.record.stamp.fetched_at, now);
        }
        Ok(Copies {
            first_page,
            pages,
            missing,
            now,
        })
    }

    async fn copy(&self, filters: &Filters, page: u32, policy: &Policy) -> Result<Copy, Failure> {
        let key = RecordKey::of_list(self.config.scope, self.driver_id, filters, page);
        let judged = |record: Rc<Record>, tier| {
            let verdict = policy.verdict(record.stamp.fetched_at, self.now);
            Copy {
                record,
                verdict,
                tier,
                waited: false,
                asking: None,
            }
        };

        let hot = self
            .hot(|hot| hot.get(&key).cloned())
            .map(|record| judged(record, Tier::Memory));
        let mut asking = None;
        if let Some(copy) = hot {
            if policy.is_due(copy.verdict) {
                let now = self.hot(|hot| hot.asking(&key, self.now));
                asking = Some(now);
                if !now.ask {
                    return Ok(Copy { asking, ..copy });
                }
            } else if matches!(copy.verdict, Verdict::Fresh { .. }) {
                return Ok(copy);
            }
        }

        // Another isolate may have brought a newer copy here.
        let stored = self.stored(&key).await;
        let hot = self.hot(|hot| hot.get(&key).cloned());
        let newest = match (hot, stored) {
            (Some(hot), Some(stored)) if stored.stamp.ticket <= hot.stamp.ticket => {
                Some(judged(hot, Tier::Memory))
            }
            (_, Some(stored)) => Some(judged(stored, Tier::Kv)),
            (Some(hot), None) => Some(judged(hot, Tier::Memory)),
            (None, None) => None,
        };
        let have = newest.as_ref().map(|copy| copy.record.stamp.ticket);
        let ask = |class| Refresh {
            key: key.clone(),
            filters: filters.to_query(),
            page,
            wanted_since: policy.wanted_since(self.now),
            have,
            class,
        };
        match newest {
            Some(copy) if policy.is_due(copy.verdict) => {
                // A copy that KV brought just now has not been asked for yet.
                if asking.is_none() || copy.tier == Tier::Kv {
                    asking = Some(self.hot(|hot| hot.asking(&key, self.now)));
                }
                let refresh = refresh(
                    self.env.clone(),
                    self.config.clone(),
                    ask(Class::Background),
                );
                self.context.wait_until(async move {
                    refresh.await;
                });
                Ok(Copy { asking, ..copy })
            }
            Some(copy) if matches!(copy.verdict, Verdict::Fresh { .. }) => Ok(copy),
            servable => {
                let servable = servable.filter(|copy| copy.verdict == Verdict::OnError);
                self.wait(&key, ask(Class::Waiting), policy, servable).await
            }
        }
    }

    /// Waits for a refresh, under the deadline; then for nothing more.
    async fn wait(
        &self,
        key: &RecordKey,
        ask: Refresh,
        policy: &Policy,
        servable: Option<Copy>,
    ) -> Result<Copy, Failure> {
        let refresh = refresh(self.env.clone(), self.config.clone(), ask);
        let deadline = Delay::from(self.config.read_deadline);
        let outcome = match select(pin!(refresh), pin!(deadline)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => None,
        };
        let now = clock::now();
        let record = self.hot(|hot| hot.get(key).cloned());
        let judged = |record: Rc<Record>, tier| {
            let verdict = policy.verdict(record.stamp.fetched_at, now);
            (verdict != Verdict::Dead).then_some(Copy {
                record,
                verdict,
                tier,
                waited: true,
                asking: None,
            })
        };
        let tier = match outcome {
            Some((Outcome::Fetched, _)) => Tier::Upstream,
            _ => Tier::Object,
        };
        record
            .and_then(|record| judged(record, tier))
            .or_else(|| servable.and_then(|copy| judged(copy.record, copy.tier)))
            .ok_or(Failure::Unavailable {
                retry_after_ms: outcome.map_or(self.config.pace.interval, |(_, retry_after_ms)| {
                    retry_after_ms
                }),
            })
    }

    /// The copy in KV, which is put into memory. A KV that fails is a miss.
    async fn stored(&self, key: &RecordKey) -> Option<Rc<Record>> {
        let kv = self.env.kv(RECORDS).ok()?;
        let text = match kv.get(key.as_str()).cache_ttl(KV_CACHE_TTL).text().await {
            Ok(text) => text?,
            Err(error) => {
                worker::console_error!("KV get {key}: {error}");
                return None;
            }
        };
        let record = Rc::new(Record::decode(&text)?);
        keep(&self.config, key.clone(), record.clone(), text.len());
        Some(record)
    }

    fn hot<T>(&self, with: impl FnOnce(&mut HotCopies<RecordKey, Rc<Record>>) -> T) -> T {
        hot(&self.config, with)
    }
}

impl Copies {
    /// When the oldest page was read upstream.
    pub fn as_of(&self) -> UnixMillis {
        self.oldest()
            .map_or(UnixMillis::default(), |copy| copy.record.stamp.fetched_at)
    }

    /// How old the oldest page is, in milliseconds.
    pub fn age_ms(&self) -> u64 {
        self.now.since(self.as_of())
    }

    /// The longest time between the readings of two pages, in milliseconds.
    pub fn spread_ms(&self) -> u64 {
        let newest = self
            .pages
            .iter()
            .map(|copy| copy.record.stamp.fetched_at)
            .max();
        newest.unwrap_or_default().since(self.as_of())
    }

    /// How many cargos match in all, by the page read last.
    pub fn total(&self) -> u32 {
        self.pages
            .iter()
            .max_by_key(|copy| copy.record.stamp.fetched_at)
            .map_or(0, |copy| copy.record.page.total)
    }

    /// Whether a page is no longer fresh.
    pub fn is_stale(&self) -> bool {
        self.pages
            .iter()
            .any(|copy| !matches!(copy.verdict, Verdict::Fresh { .. }))
    }

    /// The oldest page.
    pub fn oldest(&self) -> Option<&Copy> {
        self.pages
            .iter()
            .min_by_key(|copy| copy.record.stamp.fetched_at)
    }

    /// What the cache did for the page that was hardest to get.
    pub fn status(&self, policy: &Policy) -> CacheStatus {
        let hardest = self
            .pages
            .iter()
            .max_by_key(|copy| (copy.waited, copy.tier));
        CacheStatus {
            tier: hardest.map_or(Tier::Memory, |copy| copy.tier),
            waited: hardest.is_some_and(|copy| copy.waited),
            ttl_ms: policy.fresh as i64 - self.age_ms() as i64,
        }
    }
}

/// Asks the key's object for a refresh and keeps what comes in memory. What came of it and when to ask again, in
/// milliseconds; `None` if the object does not answer.
async fn refresh(env: Env, config: Rc<Config>, ask: Refresh) -> Option<(Outcome, u64)> {
    let key = ask.key.clone();
    let refreshed = match refresher_do::refresh(&env, &ask).await {
        Ok(refreshed) => refreshed,
        Err(error) => {
            worker::console_error!("refresh of {key}: {error}");
            return None;
        }
    };
    if let Some(record) = refreshed.record {
        let bytes = record.page.cargos.len() * APPROXIMATE_ROW_BYTES;
        keep(&config, key, Rc::new(record), bytes);
    }
    Some((refreshed.outcome, refreshed.retry_after_ms))
}

/// A decoded row with its strings.
const APPROXIMATE_ROW_BYTES: usize = 512;

fn keep(config: &Config, key: RecordKey, record: Rc<Record>, bytes: usize) {
    let ticket = record.stamp.ticket;
    hot(config, |hot| hot.put(key, record, ticket, bytes));
}

fn hot<T>(config: &Config, with: impl FnOnce(&mut HotCopies<RecordKey, Rc<Record>>) -> T) -> T {
    HOT.with_borrow_mut(|hot| {
        with(hot.get_or_insert_with(|| HotCopies::new(config.hot_copies_bytes)))
    })
}
