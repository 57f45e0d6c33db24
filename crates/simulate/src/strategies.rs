//! What each way of keeping lists does to upstream, and what it shows: one and the same load, played against all of them.
//!
//! Operators poll the first page of some statuses while orders move: most through us, some elsewhere, of which upstream tells by
//! a message that may be lost. A list query of upstream takes long and shows one moment of it; the cache is one for all and
//! a message away. Nothing fails here: this is what each design does on a good day.

use std::{collections::BTreeSet, rc::Rc};

use fastrand::Rng;
use rustc_hash::FxHashMap;
use swr::{
    Ask, Backoff, Class, FlightPolicy, Policy, Ticket, UnixMillis,
    board::{Arrival, Board, BoardPolicy, Doubt, ListQuery, Loaded, Look, Mark, Saved},
};

use crate::{
    board::{
        order::{Key, Load, MOVES, Name, Order, Status, Story},
        upstream::Upstream,
    },
    queue::Queue,
};

/// How lists are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// Not at all.
    NoCache,
    /// For a time, whatever changes.
    Ttl,
    /// For a time, and a change deletes the lists that it touches. Everybody who misses reads.
    Invalidation,
    /// The same, and those who miss wait for one who reads.
    InvalidationOneReads,
    /// For a time, and a change is written into the lists that it touches. What is read takes the place of what is there.
    WriteThrough,
    /// For a time, and read again before that is over.
    RefreshAhead,
    /// As here.
    Board,
}

/// All of them, and what they are called.
pub const DESIGNS: [(Design, &str); 7] = [
    (Design::NoCache, "no cache"),
    (Design::Ttl, "TTL only"),
    (Design::RefreshAhead, "refresh-ahead only"),
    (Design::Invalidation, "key invalidation"),
    (Design::InvalidationOneReads, "the same, single flight"),
    (Design::WriteThrough, "write-through, no fence"),
    (Design::Board, "this board"),
];

/// The load. Times are in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub operators: usize,
    /// Everybody polls as often as this, each of the busy statuses.
    pub poll_every: u64,
    pub changes_per_second: u64,
    /// Of a hundred changes so many are made elsewhere.
    pub elsewhere: u32,
    /// Of a hundred words of those so many are lost.
    pub lost_words: u32,
    /// It is counted for so long, after a minute.
    pub length: u64,
    pub list_takes: u64,
    pub write_takes: u64,
    pub ttl: u64,
    pub seed: u64,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            operators: 100,
            poll_every: 5_000,
            changes_per_second: 20,
            elsewhere: 10,
            lost_words: 5,
            length: 600_000,
            list_takes: 1_000,
            write_takes: 40,
            ttl: 30_000,
            seed: 0,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub reads: u64,
    /// List queries of upstream.
    pub queries: u64,
    pub changes: u64,
    /// Reads that began after a change was answered to its writer here, and showed a state from before it.
    pub old: u64,
    /// For how long after the answer, at most.
    pub longest_old: u64,
    /// The same of changes made elsewhere, from the moment that they were made.
    pub old_elsewhere: u64,
    pub longest_elsewhere: u64,
    /// Changes made here whose old state was still shown [`LOST_AFTER`] after the answer.
    pub lost: u64,
    pub read_latencies: Vec<u64>,
    pub write_latencies: Vec<u64>,
}

impl Outcome {
    pub fn queries_per_minute(&self, setting: &Setting) -> f64 {
        self.queries as f64 * 60_000.0 / setting.length as f64
    }
}

/// Of a hundred, the one at this place by size.
pub fn percentile(values: &[u64], percent: usize) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or(0)
}

/// A change that is not in a list so long after its answer is lost: only a time to live brings it.
pub const LOST_AFTER: u64 = 5_000;
/// From a place to the cache, or back.
pub const MESSAGE: u64 = 10;
/// Upstream tells of what was made elsewhere so much later.
pub const WORD_TAKES: u64 = 200;
/// The statuses that are polled.
pub const BUSY: Status = 3;
/// A page, and what is read upstream at once: so an order that leaves a page leaves no hole.
pub const PAGE: usize = 20;
const READING: usize = 50;
pub const ORDERS: usize = 400;
pub const PLACES: usize = 4;
const WARM_UP: u64 = 60_000;
const T0: u64 = 1_000_000;
/// A list is read ahead so long before its time is over.
const EAGER: u64 = 5_000;

fn board_policy(setting: &Setting) -> BoardPolicy {
    let policy = Policy {
        fresh: setting.ttl,
        eager: EAGER,
        stale_while_revalidate: 0,
        stale_if_error: 300_000,
    };
    BoardPolicy {
        lists: policy,
        pages: policy,
        details: policy,
        flight: FlightPolicy {
            deadline: 25_000,
            backoff: Backoff {
                base: 1_000,
                max: 8_000,
            },
        },
        late_after: 1_000,
        lease: 250,
        grace: 1_000,
        change_deadline: 30_000,
        remember: 60_000,
        most_changes: 5_000,
        most_of_group: 500,
        most_pages: 100,
        most_details: 100,
    }
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Poll(usize),
    ReadArrives(usize),
    ReadEnds(usize),
    /// A list query has ended: which one.
    Queried(usize),
    Change,
    Announced(usize),
    Commit(usize),
    /// The cache hears what came of it.
    Heard(usize),
    /// The writer is answered.
    Answered(usize),
    /// The cache hears of a change made elsewhere.
    Word(Order, Status),
}

struct Read {
    operator: usize,
    status: Status,
    began: u64,
    arrival: Option<Arrival>,
    shown: Rc<Vec<Order>>,
    /// A copy may be served for so long.
    lease: Option<u64>,
}

struct Query {
    status: Status,
    load: Option<(Load, Ticket)>,
    began: u64,
    moment: u64,
    waiting: Vec<usize>,
}

struct Write {
    key: Key,
    from: Order,
    to: Status,
    began: u64,
    is_elsewhere: bool,
    made: Option<Order>,
}

/// A list as it is kept by all but ours.
#[derive(Clone)]
struct Kept {
    entries: Vec<Order>,
    read_at: u64,
    /// Somebody reads it ahead.
    is_due: bool,
}

/// A page that may be shown until a moment.
struct Copy {
    shown: Rc<Vec<Order>>,
    until: u64,
}

struct World<'a> {
    design: Design,
    setting: &'a Setting,
    rng: Rng,
    now: u64,
    queue: Queue<Event>,
    upstream: Upstream,
    kept: FxHashMap<Status, Kept>,
    board: Board<Story, Name>,
    /// On lease, of each place.
    copies: FxHashMap<(usize, Status), Copy>,
    reads: Vec<Read>,
    queries: Vec<Query>,
    /// The query that may be joined.
    under_way: FxHashMap<Status, usize>,
    writes: Vec<Write>,
    /// Of each order the changes that were answered: number, moment, whether elsewhere, and where to.
    answered: Vec<Vec<(u64, u64, bool, Status)>>,
    lost: BTreeSet<u64>,
    outcome: Outcome,
}

/// Plays one design.
pub fn run(design: Design, setting: &Setting) -> Outcome {
    let mut rng = Rng::with_seed(setting.seed);
    let mut upstream = Upstream::default();
    for _ in 0..ORDERS {
        let mut order = upstream.create(None, 0, 0);
        for _ in 0..rng.u32(0..6) {
            let moves = MOVES[usize::from(order.status)];
            let to = moves[rng.usize(0..moves.len())];
            order = upstream
                .change(order.key, order.version, to, 0)
                .unwrap_or(order);
        }
    }
    let board = Board::new(
        board_policy(setting),
        Saved::default(),
        [],
        [],
        UnixMillis(T0),
    );
    let mut world = World {
        design,
        setting,
        rng,
        now: T0,
        queue: Queue::default(),
        upstream,
        kept: FxHashMap::default(),
        board,
        copies: FxHashMap::default(),
        reads: Vec::new(),
        queries: Vec::new(),
        under_way: FxHashMap::default(),
        writes: Vec::new(),
        answered: vec![Vec::new(); ORDERS],
        lost: BTreeSet::new(),
        outcome: Outcome::default(),
    };
    // The load is drawn first: it is the same for all.
    let end = T0 + WARM_UP + setting.length;
    let mut at = T0;
    while at < end {
        let pause = 1_000 / setting.changes_per_second.max(1);
        at += world.rng.u64(1..=2 * pause.max(1));
        world.queue.push(at, Event::Change);
    }
    for operator in 0..setting.operators {
        let mut at = T0 + world.rng.u64(0..setting.poll_every);
        while at < end {
            world.queue.push(at, Event::Poll(operator));
            at += setting.poll_every;
        }
    }
    while let Some((at, event)) = world.queue.pop() {
        if at >= end {
            break;
        }
        world.now = at;
        world.step(event);
    }
    world.outcome.lost = world.lost.len() as u64;
    world.outcome
}

impl World<'_> {
    fn after(&mut self, ms: u64, event: Event) {
        self.queue.push(self.now + ms, event);
    }

    fn is_counted(&self) -> bool {
        self.now >= T0 + WARM_UP
    }

    fn board_now(&self) -> UnixMillis {
        UnixMillis(self.now)
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Poll(operator) => {
                for status in 0..BUSY {
                    self.read(operator, status);
                }
            }
            Event::ReadArrives(read) => self.read_arrives(read),
            Event::ReadEnds(read) => self.read_ends(read),
            Event::Queried(query) => self.queried(query),
            Event::Change => self.change(),
            Event::Announced(write) => self.announced(write),
            Event::Commit(write) => self.commit(write),
            Event::Heard(write) => self.heard(write),
            Event::Answered(write) => self.answered(write),
            Event::Word(order, from) => self.word(order, from),
        }
    }

    fn read(&mut self, operator: usize, status: Status) {
        let read = self.reads.len();
        let shown = Rc::new(Vec::new());
        self.reads.push(Read {
            operator,
            status,
            began: self.now,
            arrival: None,
            shown,
            lease: None,
        });
        if self.design == Design::NoCache {
            self.query(status, Some(read), None);
            return;
        }
        if let Some(copy) = self.copies.get(&(operator % PLACES, status))
            && self.now < copy.until
        {
            self.reads[read].shown = Rc::clone(&copy.shown);
            self.read_ends(read);
            return;
        }
        self.after(MESSAGE, Event::ReadArrives(read));
    }

    fn read_arrives(&mut self, read: usize) {
        if self.design == Design::Board {
            self.reads[read].arrival = Some(self.board.arrive());
            self.look(read);
            return;
        }
        let status = self.reads[read].status;
        let ttl = self.setting.ttl;
        let (now, ahead) = (self.now, self.design == Design::RefreshAhead);
        if let Some(kept) = self.kept.get_mut(&status)
            && now < kept.read_at + ttl
        {
            self.reads[read].shown = Rc::new(kept.entries.iter().take(PAGE).copied().collect());
            let is_due = ahead && now + EAGER >= kept.read_at + ttl;
            let asks = is_due && !std::mem::replace(&mut kept.is_due, true);
            self.after(MESSAGE, Event::ReadEnds(read));
            if asks {
                self.query(status, None, None);
            }
            return;
        }
        match self.under_way.get(&status) {
            Some(&query) if self.design != Design::Invalidation => {
                self.queries[query].waiting.push(read);
            }
            _ => self.query(status, Some(read), None),
        }
    }

    /// A list query of upstream begins, for somebody or for nobody.
    fn query(&mut self, status: Status, read: Option<usize>, load: Option<(Load, Ticket)>) {
        self.outcome.queries += u64::from(self.is_counted());
        let query = self.queries.len();
        self.queries.push(Query {
            status,
            load,
            began: self.now,
            moment: self.now + self.rng.u64(0..=self.setting.list_takes),
            waiting: read.into_iter().collect(),
        });
        self.under_way.insert(status, query);
        self.after(self.setting.list_takes, Event::Queried(query));
    }

    fn queried(&mut self, query: usize) {
        let of = &mut self.queries[query];
        let waiting = std::mem::take(&mut of.waiting);
        let (status, moment, began) = (of.status, of.moment, of.began);
        if let Some((load, ticket)) = of.load.take() {
            self.landed(&load, ticket, began, moment, waiting);
            return;
        }
        let as_of = self.upstream.as_of(moment);
        let reading = self
            .upstream
            .list(|order| order.status == status, None, READING, as_of);
        if self.under_way.get(&status) == Some(&query) {
            self.under_way.remove(&status);
        }
        let page: Rc<Vec<Order>> = Rc::new(reading.entries.iter().take(PAGE).copied().collect());
        if self.design != Design::NoCache {
            let kept = Kept {
                entries: reading.entries,
                read_at: self.now,
                is_due: false,
            };
            self.kept.insert(status, kept);
        }
        for read in waiting {
            self.reads[read].shown = Rc::clone(&page);
            if self.design == Design::NoCache {
                self.read_ends(read);
            } else {
                self.after(MESSAGE, Event::ReadEnds(read));
            }
        }
    }

    fn read_ends(&mut self, read: usize) {
        let of = &self.reads[read];
        if let Some(lease) = of.lease {
            let copy = Copy {
                shown: Rc::clone(&of.shown),
                until: of.began + lease,
            };
            self.copies.insert((of.operator % PLACES, of.status), copy);
        }
        if of.began < T0 + WARM_UP {
            return;
        }
        self.outcome.reads += 1;
        self.outcome.read_latencies.push(self.now - of.began);
        self.judge(read);
    }

    /// Whether it shows an old state, and how old that is.
    fn judge(&mut self, read: usize) {
        let of = &self.reads[read];
        let (began, status, shown) = (of.began, of.status, Rc::clone(&of.shown));
        let last = shown.last().filter(|_| shown.len() == PAGE);
        let (mut old, mut elsewhere) = (None, None);
        for (key, changes) in self.answered.iter().enumerate() {
            let known = changes.iter().rev().find(|change| change.1 <= began);
            let Some(&(_, _, _, to)) = known else {
                continue;
            };
            let entry = shown.iter().find(|order| usize::from(order.key) == key);
            let missed = match entry {
                Some(entry) => changes
                    .iter()
                    .find(|(version, at, ..)| *version > entry.version && *at <= began),
                // It is there, and ought to have been shown.
                None => {
                    let order = self.upstream.last(key as Key).order;
                    let is_there =
                        to == status && known.map(|known| known.0) == Some(order.version);
                    let is_within = last.is_none_or(|last| order.rank > last.rank);
                    known.filter(|_| is_there && is_within)
                }
            };
            if let Some(&(version, at, is_elsewhere, _)) = missed {
                let age = began - at;
                let oldest = if is_elsewhere {
                    &mut elsewhere
                } else {
                    &mut old
                };
                *oldest = (*oldest).max(Some(age));
                if !is_elsewhere && age >= LOST_AFTER {
                    self.lost.insert(version);
                }
            }
        }
        let outcome = &mut self.outcome;
        outcome.old += u64::from(old.is_some());
        outcome.longest_old = outcome.longest_old.max(old.unwrap_or(0));
        outcome.old_elsewhere += u64::from(elsewhere.is_some());
        outcome.longest_elsewhere = outcome.longest_elsewhere.max(elsewhere.unwrap_or(0));
    }

    /// Somebody moves an order, here or elsewhere.
    fn change(&mut self) {
        // What chance decides depends on nothing that a design does.
        let mut rng = Rng::with_seed(self.setting.seed ^ self.now);
        let key = rng.u16(0..ORDERS as u16);
        let from = self.upstream.last(key).order;
        let moves = MOVES[usize::from(from.status)];
        let write = self.writes.len();
        self.writes.push(Write {
            key,
            from,
            to: moves[rng.usize(0..moves.len())],
            began: self.now,
            is_elsewhere: rng.u32(0..100) < self.setting.elsewhere,
            made: None,
        });
        if self.design == Design::Board && !self.writes[write].is_elsewhere {
            self.after(MESSAGE, Event::Announced(write));
        } else {
            self.after(self.setting.write_takes, Event::Commit(write));
        }
    }

    fn announced(&mut self, write: usize) {
        let of = &self.writes[write];
        let doubt = Doubt {
            key: of.key,
            to: of.to,
            since: self.board_now(),
        };
        self.board.announce(Mark(write as u64), doubt);
        self.after(MESSAGE + self.setting.write_takes, Event::Commit(write));
    }

    fn commit(&mut self, write: usize) {
        let of = &self.writes[write];
        let (key, from, to, is_elsewhere) = (of.key, of.from, of.to, of.is_elsewhere);
        let made = self.upstream.change(key, from.version, to, self.now);
        self.writes[write].made = made;
        let Some(order) = made else {
            // Somebody else was quicker.
            if self.design == Design::Board && !is_elsewhere {
                self.after(MESSAGE, Event::Heard(write));
            }
            return;
        };
        self.outcome.changes += u64::from(self.is_counted());
        if !is_elsewhere {
            let ms = if self.design == Design::NoCache {
                0
            } else {
                MESSAGE
            };
            self.after(ms, Event::Heard(write));
            return;
        }
        self.answered[usize::from(key)].push((order.version, self.now, true, to));
        let mut rng = Rng::with_seed(self.setting.seed ^ order.version);
        if rng.u32(0..100) >= self.setting.lost_words {
            self.after(WORD_TAKES, Event::Word(order, from.status));
        }
    }

    fn heard(&mut self, write: usize) {
        let of = &self.writes[write];
        let (made, from) = (of.made, of.from);
        let ms = match self.design {
            Design::NoCache => 0,
            Design::Board => {
                let now = self.board_now();
                let from_version = made.map(|_| from.version);
                let wait = self
                    .board
                    .settle(Mark(write as u64), made, from_version, now);
                wait + MESSAGE
            }
            _ => {
                if let Some(order) = made {
                    self.word(order, from.status);
                }
                MESSAGE
            }
        };
        self.after(ms, Event::Answered(write));
    }

    fn answered(&mut self, write: usize) {
        let of = &self.writes[write];
        let Some(order) = of.made else {
            return;
        };
        let latency = self.now - of.began;
        let changes = &mut self.answered[usize::from(order.key)];
        changes.push((order.version, self.now, false, order.status));
        changes.sort_unstable();
        if self.is_counted() {
            self.outcome.write_latencies.push(latency);
        }
    }

    /// The cache hears of a change.
    fn word(&mut self, order: Order, from: Status) {
        match self.design {
            Design::NoCache | Design::Ttl | Design::RefreshAhead => {}
            Design::Invalidation | Design::InvalidationOneReads => {
                self.kept.remove(&from);
                self.kept.remove(&order.status);
            }
            Design::WriteThrough => self.write_through(order),
            Design::Board => {
                let now = self.board_now();
                self.board.told(order, now);
            }
        }
    }

    fn write_through(&mut self, order: Order) {
        for (status, kept) in &mut self.kept {
            kept.entries.retain(|other| other.key != order.key);
            let end = kept.entries.last().map_or(0, |last| last.rank);
            if *status == order.status && order.rank >= end {
                let place = kept
                    .entries
                    .partition_point(|other| other.rank > order.rank);
                kept.entries.insert(place, order);
            }
        }
        // What is not a page any more is read again.
        self.kept.retain(|_, kept| kept.entries.len() >= PAGE);
    }

    fn look(&mut self, read: usize) {
        let of = &self.reads[read];
        let (status, now) = (of.status, self.board_now());
        let Some(arrival) = of.arrival else {
            return;
        };
        let query = ListQuery {
            groups: vec![status],
            name: usize::from(status),
            is_rare: false,
            below: None,
            limit: PAGE,
        };
        match self
            .board
            .list(&query, |order| order.status == status, arrival, false, now)
        {
            Look::Here(list) => {
                let lease = self.board.lease(now);
                let of = &mut self.reads[read];
                of.shown = Rc::new(list.entries);
                of.lease = lease;
                self.after(MESSAGE, Event::ReadEnds(read));
                if let Some(load) = list.ahead {
                    self.ask(load, status, None);
                }
            }
            Look::Absent(load) => self.ask(load, status, Some(read)),
            // Nothing is late here, so nothing is in doubt.
            Look::Doubt(_) => self.after(1, Event::ReadArrives(read)),
        }
    }

    fn ask(&mut self, load: Load, status: Status, read: Option<usize>) {
        let class = if read.is_some() {
            Class::Waiting
        } else {
            Class::Background
        };
        match self.board.ask(&load, class, self.board_now()) {
            Ask::Begin(ticket) => self.query(status, read, Some((load, ticket))),
            _ => {
                if let (Some(read), Some(&query)) = (read, self.under_way.get(&status)) {
                    self.queries[query].waiting.push(read);
                }
            }
        }
    }

    fn landed(
        &mut self,
        load: &Load,
        ticket: Ticket,
        began: u64,
        moment: u64,
        waiting: Vec<usize>,
    ) {
        let as_of = self.upstream.as_of(moment);
        if let Some(reading) = self.upstream.entries(load, READING, as_of) {
            let vanished = self.board.vanished(load, &reading);
            // By their names, which takes no list query; at the same moment.
            let last = self.upstream.changes();
            let found = vanished
                .iter()
                .filter_map(|key| self.upstream.state(*key, last))
                .map(|story| story.order)
                .collect();
            let loaded = Loaded::Entries {
                reading,
                vanished,
                found,
            };
            let now = self.board_now();
            let begun = UnixMillis(began);
            let random = self.rng.f64();
            self.board
                .land(load, ticket, begun, Some(loaded), now, random);
        }
        for read in waiting {
            self.look(read);
        }
    }
}
