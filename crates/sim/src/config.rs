//! What a simulator is started with.

use crate::mes;
use chrono::{DateTime, Utc};

/// Calls a minute that the service announces for an account.
pub const ANNOUNCED_LIMIT: u32 = 600;

/// What a simulator is started with. The default is the same everywhere and always.
#[derive(Clone, Debug)]
pub struct Config {
    /// Decides the world: equal seeds give equal worlds.
    pub seed: u64,
    /// The moment that counts as the start; loading dates follow it.
    pub start: DateTime<Utc>,
    /// Every answer of the API takes at least so long.
    pub latency_ms: u64,
    /// And up to so much longer.
    pub jitter_ms: u64,
    /// Refuse calls beyond so many a minute; `None` refuses none.
    pub limit_per_minute: Option<u32>,
    /// Interval at which prices walk; 0 keeps them still.
    pub walk_ms: u64,
    /// Interval at which a cargo comes or goes; 0 keeps the list still.
    pub churn_ms: u64,
    /// Phone of the one account.
    pub phone: String,
    /// Its password.
    pub password: String,
    /// No log line for each call.
    pub quiet: bool,
    /// The factory's system.
    pub mes: mes::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            // 15 January 2026, 09:00 UTC.
            start: DateTime::from_timestamp(1_768_467_600, 0).unwrap_or_default(),
            latency_ms: 300,
            jitter_ms: 0,
            limit_per_minute: None,
            walk_ms: 2_000,
            churn_ms: 20_000,
            phone: "+79990000000".to_owned(),
            password: "development".to_owned(),
            quiet: false,
            mes: mes::Config::default(),
        }
    }
}
