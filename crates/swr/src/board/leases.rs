use serde::{Deserialize, Serialize};

use crate::UnixMillis;

/// For how long copies that were handed out may still be served, by those who hold them, without a question.
///
/// Who changes something waits with his answer until they have ended (Gray and Cheriton, "Leases: An Efficient
/// Fault-Tolerant Mechanism for Distributed File Cache Consistency", 1989): so from the answer on nobody is served an older
/// state. A lease is a length and not a moment: the holder counts it from before he asked, the board from its answer, each by
/// a clock of his own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leases {
    length: u64,
    /// The last that was granted ends here.
    end_at: UnixMillis,
}

impl Leases {
    /// Leases of so many milliseconds, granted by a board that has just come up: it may have granted some before, of which it
    /// knows nothing any more.
    pub fn new(length: u64, now: UnixMillis) -> Self {
        Self {
            length,
            end_at: now.plus(length),
        }
    }

    /// For how many milliseconds a copy may be served; `None` while a change is under way, which would have to wait for it.
    pub fn grant(&mut self, is_change_under_way: bool, now: UnixMillis) -> Option<u64> {
        if is_change_under_way || self.length == 0 {
            return None;
        }
        self.end_at = self.end_at.max(now.plus(self.length));
        Some(self.length)
    }

    /// How many milliseconds a change waits with its answer.
    pub fn left(&self, now: UnixMillis) -> u64 {
        self.end_at.since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: UnixMillis = UnixMillis(1_000_000);

    #[test]
    fn a_change_is_answered_when_the_last_lease_has_ended() {
        let mut leases = Leases::new(250, T0);
        assert_eq!(leases.left(T0), 250, "of those granted before it came up");
        assert_eq!(leases.grant(false, T0.plus(100)), Some(250));
        assert_eq!(leases.left(T0.plus(200)), 150);
        assert_eq!(
            leases.grant(true, T0.plus(200)),
            None,
            "a change is under way"
        );
        assert_eq!(leases.left(T0.plus(350)), 0);
    }

    #[test]
    fn a_clock_that_steps_back_ends_no_lease_early() {
        let mut leases = Leases::new(250, T0);
        leases.grant(false, T0.plus(1_000));
        leases.grant(false, T0);
        assert_eq!(leases.left(T0.plus(1_000)), 250);
    }

    #[test]
    fn without_leases_nobody_waits() {
        let mut leases = Leases::new(0, T0);
        assert_eq!((leases.grant(false, T0), leases.left(T0)), (None, 0));
    }
}
