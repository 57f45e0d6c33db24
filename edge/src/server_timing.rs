//! `Server-Timing` (W3C): where the time of one answer went. A hit in memory waits for nothing, and says nothing.

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
        let parts = [
            ("kv", self.kv),
            ("object", self.object),
            ("upstream", self.upstream.map(u64::from)),
        ];
        let mut between = "";
        for (name, ms) in parts {
            if let Some(ms) = ms {
                write!(f, "{between}{name};dur={ms}")?;
                between = ", ";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_pages_read_side_by_side_the_slowest_counts() {
        let timing = ServerTiming::default()
            .searched(4)
            .searched(9)
            .waited(320, Some(300))
            .waited(7, None);
        assert_eq!(
            timing.to_string(),
            "kv;dur=9, object;dur=320, upstream;dur=300"
        );
    }
}
