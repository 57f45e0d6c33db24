use crate::UnixMillis;

/// When a new copy is worth a write to the store near the readers, where each write costs, one key takes one a second, and
/// readers see it late anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorePolicy {
    /// Milliseconds between two writes of one key at least: locations keep what they have read for so long.
    pub every: u64,
    /// A copy that is older than this, in milliseconds, is replaced even by one that says the same.
    pub useful_for: u64,
}

/// What is known of a key's copy in the store near the readers. Forgotten with its holder: then the next copy is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCopy {
    fetched_at: UnixMillis,
    /// Whether what was fetched since says something else.
    is_other: bool,
}

impl StoreCopy {
    /// A copy fetched at this moment has been stored by the key's object; `is_other` if it differs from the one before.
    /// Whether to write it to the store.
    pub fn wants(&mut self, policy: &StorePolicy, fetched_at: UnixMillis, is_other: bool) -> bool {
        self.is_other |= is_other;
        let age = fetched_at.since(self.fetched_at);
        let wants = age > policy.useful_for || (self.is_other && age >= policy.every);
        if wants {
            *self = Self {
                fetched_at,
                is_other: false,
            };
        }
        wants
    }

    /// It was deleted.
    pub fn deleted(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: StorePolicy = StorePolicy {
        every: 30_000,
        useful_for: 300_000,
    };

    /// Whether copies fetched at these moments are written.
    fn written(copies: &[(u64, bool)]) -> Vec<bool> {
        let mut store = StoreCopy::default();
        copies
            .iter()
            .map(|&(ms, is_other)| store.wants(&POLICY, UnixMillis(1_000_000_000 + ms), is_other))
            .collect()
    }

    #[test]
    fn the_first_copy_is_written_and_then_what_is_new_now_and_then() {
        let copies = [
            (0, true),
            (10_000, true),
            (20_000, true),
            (30_000, true),
            (40_000, true),
        ];
        assert_eq!(written(&copies), [true, false, false, true, false]);
    }

    #[test]
    fn a_change_is_written_late_but_not_forgotten() {
        let copies = [(0, true), (10_000, true), (30_000, false)];
        assert_eq!(written(&copies), [true, false, true]);
    }

    #[test]
    fn what_says_the_same_is_written_before_the_copy_grows_useless() {
        let copies = [
            (0, true),
            (30_000, false),
            (300_000, false),
            (300_001, false),
        ];
        assert_eq!(written(&copies), [true, false, false, true]);
    }

    #[test]
    fn what_was_deleted_is_written_anew() {
        let mut store = StoreCopy::default();
        let now = UnixMillis(1_000_000_000);
        assert!(store.wants(&POLICY, now, true));
        store.deleted();
        assert!(store.wants(&POLICY, now.plus(1_000), false));
    }
}
