//! `GET /metrics`: Prometheus' text format, for whoever has the token.

use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;
use swr::BreakerState;
use worker::Env;

use crate::{
    config::Config,
    http::{Answer, Described},
    log::{self, Level},
    metrics::{self, Gauge},
    metrics_do,
    problem::Failure,
    upstream_guard_do::{self, Status},
};

/// The answer: what all isolates have counted up to a moment ago, this one up to now; and how things stand with upstream,
/// if its guard can be reached.
///
/// # Errors
/// The wrong token; or the object that adds up can't be reached.
pub async fn answer(request: &Described, env: &Env, config: &Config) -> Result<Answer, Failure> {
    if !request
        .bearer()
        .is_some_and(|token| is_equal(token, &config.metrics_token))
    {
        return Err(Failure::Unauthorized);
    }
    let counts = metrics_do::hand_over(env).await?;
    let gauges = match upstream_guard_do::status(env).await {
        Ok(status) => gauges(&status, config.upstream_calls_per_minute),
        Err(error) => {
            let detail = json!({"error": error.to_string()});
            log::write(Level::Error, "guard_unreachable", "", detail);
            Vec::new()
        }
    };
    let text = metrics::render(&counts, &gauges);
    Ok(Answer::bytes(
        200,
        "text/plain; version=0.0.4; charset=utf-8",
        text.into_bytes(),
    )
    .header("cache-control", "no-store"))
}

fn gauges(status: &Status, calls_per_minute: u32) -> Vec<Gauge> {
    let gauge = |sample: &str, help, value| Gauge {
        sample: sample.to_owned(),
        help,
        value,
    };
    let mut gauges = vec![
        gauge(
            "loadboard_upstream_calls_left",
            "Calls to CargoTech that may be made at once.",
            status.calls_left.floor(),
        ),
        gauge(
            "loadboard_upstream_calls_per_minute",
            "Calls to CargoTech that may be made in a minute.",
            calls_per_minute.into(),
        ),
        gauge(
            "loadboard_upstream_paused_seconds",
            "For how long CargoTech told everybody to stay away.",
            status.paused_for_ms as f64 / 1_000.0,
        ),
        gauge(
            "loadboard_upstream_line",
            "How many wait for a call.",
            status.in_line as f64,
        ),
        gauge(
            "loadboard_upstream_logged_in",
            "Whether a login is held.",
            f64::from(u8::from(status.logged_in)),
        ),
    ];
    let states = [
        (BreakerState::Closed, "closed"),
        (BreakerState::HalfOpen, "half_open"),
        (BreakerState::Open, "open"),
    ];
    gauges.extend(states.map(|(state, name)| Gauge {
        sample: format!("loadboard_breaker_state{{state=\"{name}\"}}"),
        help: "1 for the state that the breaker is in.",
        value: f64::from(u8::from(state == status.breaker)),
    }));
    gauges
}

/// Compares without telling by its time how much is equal.
fn is_equal(one: &str, other: &str) -> bool {
    let mac = |key: &str| Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok();
    let (Some(one), Some(other)) = (mac(one), mac(other)) else {
        return false;
    };
    one.verify(&other.finalize().into_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dashboard that asks for what nobody counts shows an empty panel, and nobody notices.
    #[test]
    fn the_dashboard_asks_for_nothing_that_is_not_told() {
        let status = Status {
            breaker: BreakerState::Closed,
            logged_in: true,
            calls_left: 60.0,
            paused_for_ms: 0,
            in_line: 0,
        };
        let told = metrics::render(&Default::default(), &gauges(&status, 600));
        let mut asked = 0;
        for rest in include_str!("../../docs/grafana.json")
            .split("loadboard_")
            .skip(1)
        {
            let name: String = rest
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect();
            let family = name.trim_end_matches("_bucket");
            let is_told = told.contains(&format!("# TYPE loadboard_{family} "));
            assert!(is_told, "loadboard_{name}");
            asked += 1;
        }
        assert!(asked > 10, "{asked}");
    }

    #[test]
    fn only_the_very_token_is_equal() {
        assert!(is_equal("token", "token"));
        for other in ["", "toke", "tokens", "Token"] {
            assert!(!is_equal("token", other));
        }
    }
}
