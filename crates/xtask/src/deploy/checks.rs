//! What is wrong with an environment, found without asking anybody.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use serde_json::Value;
use settings::{Kind, Source};

use super::complete::{Complete, WranglerToml};

/// What was found, each as a sentence that names the thing to mend.
#[derive(Debug, Default, PartialEq)]
pub struct Findings {
    /// It could not work.
    pub wrong: Vec<String>,
    /// It works, and is not to be uploaded as it stands: something has yet to be filled in, or committed.
    pub blocking: Vec<String>,
    /// Worth knowing.
    pub notes: Vec<String>,
}

impl Findings {
    /// Whether anything stands against deploying it, or against doing so without the upload.
    pub fn forbid(&self, dry_run: bool) -> bool {
        !self.wrong.is_empty() || !(dry_run || self.blocking.is_empty())
    }
}

impl AddAssign for Findings {
    fn add_assign(&mut self, more: Self) {
        self.wrong.extend(more.wrong);
        self.blocking.extend(more.blocking);
        self.notes.extend(more.notes);
    }
}

/// What is wrong with an environment as it is written down.
pub fn of_config(wrangler_toml: &WranglerToml, complete: &Complete) -> Findings {
    let mut findings = Findings::default();
    vars(complete, &mut findings);
    stores(complete, &mut findings);
    objects(complete, &mut findings);
    if !complete.is_local() {
        reach(complete, &mut findings);
        apart(wrangler_toml, complete, &mut findings);
    }
    findings
}

/// What is wrong with what a build was to add.
pub fn of_build(complete: &Complete) -> Findings {
    let mut findings = Findings::default();
    if complete.var("BUILD_ID").is_none_or(str::is_empty) {
        let text = "BUILD_ID is not known, because dist/ holds no program: nobody would be told of a new build";
        findings.wrong.push(text.to_owned());
    }
    findings
}

fn vars(complete: &Complete, findings: &mut Findings) {
    let mut wrong = |text: String| findings.wrong.push(text);
    for setting in settings::ALL
        .iter()
        .filter(|setting| setting.source == Source::Vars)
    {
        let name = setting.name;
        match complete.var(name) {
            Some(value) => {
                if let Some(complaint) = setting.complaint(value) {
                    wrong(format!("{name} {complaint}"));
                }
            }
            None if setting.is_needed(complete.has_orders()) => wrong(format!("{name} is not set")),
            None => {}
        }
    }
    let given = complete.config.get("vars").and_then(Value::as_object);
    for (name, value) in given.into_iter().flatten() {
        match settings::named(name).map(|setting| setting.source) {
            None => wrong(format!("{name} is no setting that the Worker knows")),
            Some(Source::Secret) => wrong(format!(
                "{name} is a secret: it may not stand in wrangler.toml"
            )),
            Some(Source::Vars | Source::Build) if !value.is_string() => {
                wrong(format!("{name} must stand in quotes"));
            }
            Some(Source::Vars | Source::Build) => {}
        }
    }
    if complete.is_local() {
        return;
    }
    for setting in settings::ALL
        .iter()
        .filter(|setting| setting.kind == Kind::Url)
    {
        let name = setting.name;
        let Some(url) = complete.var(name).filter(|url| !url.is_empty()) else {
            continue;
        };
        match url.strip_prefix("https://") {
            None => findings.wrong.push(format!(
                "{name} must begin with https://: tokens travel there"
            )),
            Some(host) if is_local_host(host) => {
                findings.wrong.push(format!("{name} leads to this machine"))
            }
            Some(host) if is_example(host) => {
                findings.blocking.push(format!("{name} is an example"))
            }
            Some(_) => {}
        }
    }
}

fn stores(complete: &Complete, findings: &mut Findings) {
    for kv in complete.list("kv_namespaces") {
        let binding = kv["binding"].as_str().unwrap_or_default();
        let id = kv["id"].as_str().unwrap_or_default();
        let is_id = id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !is_id {
            findings.wrong.push(format!(
                "the id of KV `{binding}` must be 32 hexadecimal digits"
            ));
        } else if is_placeholder(id) && !complete.is_local() {
            findings.blocking.push(format!(
                "the id of KV `{binding}` is a placeholder: npx wrangler kv namespace create {}",
                complete.worker()
            ));
        }
    }
}

/// An object whose class was never introduced to the platform can't be made.
fn objects(complete: &Complete, findings: &mut Findings) {
    let introduced: BTreeSet<&str> = complete
        .list("migrations")
        .flat_map(|migration| {
            migration["new_sqlite_classes"]
                .as_array()
                .into_iter()
                .flatten()
        })
        .filter_map(Value::as_str)
        .collect();
    for object in bindings(complete, "durable_objects") {
        let class = object["class_name"].as_str().unwrap_or_default();
        if !introduced.contains(class) {
            findings.wrong.push(format!(
                "no migration introduces the object class `{class}`"
            ));
        }
    }
}

/// Whether anybody can reach it.
fn reach(complete: &Complete, findings: &mut Findings) {
    let on_workers_dev = complete.config.get("workers_dev") == Some(&Value::Bool(true));
    if complete.list("routes").next().is_none() && !on_workers_dev {
        let text = "it would answer nowhere: give it `routes`, or `workers_dev = true`";
        findings.wrong.push(text.to_owned());
    }
    for route in complete.list("routes") {
        let pattern = route["pattern"].as_str().unwrap_or_default();
        if is_example(pattern) {
            findings
                .blocking
                .push(format!("the route `{pattern}` is an example"));
        }
    }
}

/// Whether it shares anything with another environment that it should not.
fn apart(wrangler_toml: &WranglerToml, complete: &Complete, findings: &mut Findings) {
    let others = wrangler_toml
        .names()
        .into_iter()
        .filter(|name| *name != complete.name);
    for other in others.filter_map(|name| wrangler_toml.environment(name).ok()) {
        let of = |complete: &Complete, key: &str, id: &str| -> BTreeSet<String> {
            let ids = complete.list(key).filter_map(|item| item[id].as_str());
            ids.map(str::to_owned).collect()
        };
        for (key, id) in [
            ("kv_namespaces", "id"),
            ("ratelimits", "namespace_id"),
            ("routes", "pattern"),
        ] {
            for shared in of(complete, key, id).intersection(&of(&other, key, id)) {
                findings.wrong.push(format!(
                    "{key}: {id} {shared} is that of {} too",
                    other.name
                ));
            }
        }
        if complete.worker() == other.worker() {
            findings.wrong.push(format!(
                "it has the name of {} too: {}",
                other.name,
                other.worker()
            ));
        }
    }
}

/// The bindings below a key: those of objects stand one level deeper.
fn bindings<'a>(complete: &'a Complete, key: &str) -> impl Iterator<Item = &'a Value> {
    let value = complete.config.get(key);
    let list = value.and_then(|value| value.as_array().or_else(|| value["bindings"].as_array()));
    list.into_iter().flatten()
}

/// Ids are random: no real one has so few different digits, or counts.
fn is_placeholder(id: &str) -> bool {
    let different: BTreeSet<char> = id.chars().collect();
    different.len() < 5 || id.contains("0123456789abcdef")
}

/// A name that belongs to nobody (RFC 2606).
fn is_example(host: &str) -> bool {
    let host = host.split(['/', ':']).next().unwrap_or_default();
    [
        ".example",
        ".test",
        ".invalid",
        "example.com",
        "example.org",
        "example.net",
    ]
    .iter()
    .any(|end| host.ends_with(end))
}

fn is_local_host(host: &str) -> bool {
    ["localhost", "127.", "[::1]", "0.0.0.0"]
        .iter()
        .any(|local| host.starts_with(local))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::fingerprint::files_below;

    /// What the platform has been told of, in its order. A class that is new goes to the end, as a migration of its own; what
    /// stands here is never changed: the platform knows by the last tag which of them it has carried out.
    const MIGRATIONS: [(&str, &[&str]); 2] = [
        (
            "v1",
            &["Refresher", "UpstreamGuard", "PriceHistories", "Metrics"],
        ),
        ("v2", &["OrderBoard", "Quotes"]),
    ];

    /// Words in capitals that the Worker's source holds and that are neither settings nor bindings.
    const OTHER_WORDS: [&str; 9] = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CRM", "OUT_DIR",
    ];

    fn environments() -> Vec<Complete> {
        let wrangler_toml = WranglerToml::of_this_checkout();
        let names = wrangler_toml.names();
        assert_eq!(names, ["dev", "production", "staging"]);
        names
            .iter()
            .map(|name| wrangler_toml.environment(name).unwrap())
            .collect()
    }

    /// wrangler.toml with some text in place of other text.
    fn findings_with(environment: &str, replaced: &[(&str, &str)]) -> Findings {
        let mut text = include_str!("../../../../wrangler.toml").to_owned();
        for (old, new) in replaced {
            assert!(text.contains(old), "{old}");
            text = text.replace(old, new);
        }
        let wrangler_toml = WranglerToml::parse(&text).unwrap();
        of_config(
            &wrangler_toml,
            &wrangler_toml.environment(environment).unwrap(),
        )
    }

    /// The Worker's own source, without its tests.
    fn sources() -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../edge/src");
        let files = files_below(&folder, &[]).unwrap();
        // Examples, for tests alone.
        let is_source = |file: &&std::path::PathBuf| !file.ends_with("formats.rs");
        let rust = files
            .iter()
            .filter(|file| file.extension().is_some_and(|end| end == "rs"))
            .filter(is_source);
        let text = |file| fs::read_to_string(file).unwrap();
        rust.map(|file| {
            let text = text(file);
            let tests = text
                .find("#[cfg(test)]")
                .into_iter()
                .chain(text.find("#[cfg(all(test"));
            text[..tests.min().unwrap_or(text.len())].to_owned()
        })
        .collect()
    }

    /// Texts in quotes that are names in capitals.
    fn capitals(source: &str) -> BTreeSet<&str> {
        let is_name = |text: &&str| {
            text.len() >= 3
                && text.starts_with(|first: char| first.is_ascii_uppercase())
                && text
                    .bytes()
                    .all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
        };
        source.split('"').filter(is_name).collect()
    }

    fn names<'a>(complete: &'a Complete, key: &str, name: &str) -> BTreeSet<&'a str> {
        bindings(complete, key)
            .filter_map(|item| item[name].as_str())
            .collect()
    }

    #[test]
    fn every_environment_has_every_variable_binding_and_migration() {
        let source = sources();
        let asked: BTreeSet<&str> = capitals(&source)
            .into_iter()
            .filter(|word| settings::named(word).is_none() && !OTHER_WORDS.contains(word))
            .collect();
        let classes: BTreeSet<&str> = source
            .split("#[durable_object]\npub struct ")
            .skip(1)
            .filter_map(|rest| rest.split([' ', ';', '{', '(']).next())
            .collect();
        assert!(
            asked.len() > 5 && classes.len() > 5,
            "{asked:?} {classes:?}"
        );
        for complete in environments() {
            let bound: BTreeSet<&str> = [
                ("kv_namespaces", "binding"),
                ("durable_objects", "name"),
                ("ratelimits", "name"),
            ]
            .iter()
            .flat_map(|(key, name)| names(&complete, key, name))
            .collect();
            assert_eq!(
                bound, asked,
                "what {} binds, and what the Worker asks for",
                complete.name
            );
            assert_eq!(names(&complete, "durable_objects", "class_name"), classes);
            let findings = of_config(&WranglerToml::of_this_checkout(), &complete);
            assert_eq!(findings.wrong, Vec::<String>::new(), "{}", complete.name);
        }
    }

    #[test]
    fn migrations_are_only_ever_appended_to() {
        for complete in environments() {
            let told: Vec<(String, Vec<String>)> = complete
                .list("migrations")
                .map(|migration| {
                    let classes = migration["new_sqlite_classes"].as_array().unwrap();
                    let only = migration.as_object().unwrap().len() == 2;
                    assert!(
                        only,
                        "a migration that does anything but add is a story of its own"
                    );
                    let classes = classes.iter().filter_map(Value::as_str);
                    let tag = migration["tag"].as_str().unwrap();
                    (tag.to_owned(), classes.map(str::to_owned).collect())
                })
                .collect();
            let known = MIGRATIONS.map(|(tag, classes)| {
                (
                    tag.to_owned(),
                    classes.iter().map(|&class| class.to_owned()).collect(),
                )
            });
            assert_eq!(told, known, "{}", complete.name);
        }
    }

    #[test]
    fn what_has_yet_to_be_filled_in_is_found_where_it_matters() {
        assert!(!findings_with("dev", &[]).forbid(false));
        let staging = findings_with("staging", &[]);
        assert_eq!(staging.blocking.len(), 1, "{staging:?}");
        assert!(staging.forbid(false) && !staging.forbid(true));
        assert!(staging.blocking[0].contains("kv namespace create loadboard-staging"));
        let production = findings_with("production", &[]);
        assert_eq!(production.blocking.len(), 2, "{production:?}");
        let filled_in = [
            (
                "00000000000000000000000000000002",
                "3f0e9c1b7a5d48629e4c0b7d1a2f6e83",
            ),
            ("loadboard.example", "board.cargos.ru"),
        ];
        assert!(!findings_with("production", &filled_in).forbid(false));
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let findings = findings_with(
            "staging",
            &[
                ("PRICES_FRESH_MS = \"10000\"", "PRICE_FRESH_MS = \"10000\""),
                ("LIST_FRESH_MS = \"60000\"", "LIST_FRESH_MS = \"60s\""),
                ("WATCHED_FRESH_MS = \"60000\"", "WATCHED_FRESH_MS = 60000"),
                ("https://api.cargotech.pro", "http://api.cargotech.pro"),
                (
                    "MES_BASE_URL = \"\"",
                    "MES_BASE_URL = \"https://mes.example\"",
                ),
                ("MES_TIMEOUT_MS = \"20000\"", "MES_TOKEN = \"20000\""),
                ("00000000000000000000000000000001", "0000"),
                ("namespace_id = \"2001\"", "namespace_id = \"3001\""),
                (
                    "name = \"loadboard-staging\"\nworkers_dev = true",
                    "name = \"loadboard-production\"",
                ),
                ("class_name = \"Quotes\"", "class_name = \"Quotations\""),
            ],
        );
        for expected in [
            "PRICES_FRESH_MS is not set",
            "PRICE_FRESH_MS is no setting",
            "LIST_FRESH_MS must be a whole number",
            "WATCHED_FRESH_MS must stand in quotes",
            "CARGOTECH_BASE_URL must begin with https://",
            "MES_TIMEOUT_MS is not set",
            "MES_TOKEN is a secret",
            "the id of KV `RECORDS` must be 32",
            "ratelimits: namespace_id 3001 is that of production too",
            "it has the name of production too",
            "it would answer nowhere",
            "no migration introduces the object class `Quotations`",
        ] {
            let is_named = findings.wrong.iter().any(|line| line.starts_with(expected));
            assert!(is_named, "{expected} in {:#?}", findings.wrong);
        }
        assert_eq!(findings.blocking, ["MES_BASE_URL is an example"]);
    }

    #[test]
    fn two_environments_never_share_their_records() {
        let shared = [(
            "00000000000000000000000000000001",
            "00000000000000000000000000000002",
        )];
        let findings = findings_with("production", &shared);
        assert!(
            findings.wrong[0].starts_with("kv_namespaces: id 0"),
            "{findings:?}"
        );
    }

    #[test]
    fn ids_that_are_real_are_no_placeholders() {
        for id in [
            "3f0e9c1b7a5d48629e4c0b7d1a2f6e83",
            "0a5f2d7c9b4e8136f05a7d2c9e4b8f13",
        ] {
            assert!(!is_placeholder(id), "{id}");
        }
        for id in [
            "0123456789abcdef0123456789abcdef",
            "00000000000000000000000000000001",
            "abababababababababababababababab",
        ] {
            assert!(is_placeholder(id), "{id}");
        }
    }

    #[test]
    fn a_build_without_a_name_is_found() {
        let mut complete = WranglerToml::of_this_checkout().environment("dev").unwrap();
        assert!(of_build(&complete).forbid(true));
        complete.set_var("BUILD_ID", "loadboard-0a5f2d7c9b4e8136");
        assert!(!of_build(&complete).forbid(false));
    }
}
