//! What the cache costs, and how old what it shows is: drivers who poll every ten seconds, over some locations, beside three
//! plainer designs. The decisions are those of `swr`; what is counted is what the platform bills and upstream sees.
//!
//! Every driver polls at a moment of his own in each ten seconds, in the location nearest to him. There is one isolate for
//! each thousand polls a second of a location, and at least one. Upstream takes 300 ms, a message to an object 10 ms; a
//! location sees a write to KV up to a minute late and keeps what it has read for 30 s. Every read of upstream
//! finds a price changed.

use std::{cmp::Reverse, collections::BinaryHeap, rc::Rc};

use fastrand::Rng;
use rustc_hash::FxHashMap;
use swr::{
    Ask, Backoff, Budget, Class, Demand, Epoch, Flight, FlightPolicy, Found, Grant, HotCopies,
    Landing, Look, Outcome, Place, Policy, Settled, Stamp, Stamped, StoreCopy, StorePolicy,
    UnixMillis, Wish,
};

/// Calls that upstream permits in a minute.
pub const CALLS_PER_MINUTE: u32 = 600;
/// How often everybody polls, in milliseconds.
pub const POLL_EVERY: u64 = 10_000;

const POLICY: Policy = Policy {
    fresh: 10_000,
    eager: 1_500,
    stale_while_revalidate: 600_000,
    stale_if_error: 86_400_000,
};
const FLIGHT: FlightPolicy = FlightPolicy {
    deadline: 25_000,
    backoff: Backoff {
        base: 1_000,
        max: 60_000,
    },
};
const STORE: StorePolicy = StorePolicy {
    every: 30_000,
    useful_for: 300_000,
};
const UPSTREAM_MS: u64 = 300;
const MESSAGE_MS: u64 = 10;
/// A call waits in the line for so long at most.
const LINE_MS: u64 = 15_000;
const HAND_OVER_EVERY: u64 = 10_000;
const HOT_COPIES_BYTES: usize = 33_554_432;
const COPY_BYTES: usize = 51_200;
const POLLS_PER_ISOLATE: u64 = 1_000;
const KV_LAG: u64 = 60_000;
const KV_CACHED_FOR: u64 = 30_000;
/// The least that KV lets a value live.
const KV_EXPIRES_AFTER: u64 = 60_000;

/// Who shares records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All drivers.
    Account,
    /// Nobody.
    User,
}

/// How prices are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// As here.
    Ours,
    /// In KV, which lets them expire after a minute, the least it can.
    KvExpiry,
    /// In KV for ever; whoever finds them older than ten seconds refreshes them behind his answer.
    KvSoftTtl,
    /// In one object for each key, which every read asks.
    Object,
}

/// One world.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub scope: Scope,
    pub users: u32,
    pub locations: u32,
    /// Lists that differ in their filters, all of them read as often, where drivers share records.
    pub filter_sets: u32,
}

/// What was counted.
#[derive(Clone, Debug)]
pub struct Cost {
    pub polls: u64,
    /// Polls that were answered 503.
    pub refused: u64,
    pub kv_reads: u64,
    pub kv_writes: u64,
    pub object_requests: u64,
    pub calls: u64,
    /// For how long, in milliseconds.
    pub time: u64,
    ages: Ages,
}

impl Cost {
    fn new() -> Self {
        Self {
            polls: 0,
            refused: 0,
            kv_reads: 0,
            kv_writes: 0,
            object_requests: 0,
            calls: 0,
            time: 0,
            ages: Ages {
                buckets: vec![0; Ages::BUCKETS + 1],
                count: 0,
            },
        }
    }

    /// So many per thousand polls.
    pub fn per_thousand(&self, count: u64) -> f64 {
        count as f64 * 1_000.0 / self.polls.max(1) as f64
    }

    /// Calls in a minute.
    pub fn calls_per_minute(&self) -> f64 {
        self.calls as f64 * 60_000.0 / self.time.max(1) as f64
    }

    /// The age that a hundredth of what was shown exceeded, in seconds; nothing if that is more than ten minutes.
    pub fn p99_age_s(&self) -> Option<f64> {
        self.ages.quantile(0.99)
    }

    /// Dollars for thirty days: requests of the Worker and of objects, reads and writes of KV, by the platform's prices. The
    /// time that objects run is not in it.
    pub fn dollars_a_month(&self) -> f64 {
        let months = 30.0 * 86_400_000.0 / self.time.max(1) as f64;
        let millions = |count: u64| count as f64 * months / 1e6;
        millions(self.polls) * 0.30
            + millions(self.object_requests) * 0.15
            + millions(self.kv_reads) * 0.50
            + millions(self.kv_writes) * 5.0
    }

    fn shown(&mut self, age: u64) {
        self.ages.add(age);
    }
}

#[derive(Clone, Debug)]
struct Ages {
    /// Tenths of a second; the last one holds all that is older.
    buckets: Vec<u64>,
    count: u64,
}

impl Ages {
    const BUCKETS: usize = 6_000;

    fn add(&mut self, age: u64) {
        let bucket = usize::try_from(age / 100).unwrap_or(Self::BUCKETS);
        self.buckets[bucket.min(Self::BUCKETS)] += 1;
        self.count += 1;
    }

    fn quantile(&self, part: f64) -> Option<f64> {
        let rank = (self.count as f64 * part).ceil() as u64;
        let mut so_far = 0;
        let bucket = self.buckets.iter().position(|&count| {
            so_far += count;
            so_far >= rank
        })?;
        (bucket < Self::BUCKETS).then_some((bucket + 1) as f64 / 10.0)
    }
}

/// Runs one design in one world, first to warm up and then to be counted, each for so many milliseconds.
pub fn run(design: Design, setting: Setting, warm_up: u64, time: u64) -> Cost {
    let mut world = World::new(design, setting);
    let mut rng = Rng::with_seed(7);
    let mut users: Vec<(u64, u32)> = (0..setting.users)
        .map(|user| (rng.u64(0..POLL_EVERY), user))
        .collect();
    users.sort_unstable();
    let mut round = 0;
    'all: loop {
        for &(phase, user) in &users {
            let at = round + phase;
            if at >= warm_up + time {
                break 'all;
            }
            if at >= warm_up && !world.is_counting {
                world.is_counting = true;
                world.cost = Cost::new();
            }
            world.advance(at);
            world.poll(user);
        }
        round += POLL_EVERY;
    }
    world.cost.time = time;
    world.cost
}

#[derive(Clone, Debug)]
struct Copy(Stamp);

impl Stamped for Copy {
    fn stamp(&self) -> Stamp {
        self.0
    }
}

struct Isolate {
    hot: HotCopies<u32, Rc<Copy>>,
    handed_over_at: Option<u64>,
}

#[derive(Default)]
struct Object {
    flight: Flight,
    copy: Option<Rc<Copy>>,
    store: StoreCopy,
    waiting: Vec<Asker>,
    call: Option<Call>,
    /// For the plain design: when what it holds was read, and whether it is being read.
    held: Option<u64>,
    is_fetching: bool,
}

#[derive(Clone, Copy)]
struct Asker {
    isolate: u32,
    wish: Wish,
}

struct Reply {
    key: u32,
    asker: Asker,
    copy: Option<Rc<Copy>>,
    retry_after: u64,
}

#[derive(Clone, Copy)]
struct Call {
    ticket: swr::Ticket,
    begun: u64,
    went_at: u64,
    copy_of: UnixMillis,
    place: Place,
    class: Class,
    went: bool,
    give_up_at: u64,
}

/// A write to KV: when what was written was read upstream, when it was written, and where.
#[derive(Clone)]
struct Write {
    copy: Rc<Copy>,
    at: u64,
    location: u32,
    salt: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Ask(u32),
    Try(u32),
    Land(u32),
    Reply(u32),
    /// A plain design has read upstream: key, location.
    Fetched(u32, u32),
}

struct World {
    design: Design,
    setting: Setting,
    isolates_each: u32,
    now: u64,
    is_counting: bool,
    rng: Rng,
    queue: BinaryHeap<Reverse<(u64, u64, Event)>>,
    sent: u64,
    isolates: Vec<Isolate>,
    objects: FxHashMap<u32, Object>,
    asks: FxHashMap<u32, (u32, Asker)>,
    replies: FxHashMap<u32, Reply>,
    next: u32,
    budget: Budget,
    writes: FxHashMap<u32, Vec<Write>>,
    cached: FxHashMap<u64, (Option<Rc<Copy>>, u64)>,
    tickets: swr::Fence,
    cost: Cost,
}

impl World {
    fn new(design: Design, setting: Setting) -> Self {
        let polls_per_s = u64::from(setting.users) * 1_000 / POLL_EVERY;
        let each = polls_per_s.div_ceil(POLLS_PER_ISOLATE * u64::from(setting.locations));
        let isolates_each = u32::try_from(each.max(1)).unwrap_or(u32::MAX);
        Self {
            design,
            setting,
            isolates_each,
            now: 0,
            is_counting: false,
            rng: Rng::with_seed(11),
            queue: BinaryHeap::new(),
            sent: 0,
            isolates: (0..isolates_each * setting.locations)
                .map(|_| Isolate {
                    hot: HotCopies::new(HOT_COPIES_BYTES),
                    handed_over_at: None,
                })
                .collect(),
            objects: FxHashMap::default(),
            asks: FxHashMap::default(),
            replies: FxHashMap::default(),
            next: 0,
            budget: Budget::new(CALLS_PER_MINUTE, moment(0)),
            writes: FxHashMap::default(),
            cached: FxHashMap::default(),
            tickets: swr::Fence::default(),
            cost: Cost::new(),
        }
    }

    fn send(&mut self, after: u64, event: Event) {
        self.sent += 1;
        self.queue
            .push(Reverse((self.now + after, self.sent, event)));
    }

    fn advance(&mut self, until: u64) {
        while let Some(&Reverse((at, _, event))) = self.queue.peek()
            && at <= until
        {
            self.queue.pop();
            self.now = at;
            match event {
                Event::Ask(ask) => self.ask_arrives(ask),
                Event::Try(key) => self.try_call(key),
                Event::Land(key) => self.call_returns(key),
                Event::Reply(reply) => self.reply_arrives(reply),
                Event::Fetched(key, location) => self.fetched(key, location),
            }
        }
        self.now = until;
    }

    fn poll(&mut self, user: u32) {
        self.cost.polls += 1;
        let location = user % self.setting.locations;
        let key = match self.setting.scope {
            Scope::Account => user / self.setting.locations % self.setting.filter_sets,
            Scope::User => user,
        };
        match self.design {
            Design::Ours => {
                let isolate = location * self.isolates_each + self.rng.u32(0..self.isolates_each);
                self.read(isolate, key);
            }
            Design::KvExpiry | Design::KvSoftTtl => self.read_kv_alone(location, key),
            Design::Object => self.read_object_alone(key),
        }
    }

    // This cache.

    fn read(&mut self, isolate: u32, key: u32) {
        let now = moment(self.now);
        let here = &mut self.isolates[isolate as usize];
        if here
            .handed_over_at
            .is_none_or(|at| self.now >= at + HAND_OVER_EVERY)
        {
            here.handed_over_at = Some(self.now);
            self.cost.object_requests += 1;
        }
        let demand = Demand {
            now,
            min_epoch: Epoch::default(),
            random: self.rng.f64(),
        };
        let ask = match here.hot.look(&key, &POLICY, &demand) {
            Look::Serve(found) => return self.serve(&found),
            Look::Refresh(found) => {
                self.serve(&found);
                return self.ask(isolate, key, Class::Background);
            }
            Look::Search { ask } => ask,
        };
        if let Some(copy) = self.search(isolate / self.isolates_each, key) {
            self.put(isolate, key, copy);
        }
        let hot = &mut self.isolates[isolate as usize].hot;
        match hot.settle(&key, &POLICY, &demand, ask) {
            Settled::Serve(found) => self.serve(&found),
            Settled::Refresh(found) => {
                self.serve(&found);
                self.ask(isolate, key, Class::Background);
            }
            Settled::Wait { .. } => self.ask(isolate, key, Class::Waiting),
        }
    }

    fn serve(&mut self, found: &Found<Rc<Copy>>) {
        let age = moment(self.now).since(found.value.stamp().fetched_at);
        self.cost.shown(age);
    }

    fn put(&mut self, isolate: u32, key: u32, copy: Rc<Copy>) {
        let hot = &mut self.isolates[isolate as usize].hot;
        hot.put(key, copy, COPY_BYTES, moment(self.now));
    }

    fn ask(&mut self, isolate: u32, key: u32, class: Class) {
        self.cost.object_requests += 1;
        let stamp = self.isolates[isolate as usize].hot.stamp(&key);
        let asker = Asker {
            isolate,
            wish: POLICY.wish(stamp, class, moment(self.now)),
        };
        self.next = self.next.wrapping_add(1);
        self.asks.insert(self.next, (key, asker));
        self.send(MESSAGE_MS, Event::Ask(self.next));
    }

    fn ask_arrives(&mut self, ask: u32) {
        let Some((key, asker)) = self.asks.remove(&ask) else {
            return;
        };
        let now = moment(self.now);
        let object = self.objects.entry(key).or_default();
        let stored = object.copy.as_ref().map(|copy| copy.stamp());
        match object.flight.ask(&FLIGHT, stored, asker.wish, now) {
            Ask::Enough | Ask::BackOff { .. } => self.reply(key, asker),
            Ask::Join { raise } => {
                object.waiting.push(asker);
                if raise.is_some()
                    && let Some(call) = object.call.as_mut().filter(|call| !call.went)
                {
                    self.cost.object_requests += 1;
                    self.budget.leave(call.place);
                    call.class = asker.wish.class;
                    call.place = self.budget.join(call.class, call.copy_of);
                    self.try_call(key);
                }
            }
            Ask::Begin(ticket) => {
                object.waiting.push(asker);
                // To the guard.
                self.cost.object_requests += 1;
                let copy_of = stored.map_or(UnixMillis(0), |stamp| stamp.fetched_at);
                object.call = Some(Call {
                    ticket,
                    begun: self.now,
                    went_at: 0,
                    copy_of,
                    place: self.budget.join(asker.wish.class, copy_of),
                    class: asker.wish.class,
                    went: false,
                    give_up_at: self.now + LINE_MS,
                });
                self.try_call(key);
            }
        }
    }

    fn try_call(&mut self, key: u32) {
        let Some(object) = self.objects.get_mut(&key) else {
            return;
        };
        let Some(call) = object.call.as_mut().filter(|call| !call.went) else {
            return;
        };
        match self.budget.take(call.place, moment(self.now)) {
            Grant::Now => {
                call.went = true;
                call.went_at = self.now;
                self.cost.calls += 1;
                self.send(2 * MESSAGE_MS + UPSTREAM_MS, Event::Land(key));
            }
            Grant::In(ms) if self.now + ms <= call.give_up_at => self.send(ms, Event::Try(key)),
            Grant::In(retry_after) => {
                self.budget.leave(call.place);
                self.land(key, Outcome::Refused { retry_after });
            }
        }
    }

    fn call_returns(&mut self, key: u32) {
        let call = self.objects.get(&key).and_then(|object| object.call);
        let waited = call.map_or(0, |call| call.went_at - call.begun);
        let good = Outcome::Good {
            cost: UPSTREAM_MS as u32,
            waited: waited as u32,
        };
        self.land(key, good);
    }

    fn land(&mut self, key: u32, outcome: Outcome) {
        let now = moment(self.now);
        let random = self.rng.f64();
        let Some(object) = self.objects.get_mut(&key) else {
            return;
        };
        let Some(call) = object.call.take() else {
            return;
        };
        let begun = moment(call.begun);
        let landing = object
            .flight
            .land(&FLIGHT, call.ticket, begun, outcome, now, random);
        if let Landing::Store(stamp) = landing {
            let copy = Rc::new(Copy(stamp));
            object.copy = Some(copy.clone());
            if object.store.wants(&STORE, stamp.fetched_at, true) {
                self.cost.kv_writes += 1;
                // The object lives in some location.
                self.write(key, copy, key % self.setting.locations);
            }
        }
        let waiting = match self.objects.get_mut(&key) {
            Some(object) => std::mem::take(&mut object.waiting),
            None => return,
        };
        for asker in waiting {
            self.reply(key, asker);
        }
    }

    fn reply(&mut self, key: u32, asker: Asker) {
        let Some(object) = self.objects.get(&key) else {
            return;
        };
        let newer = |copy: &&Rc<Copy>| asker.wish.have.is_none_or(|have| have < copy.0.ticket);
        let copy = object.copy.as_ref().filter(newer).cloned();
        let retry_at = object.flight.retry_at(asker.wish.class);
        let retry_after = retry_at.since(moment(self.now));
        self.next = self.next.wrapping_add(1);
        let reply = Reply {
            key,
            asker,
            copy,
            retry_after,
        };
        self.replies.insert(self.next, reply);
        self.send(MESSAGE_MS, Event::Reply(self.next));
    }

    fn reply_arrives(&mut self, reply: u32) {
        let Some(Reply {
            key,
            asker,
            copy,
            retry_after,
        }) = self.replies.remove(&reply)
        else {
            return;
        };
        if let Some(copy) = copy {
            self.put(asker.isolate, key, copy);
        }
        let now = moment(self.now);
        let hot = &mut self.isolates[asker.isolate as usize].hot;
        if retry_after > 0 {
            hot.nothing_for(&key, retry_after, now);
        }
        if asker.wish.class == Class::Waiting {
            let demand = Demand {
                now,
                min_epoch: Epoch::default(),
                random: 0.0,
            };
            match hot.after_waiting(&key, &POLICY, &demand) {
                Some(found) => self.serve(&found),
                None => self.cost.refused += 1,
            }
        }
    }

    // KV.

    fn write(&mut self, key: u32, copy: Rc<Copy>, location: u32) {
        // Who writes sees it at once.
        self.cached.remove(&place(location, key));
        let salt = self.rng.u64(..);
        let writes = self.writes.entry(key).or_default();
        writes.push(Write {
            copy,
            at: self.now,
            location,
            salt,
        });
        // What everybody has seen is not needed twice.
        if writes.len() > 64 {
            let old = self.now.saturating_sub(KV_LAG);
            let seen = writes.iter().rposition(|write| write.at < old);
            writes.drain(..seen.unwrap_or(0));
        }
    }

    fn search(&mut self, location: u32, key: u32) -> Option<Rc<Copy>> {
        self.cost.kv_reads += 1;
        let place = place(location, key);
        if let Some((copy, until)) = self.cached.get(&place)
            && self.now < *until
        {
            return copy.clone();
        }
        let now = self.now;
        let is_seen = |write: &&Write| {
            let lag = Rng::with_seed(write.salt ^ u64::from(location)).u64(0..KV_LAG);
            write.location == location || now >= write.at + lag
        };
        let newest = self
            .writes
            .get(&key)
            .and_then(|writes| writes.iter().rev().find(is_seen));
        let has_expired =
            |write: &&Write| self.design == Design::KvExpiry && now >= write.at + KV_EXPIRES_AFTER;
        let copy = newest
            .filter(|write| !has_expired(write))
            .map(|write| write.copy.clone());
        self.cached
            .insert(place, (copy.clone(), now + KV_CACHED_FOR));
        copy
    }

    // The plain designs.

    fn read_kv_alone(&mut self, location: u32, key: u32) {
        let copy = self.search(location, key);
        let age = copy.map(|copy| moment(self.now).since(copy.stamp().fetched_at));
        let is_old = age.is_none_or(|age| self.design == Design::KvSoftTtl && age >= POLICY.fresh);
        // Whoever finds nothing waits for upstream.
        self.cost.shown(age.unwrap_or(UPSTREAM_MS));
        if is_old {
            self.cost.calls += 1;
            self.send(UPSTREAM_MS, Event::Fetched(key, location));
        }
    }

    fn read_object_alone(&mut self, key: u32) {
        self.cost.object_requests += 1;
        let object = self.objects.entry(key).or_default();
        let age = object.held.map(|at| self.now - at);
        if age.is_none_or(|age| age >= POLICY.fresh) && !object.is_fetching {
            object.is_fetching = true;
            self.cost.calls += 1;
            self.send(UPSTREAM_MS, Event::Fetched(key, 0));
        }
        self.cost.shown(age.unwrap_or(UPSTREAM_MS));
    }

    fn fetched(&mut self, key: u32, location: u32) {
        let began = self.now - UPSTREAM_MS;
        if self.design == Design::Object {
            let object = self.objects.entry(key).or_default();
            object.held = Some(began);
            object.is_fetching = false;
            return;
        }
        self.cost.kv_writes += 1;
        let stamp = Stamp {
            ticket: self.tickets.begin(),
            fetched_at: moment(began),
            cost: 0,
            waited: 0,
            spread: 0,
        };
        self.write(key, Rc::new(Copy(stamp)), location);
    }
}

fn moment(ms: u64) -> UnixMillis {
    UnixMillis(1_800_000_000_000 + ms)
}

fn place(location: u32, key: u32) -> u64 {
    u64::from(location) << 32 | u64::from(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTING: Setting = Setting {
        scope: Scope::Account,
        users: 2_000,
        locations: 2,
        filter_sets: 200,
    };

    fn cost(design: Design, setting: Setting) -> Cost {
        run(design, setting, 60_000, 60_000)
    }

    #[test]
    fn every_poll_is_counted_and_shown() {
        for design in [
            Design::Ours,
            Design::KvExpiry,
            Design::KvSoftTtl,
            Design::Object,
        ] {
            let cost = cost(design, SETTING);
            assert_eq!(cost.polls, 12_000, "{design:?}");
            assert_eq!(cost.ages.count + cost.refused, 12_000, "{design:?}");
        }
    }

    #[test]
    fn an_object_on_every_read_costs_one_request_a_poll() {
        let cost = cost(Design::Object, SETTING);
        assert_eq!(cost.object_requests, cost.polls);
        assert!(cost.p99_age_s().unwrap() < 11.0);
    }

    #[test]
    fn kv_alone_is_read_at_every_poll_and_old() {
        let cost = cost(Design::KvExpiry, SETTING);
        assert_eq!(cost.kv_reads, cost.polls);
        assert!(cost.p99_age_s().unwrap() > 50.0);
    }

    #[test]
    fn calls_do_not_grow_with_drivers_where_they_share() {
        let calls = |users| {
            let setting = Setting { users, ..SETTING };
            cost(Design::Ours, setting).calls_per_minute()
        };
        let (few, many) = (calls(2_000), calls(20_000));
        assert!(many < few * 1.3, "{few} became {many}");
    }
}
