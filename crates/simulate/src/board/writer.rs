//! Whoever changes an order through us: he announces it, writes upstream, tells what came of it, and answers.

use std::rc::Rc;

use fastrand::Rng;
use swr::board::Mark;

use super::{
    order::{Key, MOVES, Order, QUERIES, Status},
    schedule::Wanted,
    upstream::Call,
    world::{Event, Want, World, tell},
};

/// He waits so long for the board, and as long again as leases last where it answers after them.
const PATIENCE: u64 = 200;
/// And so long for upstream.
const WRITE_PATIENCE: u64 = 4_000;
/// The end is told so often again if nobody has heard it, the first time after so many milliseconds.
const RETRIES: u32 = 3;
const RETRY_AFTER: u64 = 400;

#[derive(Clone, Copy, Debug)]
pub enum WriteEvent {
    AnnounceArrives,
    Acknowledged,
    NotAcknowledged,
    /// Upstream does it, if it may be done.
    Commit,
    Answered,
    NotAnswered,
    Failed,
    SettleArrives,
    SettleEnds {
        incarnation: u32,
    },
    Settled,
    NotSettled,
    Grace,
    Retry,
}

/// What came of it upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Made(Order),
    Refused,
}

/// What the client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Made,
    Refused,
    Failed,
    Unknown,
}

pub struct Write {
    mark: Mark,
    key: Key,
    from_version: u64,
    to: Status,
    acknowledged_at: Option<u64>,
    is_sent: bool,
    /// What upstream did, and what he knows of it.
    done: Option<Outcome>,
    outcome: Option<Outcome>,
    /// What he tells the board; known at the end.
    present: Option<Order>,
    is_settled: bool,
    told: Option<Told>,
    tries: u32,
    rng: Rng,
}

impl World<'_> {
    pub fn begin_write(&mut self, late: bool, mut rng: Rng) {
        let key = rng.u16(0..self.upstream.histories.len() as u16);
        let history = &self.upstream.histories[usize::from(key)];
        let seen = if late && history.len() > 1 { 2 } else { 1 };
        let before = history[history.len() - seen].story.order;
        let moves = MOVES[usize::from(before.status)];
        let to = moves[rng.usize(0..moves.len())];
        let write = self.writes.len();
        tell!(self, "writer {write}: {key} from {} to {to}", before.status);
        self.message(&mut rng, Event::Write(write, WriteEvent::AnnounceArrives));
        self.writes.push(Write {
            mark: Mark(rng.u64(..)),
            key,
            from_version: before.version,
            to,
            acknowledged_at: None,
            is_sent: false,
            done: None,
            outcome: None,
            present: None,
            is_settled: false,
            told: None,
            tries: 0,
            rng,
        });
        self.send(PATIENCE, Event::Write(write, WriteEvent::NotAcknowledged));
    }

    pub fn write_goes_on(&mut self, write: usize, event: WriteEvent) {
        tell!(self, "writer {write}: {event:?}");
        let of = &mut self.writes[write];
        match event {
            WriteEvent::AnnounceArrives => {
                let (mark, key, to) = (of.mark, of.key, of.to);
                self.announced(mark, key, to);
                self.write_message(write, WriteEvent::Acknowledged);
            }
            WriteEvent::Acknowledged => {
                if !of.is_sent {
                    of.acknowledged_at = Some(self.now);
                    self.write_upstream(write);
                }
            }
            WriteEvent::NotAcknowledged => {
                if !of.is_sent {
                    self.write_upstream(write);
                }
            }
            WriteEvent::Commit => {
                let (key, from, to) = (of.key, of.from_version, of.to);
                let done = self.upstream.change(key, from, to, self.now);
                let of = &mut self.writes[write];
                let before = of.done;
                of.done = Some(done.map_or(Outcome::Refused, Outcome::Made));
                if before.is_some() {
                    self.break_with(format!("6: writer {write} changes twice"));
                }
                if let Some(order) = done {
                    let mut rng = Rng::with_seed(self.writes[write].rng.u64(..));
                    self.changed(order, &mut rng);
                }
            }
            WriteEvent::Answered => {
                if of.told.is_some() {
                    return;
                }
                of.outcome = of.done;
                match of.done {
                    Some(Outcome::Made(order)) => of.present = Some(order),
                    // Upstream says what it is instead, or only that it is not.
                    Some(Outcome::Refused) if of.rng.bool() => {
                        of.present = Some(self.upstream.last(of.key).order);
                    }
                    _ => {}
                }
                self.settle(write);
            }
            WriteEvent::Failed => {
                self.settle(write);
            }
            WriteEvent::NotAnswered => {
                if of.outcome.is_none() {
                    self.tally.unknown += 1;
                    of.told = Some(Told::Unknown);
                }
            }
            WriteEvent::SettleArrives => self.settle_arrives(write),
            WriteEvent::SettleEnds { incarnation } => {
                if incarnation == self.holder.incarnation {
                    self.write_message(write, WriteEvent::Settled);
                }
            }
            WriteEvent::Settled => {
                of.is_settled = true;
                self.answer_writer(write, true);
            }
            WriteEvent::NotSettled => {
                if of.is_settled {
                    return;
                }
                if of.tries <= RETRIES {
                    let after = RETRY_AFTER << (2 * of.tries);
                    self.send(after, Event::Write(write, WriteEvent::Retry));
                }
                let of = &self.writes[write];
                if of.told.is_some() {
                    return;
                }
                match of.acknowledged_at {
                    Some(at) => {
                        let over = at + self.schedule.policy.grace;
                        let left = over.saturating_sub(self.now);
                        self.send(left, Event::Write(write, WriteEvent::Grace));
                    }
                    None => self.answer_writer(write, false),
                }
            }
            WriteEvent::Grace => self.answer_writer(write, true),
            WriteEvent::Retry => {
                if !of.is_settled {
                    self.settle(write);
                }
            }
        }
    }

    fn write_message(&mut self, write: usize, event: WriteEvent) {
        let mut rng = self.writes[write].rng.clone();
        self.message(&mut rng, Event::Write(write, event));
        self.writes[write].rng = rng;
    }

    fn write_upstream(&mut self, write: usize) {
        let of = &mut self.writes[write];
        of.is_sent = true;
        let send = |world: &mut Self, after, event| world.send(after, Event::Write(write, event));
        match self.weather.call(&mut of.rng) {
            Call::Done(moment, takes) => {
                send(self, moment, WriteEvent::Commit);
                if takes <= WRITE_PATIENCE {
                    send(self, takes, WriteEvent::Answered);
                } else {
                    send(self, WRITE_PATIENCE, WriteEvent::NotAnswered);
                }
            }
            Call::Failed(takes) => send(self, takes, WriteEvent::Failed),
            Call::Hangs(moment) => {
                if let Some(moment) = moment {
                    send(self, moment, WriteEvent::Commit);
                }
                send(self, WRITE_PATIENCE, WriteEvent::NotAnswered);
            }
        }
    }

    /// Tells the board what came of it.
    fn settle(&mut self, write: usize) {
        self.writes[write].tries += 1;
        self.write_message(write, WriteEvent::SettleArrives);
        let patience = PATIENCE + self.schedule.policy.lease;
        self.send(patience, Event::Write(write, WriteEvent::NotSettled));
    }

    fn settle_arrives(&mut self, write: usize) {
        let of = &self.writes[write];
        let (mark, present) = (of.mark, of.present);
        let from_version = match of.outcome {
            Some(Outcome::Made(_)) => Some(of.from_version),
            _ => None,
        };
        let wait = self.settled(mark, present, from_version);
        let incarnation = self.holder.incarnation;
        self.send(
            wait,
            Event::Write(write, WriteEvent::SettleEnds { incarnation }),
        );
    }

    /// The client is answered. With `by_the_board`, it knows of the change, or that there is one.
    fn answer_writer(&mut self, write: usize, by_the_board: bool) {
        let of = &mut self.writes[write];
        let told = match of.outcome {
            Some(Outcome::Made(_)) => Told::Made,
            Some(Outcome::Refused) => Told::Refused,
            None => Told::Failed,
        };
        let is_first = of.told.is_none();
        of.told.get_or_insert(told);
        let (done, key) = (of.done, of.key);
        let is_true = match told {
            Told::Made => matches!(done, Some(Outcome::Made(_))),
            _ => !matches!(done, Some(Outcome::Made(_))),
        };
        if !is_true {
            self.break_with(format!(
                "6: writer {write} is told {told:?} of what was {done:?}"
            ));
        }
        if is_first && told != Told::Made {
            self.tally.refused += 1;
        }
        let Some(Outcome::Made(order)) = done else {
            return;
        };
        if told != Told::Made {
            return;
        }
        if is_first {
            self.tally.answered += 1;
            self.tally.exempt += u64::from(!by_the_board);
        }
        if !by_the_board {
            return;
        }
        let is_new = self.answered[usize::from(key)] < order.version;
        if is_new {
            tell!(self, "writer {write} is answered: {order:?}");
            let answered = Rc::make_mut(&mut self.answered);
            answered[usize::from(key)] = order.version;
            // He looks at what he has done.
            let mut rng = Rng::with_seed(self.writes[write].rng.u64(..));
            let lists = (0..QUERIES.len()).filter(|&name| {
                let groups = QUERIES[name].groups;
                groups.contains(&order.status) || rng.u8(0..4) == 0
            });
            let lists: Vec<Wanted> = lists.map(Wanted::List).collect();
            if rng.bool() && !lists.is_empty() {
                let want = match lists[rng.usize(0..lists.len())] {
                    Wanted::List(name) => Want::List(name, None),
                    _ => Want::Detail(key),
                };
                let place = rng.usize(0..self.schedule.places);
                self.begin_read(place, want, rng.bool(), None, rng.clone());
            }
            if rng.bool() {
                let place = rng.usize(0..self.schedule.places);
                self.begin_read(place, Want::Detail(key), rng.bool(), None, rng.clone());
            }
        }
    }
}
