use crate::UnixMillis;

/// Who a call to upstream is for. The lower class starves first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Nobody waits for it.
    Background,
    /// Somebody waits for it.
    Waiting,
}

/// Whether a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Make it now; it is paid for.
    Now,
    /// Not before so many milliseconds have passed; nothing is paid.
    In(u64),
}

/// The calls that an upstream account may make: a token bucket that keeps to its number in **any** minute.
///
/// A tenth of the minute's calls may be made at once, the other nine tenths flow in evenly, so no 60 seconds, wherever
/// they begin, hold more than the whole number. A bucket starts empty: a holder that died may have spent everything
/// a moment ago, and the bound holds across its death without anything stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    burst: f64,
    per_ms: f64,
    tokens: f64,
    counted_at: UnixMillis,
    paused_until: UnixMillis,
}

impl Budget {
    /// A budget of `calls_per_minute` (10 or more), empty at `now`.
    pub fn new(calls_per_minute: u32, now: UnixMillis) -> Self {
        let calls = f64::from(calls_per_minute.max(10));
        let burst = (calls / 10.0).floor();
        Self {
            burst,
            per_ms: (calls - burst) / 60_000.0,
            tokens: 0.0,
            counted_at: now,
            paused_until: UnixMillis::default(),
        }
    }

    /// Takes one call out of the budget, if the class may have it now. Half of the burst is kept for those who wait.
    pub fn take(&mut self, class: Class, now: UnixMillis) -> Grant {
        let elapsed = now.since(self.counted_at);
        self.tokens = (self.tokens + elapsed as f64 * self.per_ms).min(self.burst);
        self.counted_at = self.counted_at.max(now);
        if now < self.paused_until {
            return Grant::In(self.paused_until.since(now));
        }
        let reserve = match class {
            Class::Waiting => 0.0,
            Class::Background => (self.burst / 2.0).floor(),
        };
        let missing = reserve + 1.0 - self.tokens;
        if missing > 0.0 {
            return Grant::In(((missing / self.per_ms).ceil() as u64).max(1));
        }
        self.tokens -= 1.0;
        Grant::Now
    }

    /// Upstream said that nobody may call for so many milliseconds.
    pub fn pause(&mut self, ms: u64, now: UnixMillis) {
        self.paused_until = self.paused_until.max(now.plus(ms));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T0: UnixMillis = UnixMillis(1_000_000);

    fn full() -> Budget {
        let mut budget = Budget::new(600, T0);
        budget.tokens = budget.burst;
        budget
    }

    #[test]
    fn a_burst_is_a_tenth_of_the_minute() {
        let mut budget = full();
        let at_once = (0..100)
            .filter(|_| budget.take(Class::Waiting, T0) == Grant::Now)
            .count();
        assert_eq!(at_once, 60);
    }

    #[test]
    fn background_leaves_half_of_the_burst_to_those_who_wait() {
        let mut budget = full();
        let background = (0..100)
            .filter(|_| budget.take(Class::Background, T0) == Grant::Now)
            .count();
        let waiting = (0..100)
            .filter(|_| budget.take(Class::Waiting, T0) == Grant::Now)
            .count();
        assert_eq!((background, waiting), (30, 30));
    }

    #[test]
    fn a_new_bucket_is_empty_and_says_when_to_come_back() {
        let mut budget = Budget::new(600, T0);
        let Grant::In(ms) = budget.take(Class::Waiting, T0) else {
            panic!("granted from an empty bucket");
        };
        assert_eq!(ms, 112);
        assert_eq!(budget.take(Class::Waiting, T0.plus(ms)), Grant::Now);
    }

    #[test]
    fn a_pause_stops_everyone() {
        let mut budget = full();
        budget.pause(5_000, T0);
        budget.pause(1_000, T0);
        assert_eq!(
            budget.take(Class::Waiting, T0.plus(1_000)),
            Grant::In(4_000)
        );
        assert_eq!(budget.take(Class::Waiting, T0.plus(5_000)), Grant::Now);
    }

    #[test]
    fn a_clock_that_jumps_back_gives_nothing_away() {
        let mut budget = full();
        for _ in 0..60 {
            budget.take(Class::Waiting, T0);
        }
        assert!(matches!(
            budget.take(Class::Waiting, UnixMillis(0)),
            Grant::In(_)
        ));
        assert!(matches!(budget.take(Class::Waiting, T0), Grant::In(_)));
    }

    proptest! {
        /// However calls come, and whenever the holder dies, no minute holds more calls than the budget.
        #[test]
        fn no_minute_holds_more_than_the_budget(
            calls_per_minute in 10_u32..700,
            steps in proptest::collection::vec((0_u64..400, 0_u32..40, any::<bool>(), 0_u32..50), 1..400),
        ) {
            let mut now = T0;
            let mut budget = Budget::new(calls_per_minute, now);
            let mut made = Vec::new();
            for (wait, calls, waiting, death) in steps {
                now = now.plus(wait);
                if death == 0 {
                    budget = Budget::new(calls_per_minute, now);
                }
                let class = if waiting { Class::Waiting } else { Class::Background };
                made.extend((0..calls).filter(|_| budget.take(class, now) == Grant::Now).map(|_| now.0));
            }
            for (i, &first) in made.iter().enumerate() {
                let within = made[i..].iter().take_while(|&&call| call < first + 60_000).count();
                prop_assert!(within <= calls_per_minute as usize, "{within} calls in a minute");
            }
        }
    }
}
