//! What was called, how often, and how much of it at once: `GET /_stats`.

use crate::api::Endpoint;
use crate::rate_limit::WINDOW_MS;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// Status under which a call counts whose client left before the answer, as nginx has it.
pub const CLIENT_LEFT: u16 = 499;
/// Different list queries that are told apart; calls of any further one are counted together.
const MAX_QUERIES: usize = 1_000;

/// Counts of one endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EndpointStats {
    /// Calls that arrived.
    pub calls: u64,
    /// Calls without an answer yet.
    pub in_flight: u64,
    /// Calls that ended, by status; 499 when the client left first.
    pub statuses: BTreeMap<u16, u64>,
}

/// Counts of one list query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueryStats {
    /// Calls that arrived.
    pub calls: u64,
    /// Calls without an answer yet.
    pub in_flight: u64,
    /// The most that were ever in flight at once.
    pub max_in_flight: u64,
}

/// The counts as they are reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Calls that arrived, all endpoints together.
    pub calls: u64,
    /// Calls without an answer yet.
    pub in_flight: u64,
    /// Calls that ended, by status; 499 when the client left first.
    pub statuses: BTreeMap<u16, u64>,
    /// The same by endpoint; every endpoint is there.
    pub endpoints: BTreeMap<Endpoint, EndpointStats>,
    /// Tokens given.
    pub logins: u64,
    /// The most list calls with equal queries that were ever in flight at once: 1 when single flight works.
    pub max_identical_lists_in_flight: u64,
    /// List calls by query, decoded and in a fixed order.
    pub list_queries: BTreeMap<String, QueryStats>,
    /// Calls in the last 60 s.
    pub calls_last_60s: u64,
    /// The most calls in one window of the rate limit.
    pub max_calls_in_a_window: u64,
    /// The most calls in any 60 s.
    pub max_calls_in_60s: u64,
    /// When the first call arrived, in milliseconds since 1970.
    pub first_call_at: Option<i64>,
    /// When the last call arrived, in milliseconds since 1970.
    pub last_call_at: Option<i64>,
}

/// A call that is counted as in flight until [`Stats::leave`].
#[derive(Debug)]
#[must_use = "a visit that never leaves stays in flight"]
pub struct Visit {
    endpoint: Endpoint,
    list_query: Option<String>,
    epoch: u64,
}

/// Counts the calls of the API.
#[derive(Debug)]
pub struct Stats {
    /// Counts resets: a call that began before a reset is in none of the counts after it.
    epoch: u64,
    start: DateTime<Utc>,
    endpoints: BTreeMap<Endpoint, EndpointStats>,
    list_queries: BTreeMap<String, QueryStats>,
    logins: u64,
    last_minute: VecDeque<i64>,
    max_in_60s: u64,
    window: i64,
    in_window: u64,
    max_in_window: u64,
    first_call_at: Option<i64>,
    last_call_at: Option<i64>,
}

impl Stats {
    /// Nothing yet. `start` is where the windows of the rate limit begin.
    pub fn new(start: DateTime<Utc>) -> Self {
        Self {
            epoch: 0,
            start,
            endpoints: Endpoint::ALL
                .map(|endpoint| (endpoint, EndpointStats::default()))
                .into(),
            list_queries: BTreeMap::new(),
            logins: 0,
            last_minute: VecDeque::new(),
            max_in_60s: 0,
            window: 0,
            in_window: 0,
            max_in_window: 0,
            first_call_at: None,
            last_call_at: None,
        }
    }

    /// Back to nothing.
    pub fn reset(&mut self) {
        *self = Self {
            epoch: self.epoch + 1,
            ..Self::new(self.start)
        };
    }

    /// A call arrives. `list_query` is the canonical query of a list call.
    pub fn enter(
        &mut self,
        endpoint: Endpoint,
        list_query: Option<String>,
        now: DateTime<Utc>,
    ) -> Visit {
        let counts = self.endpoints.entry(endpoint).or_default();
        counts.calls += 1;
        counts.in_flight += 1;
        let list_query = list_query.map(|query| self.query_to_count(query));
        if let Some(query) = &list_query {
            let counts = self.list_queries.entry(query.clone()).or_default();
            counts.calls += 1;
            counts.in_flight += 1;
            counts.max_in_flight = counts.max_in_flight.max(counts.in_flight);
        }
        self.count_minute(now.timestamp_millis());
        Visit {
            endpoint,
            list_query,
            epoch: self.epoch,
        }
    }

    /// The call of a visit ended.
    pub fn leave(&mut self, visit: Visit, status: u16) {
        if visit.epoch != self.epoch {
            return;
        }
        let counts = self.endpoints.entry(visit.endpoint).or_default();
        counts.in_flight = counts.in_flight.saturating_sub(1);
        *counts.statuses.entry(status).or_default() += 1;
        if let Some(counts) = visit
            .list_query
            .and_then(|query| self.list_queries.get_mut(&query))
        {
            counts.in_flight = counts.in_flight.saturating_sub(1);
        }
    }

    /// A token was given.
    pub fn logged_in(&mut self) {
        self.logins += 1;
    }

    /// The counts at this moment.
    pub fn report(&self, now: DateTime<Utc>) -> Report {
        let mut statuses = BTreeMap::new();
        for (status, count) in self.endpoints.values().flat_map(|counts| &counts.statuses) {
            *statuses.entry(*status).or_default() += count;
        }
        let since = now.timestamp_millis() - WINDOW_MS;
        Report {
            calls: self.endpoints.values().map(|counts| counts.calls).sum(),
            in_flight: self.endpoints.values().map(|counts| counts.in_flight).sum(),
            statuses,
            endpoints: self.endpoints.clone(),
            logins: self.logins,
            max_identical_lists_in_flight: self
                .list_queries
                .values()
                .map(|counts| counts.max_in_flight)
                .max()
                .unwrap_or(0),
            list_queries: self.list_queries.clone(),
            calls_last_60s: self.last_minute.iter().filter(|at| **at > since).count() as u64,
            max_calls_in_a_window: self.max_in_window,
            max_calls_in_60s: self.max_in_60s,
            first_call_at: self.first_call_at,
            last_call_at: self.last_call_at,
        }
    }

    fn query_to_count(&self, query: String) -> String {
        let known = self.list_queries.len() < MAX_QUERIES || self.list_queries.contains_key(&query);
        if known { query } else { "(others)".to_owned() }
    }

    fn count_minute(&mut self, at: i64) {
        while self
            .last_minute
            .front()
            .is_some_and(|first| *first <= at - WINDOW_MS)
        {
            self.last_minute.pop_front();
        }
        self.last_minute.push_back(at);
        self.max_in_60s = self.max_in_60s.max(self.last_minute.len() as u64);
        let window = (at - self.start.timestamp_millis()).div_euclid(WINDOW_MS);
        if window != self.window {
            (self.window, self.in_window) = (window, 0);
        }
        self.in_window += 1;
        self.max_in_window = self.max_in_window.max(self.in_window);
        self.first_call_at.get_or_insert(at);
        self.last_call_at = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::milliseconds(ms)
    }

    fn list(stats: &mut Stats, query: &str) -> Visit {
        stats.enter(Endpoint::List, Some(query.to_owned()), at(0))
    }

    #[test]
    fn only_equal_queries_in_flight_at_once_are_counted_together() {
        let mut stats = Stats::new(at(0));
        let (a, b) = (list(&mut stats, "offset=0"), list(&mut stats, "offset=100"));
        assert_eq!(stats.report(at(0)).max_identical_lists_in_flight, 1);
        stats.leave(a, 200);
        let again = list(&mut stats, "offset=0");
        assert_eq!(stats.report(at(0)).max_identical_lists_in_flight, 1);
        let second = list(&mut stats, "offset=0");
        assert_eq!(stats.report(at(0)).max_identical_lists_in_flight, 2);
        for visit in [b, again, second] {
            stats.leave(visit, CLIENT_LEFT);
        }
        let report = stats.report(at(0));
        assert_eq!((report.calls, report.in_flight), (4, 0));
        assert_eq!(report.statuses, BTreeMap::from([(200, 1), (499, 3)]));
        assert_eq!(
            report.list_queries["offset=0"],
            QueryStats {
                calls: 3,
                in_flight: 0,
                max_in_flight: 2
            }
        );
    }

    #[test]
    fn a_minute_is_counted_by_window_and_sliding() {
        let mut stats = Stats::new(at(0));
        for ms in [50_000, 59_000, 61_000, 62_000, 110_500] {
            let visit = stats.enter(Endpoint::Me, None, at(ms));
            stats.leave(visit, 200);
        }
        let report = stats.report(at(111_000));
        assert_eq!(
            (
                report.max_calls_in_a_window,
                report.max_calls_in_60s,
                report.calls_last_60s
            ),
            (3, 4, 4)
        );
        assert_eq!(
            (report.first_call_at, report.last_call_at),
            (Some(50_000), Some(110_500))
        );
    }

    #[test]
    fn a_call_that_began_before_a_reset_is_not_counted_after_it() {
        let mut stats = Stats::new(at(0));
        let before = list(&mut stats, "offset=0");
        stats.reset();
        stats.leave(before, 200);
        assert_eq!(stats.report(at(0)), Stats::new(at(0)).report(at(0)));
    }
}
