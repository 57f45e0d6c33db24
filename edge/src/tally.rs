//! The counts of this isolate since it last handed them over.

use std::{cell::RefCell, collections::BTreeMap};

use rustc_hash::FxHashMap;
use swr::UnixMillis;

use crate::metrics::{Counter, Family, Histogram};

/// Counts as they travel: a sample's name and how much was added to it.
pub type Counts = BTreeMap<String, u64>;

#[derive(Default)]
struct Tally {
    own: FxHashMap<Counter, u64>,
    /// What objects have handed over to us, in replies.
    others: Counts,
    handed_over_at: UnixMillis,
}

thread_local! {
    static TALLY: RefCell<Tally> = RefCell::default();
}

/// Counts one more.
pub fn count(family: Family, labels: [&'static str; 2]) {
    count_many(family, labels, 1);
}

/// Counts so many more.
pub fn count_many(family: Family, labels: [&'static str; 2], n: u64) {
    TALLY.with_borrow_mut(|tally| *tally.own.entry(Counter::Of(family, labels)).or_default() += n);
}

/// Takes a value in.
pub fn observe(histogram: Histogram, ms: u64) {
    TALLY.with_borrow_mut(|tally| {
        *tally.own.entry(Counter::bucket(histogram, ms)).or_default() += 1;
        *tally.own.entry(Counter::Sum(histogram)).or_default() += ms;
    });
}

/// Takes in what somebody else has counted, or what could not be handed over.
pub fn add(counts: Counts) {
    if !counts.is_empty() {
        TALLY.with_borrow_mut(|tally| merge(&mut tally.others, counts));
    }
}

/// Everything counted, which from now on is whoever's asks for it.
pub fn take() -> Counts {
    TALLY.with_borrow_mut(|tally| {
        let mut counts = std::mem::take(&mut tally.others);
        for (counter, n) in tally.own.drain() {
            *counts.entry(counter.sample()).or_default() += n;
        }
        counts
    })
}

/// Whether the counts should be handed over now, which they are not more often than every so many milliseconds.
pub fn is_due(every: u64, now: UnixMillis) -> bool {
    TALLY.with_borrow_mut(|tally| {
        let is_due = now.since(tally.handed_over_at) >= every;
        if is_due {
            tally.handed_over_at = now;
        }
        is_due
    })
}

/// Adds `more` to `counts`.
pub fn merge(counts: &mut Counts, more: Counts) {
    for (sample, n) in more {
        *counts.entry(sample).or_default() += n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_not_there_any_more_and_may_come_back() {
        count(Family::Joins, ["waiting", ""]);
        count(Family::Joins, ["waiting", ""]);
        observe(Histogram::Upstream, 300);
        let counts = take();
        assert_eq!(counts["loadboard_joins_total{class=\"waiting\"}"], 2);
        assert_eq!(counts["loadboard_upstream_seconds_sum"], 300);
        assert!(take().is_empty());
        add(counts.clone());
        count(Family::Joins, ["waiting", ""]);
        assert_eq!(take()["loadboard_joins_total{class=\"waiting\"}"], 3);
    }

    #[test]
    fn counts_are_handed_over_now_and_then() {
        let at = |ms: u64| UnixMillis(1_000_000 + ms);
        assert!(is_due(10_000, at(0)));
        assert!(!is_due(10_000, at(9_999)));
        assert!(is_due(10_000, at(10_000)));
    }
}
