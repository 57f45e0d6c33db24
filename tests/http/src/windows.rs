//! The durations that the Worker under test runs with, far shorter than those it ships with; `cargo xtask test` sets
//! them. [`crate::Reply::prices`] finds out if they differ.

use std::time::{Duration, Instant};

/// `PRICES_FRESH_MS`
pub const PRICES_FRESH: Duration = Duration::from_millis(1_000);
/// `LIST_FRESH_MS`
pub const LIST_FRESH: Duration = Duration::from_millis(5_000);
/// `DETAIL_FRESH_MS`
pub const DETAIL_FRESH: Duration = Duration::from_millis(10_000);
/// `WATCHED_FRESH_MS`
pub const WATCHED_FRESH: Duration = Duration::from_millis(2_000);
/// `READ_DEADLINE_MS`
pub const READ_DEADLINE: Duration = Duration::from_millis(3_000);
/// `REFRESH_DEADLINE_MS`
pub const REFRESH_DEADLINE: Duration = Duration::from_millis(4_000);
/// `BACKOFF_MAX_MS`
pub const BACKOFF_MAX: Duration = Duration::from_millis(1_000);
/// `BREAKER_FAILURES`
pub const BREAKER_FAILURES: u64 = 5;
/// `BREAKER_PAUSE_MS`, of which jitter takes up to a quarter away.
pub const BREAKER_PAUSE: Duration = Duration::from_millis(500);
/// `POLL_INTERVAL_MS`
pub const POLL_INTERVAL: Duration = Duration::from_millis(1_000);
/// `LOGIN_PAUSE_MS`
pub const LOGIN_PAUSE: Duration = Duration::from_millis(2_000);
/// `UPSTREAM_CALLS_PER_MINUTE`
pub const CALLS_PER_MINUTE: u64 = 600;
/// Of the tenth of them that may be made at once three quarters are kept for readers; what is beyond is for everybody.
pub const CALLS_FOR_EVERYBODY: f64 = 50.0;

/// `ORDERS_FRESH_MS`
pub const ORDERS_FRESH: Duration = Duration::from_millis(2_000);
/// `ORDERS_STALE_IF_ERROR_MS`
pub const ORDERS_STALE_IF_ERROR: Duration = Duration::from_millis(3_000);
/// `BOARD_PATIENCE_MS`, longer than it ships with: a busy machine is no reason to read past the board.
pub const BOARD_PATIENCE: Duration = Duration::from_millis(1_000);
/// `CHANGE_GRACE_MS`
pub const CHANGE_GRACE: Duration = Duration::from_millis(1_000);
/// `QUOTE_FRESH_MS`
pub const QUOTE_FRESH: Duration = Duration::from_millis(3_000);
/// `QUOTE_FAILED_MS`
pub const QUOTE_FAILED: Duration = Duration::from_millis(1_500);

/// An answer that waited for nothing: half of what a reader waits for upstream, and far more than it takes.
pub const AT_ONCE: Duration = Duration::from_millis(1_500);
/// What a busy machine may add to a deadline.
pub const SLACK: Duration = Duration::from_millis(1_500);
/// Back from an outage: one interval, the second in which the readers of one place do not ask again, and slack.
pub const RECOVERY: Duration = Duration::from_millis(3_500);
/// Back from anything at all: a login that was refused, calls that were spent, a pause that upstream asked for.
pub const WHOLE_RECOVERY: Duration = Duration::from_millis(15_000);

/// The most calls that prices behind one set of filters may cost since `began`, on one page: the first, and one whenever
/// they were due. A busy machine takes its time, and prices age meanwhile.
pub fn calls_due(began: Instant) -> u64 {
    // Some copies go stale a tenth sooner than others, and one that many read is refreshed before that, by chance: the
    // sooner the longer a call takes.
    let interval = PRICES_FRESH / 2;
    let intervals = began.elapsed().as_millis() / interval.as_millis();
    1 + u64::try_from(intervals).unwrap_or(u64::MAX)
}
