use crate::UnixMillis;

/// When to stop calling an upstream that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// So many failures in a row open it.
    pub failures: u32,
    /// How long it stays open before one probe is let through, in milliseconds; jitter takes up to a quarter away.
    pub pause: u64,
    /// A probe that has not come back after so many milliseconds counts as lost: another may go.
    pub probe_deadline: u64,
}

/// Whether a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Yes.
    Go,
    /// Not before so many milliseconds have passed.
    Refused(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: UnixMillis },
    HalfOpen { probe_lost_at: UnixMillis },
}

/// A circuit breaker: closed, open, half-open with a single probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    policy: BreakerPolicy,
    state: State,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(policy: BreakerPolicy) -> Self {
        Self {
            policy,
            state: State::Closed { failures: 0 },
        }
    }

    /// How long no call will be permitted, in milliseconds: 0 if one may be. Asking changes nothing.
    pub fn refuses_for(&self, now: UnixMillis) -> u64 {
        match self.state {
            State::Closed { .. } => 0,
            State::Open { until } => until.since(now),
            State::HalfOpen { probe_lost_at } => probe_lost_at.since(now),
        }
    }

    /// Asks for one call. Whoever gets [`Permit::Go`] must report how it ended.
    pub fn permit(&mut self, now: UnixMillis) -> Permit {
        if matches!(self.state, State::Closed { .. }) {
            return Permit::Go;
        }
        let wait = self.refuses_for(now);
        if wait > 0 {
            return Permit::Refused(wait);
        }
        self.state = State::HalfOpen {
            probe_lost_at: now.plus(self.policy.probe_deadline),
        };
        Permit::Go
    }

    /// A call was answered.
    pub fn succeeded(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// A call failed. `random` in `0.0..1.0` is the jitter.
    pub fn failed(&mut self, now: UnixMillis, random: f64) {
        self.state = match self.state {
            State::Closed { failures } if failures + 1 < self.policy.failures => State::Closed {
                failures: failures + 1,
            },
            // Calls that began before it opened fail late: they do not prolong the pause.
            State::Open { until } => State::Open { until },
            State::Closed { .. } | State::HalfOpen { .. } => {
                let jitter = (self.policy.pause as f64 / 4.0 * random) as u64;
                State::Open {
                    until: now.plus(self.policy.pause - jitter),
                }
            }
        };
    }

    /// Whether calls are being refused or probed.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: UnixMillis = UnixMillis(1_000_000);

    fn breaker() -> Breaker {
        Breaker::new(BreakerPolicy {
            failures: 3,
            pause: 4_000,
            probe_deadline: 10_000,
        })
    }

    fn open() -> Breaker {
        let mut breaker = breaker();
        for _ in 0..3 {
            assert_eq!(breaker.permit(T0), Permit::Go);
            breaker.failed(T0, 0.0);
        }
        breaker
    }

    #[test]
    fn it_opens_after_enough_failures_in_a_row() {
        let mut breaker = breaker();
        breaker.failed(T0, 0.0);
        breaker.failed(T0, 0.0);
        breaker.succeeded();
        breaker.failed(T0, 0.0);
        breaker.failed(T0, 0.0);
        assert_eq!(breaker.permit(T0), Permit::Go);
        breaker.failed(T0, 0.0);
        assert_eq!(breaker.permit(T0), Permit::Refused(4_000));
        assert!(breaker.is_open());
    }

    #[test]
    fn one_probe_goes_through_after_the_pause() {
        let mut breaker = open();
        let later = T0.plus(4_000);
        assert_eq!(breaker.permit(later), Permit::Go);
        assert_eq!(
            breaker.permit(later),
            Permit::Refused(10_000),
            "a second probe"
        );
        breaker.succeeded();
        assert_eq!(breaker.permit(later), Permit::Go);
        assert!(!breaker.is_open());
    }

    #[test]
    fn a_failed_probe_opens_it_again() {
        let mut breaker = open();
        let later = T0.plus(4_000);
        breaker.permit(later);
        breaker.failed(later, 1.0);
        assert_eq!(
            breaker.permit(later),
            Permit::Refused(3_000),
            "jitter takes a quarter away"
        );
    }

    #[test]
    fn a_lost_probe_blocks_nobody() {
        let mut breaker = open();
        breaker.permit(T0.plus(4_000));
        assert_eq!(breaker.permit(T0.plus(13_999)), Permit::Refused(1));
        assert_eq!(breaker.permit(T0.plus(14_000)), Permit::Go);
    }

    #[test]
    fn late_failures_do_not_prolong_the_pause() {
        let mut breaker = open();
        breaker.failed(T0.plus(3_900), 0.0);
        assert_eq!(breaker.permit(T0.plus(4_000)), Permit::Go);
    }
}
