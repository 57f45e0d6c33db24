use crate::UnixMillis;

/// How long a copy is good for what, in milliseconds. Both stale windows begin where it stops being fresh (RFC 5861).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Served as it is.
    pub fresh: u64,
    /// In so many of its last fresh milliseconds it is served as it is while a refresh is asked for, so that those who
    /// come steadily never find it stale.
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
    /// What a copy read upstream at `fetched_at` is good for. The copy's own age decides, never a store's expiry.
    pub fn verdict(&self, fetched_at: UnixMillis, now: UnixMillis) -> Verdict {
        let age = now.since(fetched_at);
        if age < self.fresh {
            Verdict::Fresh {
                ttl: self.fresh - age,
            }
        } else if age < self.fresh.saturating_add(self.stale_while_revalidate) {
            Verdict::Stale
        } else if age < self.dead_after() {
            Verdict::OnError
        } else {
            Verdict::Dead
        }
    }

    /// Whether a refresh is to be asked for behind a copy that is served at once.
    pub fn is_due(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Fresh { ttl } => ttl <= self.eager,
            Verdict::Stale => true,
            Verdict::OnError | Verdict::Dead => false,
        }
    }

    /// A copy read upstream at this moment or later is not due yet.
    pub fn wanted_since(&self, now: UnixMillis) -> UnixMillis {
        let due_after = self.fresh.saturating_sub(self.eager);
        UnixMillis(now.0.saturating_sub(due_after.saturating_sub(1)))
    }

    /// The age from which on a copy is good for nothing, in milliseconds.
    pub fn dead_after(&self) -> u64 {
        self.fresh
            .saturating_add(self.stale_while_revalidate.max(self.stale_if_error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        fresh: 10,
        eager: 2,
        stale_while_revalidate: 600,
        stale_if_error: 5_000,
    };

    fn at_age(age: u64) -> Verdict {
        POLICY.verdict(UnixMillis(1_000), UnixMillis(1_000 + age))
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
            POLICY.verdict(UnixMillis(2_000), UnixMillis(1_000)),
            Verdict::Fresh { ttl: 10 }
        );
    }

    #[test]
    fn an_error_window_within_the_stale_one_adds_nothing() {
        let policy = Policy {
            stale_if_error: 100,
            ..POLICY
        };
        assert_eq!(
            policy.verdict(UnixMillis(0), UnixMillis(609)),
            Verdict::Stale
        );
        assert_eq!(
            policy.verdict(UnixMillis(0), UnixMillis(610)),
            Verdict::Dead
        );
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
            forever.verdict(UnixMillis(0), UnixMillis(u64::MAX - 1)),
            Verdict::Fresh { .. }
        ));
        assert_eq!(forever.dead_after(), u64::MAX);
        assert_eq!(forever.wanted_since(UnixMillis(7)), UnixMillis(7));
    }

    #[test]
    fn a_copy_is_refreshed_a_little_before_it_goes_stale() {
        let due = |age| POLICY.is_due(at_age(age));
        assert_eq!(
            [0, 7, 8, 9, 10, 609].map(due),
            [false, false, true, true, true, true]
        );
        assert!(!due(610), "whoever comes then waits for the refresh");
        // Whoever finds the copy due is not told that it is new enough, and nobody else is sent upstream.
        for age in 0..610 {
            let too_old = UnixMillis(1_000) < POLICY.wanted_since(UnixMillis(1_000 + age));
            assert_eq!(too_old, due(age), "{age}");
        }
    }
}
