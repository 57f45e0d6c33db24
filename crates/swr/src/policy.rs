use crate::{Class, Stamp, UnixMillis, Wish};

/// How long a copy is good for what, in milliseconds. Both stale windows begin where it stops being fresh (RFC 5861).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Served as it is; less [`Policy::SPREAD`] of it at most, by the copy's own [`Stamp::spread`].
    pub fresh: u64,
    /// In so many of its last fresh milliseconds, or more, a copy that few read is refreshed behind the answer, by whoever
    /// comes: see [`Policy::eager_for`].
    pub eager: u64,
    /// Served at once while a refresh is asked for (RFC 5861, 3).
    pub stale_while_revalidate: u64,
    /// Served only when a refresh fails (RFC 5861, 4).
    pub stale_if_error: u64,
}

/// What a copy is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Serve it; for so many milliseconds more it stays fresh.
    Fresh {
        /// Milliseconds until it is stale, 1 or more.
        ttl: u64,
    },
    /// Serve it and ask for a refresh.
    Stale,
    /// Wait for a refresh; serve it if that fails.
    OnError,
    /// Never serve it.
    Dead,
}

impl Policy {
    /// The part of [`Policy::fresh`] over which the ends of freshness are spread: copies that were born together do not
    /// go stale together.
    pub const SPREAD: f64 = 0.1;

    /// Readers in the time of one fetch from which on chance alone finds the one who refreshes early.
    const MANY: f64 = 5.0;

    /// What a copy is good for. Its own age decides, never a store's expiry.
    pub fn verdict(&self, stamp: Stamp, now: UnixMillis) -> Verdict {
        let age = now.since(stamp.fetched_at);
        let fresh = self.fresh_for(stamp);
        if age < fresh {
            Verdict::Fresh { ttl: fresh - age }
        } else if age < self.served_for() {
            Verdict::Stale
        } else if age < self.dead_after() {
            Verdict::OnError
        } else {
            Verdict::Dead
        }
    }

    /// The age at which this copy goes stale, in milliseconds.
    pub fn fresh_for(&self, stamp: Stamp) -> u64 {
        let sooner = self.fresh as f64 * Self::SPREAD * f64::from(stamp.spread) / 255.0;
        self.fresh.saturating_sub(sooner as u64)
    }

    /// How long before a copy goes stale whoever comes refreshes it, if few read it: [`Policy::eager`], or twice as long
    /// as a refresh takes, but no more than half of the time that it is fresh.
    pub fn eager_for(&self, stamp: Stamp) -> u64 {
        let dear = (2 * u64::from(stamp.cost)).min(self.fresh / 2);
        self.eager.max(dear)
    }

    /// Whether this reader should ask for a refresh behind a copy that he is served at once.
    ///
    /// Of a stale copy, always. Of a fresh one that many read, by chance: ever more likely the nearer it is to going
    /// stale and the longer a refresh takes (XFetch: Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic Cache
    /// Stampede Prevention", 2015). Of one that few read, where chance may well find nobody, surely in its last
    /// [`Policy::eager_for`] milliseconds: [`Pace`](crate::Pace) sends even a lone reader there.
    ///
    /// `reads_per_ms` is how often the copy is read here; `random` is in `0.0..1.0`.
    pub fn is_due(&self, stamp: Stamp, verdict: Verdict, reads_per_ms: f64, random: f64) -> bool {
        match verdict {
            Verdict::Fresh { ttl } => {
                let cost = f64::from(stamp.cost);
                let by_chance = -cost * (1.0 - random).ln();
                let for_sure = if reads_per_ms * cost < Self::MANY {
                    self.eager_for(stamp) as f64
                } else {
                    0.0
                };
                ttl as f64 <= by_chance.max(for_sure)
            }
            Verdict::Stale => true,
            Verdict::OnError | Verdict::Dead => false,
        }
    }

    /// A copy read upstream at this moment or later is young enough for whoever asks for a refresh at `now`, unless it is
    /// the very copy that he found due.
    pub fn wanted_since(&self, now: UnixMillis) -> UnixMillis {
        let young = self.fresh.saturating_sub(self.eager);
        UnixMillis(now.0.saturating_sub(young.saturating_sub(1)))
    }

    /// What somebody of this class asks for who has, at best, the copy with the stamp `have`.
    pub fn wish(&self, have: Option<Stamp>, class: Class, now: UnixMillis) -> Wish {
        let have = have.map(|stamp| stamp.ticket);
        match class {
            // What could be served at once is enough.
            Class::Prefetch => Wish {
                wanted_since: UnixMillis(now.0.saturating_sub(self.served_for() - 1)),
                have: None,
                class,
            },
            Class::Background => Wish {
                wanted_since: self.wanted_since(now),
                have,
                class,
            },
            // He has nothing that is good enough for him; that it is too old for others is not said.
            Class::Waiting => Wish {
                wanted_since: self.wanted_since(now),
                have: None,
                class,
            },
        }
    }

    /// How long after a refresh of this copy was asked for readers of the same place ask again, in milliseconds: a second,
    /// and as long as the last one waited for its call. What is asked for again too soon only costs.
    pub fn ask_again_after(stamp: Stamp) -> u64 {
        const AT_LEAST: u64 = 1_000;
        AT_LEAST + u64::from(stamp.waited)
    }

    /// The age from which on a copy is not served at once any more, in milliseconds: 1 or more.
    fn served_for(&self) -> u64 {
        self.fresh
            .saturating_add(self.stale_while_revalidate)
            .max(1)
    }

    /// The age from which on a copy is good for nothing, in milliseconds.
    pub fn dead_after(&self) -> u64 {
        self.fresh
            .saturating_add(self.stale_while_revalidate.max(self.stale_if_error))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Fence;

    const POLICY: Policy = Policy {
        fresh: 10,
        eager: 2,
        stale_while_revalidate: 600,
        stale_if_error: 5_000,
    };

    fn stamp(fetched_at: u64) -> Stamp {
        Stamp {
            ticket: Fence::default().begin(),
            fetched_at: UnixMillis(fetched_at),
            cost: 0,
            waited: 0,
            spread: 0,
        }
    }

    fn at_age(age: u64) -> Verdict {
        POLICY.verdict(stamp(1_000), UnixMillis(1_000 + age))
    }

    #[test]
    fn age_alone_decides_what_a_copy_is_good_for() {
        assert_eq!(at_age(0), Verdict::Fresh { ttl: 10 });
        assert_eq!(at_age(9), Verdict::Fresh { ttl: 1 });
        assert_eq!(at_age(10), Verdict::Stale);
        assert_eq!(at_age(609), Verdict::Stale);
        assert_eq!(at_age(610), Verdict::OnError);
        assert_eq!(at_age(5_009), Verdict::OnError);
        assert_eq!(at_age(5_010), Verdict::Dead);
        assert_eq!(POLICY.dead_after(), 5_010);
    }

    #[test]
    fn a_copy_from_a_clock_ahead_of_ours_is_new_not_dead() {
        assert_eq!(
            POLICY.verdict(stamp(2_000), UnixMillis(1_000)),
            Verdict::Fresh { ttl: 10 }
        );
    }

    #[test]
    fn an_error_window_within_the_stale_one_adds_nothing() {
        let policy = Policy {
            stale_if_error: 100,
            ..POLICY
        };
        assert_eq!(policy.verdict(stamp(0), UnixMillis(609)), Verdict::Stale);
        assert_eq!(policy.verdict(stamp(0), UnixMillis(610)), Verdict::Dead);
    }

    #[test]
    fn windows_without_end_do_not_overflow() {
        let forever = Policy {
            fresh: u64::MAX,
            eager: u64::MAX,
            stale_while_revalidate: u64::MAX,
            stale_if_error: u64::MAX,
        };
        assert!(matches!(
            forever.verdict(stamp(0), UnixMillis(u64::MAX - 1)),
            Verdict::Fresh { .. }
        ));
        assert_eq!(forever.dead_after(), u64::MAX);
        assert_eq!(forever.wanted_since(UnixMillis(7)), UnixMillis(7));
    }

    #[test]
    fn copies_born_together_go_stale_one_after_the_other_and_none_too_late() {
        let policy = Policy {
            fresh: 10_000,
            ..POLICY
        };
        let ends: Vec<u64> = (0..=255)
            .map(|spread| policy.fresh_for(Stamp { spread, ..stamp(0) }))
            .collect();
        assert!(ends.is_sorted_by(|sooner, later| sooner > later));
        assert_eq!((ends[0], ends[255]), (10_000, 9_000));
    }

    #[test]
    fn a_copy_that_few_read_is_refreshed_in_its_last_moments() {
        let due = |age| POLICY.is_due(stamp(1_000), at_age(age), 0.0, 0.0);
        assert_eq!(
            [0, 7, 8, 9, 10, 609].map(due),
            [false, false, true, true, true, true]
        );
        assert!(!due(610), "whoever comes then waits for the refresh");
        // Whoever finds it due so is not told by anybody that it is young enough.
        for age in 0..610 {
            let too_old = UnixMillis(1_000) < POLICY.wanted_since(UnixMillis(1_000 + age));
            assert_eq!(too_old, due(age), "{age}");
        }
    }

    #[test]
    fn a_copy_that_many_read_is_refreshed_by_one_of_them_before_it_is_stale() {
        let policy = Policy {
            fresh: 10_000,
            eager: 1_500,
            ..POLICY
        };
        let stamp = Stamp {
            cost: 300,
            ..stamp(0)
        };
        // A hundred readers a second, each with a random number of his own.
        let mut random = 0.5_f64;
        let (mut missed, mut early) = (0, 0);
        for _ in 0..1_000 {
            let asked_at = (0..10_000).step_by(10).find(|&now| {
                random = (random * 9_301.0 + 0.217_13).fract();
                let verdict = policy.verdict(stamp, UnixMillis(now));
                policy.is_due(stamp, verdict, 0.1, random)
            });
            match asked_at {
                None => missed += 1,
                Some(at) if at < 8_000 => early += 1,
                Some(_) => {}
            }
        }
        assert_eq!(missed, 0, "nobody found the copy stale");
        assert!(
            early < 50,
            "{early} of a thousand were refreshed far too early"
        );
    }

    #[test]
    fn the_dearer_a_refresh_the_sooner_it_begins() {
        let ttl = Verdict::Fresh { ttl: 1_000 };
        let due = |cost| {
            let stamp = Stamp { cost, ..stamp(0) };
            // Many read it.
            (1..1_000)
                .filter(|&i| POLICY.is_due(stamp, ttl, 1.0, f64::from(i) / 1_000.0))
                .count()
        };
        assert_eq!(due(100), 0);
        assert!((15..25).contains(&due(250)), "{}", due(250));
        assert!((350..380).contains(&due(1_000)), "{}", due(1_000));
    }

    proptest! {
        #[test]
        fn no_random_number_makes_a_fresh_copy_due_without_cost(random in 0.0..1.0_f64, ttl in 3_u64..10) {
            let fresh = Verdict::Fresh { ttl };
            prop_assert!(!POLICY.is_due(stamp(0), fresh, 0.0, random));
        }
    }
}
