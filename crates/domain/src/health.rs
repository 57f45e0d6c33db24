//! Whether the service runs, and how it stands with upstream.

use serde::{Deserialize, Serialize};

/// Answer of `GET /health/live` and `GET /health/ready`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Health {
    /// It runs.
    Live {
        /// The commit that it was built from, where it was deployed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commit: Option<String>,
    },
    /// It is configured, and its stores answer.
    Ready {
        /// How things stand with CargoTech, without which it is ready all the same.
        upstream: Upstream,
    },
}

/// How things stand with CargoTech.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Upstream {
    /// Whether calls are made, refused or probed.
    pub breaker: Breaker,
    /// Whether a login is held.
    pub logged_in: bool,
    /// How many calls may be made at once.
    pub calls_left: f64,
    /// For how long nobody may call because CargoTech said so, in milliseconds.
    pub paused_for_ms: u64,
    /// How many wait for a call.
    pub in_line: u64,
}

/// What becomes of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Breaker {
    /// They are made.
    Closed,
    /// They are refused, because several failed in a row.
    Open,
    /// One of them probes.
    HalfOpen,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_is_told_by_its_status() {
        let text = |health: &Health| serde_json::to_string(health).unwrap();
        let live = |commit: Option<&str>| {
            let commit = commit.map(str::to_owned);
            text(&Health::Live { commit })
        };
        assert_eq!(live(None), r#"{"status":"live"}"#);
        assert_eq!(
            live(Some("1a2b3c4d5e6f")),
            r#"{"status":"live","commit":"1a2b3c4d5e6f"}"#
        );
        let upstream = Upstream {
            breaker: Breaker::HalfOpen,
            logged_in: true,
            calls_left: 60.0,
            paused_for_ms: 0,
            in_line: 0,
        };
        let ready = text(&Health::Ready { upstream });
        assert!(
            ready.starts_with(r#"{"status":"ready","upstream":{"breaker":"half_open""#),
            "{ready}"
        );
    }
}
