//! The MES: all orders and all that they went through, by one counter; and how long it takes to answer.

use std::collections::BTreeMap;

use fastrand::Rng;
use swr::board::Reading;

use super::order::{Key, Load, MOVES, Order, QUERIES, Rank, Status, Story};

/// How upstream answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fair,
    Slow,
    Failing,
    Hanging,
}

/// How one call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// It is done at the first moment and answered at the second, in milliseconds from now.
    Done(u64, u64),
    /// It is refused after so many milliseconds.
    Failed(u64),
    /// It is never answered; a write may yet be done after so many milliseconds.
    Hangs(Option<u64>),
}

/// A hanging write is done no later than that, in milliseconds.
pub const LATEST_WRITE: u64 = 7_000;

/// One state of an order.
#[derive(Clone, Copy, Debug)]
pub struct State {
    pub story: Story,
    pub since: u64,
    /// When the next one took its place.
    pub until: u64,
}

#[derive(Debug, Default)]
pub struct Upstream {
    /// Of each order, by key.
    pub histories: Vec<Vec<State>>,
    /// When each change was made; the number of the first is 1.
    made_at: Vec<u64>,
    /// All keys, the greatest rank first.
    by_rank: Vec<(Rank, Key)>,
}

impl Weather {
    pub fn call(self, rng: &mut Rng) -> Call {
        let takes = match self {
            Self::Fair => rng.u64(5..=120),
            Self::Slow => rng.u64(300..=6_000),
            Self::Failing => return Call::Failed(rng.u64(5..=60)),
            Self::Hanging => {
                return Call::Hangs(rng.bool().then(|| rng.u64(10..=LATEST_WRITE)));
            }
        };
        Call::Done(rng.u64(0..=takes), takes)
    }
}

impl Upstream {
    /// The number of the last change.
    pub fn changes(&self) -> u64 {
        self.made_at.len() as u64
    }

    /// The number of the last change that had been made at this moment.
    pub fn as_of(&self, moment: u64) -> u64 {
        self.made_at.partition_point(|&at| at <= moment) as u64
    }

    /// A new order, at the top or, if `rank` is free, there.
    pub fn create(&mut self, rank: Option<Rank>, status: Status, now: u64) -> Order {
        let top = self.by_rank.first().map_or(10, |(rank, _)| rank + 10);
        let rank = rank
            .filter(|rank| self.by_rank.iter().all(|(other, _)| other != rank))
            .unwrap_or(top);
        let key = self.histories.len() as Key;
        let order = Order {
            key,
            status,
            rank,
            version: self.changes() + 1,
            is_first: true,
        };
        let place = self.by_rank.partition_point(|(other, _)| *other > rank);
        self.by_rank.insert(place, (rank, key));
        self.made_at.push(now);
        let trail = Story::trail_to(0, &order);
        self.histories.push(vec![State {
            story: Story { order, trail },
            since: now,
            until: u64::MAX,
        }]);
        order
    }

    pub fn last(&self, key: Key) -> &Story {
        let history = &self.histories[usize::from(key)];
        &history[history.len() - 1].story
    }

    /// Moves an order; `None` if it is not in the state that the caller believes, or may not go there.
    pub fn change(&mut self, key: Key, from_version: u64, to: Status, now: u64) -> Option<Order> {
        let before = *self.last(key);
        let may_go = MOVES[usize::from(before.order.status)].contains(&to);
        if before.order.version != from_version || !may_go {
            return None;
        }
        let order = Order {
            status: to,
            version: self.changes() + 1,
            is_first: false,
            ..before.order
        };
        self.made_at.push(now);
        let history = &mut self.histories[usize::from(key)];
        if let Some(last) = history.last_mut() {
            last.until = now;
        }
        let trail = Story::trail_to(before.trail, &order);
        history.push(State {
            story: Story { order, trail },
            since: now,
            until: u64::MAX,
        });
        Some(order)
    }

    /// An order as it was after so many changes.
    pub fn state(&self, key: Key, as_of: u64) -> Option<&Story> {
        let history = self.histories.get(usize::from(key))?;
        let state = history
            .iter()
            .rev()
            .find(|state| state.story.order.version <= as_of);
        state.map(|state| &state.story)
    }

    pub fn state_of(&self, version: u64, key: Key) -> Option<&State> {
        let history = self.histories.get(usize::from(key))?;
        history
            .iter()
            .find(|state| state.story.order.version == version)
    }

    /// A list as it was after so many changes.
    pub fn list(
        &self,
        matches: impl Fn(&Order) -> bool,
        below: Option<Rank>,
        limit: usize,
        as_of: u64,
    ) -> Reading<Order> {
        let start = below.map_or(0, |below| {
            self.by_rank.partition_point(|(rank, _)| *rank >= below)
        });
        let mut entries = Vec::with_capacity(limit + 1);
        for &(_, key) in &self.by_rank[start..] {
            let Some(story) = self.state(key, as_of) else {
                continue;
            };
            if matches(&story.order) {
                entries.push(story.order);
                if entries.len() > limit {
                    break;
                }
            }
        }
        let more = entries.len() > limit;
        entries.truncate(limit);
        Reading {
            as_of,
            entries,
            more,
        }
    }

    /// What a board has asked for, if that is entries.
    pub fn entries(&self, load: &Load, limit: usize, as_of: u64) -> Option<Reading<Order>> {
        match load {
            Load::Part(part) => Some(self.list(
                |order| part.groups.contains(&order.status),
                part.below,
                limit,
                as_of,
            )),
            Load::Page(name, below) => {
                let query = &QUERIES[*name];
                Some(self.list(|order| query.matches(order), *below, query.limit, as_of))
            }
            Load::Counts | Load::Detail(_) => None,
        }
    }

    pub fn counts(&self, as_of: u64) -> BTreeMap<Status, u64> {
        let mut counts = BTreeMap::new();
        for key in 0..self.histories.len() {
            if let Some(story) = self.state(key as Key, as_of) {
                *counts.entry(story.order.status).or_default() += 1;
            }
        }
        counts
    }
}
