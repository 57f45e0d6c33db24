//! wrangler.toml, and what an environment in it is as a whole.
//!
//! wrangler 4 has an environment inherit some keys of the top level and not others: no variable and no binding. Written out
//! thrice they would differ before long. So an environment holds only what differs, and is laid over the top level here. The
//! result is what wrangler is given, as one that has no environments.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use crate::project::Project;

const FILE: &str = "wrangler.toml";
/// The top level itself.
const LOCAL: &str = "dev";
/// What of an environment is meant for wrangler alone: it stops whoever deploys past us.
const BUILD: &str = "build";

pub struct WranglerToml(Map<String, Value>);

/// One environment, complete.
#[derive(Clone)]
pub struct Complete {
    pub name: String,
    pub config: Map<String, Value>,
}

impl WranglerToml {
    pub fn read(project: &Project) -> Result<WranglerToml> {
        let text = fs::read_to_string(project.path(FILE))
            .with_context(|| format!("{FILE} cannot be read"))?;
        WranglerToml::parse(&text)
    }

    pub fn parse(text: &str) -> Result<WranglerToml> {
        let all = toml::from_str(text).with_context(|| format!("{FILE} is no TOML"))?;
        Ok(WranglerToml(all))
    }

    #[cfg(test)]
    pub fn of_this_checkout() -> WranglerToml {
        WranglerToml::parse(include_str!("../../../../wrangler.toml")).unwrap()
    }

    /// All environments, the local one first.
    pub fn names(&self) -> Vec<&str> {
        let deployed = self.0.get("env").and_then(Value::as_object);
        let deployed = deployed.into_iter().flat_map(Map::keys).map(String::as_str);
        [LOCAL].into_iter().chain(deployed).collect()
    }

    /// An environment: the top level, with what it has of its own laid over it.
    pub fn environment(&self, name: &str) -> Result<Complete> {
        let mut config = self.0.clone();
        let environments = config.remove("env").unwrap_or_default();
        let complete = |config| Complete {
            name: name.to_owned(),
            config,
        };
        if name == LOCAL {
            return Ok(complete(config));
        }
        let Some(own) = environments[name].as_object() else {
            bail!(
                "{FILE} has no environment `{name}`, only {}",
                self.names().join(", ")
            );
        };
        for (key, value) in own {
            match (key.as_str(), value, config.get_mut(key)) {
                (BUILD, ..) => {}
                ("vars", Value::Object(own), Some(Value::Object(vars))) => vars.extend(own.clone()),
                _ => {
                    config.insert(key.clone(), value.clone());
                }
            }
        }
        Ok(complete(config))
    }
}

impl Complete {
    /// Whether it runs on the developer's machine and nowhere else.
    pub fn is_local(&self) -> bool {
        self.name == LOCAL
    }

    /// The Worker's name.
    pub fn worker(&self) -> &str {
        self.config
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A variable; none if it is none, or no text.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.config.get("vars")?.get(name)?.as_str()
    }

    pub fn set_var(&mut self, name: &str, value: &str) {
        let vars = self
            .config
            .entry("vars")
            .or_insert_with(|| Map::new().into());
        if let Some(vars) = vars.as_object_mut() {
            vars.insert(name.to_owned(), value.into());
        }
    }

    /// Whether there is a factory.
    pub fn has_orders(&self) -> bool {
        self.var("MES_BASE_URL").is_some_and(|url| !url.is_empty())
    }

    /// The items of a list such as `kv_namespaces`.
    pub fn list(&self, key: &str) -> impl Iterator<Item = &Value> {
        self.config
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }

    /// Where it answers, if that stands here.
    pub fn address(&self) -> Option<&str> {
        self.list("routes")
            .find_map(|route| route["pattern"].as_str())
    }

    /// Writes it down for wrangler, and where.
    pub fn write(&self, project: &Project) -> Result<PathBuf> {
        let mut config = self.config.clone();
        // They were meant beside the file that they stood in.
        let absolute = |path: Option<&mut Value>| {
            if let Some(path) = path
                && let Some(relative) = path.as_str()
            {
                *path = project.path(relative).to_string_lossy().into();
            }
        };
        absolute(config.get_mut("main"));
        absolute(
            config
                .get_mut("assets")
                .and_then(|assets| assets.get_mut("directory")),
        );
        let file = project.scratch(format!("deploy/{}/wrangler.json", self.name));
        let folder = file.parent().context("a file has a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&file, serde_json::to_string_pretty(&config)?)
            .with_context(|| format!("{} cannot be written", file.display()))?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"
        name = "it"
        [vars]
        A = "1"
        B = "2"
        [[kv_namespaces]]
        binding = "RECORDS"
        id = "x"
        [env.staging]
        name = "it-staging"
        kv_namespaces = [{ binding = "RECORDS", id = "y" }]
        build = { command = "exit 1" }
        [env.staging.vars]
        B = "3"
    "#;

    #[test]
    fn an_environment_has_all_of_the_top_level_but_what_it_says_itself() {
        let wrangler_toml = WranglerToml::parse(TOML).unwrap();
        assert_eq!(wrangler_toml.names(), ["dev", "staging"]);
        let staging = wrangler_toml.environment("staging").unwrap();
        assert_eq!((staging.var("A"), staging.var("B")), (Some("1"), Some("3")));
        assert_eq!(staging.worker(), "it-staging");
        let ids: Vec<_> = staging.list("kv_namespaces").map(|kv| &kv["id"]).collect();
        assert_eq!(ids, ["y"]);
        for left_out in ["env", "build"] {
            assert!(!staging.config.contains_key(left_out));
        }
        let dev = wrangler_toml.environment("dev").unwrap();
        assert_eq!((dev.var("B"), dev.is_local()), (Some("2"), true));
        let error = wrangler_toml.environment("prod").err().unwrap().to_string();
        assert!(error.contains("only dev, staging"), "{error}");
    }
}
