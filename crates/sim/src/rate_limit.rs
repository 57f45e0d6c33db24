//! The account's limit of calls a minute, in fixed windows of 60 seconds.

use crate::config::ANNOUNCED_LIMIT;
use chrono::{DateTime, Utc};

/// Length of a window.
pub const WINDOW_MS: i64 = 60_000;

/// What a call is told about the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `X-RateLimit-Limit`.
    pub limit: u32,
    /// `X-RateLimit-Remaining`.
    pub remaining: u32,
    /// Set when the call is refused: seconds until the window ends.
    pub refused_for_s: Option<i64>,
}

/// Counts calls by window. Windows follow one another from the start on, used or not.
#[derive(Clone, Debug)]
pub struct RateLimit {
    enforced: Option<u32>,
    start: DateTime<Utc>,
    window: i64,
    calls: u32,
}

impl RateLimit {
    /// A limit whose first window begins at `start`; `None` counts and announces but never refuses.
    pub fn new(enforced: Option<u32>, start: DateTime<Utc>) -> Self {
        Self {
            enforced,
            start,
            window: 0,
            calls: 0,
        }
    }

    /// The limit that is enforced.
    pub fn enforced(&self) -> Option<u32> {
        self.enforced
    }

    /// Enforces another limit from now on; the calls of the present window stay counted.
    pub fn enforce(&mut self, limit: Option<u32>) {
        self.enforced = limit;
    }

    /// Counts a call and tells how it stands.
    pub fn admit(&mut self, now: DateTime<Utc>) -> Standing {
        let since_start = now.timestamp_millis() - self.start.timestamp_millis();
        let window = since_start.div_euclid(WINDOW_MS);
        if window != self.window {
            (self.window, self.calls) = (window, 0);
        }
        let limit = self.enforced.unwrap_or(ANNOUNCED_LIMIT);
        let refused = self.enforced.is_some_and(|limit| self.calls >= limit);
        self.calls = self.calls.saturating_add(1);
        let left_ms = WINDOW_MS - since_start.rem_euclid(WINDOW_MS);
        Standing {
            limit,
            remaining: limit.saturating_sub(self.calls),
            refused_for_s: refused.then_some((left_ms + 999) / 1_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::milliseconds(ms)
    }

    #[test]
    fn the_call_after_the_last_waits_for_the_end_of_the_window() {
        let mut limit = RateLimit::new(Some(2), at(0));
        assert_eq!(
            limit.admit(at(10_000)),
            Standing {
                limit: 2,
                remaining: 1,
                refused_for_s: None
            }
        );
        assert_eq!(
            limit.admit(at(10_000)),
            Standing {
                limit: 2,
                remaining: 0,
                refused_for_s: None
            }
        );
        assert_eq!(limit.admit(at(10_500)).refused_for_s, Some(50));
        assert_eq!(limit.admit(at(59_999)).refused_for_s, Some(1));
        assert_eq!(
            limit.admit(at(60_000)),
            Standing {
                limit: 2,
                remaining: 1,
                refused_for_s: None
            }
        );
    }

    #[test]
    fn without_a_limit_600_are_announced_and_none_refused() {
        let mut limit = RateLimit::new(None, at(0));
        let last = (0..700).map(|_| limit.admit(at(1))).last().unwrap();
        assert_eq!(
            last,
            Standing {
                limit: 600,
                remaining: 0,
                refused_for_s: None
            }
        );
    }
}
