use crate::{Asking, Policy, Stamp, Verdict};

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

    /// How many intervals there are at most between two polls, however long there will be nothing new.
    const LONGEST: u64 = 3;

    /// Milliseconds until the next poll of a reader who was given a copy with this stamp and verdict; `asking` is what is
    /// known of its refresh if it is due for one.
    ///
    /// A copy cannot change before it is due for a refresh. One whose refresh was asked for a moment ago will soon be
    /// replaced: come back for the result. If it was not, upstream is in trouble: the usual interval, but for the first
    /// to ask in each, who may be the one whose refresh succeeds; and longer, within bounds, where it is known that there
    /// will be nothing newer: the key backs off, the breaker is open, the budget is short.
    pub fn poll_after(
        &self,
        policy: &Policy,
        stamp: Stamp,
        verdict: Verdict,
        asking: Option<Asking>,
    ) -> u64 {
        let nothing_for = asking.map_or(0, |asking| asking.nothing_for);
        let longest = self.interval.saturating_mul(Self::LONGEST);
        if nothing_for > 0 {
            return nothing_for.clamp(self.interval, longest);
        }
        // Where calls run short its refresh will wait for its call about as long as the last one did.
        let waited = u64::from(stamp.waited);
        let left = asking.map_or(0, |asking| waited.saturating_sub(asking.since_first));
        if left > 0 {
            return (Self::REFRESH + left).min(longest);
        }
        let under_way = asking.is_some_and(|asking| {
            let first_in_a_while = asking.ask && asking.since_last >= self.interval / 2;
            asking.since_first < waited + self.interval / 2 || first_in_a_while
        });
        match verdict {
            _ if under_way => Self::REFRESH,
            Verdict::Fresh { ttl } => {
                (ttl.saturating_sub(policy.eager_for(stamp)) + Self::SETTLE).max(Self::REFRESH)
            }
            Verdict::Stale | Verdict::OnError | Verdict::Dead => self.interval,
        }
        .min(self.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fence, UnixMillis};

    const PACE: Pace = Pace { interval: 10_000 };
    const POLICY: Policy = Policy {
        fresh: 10_000,
        eager: 1_500,
        stale_while_revalidate: 600_000,
        stale_if_error: 86_400_000,
    };

    fn stamp(cost: u32) -> Stamp {
        Stamp {
            ticket: Fence::default().begin(),
            fetched_at: UnixMillis(0),
            cost,
            waited: 0,
            spread: 0,
        }
    }

    fn poll_after(verdict: Verdict, asking: Option<Asking>) -> u64 {
        PACE.poll_after(&POLICY, stamp(300), verdict, asking)
    }

    fn fresh(ttl: u64) -> u64 {
        poll_after(Verdict::Fresh { ttl }, None)
    }

    fn stale(ask: bool, since_first: u64, since_last: u64) -> u64 {
        let asking = Asking {
            ask,
            since_first,
            since_last,
            nothing_for: 0,
        };
        poll_after(Verdict::Stale, Some(asking))
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
            assert_eq!(poll_after(verdict, Some(Asking::FIRST)), 1_500);
        }
        assert_eq!(stale(false, 400, 400), 1_500);
    }

    #[test]
    fn a_copy_that_stays_stale_is_not_asked_for_more_often_than_usual() {
        assert_eq!(stale(true, 60_000, 1_500), 10_000);
        assert_eq!(stale(false, 60_000, 500), 10_000);
        assert_eq!(poll_after(Verdict::OnError, None), 10_000);
    }

    #[test]
    fn where_nothing_will_come_polls_are_fewer_but_never_cease() {
        let after = |nothing_for| {
            let asking = Asking {
                nothing_for,
                ..Asking::FIRST
            };
            poll_after(Verdict::Stale, Some(asking))
        };
        assert_eq!(
            [1, 4_000, 15_000, 60_000].map(after),
            [10_000, 10_000, 15_000, 30_000]
        );
    }

    #[test]
    fn where_refreshes_wait_for_their_calls_polls_wait_with_them() {
        let after = |waited, since_first| {
            let stamp = Stamp {
                waited,
                ..stamp(300)
            };
            let asking = Asking {
                ask: since_first == 0,
                since_first,
                since_last: since_first,
                nothing_for: 0,
            };
            PACE.poll_after(&POLICY, stamp, Verdict::Stale, Some(asking))
        };
        assert_eq!(after(12_000, 0), 13_500);
        assert_eq!(after(12_000, 8_000), 5_500);
        assert_eq!(after(12_000, 12_500), 1_500, "any moment now");
        assert_eq!(after(12_000, 30_000), 10_000);
        assert_eq!(after(60_000, 0), 30_000, "but never cease");
    }

    /// Once upstream is back, the first poll asks for the refresh and the second, 1.5 s later, has its result.
    #[test]
    fn after_an_outage_nobody_is_stale_for_more_than_an_interval() {
        assert_eq!(stale(true, 300_000, 10_000), 1_500);
    }

    /// A lone reader sees a change at most fresh - eager + settle + refresh after it, plus his own delays, and never a
    /// stale copy, unless a refresh takes longer than half of the time that a copy is fresh.
    #[test]
    fn a_lone_reader_never_waits_for_long() {
        for cost in [300, 1_000, 2_000] {
            let stamp = stamp(cost);
            let fetched = u64::from(cost);
            let verdict = Verdict::Fresh {
                ttl: POLICY.fresh - fetched,
            };
            let due = fetched + PACE.poll_after(&POLICY, stamp, verdict, None);
            let verdict = POLICY.verdict(stamp, UnixMillis(due));
            assert!(POLICY.is_due(stamp, verdict, 0.000_1, 0.0), "{cost}");
            let Verdict::Fresh { ttl } = verdict else {
                panic!("{cost}: he sees a stale copy");
            };
            assert!(ttl >= u64::from(cost), "{cost}: the refresh ends too late");
            let seen = due + PACE.poll_after(&POLICY, stamp, verdict, Some(Asking::FIRST));
            assert!(seen < 11_000, "{cost}: {seen}");
        }
    }
}
