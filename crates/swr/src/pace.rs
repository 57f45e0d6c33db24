use crate::Verdict;

/// When a reader should ask again: just after there can be something new, and not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The usual interval, in milliseconds, and the longest that is ever asked for.
    pub interval: u64,
}

impl Pace {
    /// A refresh asked for by this very reader has landed by then, unless upstream is slow.
    const REFRESH: u64 = 1_500;
    /// So long after a copy goes stale a reader finds it stale for sure, whatever its clock.
    const SETTLE: u64 = 250;

    /// Milliseconds until the next poll.
    ///
    /// A fresh copy cannot change before it goes stale. A copy that has just gone stale is being refreshed because of
    /// this reader: come back for the result. One that stays stale means that upstream is in trouble: the usual interval.
    pub fn poll_after(&self, verdict: Verdict, stale_for: u64) -> u64 {
        match verdict {
            Verdict::Fresh { ttl } => (ttl + Self::SETTLE).max(Self::REFRESH),
            Verdict::Stale if stale_for <= self.interval => Self::REFRESH,
            Verdict::Stale | Verdict::OnError | Verdict::Dead => self.interval,
        }
        .min(self.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { interval: 10_000 };

    #[test]
    fn a_fresh_copy_is_asked_for_again_once_it_is_stale() {
        assert_eq!(PACE.poll_after(Verdict::Fresh { ttl: 8_000 }, 0), 8_250);
        assert_eq!(PACE.poll_after(Verdict::Fresh { ttl: 1 }, 0), 1_500);
        assert_eq!(PACE.poll_after(Verdict::Fresh { ttl: 60_000 }, 0), 10_000);
    }

    #[test]
    fn the_result_of_ones_own_refresh_is_fetched_soon() {
        assert_eq!(PACE.poll_after(Verdict::Stale, 400), 1_500);
    }

    #[test]
    fn a_copy_that_stays_stale_is_not_asked_for_more_often_than_usual() {
        assert_eq!(PACE.poll_after(Verdict::Stale, 10_001), 10_000);
        assert_eq!(PACE.poll_after(Verdict::OnError, 700_000), 10_000);
    }

    /// A lone reader sees a change at most fresh + settle + refresh after it, plus his own delays: 10 s and 1.75 s.
    #[test]
    fn a_lone_reader_never_waits_for_long() {
        let fresh = 10_000;
        let first = PACE.poll_after(Verdict::Fresh { ttl: fresh - 300 }, 0);
        assert!(300 + first > fresh, "the copy is stale by then");
        assert!(300 + first + PACE.poll_after(Verdict::Stale, 0) < 12_000);
    }
}
