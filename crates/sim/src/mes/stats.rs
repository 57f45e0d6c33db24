//! What of the MES was called: the `mes` of `GET /_stats`.

use super::call::Kind;
use super::durations::{Durations, Percentiles};
use super::hooks;
use crate::stats::CLIENT_LEFT;
use serde::Serialize;
use std::collections::BTreeMap;

/// Counts of one kind of call, as they are reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindStats {
    /// Calls that arrived.
    pub calls: u64,
    /// Calls that are not over. A call whose client left is over when the database is done with it.
    pub in_flight: u64,
    /// The most that were ever in flight at once.
    pub max_in_flight: u64,
    /// Calls that ended in 5xx, or whose client left before anything was done.
    pub errors: u64,
    /// Calls that ended, by status.
    pub statuses: BTreeMap<u16, u64>,
    /// How long they took from their arrival, queueing included.
    #[serde(flatten)]
    pub durations: Percentiles,
}

/// The counts as they are reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Counts by kind of call; every kind is there.
    pub queries: BTreeMap<Kind, KindStats>,
    /// Orders in the table; null before the database is opened.
    pub rows: Option<u64>,
    /// Calculations.
    pub calculations: Calculations,
    /// Webhooks.
    pub webhooks: hooks::Counts,
}

/// Counts of calculations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Calculations {
    /// Runs that began.
    pub started: u64,
    /// Those of them that came to an end, failed ones included.
    pub finished: u64,
}

/// A call that is counted as in flight until [`Stats::leave`].
#[derive(Debug)]
#[must_use = "a visit that never leaves stays in flight"]
pub struct Visit {
    kind: Kind,
    epoch: u64,
    began: u64,
}

/// Counts the calls of the MES.
#[derive(Debug, Default)]
pub struct Stats {
    /// Counts resets: a call that began before a reset is in none of the counts after it.
    epoch: u64,
    kinds: BTreeMap<Kind, Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    calls: u64,
    in_flight: u64,
    max_in_flight: u64,
    statuses: BTreeMap<u16, u64>,
    durations: Durations,
}

impl Stats {
    /// Back to nothing.
    pub fn reset(&mut self) {
        *self = Self {
            epoch: self.epoch + 1,
            ..Self::default()
        };
    }

    /// A call arrives, `now` in milliseconds.
    pub fn enter(&mut self, kind: Kind, now: u64) -> Visit {
        let counts = self.kinds.entry(kind).or_default();
        counts.calls += 1;
        counts.in_flight += 1;
        counts.max_in_flight = counts.max_in_flight.max(counts.in_flight);
        Visit {
            kind,
            epoch: self.epoch,
            began: now,
        }
    }

    /// The call of a visit is over, `now` in milliseconds.
    pub fn leave(&mut self, visit: Visit, status: u16, now: u64) {
        if visit.epoch != self.epoch {
            return;
        }
        let counts = self.kinds.entry(visit.kind).or_default();
        counts.in_flight = counts.in_flight.saturating_sub(1);
        *counts.statuses.entry(status).or_default() += 1;
        counts.durations.add(now.saturating_sub(visit.began));
    }

    /// The counts of every kind.
    pub fn report(&self) -> BTreeMap<Kind, KindStats> {
        let none = Counts::default();
        let report = |kind| {
            let counts = self.kinds.get(&kind).unwrap_or(&none);
            let errors = counts
                .statuses
                .range(CLIENT_LEFT..)
                .map(|(_, calls)| calls)
                .sum();
            KindStats {
                calls: counts.calls,
                in_flight: counts.in_flight,
                max_in_flight: counts.max_in_flight,
                errors,
                statuses: counts.statuses.clone(),
                durations: counts.durations.percentiles(),
            }
        };
        Kind::ALL.map(|kind| (kind, report(kind))).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_kind_with_how_long_they_took() {
        let mut stats = Stats::default();
        let (first, second) = (stats.enter(Kind::List, 0), stats.enter(Kind::List, 10));
        stats.leave(first, 200, 50);
        stats.leave(second, 503, 20);
        let report = stats.report();
        let list = &report[&Kind::List];
        assert_eq!(
            (list.calls, list.in_flight, list.max_in_flight, list.errors),
            (2, 0, 2, 1)
        );
        assert_eq!(
            (list.durations.p50_ms, list.durations.max_ms),
            (Some(10), Some(50))
        );
        assert_eq!(report[&Kind::Detail].calls, 0);
    }

    #[test]
    fn a_call_that_began_before_a_reset_is_not_counted_after_it() {
        let mut stats = Stats::default();
        let before = stats.enter(Kind::Model, 0);
        stats.reset();
        stats.leave(before, 200, 5);
        assert_eq!(stats.report(), Stats::default().report());
    }
}
