/// How long to leave a failing upstream alone: doubling, bounded, with jitter so that those who failed together do not
/// come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure, in milliseconds.
    pub base: u64,
    /// The most, in milliseconds.
    pub max: u64,
}

impl Backoff {
    /// The pause after so many failures in a row, in milliseconds. `random` is in `0.0..1.0`; the pause lies between
    /// half of the full one and all of it. No failure, no pause.
    pub fn pause(&self, failures: u32, random: f64) -> u64 {
        let Some(doublings) = failures.checked_sub(1) else {
            return 0;
        };
        let full = self
            .base
            .saturating_mul(1_u64.checked_shl(doublings).unwrap_or(u64::MAX))
            .min(self.max);
        full / 2 + (full as f64 / 2.0 * random) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        base: 1_000,
        max: 60_000,
    };

    #[test]
    fn pauses_double_up_to_the_most() {
        let longest = |failures| BACKOFF.pause(failures, 1.0);
        assert_eq!(
            [0, 1, 2, 3, 7, 8, 200].map(longest),
            [0, 1_000, 2_000, 4_000, 60_000, 60_000, 60_000]
        );
    }

    #[test]
    fn jitter_takes_away_half_at_most() {
        assert_eq!(BACKOFF.pause(3, 0.0), 2_000);
        assert_eq!(BACKOFF.pause(3, 0.5), 3_000);
    }
}
