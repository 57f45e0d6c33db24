//! What the MES remembers besides its orders. Pure: time comes in, in Unix milliseconds.

use super::calculator::Calculator;
use super::config::Config;
use super::hooks::Hooks;
use super::stats::{Report, Stats};
use super::weather::Weather;
use serde::Serialize;
use std::time::Duration;

/// How long calls take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pace {
    /// A list takes at least so long, besides what the database needs for it.
    pub list_base_ms: u64,
    /// And so many microseconds for each order in the table.
    pub list_us_per_order: u64,
    /// How long it takes to read orders by their names.
    pub read_ms: u64,
    /// How long it takes to write.
    pub write_ms: u64,
}

/// What the MES remembers besides its orders.
#[derive(Debug)]
pub struct Memory {
    /// What goes wrong.
    pub weather: Weather,
    /// How long calls take.
    pub pace: Pace,
    /// Models and calculations.
    pub calculator: Calculator,
    /// What is told of changes.
    pub hooks: Hooks,
    /// What was called.
    pub stats: Stats,
    config: Config,
}

impl Memory {
    /// That of a MES at its start, which is `now`.
    pub fn new(config: Config, seed: u64, now: u64) -> Self {
        let (url, secret) = (config.webhook_url.clone(), config.webhook_secret.clone());
        Self {
            weather: Weather::default(),
            pace: pace(&config),
            calculator: Calculator::new(config.calculation_ms),
            hooks: Hooks::new(url, secret, seed, now),
            stats: Stats::default(),
            config,
        }
    }

    /// What it was started with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Weather, pace, webhooks and counts as they were at the start. Orders, models and calculations stay: a factory
    /// forgets nothing, and versions that ran backwards would be taken for old news.
    pub fn reset(&mut self) {
        self.weather = Weather::default();
        self.pace = pace(&self.config);
        (self.calculator.takes_ms, self.calculator.fail_next) = (self.config.calculation_ms, 0);
        let settings = &mut self.hooks.settings;
        settings.url.clone_from(&self.config.webhook_url);
        (
            settings.lose_percent,
            settings.repeat_percent,
            settings.delay_ms,
        ) = (0, 0, 0);
        self.reset_stats();
    }

    /// Counts from nothing.
    pub fn reset_stats(&mut self) {
        self.stats.reset();
        self.calculator.reset_counts();
        self.hooks.reset_counts();
    }

    /// How long a list of a table of so many orders takes.
    pub fn list_takes(&self, rows: u64) -> Duration {
        let us = self.pace.list_base_ms.saturating_mul(1_000);
        self.slowed(us.saturating_add(self.pace.list_us_per_order.saturating_mul(rows)))
    }

    /// How long a read by name takes.
    pub fn read_takes(&self) -> Duration {
        self.slowed(self.pace.read_ms.saturating_mul(1_000))
    }

    /// How long a write takes.
    pub fn write_takes(&self) -> Duration {
        self.slowed(self.pace.write_ms.saturating_mul(1_000))
    }

    /// What was called, of a table of so many orders.
    pub fn report(&self, rows: Option<u64>, now: u64) -> Report {
        Report {
            queries: self.stats.report(),
            rows,
            calculations: self.calculator.counts(now),
            webhooks: self.hooks.counts(),
        }
    }

    fn slowed(&self, us: u64) -> Duration {
        // The factor is at most 1000; a cast of what is too much saturates.
        Duration::from_micros((us as f64 * self.weather.slow_factor) as u64)
    }
}

fn pace(config: &Config) -> Pace {
    Pace {
        list_base_ms: config.list_base_ms,
        list_us_per_order: config.list_us_per_order,
        read_ms: config.read_ms,
        write_ms: config.write_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_takes_longer_the_more_orders_there_are() {
        let mut memory = Memory::new(Config::default(), 1, 0);
        assert_eq!(memory.list_takes(0).as_millis(), 100);
        assert_eq!(memory.list_takes(2_000).as_millis(), 120);
        assert_eq!(memory.list_takes(1_000_000).as_millis(), 10_100);
        memory.weather.slow_factor = 2.5;
        assert_eq!(memory.list_takes(0).as_millis(), 250);
        assert_eq!(
            (
                memory.read_takes().as_micros(),
                memory.write_takes().as_millis()
            ),
            (37_500, 100)
        );
        memory.pace.list_us_per_order = u64::MAX;
        memory.list_takes(u64::MAX);
    }
}
