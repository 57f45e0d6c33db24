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

    const DASHBOARD: &str = include_str!("../../docs/grafana.json");
    const ON_CALL: &str = include_str!("../../docs/operations.md");

    /// The names of metrics in a text.
    fn metrics_in(text: &str) -> impl Iterator<Item = String> + '_ {
        text.split("loadboard_").skip(1).map(|rest| {
            rest.chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect()
        })
    }

    /// A dashboard that asks for what nobody counts shows an empty panel, and a page that names it leads nowhere; nobody notices
    /// before it matters.
    #[test]
    fn nothing_is_asked_for_that_is_not_told() {
        let status = Status {
            breaker: BreakerState::Closed,
            logged_in: true,
            calls_left: 60.0,
            paused_for_ms: 0,
            in_line: 0,
        };
        let told = metrics::render(&Default::default(), &gauges(&status, 600));
        for page in [DASHBOARD, ON_CALL] {
            for name in metrics_in(page) {
                let family = name.trim_end_matches("_bucket");
                let is_told = told.contains(&format!("# TYPE loadboard_{family} "));
                assert!(is_told, "loadboard_{name}");
            }
            assert!(metrics_in(page).count() > 10);
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod names {
        use std::{fs, path::Path};

        use serde_json::Value;

        use super::*;

        /// The Worker's own source, without its tests.
        fn sources(folder: &Path) -> String {
            let mut text = String::new();
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    text += &sources(&path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    let source = fs::read_to_string(path).unwrap();
                    text += source.split("#[cfg(test)]").next().unwrap_or_default();
                }
            }
            text
        }

        /// Of `{class="waiting",tier=~"memory|kv"}` each label with each of its values.
        fn labels(text: &str) -> Vec<(&str, &str)> {
            let mut labels = Vec::new();
            let parts: Vec<&str> = text.split('"').collect();
            for pair in parts.windows(2) {
                let Some(before) = pair[0].strip_suffix("=~").or(pair[0].strip_suffix('=')) else {
                    continue;
                };
                let name = before.rsplit(['{', ',']).next().unwrap_or_default();
                labels.extend(pair[1].split('|').map(|value| (name, value)));
            }
            labels
        }

        fn expressions(dashboard: &Value) -> Vec<&str> {
            match dashboard {
                Value::Array(items) => items.iter().flat_map(expressions).collect(),
                Value::Object(fields) => {
                    let own = fields.get("expr").and_then(Value::as_str);
                    own.into_iter()
                        .chain(fields.values().flat_map(expressions))
                        .collect()
                }
                _ => Vec::new(),
            }
        }

        /// What stands between backticks, but for whole blocks.
        fn quoted(page: &str) -> impl Iterator<Item = &str> {
            let prose = page.split("```").step_by(2);
            prose.flat_map(|prose| prose.split('`').skip(1).step_by(2))
        }

        #[test]
        fn labels_have_the_values_that_are_counted() {
            let source = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
            let is_written = |text: &str| source.contains(&format!("\"{text}\""));
            let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
            let asked = expressions(&dashboard).into_iter().chain(quoted(ON_CALL));
            let mut seen = 0;
            for (name, value) in asked.flat_map(labels) {
                let is_pattern = value.contains('.');
                assert!(is_pattern || is_written(value), "{name}={value}");
                assert!(
                    is_written(name) || source.contains(&format!("{{{name}=")),
                    "{name}"
                );
                seen += 1;
            }
            assert!(seen > 20, "{seen}");
        }

        #[test]
        fn whoever_is_on_call_reads_of_nothing_that_is_not_there() {
            let source = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
                + include_str!("../entry.mjs");
            let wrangler = include_str!("../../wrangler.toml");
            let (mut events, mut named) = (0, 0);
            for word in quoted(ON_CALL) {
                let is_of = |is: fn(u8) -> bool| {
                    word.contains('_') && word.bytes().all(|b| is(b) || b == b'_')
                };
                if is_of(|b| b.is_ascii_lowercase()) && !word.starts_with("loadboard_") {
                    let is_there =
                        source.contains(&format!("\"{word}\"")) || wrangler.contains(word);
                    assert!(is_there, "{word}");
                    events += 1;
                }
                if is_of(|b| b.is_ascii_uppercase()) && !word.starts_with("CLOUDFLARE_") {
                    assert!(settings::named(word).is_some(), "{word}");
                    named += 1;
                }
            }
            assert!(events > 20 && named > 10, "{events} {named}");
            for setting in settings::ALL {
                let is_secret = setting.source == settings::Source::Secret;
                let is_told = quoted(ON_CALL).any(|word| word == setting.name);
                assert!(is_told || !is_secret, "how is {} replaced?", setting.name);
            }
        }
    }

    #[test]
    fn only_the_very_token_is_equal() {
        assert!(is_equal("token", "token"));
        for other in ["", "toke", "tokens", "Token"] {
            assert!(!is_equal("token", other));
        }
    }
}
