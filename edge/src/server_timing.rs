//! `Server-Timing` (W3C): where the time of one answer went.

use std::fmt;

/// What was waited for, in milliseconds: pages are read side by side, so the longest of each counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerTiming {
    kv: Option<u64>,
    object: Option<u64>,
    upstream: Option<u32>,
}

impl ServerTiming {
    /// KV was searched for so long.
    #[must_use]
    pub fn searched(self, ms: u64) -> Self {
        Self {
            kv: self.kv.max(Some(ms)),
            ..self
        }
    }

    /// The key's object was waited for, and upstream by it.
    #[must_use]
    pub fn waited(self, ms: u64, upstream: Option<u32>) -> Self {
        Self {
            object: self.object.max(Some(ms)),
            upstream: self.upstream.max(upstream),
            ..self
        }
    }
}

impl fmt::Display for ServerTiming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory")?;
        if let Some(ms) = self.kv {
            write!(f, ", kv;dur={ms}")?;
        }
        if let Some(ms) = self.object {
            write!(f, ", object;dur={ms}")?;
        }
        if let Some(ms) = self.upstream {
            write!(f, ", upstream;dur={ms}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_waits_for_nothing() {
        assert_eq!(ServerTiming::default().to_string(), "memory");
    }

    #[test]
    fn of_pages_read_side_by_side_the_slowest_counts() {
        let timing = ServerTiming::default()
            .searched(4)
            .searched(9)
            .waited(320, Some(300))
            .waited(7, None);
        assert_eq!(
            timing.to_string(),
            "memory, kv;dur=9, object;dur=320, upstream;dur=300"
        );
    }
}
