use crate::{Asking, Policy, Verdict};

/// When a reader should ask again: early enough to have a stale copy refreshed before he sees it, and no sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The usual interval, in milliseconds, and the longest that is ever asked for.
    pub interval: u64,
}

impl Pace {
    /// A refresh asked for by this very reader has landed by then, unless upstream is slow.
    const REFRESH: u64 = 1_500;
    /// So long after a copy is due for a refresh a reader finds it due for sure, whatever his clock.
    const SETTLE: u64 = 250;

    /// Milliseconds until the next poll of a reader who was given a copy with this verdict; `asking` is what is known of
    /// its refresh if it is due for one.
    ///
    /// A copy cannot change before it is due for a refresh. One whose refresh was asked for a moment ago will soon be
    /// replaced: come back for the result. If it was not, upstream is in trouble: the usual interval, but for the first
    /// to ask in each, who may be the one whose refresh succeeds.
    pub fn poll_after(&self, policy: &Policy, verdict: Verdict, asking: Option<Asking>) -> u64 {
        let under_way = asking.is_some_and(|asking| {
            let first_in_a_while = asking.ask && asking.since_last >= self.interval / 2;
            asking.since_first < self.interval / 2 || first_in_a_while
        });
        match verdict {
            _ if under_way => Self::REFRESH,
            Verdict::Fresh { ttl } => {
                (ttl.saturating_sub(policy.eager) + Self::SETTLE).max(Self::REFRESH)
            }
            Verdict::Stale | Verdict::OnError | Verdict::Dead => self.interval,
        }
        .min(self.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnixMillis;

    const PACE: Pace = Pace { interval: 10_000 };
    const POLICY: Policy = Policy {
        fresh: 10_000,
        eager: 1_500,
        stale_while_revalidate: 600_000,
        stale_if_error: 86_400_000,
    };

    fn fresh(ttl: u64) -> u64 {
        PACE.poll_after(&POLICY, Verdict::Fresh { ttl }, None)
    }

    fn stale(ask: bool, since_first: u64, since_last: u64) -> u64 {
        let asking = Asking {
            ask,
            since_first,
            since_last,
        };
        PACE.poll_after(&POLICY, Verdict::Stale, Some(asking))
    }

    #[test]
    fn a_fresh_copy_is_asked_for_again_once_it_is_due() {
        assert_eq!(fresh(8_000), 6_750);
        assert_eq!(fresh(1_501), 1_500);
        assert_eq!(fresh(60_000), 10_000);
    }

    #[test]
    fn the_result_of_a_refresh_is_fetched_soon_whoever_asked_for_it() {
        for verdict in [Verdict::Fresh { ttl: 1_000 }, Verdict::Stale] {
            let first = PACE.poll_after(&POLICY, verdict, Some(Asking::FIRST));
            assert_eq!(first, 1_500);
        }
        assert_eq!(stale(false, 400, 400), 1_500);
    }

    #[test]
    fn a_copy_that_stays_stale_is_not_asked_for_more_often_than_usual() {
        assert_eq!(stale(true, 60_000, 1_500), 10_000);
        assert_eq!(stale(false, 60_000, 500), 10_000);
        assert_eq!(PACE.poll_after(&POLICY, Verdict::OnError, None), 10_000);
    }

    /// Once upstream is back, the first poll asks for the refresh and the second, 1.5 s later, has its result.
    #[test]
    fn after_an_outage_nobody_is_stale_for_more_than_an_interval() {
        assert_eq!(stale(true, 300_000, 10_000), 1_500);
    }

    /// A lone reader sees a change at most fresh - eager + settle + refresh after it, plus his own delays, and never a
    /// stale copy.
    #[test]
    fn a_lone_reader_never_waits_for_long() {
        let fetched = 300;
        let due = fetched + fresh(POLICY.fresh - fetched);
        let verdict = POLICY.verdict(UnixMillis(0), UnixMillis(due));
        assert!(POLICY.is_due(verdict) && verdict != Verdict::Stale);
        let seen = due + PACE.poll_after(&POLICY, verdict, Some(Asking::FIRST));
        assert!(seen < 11_000, "{seen}");
    }
}
