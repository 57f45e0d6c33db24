//! The world of one schedule: places with readers, a store, an object for each key, the guard, upstream, and the messages
//! between them, in virtual time. What each of them decides, the code of `swr` decides; after every step the invariants
//! are checked.

use std::{cmp::Reverse, collections::BinaryHeap, rc::Rc};

use fastrand::Rng;
use swr::{
    Ask, Backoff, Breaker, BreakerPolicy, Budget, Class, Demand, Epoch, Flight, FlightPolicy,
    Found, Grant, HotCopies, Landing, Look, Outcome, Pass, Permit, Place as BudgetPlace, Policy,
    Refused, Settled, Stamped, StoreCopy, StorePolicy, Ticket, UnixMillis, Verdict, Wish,
};

use crate::{
    Broken,
    kv::Kv,
    record::Record,
    schedule::{Action, HEALING, Kind, Schedule, Weather},
};

/// The beginning, by a clock that is right.
const BEGINNING: u64 = 1_800_000_000_000;
/// No clock is wrong by more.
const SKEW: u64 = 2_000;

const POLICY: Policy = Policy {
    fresh: 10_000,
    eager: 1_500,
    // Short, so that a schedule sees copies live through all their windows.
    stale_while_revalidate: 25_000,
    stale_if_error: 60_000,
};
const FLIGHT: FlightPolicy = FlightPolicy {
    deadline: 25_000,
    backoff: Backoff {
        base: 1_000,
        max: 60_000,
    },
};
const BREAKER: BreakerPolicy = BreakerPolicy {
    failures: 5,
    pause: 4_000,
    probe_deadline: 15_000,
};
const STORE: StorePolicy = StorePolicy {
    every: 5_000,
    useful_for: 12_000,
};
const UPSTREAM_TIMEOUT: u64 = 10_000;
const READ_DEADLINE: u64 = 8_000;
const FALLBACK_PATIENCE: u64 = 1_000;
const COPY_BYTES: usize = 10;
/// What messages may take until the guard knows that somebody waits.
const WORD_SPREADS: u64 = 1_500;

/// What a schedule did, added up.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub reads: u64,
    pub served: u64,
    pub refused: u64,
    pub asks: u64,
    pub calls: u64,
    pub stored: u64,
    pub discarded: u64,
    pub steps: u64,
    /// How many stored copies lie in each eighth of the spread of expiries.
    pub spread: [u64; 8],
    /// How many back-offs lie in each half of what their length may be.
    pub pauses: [u64; 2],
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.reads += other.reads;
        self.served += other.served;
        self.refused += other.refused;
        self.asks += other.asks;
        self.calls += other.calls;
        self.stored += other.stored;
        self.discarded += other.discarded;
        self.steps += other.steps;
        for (sum, part) in self.spread.iter_mut().zip(other.spread) {
            *sum += part;
        }
        for (sum, part) in self.pauses.iter_mut().zip(other.pauses) {
            *sum += part;
        }
    }
}

impl Tally {
    /// What only shows in many schedules: the ends of freshness and of back-offs are spread.
    pub(crate) fn check_chance(&self) -> Result<(), Broken> {
        let is_even = |parts: &[u64]| {
            let sum: u64 = parts.iter().sum();
            let fair = sum / parts.len() as u64;
            sum < 1_000 || parts.iter().all(|&part| part > fair / 2 && part < fair * 2)
        };
        if !is_even(&self.spread) {
            return Err(format!(
                "3: copies born together go stale together: {:?}",
                self.spread
            ));
        }
        if !is_even(&self.pauses) {
            return Err(format!(
                "6: those who failed together come back together: {:?}",
                self.pauses
            ));
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Action(usize),
    Searched(usize),
    Impatient(usize),
    AskArrives(usize),
    ReplyArrives(usize, Option<Box<ReplyMessage>>),
    CallArrives(usize),
    CallAdmitted(usize),
    CallEnds(usize),
    CallGivenUp(usize),
    CallReply(usize, CallResult),
    RaiseArrives { fetch: usize, class: Class },
    FlightDeadline { fetch: usize, seed: u64 },
    Forgive(usize),
    InvalidateArrives { key: usize, seed: u64 },
    InvalidateReturns { key: usize, epoch: u64, order: u64 },
}

/// Events of one moment keep the order in which they were sent; the rest is never compared.
#[derive(Clone, Debug)]
struct ReplyMessage {
    record: Option<Rc<Record>>,
    retry_after: u64,
    epoch: Epoch,
}

impl PartialEq for ReplyMessage {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for ReplyMessage {}
impl PartialOrd for ReplyMessage {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for ReplyMessage {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum CallResult {
    Good,
    Failed,
    Refused(u64),
    /// The guard died.
    Lost,
}

struct Place {
    location: usize,
    skew: i64,
    generation: u32,
    hot: HotCopies<usize, Rc<Record>>,
    /// The last copy that was served of each key: its ticket and the order of its fetch.
    shown: Vec<Option<(Ticket, u64)>>,
    /// The last background ask for each key: of which copy, and when by the place's clock.
    asked: Vec<Option<(Ticket, u64)>>,
}

struct Read {
    place: usize,
    generation: u32,
    key: usize,
    min_epoch: Epoch,
    /// Fetches that began before this may not be served.
    min_order: u64,
    ask: bool,
    fallback: bool,
    began: u64,
    is_done: bool,
    rng: Rng,
}

struct AskMessage {
    place: usize,
    generation: u32,
    key: usize,
    wish: Wish,
    /// When it came to the object.
    came: u64,
    /// The read that waits for it.
    read: Option<usize>,
    tries: u32,
    rng: Rng,
}

struct Object {
    flight: Flight,
    record: Option<Rc<Record>>,
    store: StoreCopy,
    skew: i64,
    generation: u32,
    /// Asks that wait, and for the landing of which fetch.
    waiting: Vec<(usize, usize)>,
    /// The fetch to join.
    under_way: Option<usize>,
    /// When it last failed, and how often in a row, by the right clock: counted here, not by what is tested.
    failed: Option<(u64, u32)>,
    /// The order of the last invalidation, and of the fetch that was stored last.
    invalidated: u64,
    stored: u64,
}

#[derive(Clone, Copy)]
struct Fetch {
    key: usize,
    /// Of the object that began it.
    generation: u32,
    ticket: Ticket,
    begun: UnixMillis,
    has_landed: bool,
    order: u64,
    began: u64,
    given: bool,
    took: u32,
    waited: u32,
}

struct Call {
    key: usize,
    fetch: usize,
    generation: u32,
    object_generation: u32,
    class: Class,
    /// When the copy was fetched that it is to replace.
    copy_of: UnixMillis,
    /// When it came to the guard.
    came: u64,
    /// When a call went upstream for which nobody waits, while somebody waits for this one.
    passed_at: Option<u64>,
    give_up_at: u64,
    place: Option<BudgetPlace>,
    /// When it went upstream.
    went: u64,
    is_probe: bool,
    pass: Option<Pass>,
    state: CallState,
    result: CallResult,
    rng: Rng,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CallState {
    Queued,
    Upstream,
    Over,
}

struct Guard {
    budget: Budget,
    breaker: Breaker,
    skew: i64,
    generation: u32,
    under_way: Vec<Option<usize>>,
    /// The class that a fetch's call has by now, told before the call itself came.
    raised: Vec<Option<(usize, Class)>>,
    troubled: Vec<bool>,
    /// Failures in a row, and when the last that counts as an outage ended: counted here, not by what is tested.
    failures: u32,
    down_since: Option<u64>,
    /// When the last outage ended.
    up_since: u64,
    /// Whatever it was told before, it has forgotten.
    born: u64,
}

/// See the module.
pub struct World<'a> {
    schedule: &'a Schedule,
    now: u64,
    order: u64,
    queue: BinaryHeap<Reverse<(u64, u64, Event)>>,
    sent: u64,
    weather: Weather,
    kv: Kv,
    places: Vec<Place>,
    objects: Vec<Object>,
    guard: Guard,
    reads: Vec<Read>,
    asks: Vec<AskMessage>,
    calls: Vec<Call>,
    fetches: Vec<Fetch>,
    /// What invalidations have answered for each key: the epoch and its order.
    known: Vec<Option<(Epoch, u64)>>,
    /// When calls were made.
    made: Vec<u64>,
    in_flight: Vec<u32>,
    pub tally: Tally,
    broken: Option<Broken>,
    story: Option<Vec<String>>,
}

macro_rules! tell {
    ($world:expr, $($words:tt)*) => {
        if $world.story.is_some() {
            let words = format!($($words)*);
            $world.note(words);
        }
    };
}

impl<'a> World<'a> {
    pub fn new(schedule: &'a Schedule, is_told: bool) -> Self {
        let mut rng = Rng::with_seed(schedule.seed ^ 0x5eed);
        let mut skew = || rng.i64(-(SKEW as i64)..=SKEW as i64);
        let guard_skew = skew();
        let keys = schedule.keys;
        let mut world = Self {
            schedule,
            now: 0,
            order: 0,
            queue: BinaryHeap::new(),
            sent: 0,
            weather: Weather::Fair,
            kv: Kv::new(keys, schedule.locations),
            places: schedule
                .places
                .iter()
                .map(|&location| Place {
                    location,
                    skew: skew(),
                    generation: 0,
                    hot: HotCopies::new(schedule.copies_per_place * COPY_BYTES),
                    shown: vec![None; keys],
                    asked: vec![None; keys],
                })
                .collect(),
            objects: (0..keys)
                .map(|_| Object {
                    flight: Flight::default(),
                    record: None,
                    store: StoreCopy::default(),
                    skew: skew(),
                    generation: 0,
                    waiting: Vec::new(),
                    under_way: None,
                    failed: None,
                    invalidated: 0,
                    stored: 0,
                })
                .collect(),
            guard: Guard {
                budget: Budget::new(schedule.calls_per_minute, at(0, guard_skew)),
                breaker: Breaker::new(BREAKER),
                skew: guard_skew,
                generation: 0,
                under_way: vec![None; keys],
                raised: vec![None; keys],
                troubled: vec![false; keys],
                failures: 0,
                down_since: None,
                up_since: 0,
                born: 0,
            },
            reads: Vec::new(),
            asks: Vec::new(),
            calls: Vec::new(),
            fetches: Vec::new(),
            known: vec![None; keys],
            made: Vec::new(),
            in_flight: vec![0; keys],
            tally: Tally::default(),
            broken: None,
            story: is_told.then(Vec::new),
        };
        for (index, action) in schedule.actions.iter().enumerate() {
            world.send_at(action.at, Event::Action(index));
        }
        world
    }

    /// Lets everything happen. What was broken, if anything was; and the story, if it is told.
    pub fn run(mut self) -> (Result<Tally, Broken>, Vec<String>) {
        while let Some(Reverse((at, _, event))) = self.queue.pop() {
            self.now = at;
            self.tally.steps += 1;
            self.step(event);
            if let Some(broken) = self.broken.take() {
                tell!(self, "BROKEN: {broken}");
                return (Err(broken), self.story.unwrap_or_default());
            }
        }
        let unanswered = self
            .reads
            .iter()
            .find(|read| !read.is_done && self.places[read.place].generation == read.generation);
        let result = match unanswered {
            Some(read) => Err(format!(
                "7: the reader of key {} who came at {} waits for ever",
                read.key, read.began
            )),
            None => Ok(self.tally),
        };
        (result, self.story.unwrap_or_default())
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Action(index) => {
                let action = self.schedule.actions[index].clone();
                self.act(&action);
            }
            Event::Searched(read) => self.searched(read),
            Event::Impatient(read) => {
                if !self.reads[read].is_done {
                    tell!(self, "reader {read} waits no longer");
                    self.finish(read, None);
                }
            }
            Event::AskArrives(ask) => self.ask_arrives(ask),
            Event::ReplyArrives(ask, reply) => self.reply_arrives(ask, reply.as_deref()),
            Event::CallArrives(call) => {
                self.guard_takes(call);
                self.admit(call);
            }
            Event::CallAdmitted(call) => self.admit(call),
            Event::CallEnds(call) => self.call_ends(call),
            Event::CallGivenUp(call) => {
                if self.calls[call].state != CallState::Over && self.is_guards(call) {
                    self.abandon_call(call);
                    self.answer_call(call, CallResult::Failed);
                }
            }
            Event::CallReply(call, result) => self.call_replies(call, result),
            Event::RaiseArrives { fetch, class } => self.raise(fetch, class),
            Event::FlightDeadline { fetch, seed } => {
                if self.is_in_the_air(fetch) {
                    tell!(self, "the deadline of fetch {fetch} has passed");
                    self.land(fetch, CallResult::Failed, Rng::with_seed(seed));
                }
            }
            Event::Forgive(key) => {
                tell!(self, "object {key} is told that upstream has recovered");
                self.objects[key].flight.forgive();
                self.objects[key].failed = None;
            }
            Event::InvalidateArrives { key, seed } => {
                self.order += 1;
                let order = self.order;
                let epoch = self.objects[key].flight.invalidate();
                self.objects[key].invalidated = order;
                self.objects[key].store.deleted();
                tell!(self, "object {key} is invalidated: {epoch:?}");
                let mut rng = Rng::with_seed(seed);
                self.kv.write(key, None, self.now, &mut rng);
                let returns = Event::InvalidateReturns {
                    key,
                    epoch: epoch.0,
                    order,
                };
                self.send(delay(&mut rng), returns);
            }
            Event::InvalidateReturns { key, epoch, order } => {
                let known = &mut self.known[key];
                if known.is_none_or(|(before, _)| before.0 < epoch) {
                    *known = Some((Epoch(epoch), order));
                }
            }
        }
    }

    fn act(&mut self, action: &Action) {
        let mut rng = Rng::with_seed(action.seed);
        match action.kind {
            Kind::Read {
                place,
                key,
                knowing,
            } => {
                let known = self.known[key].filter(|_| knowing);
                let (min_epoch, min_order) = known.unwrap_or_default();
                self.reads.push(Read {
                    place,
                    generation: self.places[place].generation,
                    key,
                    min_epoch,
                    min_order,
                    ask: false,
                    fallback: false,
                    began: self.now,
                    is_done: false,
                    rng,
                });
                self.begin_read(self.reads.len() - 1);
            }
            Kind::Forget { place } => {
                tell!(self, "place {place} loses its memory");
                let (keys, copies) = (self.schedule.keys, self.schedule.copies_per_place);
                let place = &mut self.places[place];
                place.generation += 1;
                place.hot = HotCopies::new(copies * COPY_BYTES);
                place.shown = vec![None; keys];
                place.asked = vec![None; keys];
            }
            Kind::EvictObject { key } => {
                tell!(self, "object {key} is evicted");
                let object = &mut self.objects[key];
                object.flight = object.flight.after_eviction();
                object.generation += 1;
                object.under_way = None;
                object.store = StoreCopy::default();
                let waiting = std::mem::take(&mut object.waiting);
                for (ask, _) in waiting {
                    self.reply_lost(ask);
                }
            }
            Kind::EvictGuard => self.evict_guard(),
            Kind::Invalidate { key } => {
                let after = delay(&mut rng);
                let arrives = Event::InvalidateArrives {
                    key,
                    seed: rng.u64(..),
                };
                self.send(after, arrives);
            }
            Kind::Weather(weather) => {
                tell!(self, "upstream: {weather:?}");
                self.weather = weather;
            }
        }
    }

    // Places and their readers.

    fn demand(&mut self, read: usize) -> Demand {
        let read = &mut self.reads[read];
        Demand {
            now: at(self.now, self.places[read.place].skew),
            min_epoch: read.min_epoch,
            random: read.rng.f64(),
        }
    }

    fn begin_read(&mut self, read: usize) {
        self.tally.reads += 1;
        let demand = self.demand(read);
        let (place, key) = (self.reads[read].place, self.reads[read].key);
        let next = key + 1;
        let hot = &mut self.places[place].hot;
        if next < self.schedule.keys
            && hot.wants_ahead(&next, &POLICY, demand.now)
            && !self.is_lost(read)
        {
            self.ask(read, next, &demand, Class::Prefetch);
        }
        match self.places[place].hot.look(&key, &POLICY, &demand) {
            Look::Serve(found) => self.serve(read, &found),
            Look::Refresh(found) => {
                self.serve(read, &found);
                self.refresh_behind(read, &demand);
            }
            Look::Search { ask } => {
                self.reads[read].ask = ask;
                let after = delay(&mut self.reads[read].rng);
                self.send(after, Event::Searched(read));
            }
        }
    }

    fn searched(&mut self, read: usize) {
        let Read {
            place,
            key,
            ask,
            generation,
            ..
        } = self.reads[read];
        if self.places[place].generation != generation {
            return;
        }
        let found = self.kv.read(key, self.places[place].location, self.now);
        if let Some(record) = found {
            self.put(place, key, record);
        }
        let demand = self.demand(read);
        match self.places[place].hot.settle(&key, &POLICY, &demand, ask) {
            Settled::Serve(found) => self.serve(read, &found),
            Settled::Refresh(found) => {
                self.serve(read, &found);
                self.refresh_behind(read, &demand);
            }
            Settled::Wait { fallback } => {
                if let Some(stamp) = self.places[place].hot.stamp(&key) {
                    let age = demand.now.since(stamp.fetched_at);
                    let is_servable = age < POLICY.fresh + POLICY.stale_while_revalidate
                        && stamp.ticket.epoch() >= demand.min_epoch;
                    if is_servable {
                        self.fail(format!(
                            "2: reader {read} waits though there is a copy {age} ms old"
                        ));
                    }
                }
                tell!(self, "reader {read} in place {place} waits for key {key}");
                self.reads[read].fallback = fallback;
                let patience = if fallback {
                    FALLBACK_PATIENCE
                } else {
                    READ_DEADLINE
                };
                self.send(patience, Event::Impatient(read));
                self.ask(read, key, &demand, Class::Waiting);
            }
        }
    }

    fn refresh_behind(&mut self, read: usize, demand: &Demand) {
        let Read { place, key, .. } = self.reads[read];
        let Some(stamp) = self.places[place].hot.stamp(&key) else {
            return;
        };
        let asked = &mut self.places[place].asked[key];
        let now = demand.now.0;
        if let Some((of, before)) = *asked
            && of == stamp.ticket
            // Where upstream is to be left alone, one asks every five seconds all the same.
            && now < before + Policy::ask_again_after(stamp).min(5_000)
        {
            self.fail(format!(
                "1: place {place} asks for key {key} twice in {} ms",
                now - before
            ));
            return;
        }
        *asked = Some((stamp.ticket, now));
        // The platform may cut what is left behind an answer.
        if self.is_lost(read) {
            tell!(
                self,
                "the refresh of key {key} that reader {read} left behind is lost"
            );
            return;
        }
        self.ask(read, key, demand, Class::Background);
    }

    fn is_lost(&mut self, read: usize) -> bool {
        let losses = self.losses();
        self.reads[read].rng.u32(0..1000) < losses
    }

    fn losses(&self) -> u32 {
        if self.now < self.schedule.calm_from {
            self.schedule.losses
        } else {
            0
        }
    }

    fn ask(&mut self, read: usize, key: usize, demand: &Demand, class: Class) {
        self.tally.asks += 1;
        let place = self.reads[read].place;
        let seed = self.reads[read].rng.u64(..);
        let mut rng = Rng::with_seed(seed);
        let after = delay(&mut rng);
        self.asks.push(AskMessage {
            place,
            generation: self.places[place].generation,
            key,
            wish: POLICY.wish(self.places[place].hot.stamp(&key), class, demand.now),
            came: 0,
            read: (class == Class::Waiting).then_some(read),
            tries: 0,
            rng,
        });
        self.send(after, Event::AskArrives(self.asks.len() - 1));
    }

    fn reply_arrives(&mut self, ask: usize, reply: Option<&ReplyMessage>) {
        let AskMessage {
            place,
            generation,
            key,
            read,
            ..
        } = self.asks[ask];
        if self.places[place].generation != generation {
            return;
        }
        if let Some(reply) = reply {
            if let Some(record) = &reply.record {
                self.put(place, key, record.clone());
            }
            if reply.retry_after > 0 {
                let now = at(self.now, self.places[place].skew);
                self.places[place]
                    .hot
                    .nothing_for(&key, reply.retry_after, now);
            }
        }
        if let Some(read) = read.filter(|&read| !self.reads[read].is_done) {
            self.finish(read, reply.map(|reply| reply.epoch));
        }
    }

    fn put(&mut self, place: usize, key: usize, record: Rc<Record>) {
        if record.key != key {
            self.fail(format!(
                "10: place {place} is given a copy of key {} for key {key}",
                record.key
            ));
        }
        let now = at(self.now, self.places[place].skew);
        let place = &mut self.places[place];
        if place.hot.stamp(&key).is_none() {
            // What it has given up it has forgotten.
            place.shown[key] = None;
            place.asked[key] = None;
        }
        place.hot.put(key, record, COPY_BYTES, now);
    }

    fn finish(&mut self, read: usize, epoch: Option<Epoch>) {
        let Read { place, key, .. } = self.reads[read];
        if self.places[place].generation != self.reads[read].generation {
            return;
        }
        let mut demand = self.demand(read);
        if let Some(epoch) = epoch {
            demand.min_epoch = demand.min_epoch.min(epoch);
        }
        match self.places[place].hot.after_waiting(&key, &POLICY, &demand) {
            Some(found) => self.serve(read, &found),
            None => {
                tell!(self, "reader {read} is told to come back");
                self.tally.refused += 1;
                self.reads[read].is_done = true;
                if self.has_healed(read) {
                    self.fail(format!(
                        "7: nothing bad has happened for long, and reader {read} is served nothing"
                    ));
                }
            }
        }
    }

    /// Whether everything must be well again for this reader.
    fn has_healed(&self, read: usize) -> bool {
        self.reads[read].began > self.schedule.calm_from + HEALING && self.schedule.is_ample()
    }

    fn serve(&mut self, read: usize, found: &Found<Rc<Record>>) {
        self.tally.served += 1;
        self.reads[read].is_done = true;
        let record = &found.value;
        let Read {
            place,
            key,
            min_order,
            ..
        } = self.reads[read];
        let Fetch {
            key: of,
            order,
            began: fetched,
            given,
            ..
        } = self.fetches[record.fetch];
        let age = self.now - fetched;
        tell!(
            self,
            "reader {read} in place {place} is served key {key}, {age} ms old, {:?}",
            found.verdict
        );
        if of != key || record.key != key {
            self.fail(format!("10: reader {read} of key {key} is served key {of}"));
        }
        if !given {
            self.fail(format!(
                "9: reader {read} is served what upstream never gave"
            ));
        }
        if age >= POLICY.fresh + POLICY.stale_if_error + 2 * SKEW {
            self.fail(format!("3: reader {read} is served a copy {age} ms old"));
        }
        if order < min_order {
            self.fail(format!(
                "4: reader {read} knows of an invalidation and is served what was fetched before"
            ));
        }
        let ticket = record.stamp.ticket;
        if let Some((shown, before)) = self.places[place].shown[key]
            && order < before
        {
            self.fail(format!(
                "5: place {place} goes back from {shown:?} to {ticket:?} of key {key}"
            ));
        }
        self.places[place].shown[key] = Some((ticket, order));
        if self.has_healed(read) && age > POLICY.fresh + 3_000 + 2 * SKEW {
            self.fail(format!("7: nothing bad has happened for long, and reader {read} is served a copy {age} ms old"));
        }
        if found.verdict == Verdict::Dead {
            self.fail(format!("3: reader {read} is served a dead copy"));
        }
    }

    // The object of a key.

    fn ask_arrives(&mut self, ask: usize) {
        let AskMessage { key, wish, .. } = self.asks[ask];
        self.asks[ask].came = self.now;
        let object = &mut self.objects[key];
        let now = at(self.now, object.skew);
        let stored = object.record.as_ref().map(|record| record.stamp);
        match object.flight.ask(&FLIGHT, stored, wish, now) {
            Ask::Enough | Ask::BackOff { .. } => self.reply(ask),
            Ask::Join { raise } => {
                if let Some(fetch) = self.objects[key].under_way {
                    self.objects[key].waiting.push((ask, fetch));
                    if raise.is_some() {
                        let after = delay(&mut self.asks[ask].rng);
                        let class = wish.class;
                        self.send(after, Event::RaiseArrives { fetch, class });
                    }
                } else {
                    // The landing died: the slot is still taken.
                    self.reply(ask);
                }
            }
            Ask::Begin(ticket) => {
                self.order += 1;
                let order = self.order;
                let fetch = self.fetches.len();
                self.fetches.push(Fetch {
                    key,
                    generation: self.objects[key].generation,
                    ticket,
                    begun: now,
                    has_landed: false,
                    order,
                    began: self.now,
                    given: false,
                    took: 0,
                    waited: 0,
                });
                tell!(self, "object {key} begins fetch {fetch} under {ticket:?}");
                if let Some((failed, failures)) = self.objects[key].failed {
                    let least = (1_000_u64 << (failures - 1).min(6)).min(60_000) / 2;
                    if self.now < failed + least {
                        self.fail(format!(
                            "6: object {key} fetches {} ms after failure {failures}",
                            self.now - failed
                        ));
                    }
                }
                let object = &mut self.objects[key];
                object.under_way = Some(fetch);
                object.waiting.push((ask, fetch));
                let generation = object.generation;
                let mut rng = Rng::with_seed(self.asks[ask].rng.u64(..));
                let after = delay(&mut rng);
                self.calls.push(Call {
                    key,
                    fetch,
                    generation: 0,
                    object_generation: generation,
                    class: wish.class,
                    copy_of: stored.map_or(UnixMillis(0), |stamp| stamp.fetched_at),
                    came: 0,
                    passed_at: None,
                    give_up_at: 0,
                    place: None,
                    went: 0,
                    is_probe: false,
                    pass: None,
                    state: CallState::Queued,
                    result: CallResult::Lost,
                    rng,
                });
                self.send(after, Event::CallArrives(self.calls.len() - 1));
                let deadline = Event::FlightDeadline { fetch, seed: order };
                self.send(FLIGHT.deadline, deadline);
            }
        }
    }

    fn call_replies(&mut self, call: usize, result: CallResult) {
        let Call { key, fetch, .. } = self.calls[call];
        if !self.is_in_the_air(fetch) {
            return;
        }
        let losses = self.losses();
        if self.calls[call].rng.u32(0..2000) < losses {
            tell!(self, "object {key}: the landing of fetch {fetch} dies");
            for ask in self.end_flight(fetch) {
                self.reply_lost(ask);
            }
            return;
        }
        let rng = Rng::with_seed(self.calls[call].rng.u64(..));
        self.land(fetch, result, rng);
    }

    fn is_in_the_air(&self, fetch: usize) -> bool {
        let fetch = &self.fetches[fetch];
        !fetch.has_landed && self.objects[fetch.key].generation == fetch.generation
    }

    /// Those who wait for a fetch that has ended.
    fn end_flight(&mut self, fetch: usize) -> Vec<usize> {
        self.fetches[fetch].has_landed = true;
        let object = &mut self.objects[self.fetches[fetch].key];
        object.under_way.take_if(|under_way| *under_way == fetch);
        let his = object.waiting.extract_if(.., |(_, of)| *of == fetch);
        his.map(|(ask, _)| ask).collect()
    }

    fn land(&mut self, fetch: usize, result: CallResult, mut rng: Rng) {
        let waiting = self.end_flight(fetch);
        let Fetch {
            key,
            ticket,
            begun,
            order,
            ..
        } = self.fetches[fetch];
        let outcome = match result {
            CallResult::Good => Outcome::Good {
                cost: self.fetches[fetch].took,
                waited: self.fetches[fetch].waited,
            },
            CallResult::Refused(retry_after) => Outcome::Refused { retry_after },
            CallResult::Failed | CallResult::Lost => Outcome::Failed,
        };
        let object = &mut self.objects[key];
        let now = at(self.now, object.skew);
        let landing = object
            .flight
            .land(&FLIGHT, ticket, begun, outcome, now, rng.f64());
        match landing {
            Landing::Store(stamp) => {
                object.failed = None;
                let (invalidated, stored) = (object.invalidated, object.stored);
                object.stored = order;
                let record = Rc::new(Record { stamp, key, fetch });
                object.record = Some(record.clone());
                tell!(self, "object {key} stores fetch {fetch}");
                if order < invalidated {
                    self.fail(format!(
                        "4: object {key} stores what it fetched before it was invalidated"
                    ));
                }
                if order < stored {
                    self.fail(format!(
                        "5: object {key} stores an earlier fetch over a later one"
                    ));
                }
                self.tally.stored += 1;
                self.tally.spread[usize::from(stamp.spread) / 32] += 1;
                let is_other = rng.bool();
                let store = &mut self.objects[key].store;
                if store.wants(&STORE, stamp.fetched_at, is_other) {
                    self.kv.write(key, Some(record), self.now, &mut rng);
                }
            }
            Landing::Discard(refused) => {
                tell!(self, "object {key} discards fetch {fetch}: {refused}");
                self.tally.discarded += 1;
                if refused == Refused::Invalidated {
                    for ask in waiting {
                        self.try_again(ask);
                    }
                    return;
                }
            }
            Landing::KeepLast => {
                if matches!(outcome, Outcome::Failed) {
                    let failures = object.failed.map_or(0, |(_, failures)| failures) + 1;
                    object.failed = Some((self.now, failures));
                    let pause = object.flight.retry_at(Class::Waiting).since(now);
                    let full = (1_000_u64 << (failures - 1).min(6)).min(60_000);
                    self.tally.pauses[usize::from(pause > full * 3 / 4)] += 1;
                }
                tell!(
                    self,
                    "object {key}: fetch {fetch} brought nothing: {result:?}"
                );
                let object = &self.objects[key];
                let has_lost = object.stored > 0 && object.record.is_none();
                if has_lost {
                    self.fail(format!("6: object {key} has lost its last good copy"));
                }
            }
        }
        for ask in waiting {
            // What was refused to somebody of a lower class says nothing of his.
            let flight = &self.objects[key].flight;
            let may_begin = flight.retry_at(self.asks[ask].wish.class) <= now;
            if matches!(outcome, Outcome::Refused { .. }) && may_begin {
                self.try_again(ask);
            } else {
                self.reply(ask);
            }
        }
    }

    fn try_again(&mut self, ask: usize) {
        if self.asks[ask].tries < 2 {
            self.asks[ask].tries += 1;
            self.send(0, Event::AskArrives(ask));
        } else {
            self.reply(ask);
        }
    }

    fn reply(&mut self, ask: usize) {
        let AskMessage { key, wish, .. } = self.asks[ask];
        let Wish { have, class, .. } = wish;
        let object = &self.objects[key];
        let newer = |record: &&Rc<Record>| {
            let stamp = record.stamp();
            !object.flight.forbids(stamp) && have.is_none_or(|have| have < stamp.ticket)
        };
        let reply = ReplyMessage {
            record: object.record.as_ref().filter(newer).cloned(),
            retry_after: object
                .flight
                .retry_at(class)
                .since(at(self.now, object.skew)),
            epoch: object.flight.epoch(),
        };
        let after = delay(&mut self.asks[ask].rng);
        self.send(after, Event::ReplyArrives(ask, Some(Box::new(reply))));
    }

    fn reply_lost(&mut self, ask: usize) {
        let after = delay(&mut self.asks[ask].rng);
        self.send(after, Event::ReplyArrives(ask, None));
    }

    // The guard and upstream.

    fn is_guards(&self, call: usize) -> bool {
        self.calls[call].generation == self.guard.generation
    }

    fn guard_takes(&mut self, call: usize) {
        self.calls[call].generation = self.guard.generation;
        self.calls[call].came = self.now;
        let Call { key, fetch, .. } = self.calls[call];
        let is_overtaken =
            self.guard.under_way[key].is_some_and(|later| self.calls[later].fetch > fetch);
        if is_overtaken {
            tell!(self, "guard: call {call} comes after that of a later fetch");
            self.calls[call].state = CallState::Over;
            self.answer_call(call, CallResult::Failed);
            return;
        }
        if let Some((_, class)) = self.guard.raised[key].take_if(|(of, _)| *of == fetch) {
            self.calls[call].class = self.calls[call].class.max(class);
        }
        self.calls[call].give_up_at = self.now + FLIGHT.deadline - UPSTREAM_TIMEOUT;
        if let Some(forgotten) = self.guard.under_way[key].replace(call)
            && self.calls[forgotten].state != CallState::Over
        {
            tell!(
                self,
                "guard: call {forgotten} is ended, another for key {key} has come"
            );
            self.abandon_call(forgotten);
            self.answer_call(forgotten, CallResult::Failed);
        }
        self.calls[call].place = Some(self.join(call));
        self.send(FLIGHT.deadline * 9 / 10, Event::CallGivenUp(call));
    }

    fn join(&mut self, call: usize) -> BudgetPlace {
        let Call { class, copy_of, .. } = self.calls[call];
        self.guard.budget.join(class, copy_of)
    }

    /// Somebody waits now for a call that is in the line.
    fn raise(&mut self, fetch: usize, class: Class) {
        let key = self.fetches[fetch].key;
        let its = self.guard.under_way[key].filter(|&call| self.calls[call].fetch == fetch);
        let Some(call) = its else {
            // Of two words the one about the later fetch counts, then the one for the higher class.
            let word = Some((fetch, class));
            self.guard.raised[key] = self.guard.raised[key].max(word);
            return;
        };
        if self.calls[call].state != CallState::Queued || self.calls[call].class >= class {
            return;
        }
        tell!(self, "guard: call {call} is raised");
        self.calls[call].class = class;
        if let Some(place) = self.calls[call].place {
            self.guard.budget.leave(place);
        }
        self.calls[call].place = Some(self.join(call));
        self.admit(call);
    }

    /// A call goes upstream: notes whom it passes by, who is in the line and waited for. There must be a call left for
    /// him, now.
    fn note_passed_by(&mut self, goes: usize) {
        if self.calls[goes].class == Class::Waiting {
            return;
        }
        for key in 0..self.schedule.keys {
            let Some(call) = self.guard.under_way[key] else {
                continue;
            };
            let Call {
                fetch,
                came,
                object_generation,
                state: CallState::Queued,
                ..
            } = self.calls[call]
            else {
                continue;
            };
            let object = &self.objects[key];
            let waits = object.waiting.iter().any(|&(ask, of)| {
                let AskMessage { wish, came, .. } = self.asks[ask];
                // A word that died with the guard before is told again to this one, a second later.
                let was_told = came > self.guard.born + 1_000 && self.now > came + WORD_SPREADS;
                of == fetch && wish.class == Class::Waiting && was_told
            });
            // What was fetched before an invalidation is not what he waits for any more.
            let is_his = object.generation == object_generation && object.under_way == Some(fetch);
            if is_his && waits && self.now > came + WORD_SPREADS {
                self.calls[call].passed_at.get_or_insert(self.now);
            }
        }
    }

    /// A call that is waited for leaves the line.
    fn check_line(&mut self, call: usize) {
        if let Some(passed_at) = self.calls[call].passed_at
            && self.now > passed_at + 100
        {
            self.fail(format!(
                "8: call {call}, which is waited for, was passed by {} ms ago",
                self.now - passed_at
            ));
        }
    }

    fn admit(&mut self, call: usize) {
        if self.calls[call].state != CallState::Queued || !self.is_guards(call) {
            return;
        }
        let now = at(self.now, self.guard.skew);
        let open_for = self.guard.breaker.refuses_for(now);
        if open_for > 0 {
            self.refuse(call, open_for);
            return;
        }
        let Some(place) = self.calls[call].place else {
            return;
        };
        match self.guard.budget.take(place, now) {
            Grant::Now => match self.guard.breaker.permit(now) {
                Permit::Go(pass) => {
                    self.note_passed_by(call);
                    self.check_line(call);
                    self.calls[call].pass = Some(pass);
                    self.begin_call(call);
                }
                Permit::Refused(ms) => self.refuse(call, ms),
            },
            Grant::In(ms) if self.now + ms <= self.calls[call].give_up_at => {
                self.send(ms, Event::CallAdmitted(call));
            }
            Grant::In(ms) => {
                self.check_line(call);
                self.refuse(call, ms);
            }
        }
    }

    fn refuse(&mut self, call: usize, ms: u64) {
        self.end_call(call);
        self.answer_call(call, CallResult::Refused(ms));
    }

    fn begin_call(&mut self, call: usize) {
        self.tally.calls += 1;
        let key = self.calls[call].key;
        tell!(self, "guard: call {call} for key {key} goes upstream");
        self.calls[call].state = CallState::Upstream;
        self.calls[call].went = self.now;
        self.in_flight[key] += 1;
        if self.in_flight[key] > 1 {
            self.fail(format!(
                "1: upstream sees {} calls at a time for key {key}",
                self.in_flight[key]
            ));
        }
        self.made.push(self.now);
        let minute = self
            .made
            .iter()
            .rev()
            .take_while(|&&at| self.now < at + 60_000)
            .count();
        if minute > self.schedule.calls_per_minute as usize {
            self.fail(format!("8: {minute} calls in a minute"));
        }
        if let Some(down_since) = self.guard.down_since {
            self.calls[call].is_probe = true;
            if self.now < down_since + BREAKER.pause * 3 / 4 {
                self.fail(format!(
                    "8: a call {} ms after upstream was found down",
                    self.now - down_since
                ));
            }
            let under_way = |call: &&Call| {
                call.is_probe
                    && call.state == CallState::Upstream
                    && call.generation == self.guard.generation
            };
            if self.calls.iter().filter(under_way).count() > 1 {
                self.fail("8: more than one call probes an upstream that is down".to_owned());
            }
        }
        let rng = &mut self.calls[call].rng;
        let (latency, result) = match self.weather {
            Weather::Fair => (rng.u64(50..500), CallResult::Good),
            Weather::Slow => (rng.u64(1_000..12_000), CallResult::Good),
            Weather::Failing => (rng.u64(10..2_000), CallResult::Failed),
            Weather::Hanging => (u64::MAX, CallResult::Failed),
            Weather::TooMany(ms) => (rng.u64(10..100), CallResult::Refused(ms)),
        };
        self.calls[call].result = if latency < UPSTREAM_TIMEOUT {
            result
        } else {
            CallResult::Failed
        };
        self.send(latency.min(UPSTREAM_TIMEOUT), Event::CallEnds(call));
    }

    fn call_ends(&mut self, call: usize) {
        if self.calls[call].state != CallState::Upstream || !self.is_guards(call) {
            return;
        }
        self.end_call(call);
        let Call {
            fetch,
            result,
            pass: Some(pass),
            ..
        } = self.calls[call]
        else {
            return;
        };
        let now = at(self.now, self.guard.skew);
        let random = self.calls[call].rng.f64();
        if result == CallResult::Failed {
            self.guard.breaker.failed(pass, now, random);
            match (self.guard.down_since, self.calls[call].is_probe) {
                (None, false) if self.calls[call].went >= self.guard.up_since => {
                    self.guard.failures += 1;
                }
                (Some(_), true) => self.guard.down_since = Some(self.now),
                // From before, or of a probe that was overtaken.
                _ => {}
            }
            if self.guard.failures >= BREAKER.failures && self.guard.down_since.is_none() {
                self.guard.down_since = Some(self.now);
            }
        } else {
            if let CallResult::Refused(ms) = result {
                self.guard.budget.pause(ms, now);
            } else {
                self.fetches[fetch].given = true;
                let Call { came, went, .. } = self.calls[call];
                self.fetches[fetch].began = went;
                self.fetches[fetch].took = (self.now - went) as u32;
                self.fetches[fetch].waited = (went - came) as u32;
            }
            if self.guard.down_since.is_none() || self.calls[call].is_probe {
                self.guard.failures = 0;
                if self.guard.down_since.take().is_some() {
                    self.guard.up_since = self.now;
                }
            }
            if self.guard.breaker.succeeded(pass) {
                tell!(self, "guard: upstream has recovered");
                self.guard.budget.forgo_burst(now);
                for key in 0..self.schedule.keys {
                    if std::mem::take(&mut self.guard.troubled[key]) {
                        let after = delay(&mut self.calls[call].rng);
                        self.send(after, Event::Forgive(key));
                    }
                }
            }
        }
        self.answer_call(call, result);
    }

    fn abandon_call(&mut self, call: usize) {
        if let Some(pass) = self.calls[call].pass {
            let now = at(self.now, self.guard.skew);
            self.guard.breaker.abandoned(pass, now);
        }
        self.end_call(call);
    }

    fn end_call(&mut self, call: usize) {
        let Call { key, state, .. } = self.calls[call];
        if state == CallState::Upstream {
            self.in_flight[key] -= 1;
        }
        self.calls[call].state = CallState::Over;
        if let Some(place) = self.calls[call].place {
            self.guard.budget.leave(place);
        }
        if self.guard.under_way[key] == Some(call) {
            self.guard.under_way[key] = None;
        }
    }

    fn answer_call(&mut self, call: usize, result: CallResult) {
        if result != CallResult::Good {
            let key = self.calls[call].key;
            self.guard.troubled[key] = true;
        }
        let after = delay(&mut self.calls[call].rng);
        self.send(after, Event::CallReply(call, result));
    }

    fn evict_guard(&mut self) {
        tell!(self, "the guard is evicted");
        let now = at(self.now, self.guard.skew);
        for call in 0..self.calls.len() {
            let is_alive = self.calls[call].state != CallState::Over && self.is_guards(call);
            // A message on its way finds the next guard.
            if is_alive && self.calls[call].give_up_at > 0 {
                self.end_call(call);
                let after = delay(&mut self.calls[call].rng);
                self.send(after, Event::CallReply(call, CallResult::Lost));
            }
        }
        self.guard = Guard {
            budget: Budget::new(self.schedule.calls_per_minute, now),
            breaker: Breaker::new(BREAKER),
            skew: self.guard.skew,
            generation: self.guard.generation + 1,
            under_way: vec![None; self.schedule.keys],
            raised: vec![None; self.schedule.keys],
            troubled: vec![false; self.schedule.keys],
            failures: 0,
            down_since: None,
            up_since: self.now,
            born: self.now,
        };
    }

    // Time and telling.

    fn send(&mut self, after: u64, event: Event) {
        self.send_at(self.now + after, event);
    }

    fn send_at(&mut self, at: u64, event: Event) {
        self.sent += 1;
        self.queue.push(Reverse((at, self.sent, event)));
    }

    fn fail(&mut self, broken: Broken) {
        self.broken.get_or_insert(broken);
    }

    fn note(&mut self, words: String) {
        let line = format!("{:>7} ms  {words}", self.now);
        if let Some(story) = &mut self.story {
            story.push(line);
        }
    }
}

/// A moment, by a clock that is wrong by `skew`.
fn at(now: u64, skew: i64) -> UnixMillis {
    UnixMillis((BEGINNING + now).saturating_add_signed(skew))
}

/// How long a message takes: mostly a few milliseconds, now and then far longer.
fn delay(rng: &mut Rng) -> u64 {
    match rng.u8(0..20) {
        0 => rng.u64(20..400),
        _ => rng.u64(1..20),
    }
}
