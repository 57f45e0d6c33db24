//! How long calls took, in bounded memory.

use serde::Serialize;

/// Buckets to a doubling: a percentile is at most a thirty-second too long.
const TO_A_DOUBLING: u64 = 32;
/// Enough for days.
const BUCKETS: usize = 32 * 26;

/// How long calls took: exact below 64 ms, then to within 3 %.
#[derive(Clone, Debug)]
pub struct Durations {
    buckets: Vec<u64>,
    count: u64,
    max_ms: u64,
}

/// Percentiles, in milliseconds; null where nothing was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// Half of the calls took no longer.
    pub p50_ms: Option<u64>,
    /// 99 of 100 took no longer.
    pub p99_ms: Option<u64>,
    /// None took longer.
    pub max_ms: Option<u64>,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            buckets: vec![0; BUCKETS],
            count: 0,
            max_ms: 0,
        }
    }
}

impl Durations {
    /// Takes one more.
    pub fn add(&mut self, ms: u64) {
        self.buckets[bucket(ms)] += 1;
        self.count += 1;
        self.max_ms = self.max_ms.max(ms);
    }

    /// What they come to.
    pub fn percentiles(&self) -> Percentiles {
        Percentiles {
            p50_ms: self.percentile(50),
            p99_ms: self.percentile(99),
            max_ms: (self.count > 0).then_some(self.max_ms),
        }
    }

    fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let at = self.buckets.iter().position(|calls| {
            seen += calls;
            seen >= rank
        })?;
        Some(longest_in(at).min(self.max_ms))
    }
}

/// Where a duration is counted.
fn bucket(ms: u64) -> usize {
    let doublings = u64::from(ms.max(1).ilog2()).saturating_sub(5);
    let bucket = doublings * TO_A_DOUBLING + (ms >> doublings);
    usize::try_from(bucket).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The longest duration that is counted there.
fn longest_in(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let doublings = (bucket / TO_A_DOUBLING).saturating_sub(1);
    let mantissa = bucket - doublings * TO_A_DOUBLING;
    ((mantissa + 1) << doublings) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_never_too_short_and_hardly_too_long() {
        for ms in (0..5_000).chain([60_000, 3_600_000, 86_400_000]) {
            let longest = longest_in(bucket(ms));
            assert!((ms..=ms + ms / 32).contains(&longest), "{ms}: {longest}");
        }
    }

    #[test]
    fn the_slowest_hundredth_does_not_move_the_middle() {
        let mut durations = Durations::default();
        assert_eq!(durations.percentiles().p50_ms, None);
        for _ in 0..99 {
            durations.add(10);
        }
        durations.add(9_999);
        let percentiles = durations.percentiles();
        let expected = (Some(10), Some(10), Some(9_999));
        assert_eq!(
            (percentiles.p50_ms, percentiles.p99_ms, percentiles.max_ms),
            expected
        );
        durations.add(u64::MAX);
        assert_eq!(durations.percentiles().max_ms, Some(u64::MAX));
    }
}
