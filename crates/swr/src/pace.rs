use crate::{Asking, Verdict};

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

    /// Milliseconds until the next poll of a reader who was given a copy with this verdict; `asking` is what is known of
    /// its refresh if it is stale.
    ///
    /// A fresh copy cannot change before it goes stale. A stale one whose refresh was asked for a moment ago will soon be
    /// replaced: come back for the result. If it was not, upstream is in trouble: the usual interval, but for the first
    /// to ask in each, who may be the one whose refresh succeeds.
    pub fn poll_after(&self, verdict: Verdict, asking: Option<Asking>) -> u64 {
        let under_way = asking.is_some_and(|asking| {
            let first_in_a_while = asking.ask && asking.since_last >= self.interval / 2;
            asking.since_first < self.interval / 2 || first_in_a_while
        });
        match verdict {
            Verdict::Fresh { ttl } => (ttl + Self::SETTLE).max(Self::REFRESH),
            Verdict::Stale if under_way => Self::REFRESH,
            Verdict::Stale | Verdict::OnError | Verdict::Dead => self.interval,
        }
        .min(self.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { interval: 10_000 };

    fn stale(ask: bool, since_first: u64, since_last: u64) -> u64 {
        let asking = Asking {
            ask,
            since_first,
            since_last,
        };
        PACE.poll_after(Verdict::Stale, Some(asking))
    }

    #[test]
    fn a_fresh_copy_is_asked_for_again_once_it_is_stale() {
        let fresh = |ttl| PACE.poll_after(Verdict::Fresh { ttl }, None);
        assert_eq!(fresh(8_000), 8_250);
        assert_eq!(fresh(1), 1_500);
        assert_eq!(fresh(60_000), 10_000);
    }

    #[test]
    fn the_result_of_a_refresh_is_fetched_soon_whoever_asked_for_it() {
        assert_eq!(PACE.poll_after(Verdict::Stale, Some(Asking::FIRST)), 1_500);
        assert_eq!(stale(false, 400, 400), 1_500);
    }

    #[test]
    fn a_copy_that_stays_stale_is_not_asked_for_more_often_than_usual() {
        assert_eq!(stale(true, 60_000, 1_500), 10_000);
        assert_eq!(stale(false, 60_000, 500), 10_000);
        assert_eq!(PACE.poll_after(Verdict::OnError, None), 10_000);
    }

    /// Once upstream is back, the first poll asks for the refresh and the second, 1.5 s later, has its result.
    #[test]
    fn after_an_outage_nobody_is_stale_for_more_than_an_interval() {
        assert_eq!(stale(true, 300_000, 10_000), 1_500);
    }

    /// A lone reader sees a change at most fresh + settle + refresh after it, plus his own delays: 10 s and 1.75 s.
    #[test]
    fn a_lone_reader_never_waits_for_long() {
        let fresh = 10_000;
        let ttl = fresh - 300;
        let first = PACE.poll_after(Verdict::Fresh { ttl }, None);
        assert!(300 + first > fresh, "the copy is stale by then");
        let second = PACE.poll_after(Verdict::Stale, Some(Asking::FIRST));
        assert!(300 + first + second < 12_000);
    }
}
