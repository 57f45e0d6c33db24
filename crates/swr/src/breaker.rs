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
    /// Yes, with this pass.
    Go(Pass),
    /// Not before so many milliseconds have passed.
    Refused(u64),
}

/// Names the time in which a call was permitted: what comes of it counts only as long as that lasts. A call from before
/// the breaker opened that fails late tells nothing of the probe, and prolongs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass(u64);

/// How a [`Breaker`] stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Calls go.
    Closed,
    /// No call goes, or the next one is the probe.
    Open,
    /// One call probes.
    HalfOpen,
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
    /// Which time it is: every change of the state begins another.
    time: u64,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(policy: BreakerPolicy) -> Self {
        Self {
            policy,
            state: State::Closed { failures: 0 },
            time: 0,
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

    /// Asks for one call. Whoever gets [`Permit::Go`] must report how it ended, with his pass.
    pub fn permit(&mut self, now: UnixMillis) -> Permit {
        if matches!(self.state, State::Closed { .. }) {
            return Permit::Go(Pass(self.time));
        }
        let wait = self.refuses_for(now);
        if wait > 0 {
            return Permit::Refused(wait);
        }
        self.change(State::HalfOpen {
            probe_lost_at: now.plus(self.policy.probe_deadline),
        });
        Permit::Go(Pass(self.time))
    }

    /// A call was answered. Whether that ends an outage.
    pub fn succeeded(&mut self, pass: Pass) -> bool {
        if pass.0 != self.time {
            return false;
        }
        let was_open = self.is_open();
        if was_open {
            self.change(State::Closed { failures: 0 });
        } else {
            self.state = State::Closed { failures: 0 };
        }
        was_open
    }

    /// A call failed. `random` in `0.0..1.0` is the jitter.
    pub fn failed(&mut self, pass: Pass, now: UnixMillis, random: f64) {
        if pass.0 != self.time {
            return;
        }
        match self.state {
            State::Closed { failures } if failures + 1 < self.policy.failures => {
                self.state = State::Closed {
                    failures: failures + 1,
                };
            }
            _ => {
                let jitter = (self.policy.pause as f64 / 4.0 * random) as u64;
                self.change(State::Open {
                    until: now.plus(self.policy.pause - jitter),
                });
            }
        }
    }

    /// A call was given up before it ended. If it was the probe, another may go.
    pub fn abandoned(&mut self, pass: Pass, now: UnixMillis) {
        if pass.0 == self.time && matches!(self.state, State::HalfOpen { .. }) {
            self.change(State::Open { until: now });
        }
    }

    /// Whether calls are being refused or probed.
    pub fn is_open(&self) -> bool {
        self.state() != BreakerState::Closed
    }

    /// How it stands.
    pub fn state(&self) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    fn change(&mut self, state: State) {
        self.state = state;
        self.time += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: UnixMillis = UnixMillis(1_000_000);
    const LATER: UnixMillis = UnixMillis(1_004_000);

    fn breaker() -> Breaker {
        Breaker::new(BreakerPolicy {
            failures: 3,
            pause: 4_000,
            probe_deadline: 10_000,
        })
    }

    fn pass(breaker: &mut Breaker, now: UnixMillis) -> Pass {
        match breaker.permit(now) {
            Permit::Go(pass) => pass,
            Permit::Refused(ms) => panic!("refused for {ms} ms"),
        }
    }

    fn open() -> Breaker {
        let mut breaker = breaker();
        for _ in 0..3 {
            let pass = pass(&mut breaker, T0);
            breaker.failed(pass, T0, 0.0);
        }
        breaker
    }

    #[test]
    fn it_opens_after_enough_failures_in_a_row() {
        let mut breaker = breaker();
        let pass = pass(&mut breaker, T0);
        breaker.failed(pass, T0, 0.0);
        breaker.failed(pass, T0, 0.0);
        assert!(!breaker.succeeded(pass));
        breaker.failed(pass, T0, 0.0);
        breaker.failed(pass, T0, 0.0);
        assert!(!breaker.is_open());
        breaker.failed(pass, T0, 0.0);
        assert_eq!(breaker.permit(T0), Permit::Refused(4_000));
        assert!(breaker.is_open());
    }

    #[test]
    fn one_probe_goes_through_after_the_pause() {
        let mut breaker = open();
        assert_eq!(breaker.state(), BreakerState::Open);
        let probe = pass(&mut breaker, LATER);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert_eq!(
            breaker.permit(LATER),
            Permit::Refused(10_000),
            "a second probe"
        );
        assert!(breaker.succeeded(probe), "an outage has ended");
        let next = pass(&mut breaker, LATER);
        assert!(!breaker.is_open());
        assert!(!breaker.succeeded(next));
    }

    #[test]
    fn a_failed_probe_opens_it_again() {
        let mut breaker = open();
        let probe = pass(&mut breaker, LATER);
        breaker.failed(probe, LATER, 1.0);
        assert_eq!(
            breaker.permit(LATER),
            Permit::Refused(3_000),
            "jitter takes a quarter away"
        );
    }

    #[test]
    fn a_lost_probe_blocks_nobody() {
        let mut breaker = open();
        let lost = pass(&mut breaker, LATER);
        assert_eq!(breaker.permit(LATER.plus(9_999)), Permit::Refused(1));
        let next = pass(&mut breaker, LATER.plus(10_000));
        assert!(!breaker.succeeded(lost), "too late");
        assert!(breaker.succeeded(next));
    }

    #[test]
    fn a_probe_that_is_given_up_makes_room_for_another() {
        let mut breaker = open();
        let given_up = pass(&mut breaker, LATER);
        breaker.abandoned(given_up, LATER.plus(100));
        pass(&mut breaker, LATER.plus(100));
    }

    #[test]
    fn what_comes_late_of_calls_from_before_it_opened_counts_for_nothing() {
        let mut breaker = breaker();
        let early = pass(&mut breaker, T0);
        for _ in 0..3 {
            breaker.failed(early, T0, 0.0);
        }
        breaker.failed(early, T0.plus(3_900), 0.0);
        let probe = pass(&mut breaker, LATER);
        // While the probe is under way, and so not in its place.
        breaker.failed(early, LATER.plus(1), 0.0);
        assert!(!breaker.succeeded(early));
        breaker.abandoned(early, LATER);
        assert_eq!(breaker.permit(LATER), Permit::Refused(10_000));
        breaker.failed(probe, LATER.plus(100), 0.0);
        assert_eq!(breaker.permit(LATER.plus(100)), Permit::Refused(4_000));
    }
}
