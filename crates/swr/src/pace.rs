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

    /// Milliseconds until the next poll of a reader who was given a copy with this verdict, stale for `stale_for`
    /// milliseconds. `asked_before` tells, if he had a refresh asked for, how long before him somebody had done so.
    ///
    /// A fresh copy cannot change before it goes stale. A copy that has just gone stale is being refreshed: come back
    /// for the result. While one stays stale upstream is in trouble: the usual interval, but for the first to ask in
    /// each, who may be the one whose refresh succeeds.
    pub fn poll_after(&self, verdict: Verdict, stale_for: u64, asked_before: Option<u64>) -> u64 {
        let first_to_ask = asked_before.is_some_and(|ms| ms >= self.interval / 2);
        match verdict {
            Verdict::Fresh { ttl } => (ttl + Self::SETTLE).max(Self::REFRESH),
            Verdict::Stale if first_to_ask || stale_for <= self.interval => Self::REFRESH,
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
        assert_eq!(
            PACE.poll_after(Verdict::Fresh { ttl: 8_000 }, 0, None),
            8_250
        );
        assert_eq!(PACE.poll_after(Verdict::Fresh { ttl: 1 }, 0, None), 1_500);
        assert_eq!(
            PACE.poll_after(Verdict::Fresh { ttl: 60_000 }, 0, None),
            10_000
        );
    }

    #[test]
    fn the_result_of_ones_own_refresh_is_fetched_soon() {
        assert_eq!(PACE.poll_after(Verdict::Stale, 400, None), 1_500);
    }

    #[test]
    fn a_copy_that_stays_stale_is_not_asked_for_more_often_than_usual() {
        assert_eq!(PACE.poll_after(Verdict::Stale, 10_001, None), 10_000);
        assert_eq!(PACE.poll_after(Verdict::Stale, 10_001, Some(1_500)), 10_000);
        assert_eq!(PACE.poll_after(Verdict::OnError, 700_000, None), 10_000);
    }

    /// Once upstream is back, the first poll asks for the refresh and the second, 1.5 s later, has its result.
    #[test]
    fn after_an_outage_nobody_is_stale_for_more_than_an_interval() {
        assert_eq!(
            PACE.poll_after(Verdict::Stale, 300_000, Some(10_000)),
            1_500
        );
        assert_eq!(
            PACE.poll_after(Verdict::Stale, 300_000, Some(u64::MAX)),
            1_500
        );
    }

    /// A lone reader sees a change at most fresh + settle + refresh after it, plus his own delays: 10 s and 1.75 s.
    #[test]
    fn a_lone_reader_never_waits_for_long() {
        let fresh = 10_000;
        let first = PACE.poll_after(Verdict::Fresh { ttl: fresh - 300 }, 0, None);
        assert!(300 + first > fresh, "the copy is stale by then");
        assert!(300 + first + PACE.poll_after(Verdict::Stale, 0, None) < 12_000);
    }
}
