//! Whether a Worker has the secrets that it needs. Their names are asked for; their values are seen only where somebody brings
//! them along.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;
use settings::Source;

use super::checks::Findings;
use super::complete::Complete;
use crate::dev_vars::{self, EXAMPLE, Secrets};
use crate::environment::Environment;
use crate::project::Project;
use crate::step::step;
use crate::terminal::without_colour;
use crate::{node, processes};

/// What wrangler says of a Worker that was never deployed.
const NO_SUCH_WORKER: &str = "If this is a new Worker";

/// Secrets that somebody brings along.
struct Brought {
    values: Vec<(String, String)>,
    /// As lines and not as JSON. In lines wrangler takes a `$` for the beginning of a variable of this machine.
    in_lines: bool,
}

/// Which secrets a Worker has.
#[derive(Debug, PartialEq)]
enum Known {
    /// The names of these.
    These(Vec<String>),
    /// None: it was never deployed.
    NoWorker,
    /// Nobody was asked.
    Unasked,
    /// It could not be asked, and why.
    Unknown(String),
}

/// What is wrong with the secrets of an environment: those that the Worker has, which a dry run does not ask for, and those that
/// are brought along.
pub fn findings(
    project: &Project,
    environment: &Environment,
    complete: &Complete,
    brought: Option<&Path>,
    dry_run: bool,
) -> Result<Findings> {
    let brought = brought.map(read).transpose()?;
    let known = if dry_run {
        Known::Unasked
    } else {
        ask(project, environment, complete)?
    };
    let example = Secrets::example(project)?;
    let mut findings = brought
        .as_ref()
        .map(|brought| brought.findings(|name| example.get(name).ok()))
        .unwrap_or_default();
    let brought = brought.map(|brought| {
        let names = brought.values.into_iter().map(|(name, _)| name);
        names.collect()
    });
    findings += of_names(complete, known, brought);
    Ok(findings)
}

/// Asks wrangler for the names of the secrets that the Worker has.
fn ask(project: &Project, environment: &Environment, complete: &Complete) -> Result<Known> {
    let file = complete.write(project)?;
    let mut wrangler = node::wrangler(project, environment);
    wrangler
        .args(["secret", "list", "--format", "json", "--config"])
        .arg(&file);
    step("wrangler secret list", || {
        Ok(match processes::run_quietly(&mut wrangler, node::LIMIT) {
            Ok(said) => Known::These(parse_names(&said)?),
            Err(error) => Known::of_failure(&error.to_string()),
        })
    })
}

impl Known {
    /// By what wrangler says when it fails.
    fn of_failure(said: &str) -> Known {
        if said.contains(NO_SUCH_WORKER) {
            return Known::NoWorker;
        }
        let said = without_colour(said);
        let reason = said
            .split_once("[ERROR]")
            .map_or(&*said, |(_, reason)| reason);
        Known::Unknown(reason.trim().lines().next().unwrap_or_default().to_owned())
    }
}

fn parse_names(said: &str) -> Result<Vec<String>> {
    let list: Vec<Value> =
        serde_json::from_str(said).context("wrangler secret list does not print JSON")?;
    let names = list.iter().filter_map(|secret| secret["name"].as_str());
    Ok(names.map(str::to_owned).collect())
}

/// A file of secrets, as wrangler takes it.
fn read(file: &Path) -> Result<Brought> {
    let text =
        fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let in_lines = !text.trim_start().starts_with('{');
    let values = if in_lines {
        dev_vars::parse(&text)
    } else {
        let values: BTreeMap<String, String> = serde_json::from_str(&text).with_context(|| {
            format!(
                "{} holds something else than names and texts",
                file.display()
            )
        })?;
        values.into_iter().collect()
    };
    Ok(Brought { values, in_lines })
}

/// The names of the secrets without which it stops.
fn needed(complete: &Complete) -> impl Iterator<Item = &'static str> {
    let with_orders = complete.has_orders();
    settings::ALL
        .iter()
        .filter(move |setting| setting.source == Source::Secret && setting.is_needed(with_orders))
        .map(|setting| setting.name)
}

/// What is wrong with which secrets there are.
fn of_names(complete: &Complete, known: Known, brought: Option<Vec<String>>) -> Findings {
    let mut findings = Findings::default();
    let worker = complete.worker();
    let mut names = match (known, &brought) {
        (Known::Unasked, None) => {
            let needed = needed(complete).collect::<Vec<_>>().join(", ");
            findings.notes.push(format!(
                "its secrets are looked for when it is deployed, or now if they are brought along (--secrets-file FILE): {needed}"
            ));
            return findings;
        }
        (Known::NoWorker, None) => {
            findings.wrong.push(format!(
                "there is no Worker `{worker}` yet; the first deployment brings its secrets along: --secrets-file FILE, with lines as in {EXAMPLE}"
            ));
            return findings;
        }
        (Known::Unknown(reason), _) => {
            findings.wrong.push(format!(
                "which secrets `{worker}` has is not known: {reason}"
            ));
            return findings;
        }
        (Known::These(names), _) => names,
        (Known::Unasked | Known::NoWorker, Some(_)) => Vec::new(),
    };
    for name in &names {
        if settings::named(name).is_none() {
            findings
                .notes
                .push(format!("the secret {name} is read by nobody"));
        }
    }
    names.extend(brought.into_iter().flatten());
    for name in needed(complete) {
        if !names.iter().any(|known| known == name) {
            findings.wrong.push(format!(
                "the secret {name} is missing: npx wrangler secret put {name} --name {worker}"
            ));
        }
    }
    findings
}

impl Brought {
    /// What is wrong with the values, of which none is told.
    fn findings<'a>(&self, example: impl Fn(&str) -> Option<&'a str>) -> Findings {
        let mut findings = Findings::default();
        for (name, value) in &self.values {
            let complaint = match settings::named(name) {
                _ if example(name) == Some(value) => {
                    Some(format!("is the one of {EXAMPLE}, which everybody knows"))
                }
                Some(setting) if setting.source == Source::Secret => setting.complaint(value),
                _ => Some("is no secret that the Worker knows".to_owned()),
            };
            if let Some(complaint) = complaint {
                findings.wrong.push(format!("{name} {complaint}"));
            }
            if self.in_lines && value.contains('$') {
                findings.wrong.push(format!(
                    "{name} holds a `$`, which is safe only in a file of JSON"
                ));
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::complete::WranglerToml;
    use super::*;

    fn staging() -> Complete {
        let wrangler_toml = WranglerToml::of_this_checkout();
        wrangler_toml.environment("staging").unwrap()
    }

    fn is_named(findings: &Findings, text: &str) -> bool {
        findings.wrong.iter().any(|line| line.contains(text))
    }

    #[test]
    fn a_secret_that_is_missing_is_named_with_the_command_that_brings_it() {
        let mut complete = staging();
        let said = r#"[{"name": "SESSION_SECRET", "type": "secret_text"}, {"name": "OLD", "type": "secret_text"}]"#;
        let these = || Known::These(parse_names(said).unwrap());
        let findings = of_names(&complete, these(), None);
        let put = "npx wrangler secret put METRICS_TOKEN --name loadboard-staging";
        assert!(is_named(&findings, put), "{findings:?}");
        assert!(!is_named(&findings, "SESSION_SECRET"));
        assert!(!is_named(&findings, "MES_TOKEN"));
        assert_eq!(findings.notes, ["the secret OLD is read by nobody"]);
        complete.set_var("MES_BASE_URL", "https://mes.example");
        let brought = vec!["METRICS_TOKEN".to_owned()];
        let findings = of_names(&complete, these(), Some(brought));
        assert!(is_named(&findings, "MES_TOKEN"));
        assert!(!is_named(&findings, "METRICS_TOKEN"));
        assert!(!is_named(&findings, "OPERATORS"));
    }

    #[test]
    fn a_worker_that_has_none_or_cannot_be_asked_is_not_deployed() {
        let first = Known::of_failure(
            "`wrangler secret list` failed (exit status: 1):\nWorker \"it\" not found.\nIf this is a new Worker, run `wrangler deploy` first.",
        );
        assert_eq!(first, Known::NoWorker);
        let findings = of_names(&staging(), first, None);
        assert!(is_named(&findings, "brings its secrets along"));
        let all = needed(&staging()).map(str::to_owned).collect();
        assert!(!of_names(&staging(), Known::NoWorker, Some(all)).forbid(false));

        let refused = Known::of_failure(
            "`wrangler secret list` failed (exit status: 1):\n\x1b[31m✘ [ERROR]\x1b[0m It needs a CLOUDFLARE_API_TOKEN.\n\n  More.",
        );
        let findings = of_names(&staging(), refused, None);
        assert_eq!(
            findings.wrong,
            [
                "which secrets `loadboard-staging` has is not known: It needs a CLOUDFLARE_API_TOKEN."
            ]
        );
    }

    #[test]
    fn a_dry_run_asks_nobody_and_names_what_will_be_looked_for() {
        let findings = of_names(&staging(), Known::Unasked, None);
        assert!(!findings.forbid(true));
        assert!(findings.notes[0].ends_with("CARGOTECH_PHONE, CARGOTECH_PASSWORD"));
        let some = vec!["SESSION_SECRET".to_owned()];
        let findings = of_names(&staging(), Known::Unasked, Some(some));
        assert!(findings.forbid(true) && is_named(&findings, "METRICS_TOKEN is missing"));
    }

    #[test]
    fn values_are_looked_at_and_never_told() {
        let example = |name: &str| (name == "CARGOTECH_PASSWORD").then_some("development");
        let values = [
            ("SESSION_SECRET", "hunter2"),
            ("CARGOTECH_PASSWORD", "development"),
            ("CARGOTECH_PHONE", "+7$PATH"),
            ("PRICES_FRESH_MS", "10"),
            ("INTERNAL_SECRET", "0123456789abcdef0123456789abcdef"),
        ];
        let mut brought = Brought {
            values: values
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            in_lines: true,
        };
        let named = |brought: &Brought| -> Vec<String> {
            let findings = brought.findings(example);
            assert!(!format!("{findings:?}").contains("hunter2"));
            let name = |line: &String| line.split(' ').next().map(str::to_owned);
            findings.wrong.iter().filter_map(name).collect()
        };
        assert_eq!(
            named(&brought),
            [
                "SESSION_SECRET",
                "CARGOTECH_PASSWORD",
                "CARGOTECH_PHONE",
                "PRICES_FRESH_MS"
            ]
        );
        brought.in_lines = false;
        assert!(!named(&brought).contains(&"CARGOTECH_PHONE".to_owned()));
    }

    #[test]
    fn what_is_no_list_of_secrets_is_said_to_be_none() {
        for said in ["", "<html>", "{}"] {
            assert!(parse_names(said).is_err(), "{said}");
        }
    }
}
