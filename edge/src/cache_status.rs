//! `Cache-Status` (RFC 9211): what the cache did for one answer, said truthfully.

use std::fmt;

/// Where the copy that was served came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// This isolate's memory.
    Memory,
    /// The location's copy in KV.
    Kv,
    /// The key's object, without asking upstream.
    Object,
    /// Upstream, for this reader or one he joined.
    Upstream,
}

/// What the cache did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheStatus {
    /// Where the copy came from.
    pub tier: Tier,
    /// Whether the reader waited for it because no copy near him could be served.
    pub waited: bool,
    /// How much longer the copy is fresh, in milliseconds; negative once it is stale.
    pub ttl_ms: i64,
}

impl fmt::Display for CacheStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ttl = self.ttl_ms.div_euclid(1000);
        let detail = match self.tier {
            Tier::Memory => "memory",
            Tier::Kv => "kv",
            Tier::Object => "object",
            Tier::Upstream => "upstream",
        };
        if self.waited && self.tier == Tier::Upstream {
            write!(f, "loadboard; fwd=miss; stored; ttl={ttl}; detail={detail}")
        } else {
            write!(f, "loadboard; hit; ttl={ttl}; detail={detail}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_happened() {
        let status = |tier, waited, ttl_ms| {
            CacheStatus {
                tier,
                waited,
                ttl_ms,
            }
            .to_string()
        };
        assert_eq!(
            status(Tier::Memory, false, 7_900),
            "loadboard; hit; ttl=7; detail=memory"
        );
        assert_eq!(
            status(Tier::Kv, false, -1),
            "loadboard; hit; ttl=-1; detail=kv"
        );
        assert_eq!(
            status(Tier::Upstream, true, 9_700),
            "loadboard; fwd=miss; stored; ttl=9; detail=upstream"
        );
        assert_eq!(
            status(Tier::Object, true, 9_700),
            "loadboard; hit; ttl=9; detail=object"
        );
    }
}
