//! The one object that holds the board, as the Worker's does: it saves before it answers, reads upstream for those who wait,
//! and may die at any moment.

use std::{collections::BTreeMap, rc::Rc};

use fastrand::Rng;
use swr::{
    Ask, Class, Ticket, UnixMillis,
    board::{Arrival, Board, BoardPolicy, Doubt, Landed, Loaded, Look, Mark, Reading, Saved},
};

use super::{
    order::{Key, Load, Name, Order, QUERIES, Rank, Status, Story},
    upstream::Call,
    world::{Answer, BEGINNING, Event, Reply, Shown, Want, World, by_clock, tell},
};

/// So often a reader looks again, before he takes what there is.
const ROUNDS: u32 = 3;
/// And for so long.
const PATIENCE: u64 = 8_000;
const TICK: u64 = 1_000;

/// What survives the object.
#[derive(Default)]
pub struct Store {
    saved: Saved<Status, Rank>,
    entries: BTreeMap<Key, Order>,
    pub doubts: BTreeMap<Mark, Doubt<Key, Status>>,
}

pub struct Holder {
    pub board: Board<Story, Name>,
    pub store: Store,
    pub incarnation: u32,
    offset: i64,
    runs: Vec<Run>,
    questions: Vec<Question>,
    healings: Vec<Healing>,
    /// The healing under way.
    healing: Option<usize>,
    /// For the next: the orders, and who waits for them.
    to_heal: (Vec<Key>, Vec<usize>),
    /// Up to which change the last count knew, and which changes were ever told the board: counted here.
    pub counted_as_of: u64,
    pub told: Vec<bool>,
}

/// One reading of upstream.
struct Run {
    load: Load,
    incarnation: u32,
    ticket: Ticket,
    begun: UnixMillis,
    began: u64,
    /// What it brings is from this moment; `None` if it fails.
    moment: Option<u64>,
    reading: Option<Reading<Order>>,
    vanished: Vec<Key>,
    waiting: Vec<usize>,
    is_over: bool,
    rng: Rng,
}

/// A reader who has come to the board.
struct Question {
    read: usize,
    incarnation: u32,
    arrival: Arrival,
    rounds: u32,
    on_error: bool,
    is_promised: bool,
    is_answered: bool,
    rng: Rng,
}

/// A reading of orders that are in doubt.
struct Healing {
    keys: Vec<Key>,
    waiting: Vec<usize>,
    incarnation: u32,
    began: Arrival,
    began_at: UnixMillis,
    moment: Option<u64>,
}

impl Holder {
    pub fn new(policy: BoardPolicy, offset: i64, now: UnixMillis) -> Self {
        Self {
            board: Board::new(policy, Saved::default(), [], [], now),
            store: Store::default(),
            incarnation: 0,
            offset,
            runs: Vec::new(),
            questions: Vec::new(),
            healings: Vec::new(),
            healing: None,
            to_heal: (Vec::new(), Vec::new()),
            counted_as_of: 0,
            told: Vec::new(),
        }
    }

    /// The board was told of this change, whichever way.
    fn is_told(&mut self, version: u64) {
        let index = version as usize;
        if self.told.len() <= index {
            self.told.resize(index + 1, false);
        }
        self.told[index] = true;
    }

    /// The moment by the right clock.
    fn right(&self, at: UnixMillis) -> u64 {
        at.0.saturating_add_signed(-self.offset) - BEGINNING
    }
}

impl World<'_> {
    pub fn board_now(&self) -> UnixMillis {
        by_clock(self.now, self.holder.offset)
    }

    /// Before anything that the board has said leaves the object.
    fn save(&mut self) {
        let unsaved = self.holder.board.take_unsaved();
        let store = &mut self.holder.store;
        if let Some((epoch, greatest)) = unsaved.progress {
            if epoch < store.saved.epoch || greatest < store.saved.greatest {
                self.broken_progress();
                return;
            }
            (store.saved.epoch, store.saved.greatest) = (epoch, greatest);
        }
        if let Some(spans) = unsaved.spans {
            store.saved.spans = spans;
        }
        for (key, entry) in unsaved.entries {
            match entry {
                Some(entry) => store.entries.insert(key, entry),
                None => store.entries.remove(&key),
            };
        }
        self.check_bounds();
    }

    fn broken_progress(&mut self) {
        self.break_with("1: the board goes back to an earlier epoch".into());
    }

    fn check_bounds(&mut self) {
        let policy = &self.schedule.policy;
        let mut of_group = [0; 5];
        for entry in self.holder.store.entries.values() {
            of_group[usize::from(entry.status)] += 1;
        }
        let held = self.holder.board.held();
        let is_bounded = of_group.iter().all(|&n| n <= policy.most_of_group)
            && held.changes <= policy.most_changes
            && held.pages <= policy.most_pages
            && held.details <= policy.most_details
            && held.entries == self.holder.store.entries.len();
        if !is_bounded {
            self.break_with(format!("8: {held:?}, of each status {of_group:?}"));
        }
    }

    /// The object dies; with `thrown_away`, so do the orders that it had saved.
    pub fn evict(&mut self, thrown_away: bool) {
        self.tally.evictions += 1;
        let now = self.board_now();
        let holder = &mut self.holder;
        holder.incarnation += 1;
        holder.healing = None;
        holder.to_heal = (Vec::new(), Vec::new());
        let store = &mut holder.store;
        if thrown_away {
            store.entries.clear();
            store.saved.spans.clear();
        }
        holder.board = Board::new(
            self.schedule.policy,
            store.saved.clone(),
            store.entries.values().copied(),
            store.doubts.iter().map(|(mark, doubt)| (*mark, *doubt)),
            now,
        );
        holder.counted_as_of = u64::MAX;
        self.save();
        // Whoever had asked the one that died asks again.
        let died = self.holder.incarnation - 1;
        let unanswered: Vec<usize> = (0..self.holder.questions.len())
            .rev()
            .take_while(|&question| self.holder.questions[question].incarnation == died)
            .filter(|&question| !self.holder.questions[question].is_answered)
            .collect();
        for question in unanswered {
            let of = &self.holder.questions[question];
            let (read, mut rng) = (of.read, of.rng.clone());
            self.message(&mut rng, Event::QuestionArrives(read));
        }
    }

    /// The alarm: what is overdue is read; and the board is looked at.
    pub fn tick(&mut self) {
        let now = self.board_now();
        let overdue = self.holder.board.overdue(now);
        if !overdue.is_empty() && self.holder.healing.is_none() {
            self.heal(overdue, Vec::new());
        }
        self.check_board();
        if self.time() + TICK < self.schedule.end {
            self.send(TICK, Event::Tick);
        }
    }

    pub fn question_arrives(&mut self, read: usize) {
        let arrival = self.holder.board.arrive();
        let rng = Rng::with_seed(self.reads[read].rng.u64(..));
        let question = self.holder.questions.len();
        self.holder.questions.push(Question {
            read,
            incarnation: self.holder.incarnation,
            arrival,
            rounds: 0,
            on_error: false,
            is_promised: false,
            is_answered: false,
            rng,
        });
        self.look(question);
    }

    /// A reader looks at the board, for the first time or again.
    pub fn look(&mut self, question: usize) {
        let of = &self.holder.questions[question];
        if of.is_answered || of.incarnation != self.holder.incarnation {
            return;
        }
        let now = self.board_now();
        loop {
            let of = &self.holder.questions[question];
            let (arrival, on_error) = (of.arrival, of.on_error);
            let want = self.reads[of.read].want;
            let board = &mut self.holder.board;
            let absent = match want {
                Want::List(name, below) => {
                    let query = &QUERIES[name];
                    let list = query.list(name, below);
                    let matches = |order: &Order| query.matches(order);
                    match board.list(&list, matches, arrival, on_error, now) {
                        Look::Here(list) => {
                            let answer = Answer {
                                shown: Shown::List {
                                    entries: list.entries,
                                    next: list.next,
                                },
                                is_stale: list.stale,
                                is_in_doubt: list.in_doubt,
                                read_at: self.holder.right(list.read_at),
                                made_at: self.now,
                            };
                            if let Some(load) = list.ahead {
                                self.read_ahead(&load);
                            }
                            return self.reply(question, Some(answer));
                        }
                        Look::Doubt(keys) => return self.wait_for_healing(question, keys),
                        Look::Absent(load) => load,
                    }
                }
                Want::Detail(key) => match board.detail(key, arrival, on_error, now) {
                    Look::Here(known) => {
                        let answer = Answer {
                            shown: Shown::Detail(known.detail),
                            is_stale: known.stale,
                            is_in_doubt: known.in_doubt,
                            read_at: self.holder.right(known.read_at),
                            made_at: self.now,
                        };
                        return self.reply(question, Some(answer));
                    }
                    Look::Doubt(keys) => return self.wait_for_healing(question, keys),
                    Look::Absent(load) => load,
                },
                Want::Counts => {
                    let count = board.counts(now);
                    self.tally.counts += 1;
                    if let Some(counts) = count.by_group {
                        self.check_counts(&counts, count.is_certain);
                        if count.is_due {
                            self.read_ahead(&Load::Counts);
                        }
                        let answer = Answer {
                            shown: Shown::Counts,
                            is_stale: false,
                            is_in_doubt: false,
                            read_at: self.now,
                            made_at: self.now,
                        };
                        return self.reply(question, Some(answer));
                    }
                    Load::Counts
                }
            };
            if on_error {
                return self.reply(question, None);
            }
            match self.holder.board.ask(&absent, Class::Waiting, now) {
                Ask::Begin(ticket) => {
                    self.begin_load(absent, ticket, Some(question));
                    return self.promise(question);
                }
                Ask::Join { .. } => {
                    let incarnation = self.holder.incarnation;
                    let run = self.holder.runs.iter_mut().rev().find(|run| {
                        run.incarnation == incarnation && run.load == absent && !run.is_over
                    });
                    match run {
                        Some(run) if run.waiting.contains(&question) => {}
                        Some(run) => run.waiting.push(question),
                        None => self.break_with(format!("5: nobody reads {absent:?}")),
                    }
                    return self.promise(question);
                }
                Ask::BackOff { .. } => self.holder.questions[question].on_error = true,
                Ask::Enough => return self.break_with("5: there is no copy to be enough".into()),
            }
        }
    }

    /// The first word: he is to wait.
    fn promise(&mut self, question: usize) {
        let of = &mut self.holder.questions[question];
        if !std::mem::replace(&mut of.is_promised, true) {
            let (read, mut rng) = (of.read, of.rng.clone());
            self.message(&mut rng, Event::FirstWord(read));
            self.holder.questions[question].rng = rng;
            let now = self.now;
            let until = self.reads[read].waits_until.get_or_insert(now + PATIENCE);
            let left = until.saturating_sub(now);
            self.send(left, Event::PatienceEnds(question));
            let late = self.schedule.policy.late_after;
            self.send(late, Event::LooksAgain(question));
        }
    }

    /// Whatever is known is good enough for him now.
    pub fn patience_ends(&mut self, question: usize) {
        self.holder.questions[question].on_error = true;
        self.look(question);
    }

    fn reply(&mut self, question: usize, answer: Option<Answer>) {
        self.holder.questions[question].is_answered = true;
        self.save();
        let now = self.board_now();
        let lease = match &answer {
            Some(_) => self.holder.board.lease(now),
            None => None,
        };
        let reply = Reply {
            answer: answer.map(Rc::new),
            epoch: self.holder.board.epoch(),
            lease,
        };
        let of = &self.holder.questions[question];
        let (read, mut rng) = (of.read, of.rng.clone());
        self.message(&mut rng, Event::ReplyArrives(read, Rc::new(reply)));
    }

    fn read_ahead(&mut self, load: &Load) {
        let now = self.board_now();
        if let Ask::Begin(ticket) = self.holder.board.ask(load, Class::Background, now) {
            self.begin_load(load.clone(), ticket, None);
        }
    }

    fn begin_load(&mut self, load: Load, ticket: Ticket, question: Option<usize>) {
        self.tally.loads += 1;
        tell!(self, "board reads {load:?}");
        let (incarnation, deadline) = (
            self.holder.incarnation,
            self.schedule.policy.flight.deadline,
        );
        let is_second = self.holder.runs.iter().any(|run| {
            run.load == load
                && run.incarnation == incarnation
                && !run.is_over
                && self.now - run.began < deadline
        });
        if is_second {
            self.break_with(format!("5: {load:?} is read twice at once"));
        }
        let waiting: Vec<usize> = question.into_iter().collect();
        // Chance of its own, that depends on nothing but the moment and what is read.
        let mut rng =
            Rng::with_seed(self.schedule.seed ^ (self.now << 20) ^ self.holder.runs.len() as u64);
        let (after, moment) = self.call(&mut rng, true);
        let run = self.holder.runs.len();
        self.holder.runs.push(Run {
            load,
            incarnation,
            ticket,
            begun: self.board_now(),
            began: self.now,
            moment,
            reading: None,
            vanished: Vec::new(),
            waiting,
            is_over: false,
            rng,
        });
        self.send(after, Event::LoadEnds(run));
    }

    /// A reading of upstream: how long it takes, and from which moment is what it brings.
    fn call(&mut self, rng: &mut Rng, may_lag: bool) -> (u64, Option<u64>) {
        let timeout = self.schedule.fetch_timeout;
        match self.weather.call(rng) {
            Call::Done(moment, takes) if takes <= timeout => {
                let lag = if may_lag && self.schedule.lag > 0 {
                    rng.u64(0..=self.schedule.lag)
                } else {
                    0
                };
                (takes, Some(self.now + moment - lag))
            }
            Call::Failed(takes) => (takes, None),
            _ => (timeout, None),
        }
    }

    pub fn load_ends(&mut self, run: usize) {
        let of = &self.holder.runs[run];
        if of.incarnation != self.holder.incarnation {
            return;
        }
        let Some(moment) = of.moment else {
            return self.land(run, None);
        };
        let as_of = self.upstream.as_of(moment);
        let loaded = match &of.load {
            Load::Counts => Loaded::Counts {
                as_of,
                by_group: self.upstream.counts(as_of),
            },
            Load::Detail(key) => Loaded::Detail {
                as_of,
                detail: self.upstream.state(*key, as_of).copied(),
            },
            Load::Part(_) | Load::Page(..) => {
                let limit = self.schedule.load_limit;
                let Some(reading) = self.upstream.entries(&of.load, limit, as_of) else {
                    return;
                };
                let vanished = self.holder.board.vanished(&of.load, &reading);
                if !vanished.is_empty() {
                    self.tally.vanished += 1;
                    let of = &mut self.holder.runs[run];
                    of.reading = Some(reading);
                    of.vanished = vanished;
                    let mut rng = of.rng.clone();
                    // By their names orders are read where they are written.
                    let (after, moment) = self.call(&mut rng, false);
                    self.holder.runs[run].moment = moment;
                    self.holder.runs[run].rng = rng;
                    return self.send(after, Event::VanishedRead(run));
                }
                Loaded::Entries {
                    reading,
                    vanished: Vec::new(),
                    found: Vec::new(),
                }
            }
        };
        self.land(run, Some(loaded));
    }

    pub fn vanished_read(&mut self, run: usize) {
        let of = &mut self.holder.runs[run];
        if of.incarnation != self.holder.incarnation {
            return;
        }
        let (Some(moment), Some(reading)) = (of.moment, of.reading.take()) else {
            return self.land(run, None);
        };
        let vanished = std::mem::take(&mut of.vanished);
        let found = self.found(&vanished, moment);
        let loaded = Loaded::Entries {
            reading,
            vanished,
            found,
        };
        self.land(run, Some(loaded));
    }

    fn found(&self, keys: &[Key], moment: u64) -> Vec<Order> {
        let as_of = self.upstream.as_of(moment);
        keys.iter()
            .filter_map(|key| self.upstream.state(*key, as_of))
            .map(|story| story.order)
            .collect()
    }

    fn land(&mut self, run: usize, loaded: Option<Loaded<Story>>) {
        let now = self.board_now();
        let of = &mut self.holder.runs[run];
        of.is_over = true;
        let random = of.rng.f64();
        let waiting = std::mem::take(&mut of.waiting);
        let (load, ticket, begun) = (of.load.clone(), of.ticket, of.begun);
        tell!(self, "board has read {load:?}: {loaded:?}");
        let counted = match &loaded {
            Some(Loaded::Counts { as_of, .. }) => Some(*as_of),
            _ => None,
        };
        let told: Vec<u64> = match &loaded {
            Some(Loaded::Entries { reading, found, .. }) => {
                let orders = reading.entries.iter().chain(found);
                orders.map(|order| order.version).collect()
            }
            Some(Loaded::Detail {
                detail: Some(detail),
                ..
            }) => vec![detail.order.version],
            _ => Vec::new(),
        };
        let landed = self
            .holder
            .board
            .land(&load, ticket, begun, loaded, now, random);
        match landed {
            Landed::Kept => {
                for version in told {
                    self.holder.is_told(version);
                }
                if let Some(as_of) = counted {
                    self.holder.counted_as_of = as_of;
                }
            }
            Landed::Outdated => self.tally.outdated += 1,
            Landed::Failed => {}
        }
        self.save();
        self.look_again(waiting);
    }

    fn look_again(&mut self, waiting: Vec<usize>) {
        for question in waiting {
            let of = &mut self.holder.questions[question];
            of.rounds += 1;
            of.on_error |= of.rounds >= ROUNDS;
            self.look(question);
        }
    }

    fn wait_for_healing(&mut self, question: usize, keys: Vec<Key>) {
        self.promise(question);
        if self.holder.healing.is_none() {
            return self.heal(keys, vec![question]);
        }
        let (to_heal, waiting) = &mut self.holder.to_heal;
        to_heal.extend(keys);
        to_heal.sort_unstable();
        to_heal.dedup();
        waiting.push(question);
    }

    /// Orders in doubt are read, for those who have come by now.
    fn heal(&mut self, keys: Vec<Key>, waiting: Vec<usize>) {
        self.tally.healings += 1;
        tell!(self, "board heals {keys:?}");
        let mut rng = Rng::with_seed(
            self.schedule.seed ^ (self.now << 21) ^ self.holder.healings.len() as u64,
        );
        let (after, moment) = self.call(&mut rng, false);
        let healing = self.holder.healings.len();
        let began = self.holder.board.arrive();
        self.holder.healings.push(Healing {
            keys,
            waiting,
            incarnation: self.holder.incarnation,
            began,
            began_at: self.board_now(),
            moment,
        });
        self.holder.healing = Some(healing);
        self.send(after, Event::HealingEnds(healing));
    }

    pub fn healing_ends(&mut self, healing: usize) {
        let now = self.board_now();
        let of = &mut self.holder.healings[healing];
        if of.incarnation != self.holder.incarnation {
            return;
        }
        let waiting = std::mem::take(&mut of.waiting);
        let keys = std::mem::take(&mut of.keys);
        let (began, began_at, moment) = (of.began, of.began_at, of.moment);
        self.holder.healing = None;
        match moment {
            Some(moment) => {
                let found = self.found(&keys, moment);
                tell!(self, "board has healed {found:?}");
                let over = self
                    .holder
                    .board
                    .healed(&keys, found.clone(), began, began_at, now);
                for order in found {
                    self.holder.is_told(order.version);
                }
                for mark in over {
                    self.holder.store.doubts.remove(&mark);
                }
                self.save();
            }
            None => {
                for &question in &waiting {
                    self.holder.questions[question].on_error = true;
                }
            }
        }
        let (keys, next) = std::mem::take(&mut self.holder.to_heal);
        if !next.is_empty() {
            self.heal(keys, next);
        }
        self.look_again(waiting);
    }

    pub fn announced(&mut self, mark: Mark, key: Key, to: Status) {
        let doubt = Doubt {
            key,
            to,
            since: self.board_now(),
        };
        self.holder.board.announce(mark, doubt);
        self.holder.store.doubts.insert(mark, doubt);
    }

    /// For how long the writer is to wait.
    pub fn settled(&mut self, mark: Mark, entry: Option<Order>, from_version: Option<u64>) -> u64 {
        let now = self.board_now();
        let wait = self.holder.board.settle(mark, entry, from_version, now);
        self.holder.store.doubts.remove(&mark);
        if let Some(entry) = entry {
            self.holder.is_told(entry.version);
        }
        self.save();
        wait
    }

    pub fn webhook(&mut self, order: Order) {
        self.tally.webhooks += 1;
        let now = self.board_now();
        let (is_news, _) = self.holder.board.told(order, now);
        tell!(self, "board is told {order:?}, news: {is_news}");
        self.holder.is_told(order.version);
        self.save();
    }

    /// The statuses' first orders, at this moment, as far as the board knows them.
    pub fn first_pages(&mut self) -> Vec<Vec<Order>> {
        let now = self.board_now();
        let mut pages = Vec::new();
        for (name, query) in QUERIES.iter().enumerate() {
            if query.groups.len() > 1 {
                continue;
            }
            let board = &mut self.holder.board;
            let arrival = board.arrive();
            let list = query.list(name, None);
            if let Look::Here(list) = board.list(&list, |_| true, arrival, true, now) {
                pages.push(list.entries);
            }
        }
        pages
    }
}
