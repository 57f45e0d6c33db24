use std::{
    fmt,
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// Filters that every cargo passes and that nobody has used before: no store holds a record of theirs.
///
/// `Display` is the query. It is a truck that takes more than any cargo weighs, to the kilogram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColdFilters {
    truck: String,
}

impl ColdFilters {
    /// Filters of one's own. Runs against the same Worker get different ones: they count on from the clock, which is faster.
    #[expect(
        clippy::new_without_default,
        reason = "each one differs, which no default does"
    )]
    pub fn new() -> Self {
        static USED: AtomicU32 = AtomicU32::new(0);
        let used = USED.fetch_add(1, Ordering::Relaxed);
        let tenths_of_a_second = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis() / 100);
        static BEGAN: std::sync::OnceLock<u128> = std::sync::OnceLock::new();
        let turn = (BEGAN.get_or_init(|| tenths_of_a_second) + u128::from(used)) % 80_000;
        // Never a final 0, which the canonical form would leave out.
        let kilograms = 100_001 + turn * 10;
        Self {
            truck: format!("{}.{:03}-200", kilograms / 1_000, kilograms % 1_000),
        }
    }

    /// How the calls that these filters cause begin to differ from all others upstream.
    pub fn upstream(&self) -> String {
        format!("filter[wv]={}&", self.truck)
    }
}

impl fmt::Display for ColdFilters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "weight_volume={}", self.truck)
    }
}
