//! When to poll: a state machine without a clock, a timer or a network. Events go in, commands come out; the time
//! (milliseconds of any steady clock) and a random number in `0.0..1.0` are arguments.
//!
//! It polls only while somebody can see the answer, never twice at a time, at the pace that the edge asks for, and
//! ever more slowly while polls fail.
//!
//! ```
//! use app::poller::{Command, Event, Poller};
//!
//! let mut poller = Poller::default();
//! assert_eq!(
//!     poller.on(Event::Present(true), 0.0, 0.5),
//!     [Command::Poll, Command::WakeAfter(Poller::DEADLINE_MS)],
//! );
//! ```

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Whether the screen is visible, active and online: told at the start and whenever it changes.
    Present(bool),
    /// The timer of the last [`Command::WakeAfter`] has rung.
    Woken,
    /// The poll was answered, and the edge asks for the next one after this many milliseconds.
    Answered(Option<u32>),
    /// The poll failed; the edge may have said when to come back.
    Failed(Option<u32>),
    /// The rows were loaded anew: a poll under way would bring what is already older.
    Reloaded,
    /// Nothing can be polled any more: the session is over.
    Stopped,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ask for the prices. Comes only when no poll is under way.
    Poll,
    /// Give up the poll under way; what becomes of it is not reported.
    Abort,
    /// Set the one timer to this many milliseconds from now, in place of what it was set to.
    WakeAfter(u32),
    /// Stop the timer.
    Sleep,
}

/// The state machine.
#[derive(Debug, Default)]
pub struct Poller {
    state: State,
    failures: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// Nobody is looking.
    #[default]
    Absent,
    /// The next poll is due then.
    Waiting { due: f64 },
    /// A poll is under way and is given up then.
    Polling { deadline: f64 },
    /// For good.
    Stopped,
}

impl Poller {
    /// The pace where the edge asks for none.
    pub const PACE_MS: u32 = 10_000;
    /// A poll that takes longer is given up.
    pub const DEADLINE_MS: u32 = 10_000;
    /// How fast the edge may ask for polls, whatever it says.
    pub const MIN_PACE_MS: u32 = 500;
    /// How slowly.
    pub const MAX_PACE_MS: u32 = 120_000;

    /// Takes in an event and returns what to do, in this order.
    #[must_use]
    pub fn on(&mut self, event: Event, now: f64, random: f64) -> Vec<Command> {
        use Command::{Abort, Sleep};

        match (self.state, event) {
            (State::Stopped, _) => vec![],
            (State::Polling { .. }, Event::Stopped) => {
                self.state = State::Stopped;
                vec![Abort, Sleep]
            }
            (_, Event::Stopped) => {
                self.state = State::Stopped;
                vec![Sleep]
            }

            (State::Absent, Event::Present(true)) => self.poll(now),
            (State::Polling { .. }, Event::Present(false)) => {
                self.state = State::Absent;
                vec![Abort, Sleep]
            }
            (State::Waiting { .. }, Event::Present(false)) => {
                self.state = State::Absent;
                vec![Sleep]
            }

            (State::Waiting { due }, Event::Woken) if now < due => {
                vec![Command::WakeAfter(left(due, now))]
            }
            (State::Waiting { .. }, Event::Woken) => self.poll(now),
            (State::Polling { deadline }, Event::Woken) if now < deadline => {
                vec![Command::WakeAfter(left(deadline, now))]
            }
            (State::Polling { .. }, Event::Woken) => {
                let mut commands = vec![Abort];
                commands.extend(self.back_off(None, now, random));
                commands
            }

            (State::Polling { .. }, Event::Answered(pace)) => {
                self.failures = 0;
                self.wait(pace.unwrap_or(Self::PACE_MS), now, random)
            }
            (State::Polling { .. }, Event::Failed(retry_after)) => {
                self.back_off(retry_after, now, random)
            }

            (State::Polling { .. }, Event::Reloaded) => {
                let mut commands = vec![Abort];
                commands.extend(self.poll(now));
                commands
            }
            (State::Waiting { .. }, Event::Reloaded) => self.poll(now),

            // An answer that was given up, a timer that rang too late, a change that is none.
            _ => vec![],
        }
    }

    fn poll(&mut self, now: f64) -> Vec<Command> {
        self.state = State::Polling {
            deadline: now + f64::from(Self::DEADLINE_MS),
        };
        vec![Command::Poll, Command::WakeAfter(Self::DEADLINE_MS)]
    }

    /// Up to a tenth later than asked for, so that screens that opened together don't poll together for ever.
    fn wait(&mut self, pace: u32, now: f64, random: f64) -> Vec<Command> {
        let pace = f64::from(pace.clamp(Self::MIN_PACE_MS, Self::MAX_PACE_MS));
        let after = pace * (1.0 + 0.1 * random);
        self.state = State::Waiting { due: now + after };
        vec![Command::WakeAfter(after as u32)]
    }

    fn back_off(&mut self, retry_after: Option<u32>, now: f64, random: f64) -> Vec<Command> {
        self.failures = self.failures.saturating_add(1);
        let pause = back_off(self.failures, random).max(retry_after.unwrap_or(0));
        self.wait(pause, now, 0.0)
    }
}

/// The pause after the `failures`-th failure in a row: 2 s, doubling up to 60 s, less a random part of up to a half, so
/// that screens that failed together don't come back together.
pub fn back_off(failures: u32, random: f64) -> u32 {
    let doubled = 2_000_u32 << failures.clamp(1, 6).saturating_sub(1);
    let pause = f64::from(doubled.min(60_000));
    (pause * (1.0 - 0.5 * random)) as u32
}

/// Milliseconds until `due`, at least one.
fn left(due: f64, now: f64) -> u32 {
    (due - now).ceil().max(1.0) as u32
}

#[cfg(test)]
mod tests {
    use super::{Command::*, Event::*, *};

    /// A poller that somebody looks at, with its first poll under way since 0.
    fn polling() -> Poller {
        let mut poller = Poller::default();
        assert_eq!(
            poller.on(Present(true), 0.0, 0.0),
            [Poll, WakeAfter(10_000)]
        );
        poller
    }

    /// The same, with that poll answered at 0 and the next one due at 10,000.
    fn waiting() -> Poller {
        let mut poller = polling();
        assert_eq!(poller.on(Answered(None), 0.0, 0.0), [WakeAfter(10_000)]);
        poller
    }

    #[test]
    fn nothing_is_polled_until_somebody_looks() {
        let mut poller = Poller::default();
        for event in [
            Woken,
            Reloaded,
            Answered(None),
            Failed(None),
            Present(false),
        ] {
            assert_eq!(poller.on(event, 0.0, 0.0), [], "{event:?}");
        }
    }

    #[test]
    fn the_edge_sets_the_pace() {
        assert_eq!(
            polling().on(Answered(Some(1_500)), 0.0, 0.0),
            [WakeAfter(1_500)]
        );
        assert_eq!(
            polling().on(Answered(Some(1_500)), 0.0, 1.0),
            [WakeAfter(1_650)]
        );
        assert_eq!(polling().on(Answered(Some(0)), 0.0, 0.0), [WakeAfter(500)]);
        assert_eq!(
            polling().on(Answered(Some(u32::MAX)), 0.0, 0.0),
            [WakeAfter(120_000)]
        );
    }

    #[test]
    fn a_poll_follows_when_it_is_due_and_not_before() {
        let mut poller = waiting();
        assert_eq!(poller.on(Woken, 9_990.0, 0.0), [WakeAfter(10)]);
        assert_eq!(poller.on(Woken, 10_000.0, 0.0), [Poll, WakeAfter(10_000)]);
    }

    #[test]
    fn two_polls_are_never_under_way() {
        let mut poller = polling();
        assert_eq!(poller.on(Present(true), 1.0, 0.0), []);
        assert_eq!(poller.on(Woken, 2.0, 0.0), [WakeAfter(9_998)]);
        assert_eq!(
            poller.on(Reloaded, 3.0, 0.0),
            [Abort, Poll, WakeAfter(10_000)]
        );
    }

    #[test]
    fn whoever_leaves_stops_everything_and_finds_a_poll_on_return() {
        let mut poller = polling();
        assert_eq!(poller.on(Present(false), 1.0, 0.0), [Abort, Sleep]);
        assert_eq!(poller.on(Answered(None), 2.0, 0.0), [], "given up");
        assert_eq!(poller.on(Woken, 20_000.0, 0.0), []);
        assert_eq!(
            poller.on(Present(true), 20_001.0, 0.0),
            [Poll, WakeAfter(10_000)]
        );

        let mut poller = waiting();
        assert_eq!(poller.on(Present(false), 1.0, 0.0), [Sleep]);
        assert_eq!(
            poller.on(Present(true), 2.0, 0.0),
            [Poll, WakeAfter(10_000)]
        );
    }

    #[test]
    fn failures_slow_it_down_and_an_answer_forgives_them() {
        let mut poller = polling();
        let mut now = 0.0;
        for pause in [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            assert_eq!(poller.on(Failed(None), now, 0.0), [WakeAfter(pause)]);
            now += f64::from(pause);
            assert_eq!(poller.on(Woken, now, 0.0), [Poll, WakeAfter(10_000)]);
        }
        assert_eq!(poller.on(Answered(None), now, 0.0), [WakeAfter(10_000)]);
        now += 10_000.0;
        let _ = poller.on(Woken, now, 0.0);
        assert_eq!(poller.on(Failed(None), now, 0.0), [WakeAfter(2_000)]);
    }

    #[test]
    fn failures_are_spread_over_time() {
        assert_eq!(back_off(1, 0.5), 1_500);
        assert_eq!(back_off(100, 0.0), 60_000);
        assert_eq!(back_off(0, 0.0), 2_000);
    }

    #[test]
    fn the_edge_may_ask_for_a_longer_pause() {
        assert_eq!(
            polling().on(Failed(Some(30_000)), 0.0, 0.0),
            [WakeAfter(30_000)]
        );
        assert_eq!(
            polling().on(Failed(Some(100)), 0.0, 0.0),
            [WakeAfter(2_000)]
        );
    }

    #[test]
    fn a_hung_poll_is_given_up() {
        let mut poller = polling();
        assert_eq!(poller.on(Woken, 10_000.0, 0.0), [Abort, WakeAfter(2_000)]);
        assert_eq!(poller.on(Answered(None), 10_001.0, 0.0), [], "given up");
    }

    #[test]
    fn after_the_session_nothing_is_polled() {
        let mut poller = polling();
        assert_eq!(poller.on(Stopped, 0.0, 0.0), [Abort, Sleep]);
        for event in [Present(false), Present(true), Woken, Reloaded] {
            assert_eq!(poller.on(event, 1.0, 0.0), [], "{event:?}");
        }
    }
}
