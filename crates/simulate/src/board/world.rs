//! The world around one board: readers in places, writers, upstream, and the messages between them, in virtual time.

use std::rc::Rc;

use fastrand::Rng;
use swr::{Epoch, UnixMillis};

use super::{
    holder::Holder,
    order::{Key, MOVES, Name, Order, QUERIES, Rank, Story},
    quotes::{Quote, QuoteEvent},
    schedule::{Action, Kind, Schedule, Wanted},
    upstream::{Call, Upstream, Weather},
    witness::Walk,
    writer::{Write, WriteEvent},
};
use crate::{Broken, queue::Queue};

/// The beginning, by a clock that is right.
pub const BEGINNING: u64 = 1_800_000_000_000;
/// Upstream works so long before anything is asked of it.
pub const BEFORE: u64 = 100_000;
/// A place waits so long for the board's first word.
const FIRST_WORD: u64 = 200;
/// And so long for the answer that was promised by it.
const READ_DEADLINE: u64 = 9_000;
/// It waits so long for upstream when it asks by itself.
const DIRECT_TIMEOUT: u64 = 5_000;

/// What the schedules did, added up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub steps: u64,
    pub reads: u64,
    pub from_copies: u64,
    pub by_the_board: u64,
    pub direct: u64,
    pub unanswered: u64,
    pub stale: u64,
    pub walks: u64,
    pub loads: u64,
    pub outdated: u64,
    pub vanished: u64,
    pub healings: u64,
    pub evictions: u64,
    pub changes: u64,
    pub answered: u64,
    /// The board was not reachable for them.
    pub exempt: u64,
    pub unknown: u64,
    pub refused: u64,
    pub webhooks: u64,
    pub counts: u64,
    pub certain_counts: u64,
    pub quotes: u64,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        let Self {
            steps,
            reads,
            from_copies,
            by_the_board,
            direct,
            unanswered,
            stale,
            walks,
            loads,
            outdated,
            vanished,
            healings,
            evictions,
            changes,
            answered,
            exempt,
            unknown,
            refused,
            webhooks,
            counts,
            certain_counts,
            quotes,
        } = other;
        for (sum, part) in [
            (&mut self.steps, steps),
            (&mut self.reads, reads),
            (&mut self.from_copies, from_copies),
            (&mut self.by_the_board, by_the_board),
            (&mut self.direct, direct),
            (&mut self.unanswered, unanswered),
            (&mut self.stale, stale),
            (&mut self.walks, walks),
            (&mut self.loads, loads),
            (&mut self.outdated, outdated),
            (&mut self.vanished, vanished),
            (&mut self.healings, healings),
            (&mut self.evictions, evictions),
            (&mut self.changes, changes),
            (&mut self.answered, answered),
            (&mut self.exempt, exempt),
            (&mut self.unknown, unknown),
            (&mut self.refused, refused),
            (&mut self.webhooks, webhooks),
            (&mut self.counts, counts),
            (&mut self.certain_counts, certain_counts),
            (&mut self.quotes, quotes),
        ] {
            *sum += part;
        }
    }
}

#[derive(Clone, Debug)]
pub enum Event {
    Action(usize),
    /// The board's alarm.
    Tick,
    QuestionArrives(usize),
    NoFirstWord(usize),
    FirstWord(usize),
    NoAnswer(usize),
    ReplyArrives(usize, Rc<Reply>),
    /// Upstream, asked by a place, answers: with what it knew at this moment.
    DirectEnds(usize, Option<u64>),
    NextPage(usize),
    LoadEnds(usize),
    VanishedRead(usize),
    HealingEnds(usize),
    /// Who waits at the board looks whether what he waits for is late.
    LooksAgain(usize),
    /// He has waited long enough.
    PatienceEnds(usize),
    Write(usize, WriteEvent),
    Webhook(Order),
    Quote(usize, QuoteEvent),
}

/// What somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    List(Name, Option<Rank>),
    Detail(Key),
    Counts,
}

/// What he is shown.
#[derive(Clone, Debug)]
pub enum Shown {
    List {
        entries: Vec<Order>,
        next: Option<Rank>,
    },
    Detail(Option<Story>),
    Counts,
}

/// An answer, wherever it comes from.
#[derive(Clone, Debug)]
pub struct Answer {
    pub shown: Shown,
    pub is_stale: bool,
    /// A change of which nobody knows what came of it may be missing.
    pub is_in_doubt: bool,
    /// All of it is at least as new as this moment, or so it says.
    pub read_at: u64,
    pub made_at: u64,
}

/// What the board answers.
#[derive(Clone, Debug)]
pub struct Reply {
    /// `None`: it has nothing, and upstream does not answer.
    pub answer: Option<Rc<Answer>>,
    pub epoch: Epoch,
    pub lease: Option<u64>,
}

struct Copy {
    want: Want,
    answer: Rc<Answer>,
    epoch: Epoch,
    /// By the place's clock.
    until: UnixMillis,
    granted_for: u64,
}

struct Place {
    offset: i64,
    copies: Vec<Copy>,
}

pub struct Read {
    pub place: usize,
    pub want: Want,
    pub is_knowing: bool,
    pub began: u64,
    /// The newest change to each order that had been answered when he began.
    pub answered: Rc<Vec<u64>>,
    /// When the place asked the board, by its own clock.
    asked_at: UnixMillis,
    is_direct: bool,
    has_first_word: bool,
    /// What the board has promised he waits for until then, however often he asks.
    pub waits_until: Option<u64>,
    is_done: bool,
    walk: Option<usize>,
    pub rng: Rng,
}

pub struct World<'a> {
    pub schedule: &'a Schedule,
    pub now: u64,
    queue: Queue<Event>,
    pub weather: Weather,
    outage_until: u64,
    pub upstream: Upstream,
    pub holder: Holder,
    places: Vec<Place>,
    pub reads: Vec<Read>,
    pub walks: Vec<Walk>,
    pub writes: Vec<Write>,
    pub quotes: Vec<Quote>,
    /// The newest change to each order whose writer was answered, and nobody may be shown an older state of it.
    pub answered: Rc<Vec<u64>>,
    /// The newest epoch that anybody was ever answered.
    newest_epoch: Epoch,
    pub tally: Tally,
    broken: Option<Broken>,
    pub story: Option<Vec<String>>,
}

macro_rules! tell {
    ($world:expr, $($words:tt)*) => {
        if $world.story.is_some() {
            let words = format!($($words)*);
            $world.note(words);
        }
    };
}
pub(super) use tell;

/// The moment by a clock that is wrong by so much.
pub fn by_clock(now: u64, offset: i64) -> UnixMillis {
    UnixMillis((BEGINNING + now).saturating_add_signed(offset))
}

impl<'a> World<'a> {
    pub fn new(schedule: &'a Schedule, is_told: bool) -> Self {
        let mut rng = Rng::with_seed(schedule.seed ^ 0x5eed);
        let mut upstream = Upstream::default();
        for (i, &status) in schedule.orders.iter().enumerate() {
            let order = upstream.create(None, 0, i as u64);
            // Some have a past.
            if status != 0 {
                let mut at = order;
                for _ in 0..rng.u32(1..4) {
                    let moves = MOVES[usize::from(at.status)];
                    let to = moves[rng.usize(0..moves.len())];
                    at = upstream
                        .change(at.key, at.version, to, i as u64)
                        .unwrap_or(at);
                }
            }
        }
        let offset = |rng: &mut Rng| rng.i64(-2_000..=2_000);
        let holder_offset = offset(&mut rng);
        let mut world = Self {
            schedule,
            now: BEFORE,
            queue: Queue::default(),
            weather: Weather::Fair,
            outage_until: 0,
            answered: Rc::new(vec![0; upstream.histories.len()]),
            upstream,
            holder: Holder::new(
                schedule.policy,
                holder_offset,
                by_clock(BEFORE, holder_offset),
            ),
            places: (0..schedule.places)
                .map(|_| Place {
                    offset: offset(&mut rng),
                    copies: Vec::new(),
                })
                .collect(),
            reads: Vec::new(),
            walks: Vec::new(),
            writes: Vec::new(),
            quotes: (0..schedule.quotes).map(|_| Quote::new()).collect(),
            newest_epoch: Epoch::default(),
            tally: Tally::default(),
            broken: None,
            story: is_told.then(Vec::new),
        };
        for (index, action) in schedule.actions.iter().enumerate() {
            world.send(action.at, Event::Action(index));
        }
        world.send(1_000, Event::Tick);
        world
    }

    /// Lets everything happen. What was broken, if anything was; and the story, if it is told.
    pub fn run(mut self) -> (Result<Tally, Broken>, Vec<String>) {
        while let Some((at, event)) = self.queue.pop() {
            self.now = at;
            self.tally.steps += 1;
            self.step(event);
            if let Some(broken) = self.broken.take() {
                tell!(self, "BROKEN: {broken}");
                return (Err(broken), self.story.unwrap_or_default());
            }
        }
        self.check_end();
        let result = match self.broken.take() {
            Some(broken) => Err(broken),
            None => Ok(self.tally),
        };
        (result, self.story.unwrap_or_default())
    }

    /// After so many milliseconds this happens.
    pub fn send(&mut self, after: u64, event: Event) {
        self.queue.push(self.now + after, event);
    }

    /// The same, by a message to the board or from it: it takes a while, or never comes.
    pub fn message(&mut self, rng: &mut Rng, event: Event) {
        let lost = rng.u32(0..1_000) < self.schedule.losses;
        let takes = match rng.u32(0..1_000) {
            long if long < self.schedule.losses => rng.u64(80..3_000),
            _ => rng.u64(1..=80),
        };
        if self.is_calm() {
            self.send(rng.u64(1..=80), event);
        } else if !lost && self.now >= self.outage_until {
            self.send(takes, event);
        }
    }

    pub fn is_calm(&self) -> bool {
        self.time() >= self.schedule.calm_from
    }

    /// Since the schedule began.
    pub fn time(&self) -> u64 {
        self.now - BEFORE
    }

    pub fn break_with(&mut self, broken: Broken) {
        self.broken.get_or_insert(broken);
    }

    pub fn note(&mut self, words: String) {
        let time = self.time();
        if let Some(story) = &mut self.story {
            story.push(format!("{time:>7} {words}"));
        }
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Action(index) => {
                let action = self.schedule.actions[index].clone();
                self.act(&action);
            }
            Event::Tick => self.tick(),
            Event::QuestionArrives(read) => self.question_arrives(read),
            Event::NoFirstWord(read) => {
                if !self.reads[read].has_first_word {
                    self.ask_upstream(read);
                }
            }
            Event::FirstWord(read) => self.reads[read].has_first_word = true,
            Event::NoAnswer(read) => self.no_answer(read),
            Event::ReplyArrives(read, reply) => self.reply_arrives(read, &reply),
            Event::DirectEnds(read, as_of) => self.direct_ends(read, as_of),
            Event::NextPage(read) => self.read(read),
            Event::LoadEnds(run) => self.load_ends(run),
            Event::VanishedRead(run) => self.vanished_read(run),
            Event::HealingEnds(healing) => self.healing_ends(healing),
            Event::Write(write, event) => self.write_goes_on(write, event),
            Event::LooksAgain(question) => self.look(question),
            Event::PatienceEnds(question) => self.patience_ends(question),
            Event::Webhook(order) => self.webhook(order),
            Event::Quote(quote, event) => self.quote_goes_on(quote, event),
        }
    }

    fn act(&mut self, action: &Action) {
        let mut rng = Rng::with_seed(action.seed);
        if !matches!(action.kind, Kind::Read { .. } | Kind::Quote { .. }) {
            tell!(self, "{:?}", action.kind);
        }
        match action.kind {
            Kind::Read {
                place,
                want,
                knowing,
            } => {
                let want = match want {
                    Wanted::List(name) => Want::List(name, None),
                    Wanted::Detail(number) => {
                        // Sometimes of one that is not there.
                        let orders = self.upstream.histories.len() as u16 + 1;
                        Want::Detail(number % orders)
                    }
                    Wanted::Counts => Want::Counts,
                };
                self.begin_read(place, want, knowing, None, rng);
            }
            Kind::Walk { place, name } => {
                let walk = self.walks.len();
                self.walks.push(Walk::new(name, self.now, &self.answered));
                self.begin_read(place, Want::List(name, None), false, Some(walk), rng);
            }
            Kind::Write { late } => self.begin_write(late, rng),
            Kind::Elsewhere => {
                let key = rng.u16(0..self.upstream.histories.len() as u16);
                let order = self.upstream.last(key).order;
                let moves = MOVES[usize::from(order.status)];
                let to = moves[rng.usize(0..moves.len())];
                if let Some(order) = self.upstream.change(key, order.version, to, self.now) {
                    self.changed(order, &mut rng);
                }
            }
            Kind::Create { in_the_middle } => {
                let ranks = 10..10 * self.upstream.histories.len() as u32;
                let rank = in_the_middle.then(|| rng.u32(ranks));
                let order = self.upstream.create(rank, 0, self.now);
                Rc::make_mut(&mut self.answered).push(0);
                self.changed(order, &mut rng);
            }
            Kind::Evict => self.evict(false),
            Kind::ThrowAway => self.evict(true),
            Kind::Forget { place } => self.places[place].copies.clear(),
            Kind::Outage(length) => self.outage_until = self.now + length,
            Kind::Weather(weather) => self.weather = weather,
            Kind::Quote { key } => self.quote_is_asked(key, rng),
            Kind::EvictQuote { key } => self.quotes[key].evict(),
        }
    }

    /// Upstream has made a change, and may tell of it.
    pub fn changed(&mut self, order: Order, rng: &mut Rng) {
        self.tally.changes += 1;
        tell!(self, "upstream: {order:?}");
        let times = if rng.u8(0..8) == 0 { 2 } else { 1 };
        for _ in 0..times {
            let is_lost = rng.u32(0..1_000) < self.schedule.webhook_losses;
            let takes = match rng.u8(0..10) {
                0..=6 => rng.u64(5..300),
                7 | 8 => rng.u64(300..3_000),
                _ => rng.u64(3_000..40_000),
            };
            // In calm nothing is told late that was not told before.
            if !is_lost && self.time() + takes < self.schedule.calm_from {
                self.send(takes, Event::Webhook(order));
            }
        }
    }

    pub fn begin_read(
        &mut self,
        place: usize,
        want: Want,
        is_knowing: bool,
        walk: Option<usize>,
        rng: Rng,
    ) -> usize {
        self.tally.reads += 1;
        let read = self.reads.len();
        self.reads.push(Read {
            place,
            want,
            is_knowing,
            began: self.now,
            answered: Rc::clone(&self.answered),
            asked_at: UnixMillis::default(),
            is_direct: false,
            has_first_word: false,
            waits_until: None,
            is_done: false,
            walk,
            rng,
        });
        self.read(read);
        read
    }

    fn read(&mut self, read: usize) {
        let min_epoch = self.newest_epoch;
        self.reads[read].began = self.now;
        self.reads[read].answered = Rc::clone(&self.answered);
        let of = &self.reads[read];
        let (want, min_epoch) = (of.want, if of.is_knowing { min_epoch } else { Epoch(0) });
        let place = &mut self.places[of.place];
        let now = by_clock(self.now, place.offset);
        place.copies.retain(|copy| now < copy.until);
        let copy = place
            .copies
            .iter()
            .find(|copy| copy.want == want && copy.epoch >= min_epoch);
        if let Some(copy) = copy {
            let answer = Rc::clone(&copy.answer);
            let age = self.now - answer.made_at;
            if age > copy.granted_for {
                let lease = copy.granted_for;
                self.break_with(format!(
                    "10: a copy is served {age} ms after a lease of {lease}"
                ));
            }
            self.tally.from_copies += 1;
            tell!(self, "reader {read} {want:?} finds a copy");
            self.finish(read, Some(&answer));
            return;
        }
        self.reads[read].asked_at = now;
        tell!(self, "reader {read} {want:?} asks the board");
        let mut rng = self.reads[read].rng.clone();
        self.message(&mut rng, Event::QuestionArrives(read));
        self.reads[read].rng = rng;
        self.send(FIRST_WORD, Event::NoFirstWord(read));
        self.send(READ_DEADLINE, Event::NoAnswer(read));
    }

    fn reply_arrives(&mut self, read: usize, reply: &Reply) {
        let of = &mut self.reads[read];
        if of.is_done || of.is_direct {
            return;
        }
        of.has_first_word = true;
        let Some(answer) = &reply.answer else {
            self.tally.unanswered += 1;
            self.finish(read, None);
            return;
        };
        if let Some(lease) = reply.lease {
            let place = &mut self.places[of.place];
            place.copies.push(Copy {
                want: of.want,
                answer: Rc::clone(answer),
                epoch: reply.epoch,
                until: of.asked_at.plus(lease),
                granted_for: lease,
            });
        }
        self.newest_epoch = self.newest_epoch.max(reply.epoch);
        self.tally.by_the_board += 1;
        self.finish(read, Some(answer));
    }

    /// What the board promised did not come. Upstream is slow enough without him.
    fn no_answer(&mut self, read: usize) {
        let of = &self.reads[read];
        if !of.is_done && !of.is_direct {
            self.tally.unanswered += 1;
            self.finish(read, None);
        }
    }

    /// Without the board.
    fn ask_upstream(&mut self, read: usize) {
        let of = &mut self.reads[read];
        if of.is_done || of.is_direct {
            return;
        }
        of.is_direct = true;
        let call = self.weather.call(&mut of.rng);
        tell!(self, "reader {read} asks upstream");
        match call {
            Call::Done(moment, takes) if takes <= DIRECT_TIMEOUT => {
                let moment = self.now + moment;
                self.send(takes, Event::DirectEnds(read, Some(moment)));
            }
            Call::Failed(takes) => self.send(takes, Event::DirectEnds(read, None)),
            _ => self.send(DIRECT_TIMEOUT, Event::DirectEnds(read, None)),
        }
    }

    fn direct_ends(&mut self, read: usize, moment: Option<u64>) {
        let Some(moment) = moment else {
            self.tally.unanswered += 1;
            self.finish(read, None);
            return;
        };
        let as_of = self.upstream.as_of(moment);
        let shown = match self.reads[read].want {
            Want::List(name, below) => {
                let query = &QUERIES[name];
                let page =
                    self.upstream
                        .list(|order| query.matches(order), below, query.limit, as_of);
                let last = page.entries.last().map(|last| last.rank);
                Shown::List {
                    next: last.filter(|_| page.more),
                    entries: page.entries,
                }
            }
            Want::Detail(key) => Shown::Detail(self.upstream.state(key, as_of).copied()),
            Want::Counts => Shown::Counts,
        };
        self.tally.direct += 1;
        let answer = Answer {
            shown,
            is_stale: false,
            is_in_doubt: false,
            read_at: moment,
            made_at: moment,
        };
        self.finish(read, Some(&answer));
    }

    /// He is shown this, or nothing.
    fn finish(&mut self, read: usize, answer: Option<&Answer>) {
        self.reads[read].is_done = true;
        let walk = self.reads[read].walk;
        let Some(answer) = answer else {
            tell!(self, "reader {read} gets nothing");
            return;
        };
        self.tally.stale += u64::from(answer.is_stale);
        tell!(self, "reader {read} is shown {answer:?}");
        self.check_answer(read, answer);
        let (Some(walk), Want::List(name, _)) = (walk, self.reads[read].want) else {
            return;
        };
        let Shown::List { next, .. } = &answer.shown else {
            return;
        };
        self.walk_goes_on(walk, answer);
        if let Some(below) = *next {
            let mut rng = self.reads[read].rng.clone();
            let next = self.reads.len();
            let place = rng.usize(0..self.places.len());
            self.tally.reads += 1;
            let pause = rng.u64(10..1_500);
            self.reads.push(Read {
                place,
                want: Want::List(name, Some(below)),
                is_knowing: false,
                began: self.now,
                answered: Rc::clone(&self.answered),
                asked_at: UnixMillis::default(),
                is_direct: false,
                has_first_word: false,
                waits_until: None,
                is_done: false,
                walk: Some(walk),
                rng,
            });
            self.send(pause, Event::NextPage(next));
        } else {
            self.walk_ends(walk);
        }
    }

    /// Whoever came was answered or told that he can't be.
    pub fn waits_for_ever(&self) -> Option<usize> {
        self.reads.iter().position(|read| !read.is_done)
    }
}
