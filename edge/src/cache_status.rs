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

impl Tier {
    /// Its name, in headers and labels.
    pub fn label(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Kv => "kv",
            Self::Object => "object",
            Self::Upstream => "upstream",
        }
    }
}

/// Why no copy near the reader could be served at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There was none.
    Miss,
    /// It is to be served only if the refresh fails.
    Stale,
    /// The request demands a newer one than there is.
    Request,
}

/// The reader was sent on, towards upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Why.
    pub reason: Reason,
    /// Whether he joined a fetch that was under way.
    pub collapsed: bool,
    /// Whether it brought a copy, which was stored.
    pub stored: bool,
}

/// What the cache did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheStatus {
    /// Where the copy came from.
    pub tier: Tier,
    /// Set if upstream was asked while the reader waited.
    pub forward: Option<Forward>,
    /// How much longer the copy is fresh, in milliseconds; negative once it is stale.
    pub ttl_ms: i64,
}

impl fmt::Display for CacheStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.forward {
            None => f.write_str("loadboard; hit")?,
            Some(Forward {
                reason,
                collapsed,
                stored,
            }) => {
                let reason = match reason {
                    Reason::Miss => "miss",
                    Reason::Stale => "stale",
                    Reason::Request => "request",
                };
                write!(f, "loadboard; fwd={reason}")?;
                if collapsed {
                    f.write_str("; collapsed")?;
                }
                if stored {
                    f.write_str("; stored")?;
                }
            }
        }
        let ttl = self.ttl_ms.div_euclid(1000);
        write!(f, "; ttl={ttl}; detail={}", self.tier.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(tier: Tier, forward: Option<Forward>, ttl_ms: i64) -> String {
        CacheStatus {
            tier,
            forward,
            ttl_ms,
        }
        .to_string()
    }

    #[test]
    fn a_copy_near_by_is_a_hit_fresh_or_stale() {
        assert_eq!(
            status(Tier::Memory, None, 7_900),
            "loadboard; hit; ttl=7; detail=memory"
        );
        assert_eq!(
            status(Tier::Kv, None, -1),
            "loadboard; hit; ttl=-1; detail=kv"
        );
        assert_eq!(
            status(Tier::Object, None, 9_700),
            "loadboard; hit; ttl=9; detail=object"
        );
    }

    #[test]
    fn whoever_waited_for_upstream_is_told_why_and_what_came_of_it() {
        let forward = |reason, collapsed, stored| {
            Some(Forward {
                reason,
                collapsed,
                stored,
            })
        };
        assert_eq!(
            status(Tier::Upstream, forward(Reason::Miss, false, true), 9_700),
            "loadboard; fwd=miss; stored; ttl=9; detail=upstream"
        );
        assert_eq!(
            status(Tier::Upstream, forward(Reason::Request, true, true), 9_700),
            "loadboard; fwd=request; collapsed; stored; ttl=9; detail=upstream"
        );
        assert_eq!(
            status(Tier::Memory, forward(Reason::Stale, false, false), -700_000),
            "loadboard; fwd=stale; ttl=-700; detail=memory"
        );
    }
}
