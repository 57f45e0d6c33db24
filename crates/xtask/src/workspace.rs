//! The workspace as cargo knows it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::environment::Environment;
use crate::processes;
use crate::project::Project;

/// Native, but no default member: it needs a running Worker.
pub const HTTP_TESTS: &str = "tests-http";

pub struct Workspace {
    packages: BTreeMap<String, Package>,
    /// What a plain `cargo build` builds.
    default: BTreeSet<String>,
    /// Where cargo puts what it builds.
    pub target: PathBuf,
}

struct Package {
    folder: PathBuf,
    /// Packages of this workspace that it is made of; tests may need others.
    dependencies: Vec<String>,
}

impl Workspace {
    pub fn read(project: &Project, environment: &Environment) -> Result<Workspace> {
        let mut cargo = environment.command("cargo");
        cargo
            .current_dir(&project.root)
            .args(["metadata", "--no-deps", "--format-version=1"]);
        let metadata = processes::run_quietly(&mut cargo, std::time::Duration::from_secs(120))?;
        Workspace::parse(&metadata)
    }

    fn parse(metadata: &str) -> Result<Workspace> {
        let metadata: Value =
            serde_json::from_str(metadata).context("cargo metadata is no JSON")?;
        let default = list(&metadata["workspace_default_members"]);
        let default: BTreeSet<&str> = default.filter_map(Value::as_str).collect();
        let mut workspace = Workspace {
            packages: BTreeMap::new(),
            default: BTreeSet::new(),
            target: text(&metadata, "target_directory")?.into(),
        };
        for package in list(&metadata["packages"]) {
            let name = text(package, "name")?;
            if default.contains(text(package, "id")?) {
                workspace.default.insert(name.to_owned());
            }
            let package = Package::parse(package)?;
            workspace.packages.insert(name.to_owned(), package);
        }
        Ok(workspace)
    }

    /// Where `cargo build` puts a program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// The folder of `package`, if there is such a package.
    pub fn folder(&self, package: &str) -> Option<&Path> {
        self.packages
            .get(package)
            .map(|package| package.folder.as_path())
    }

    /// Packages that are compiled for the machine itself: default members, and the tests that talk to a running Worker.
    pub fn native(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|name| self.is_native(name))
    }

    /// All other packages.
    pub fn for_wasm(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|name| !self.is_native(name))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.packages.keys().map(String::as_str)
    }

    fn is_native(&self, name: &str) -> bool {
        self.default.contains(name) || name == HTTP_TESTS
    }

    /// The folders of `package` and of all of ours that it is made of.
    pub fn sources_of(&self, package: &str) -> Vec<&Path> {
        let mut names = BTreeSet::new();
        let mut open = vec![package];
        while let Some(name) = open.pop() {
            let Some((name, package)) = self.packages.get_key_value(name) else {
                continue;
            };
            if names.insert(name) {
                open.extend(package.dependencies.iter().map(String::as_str));
            }
        }
        names.iter().filter_map(|name| self.folder(name)).collect()
    }
}

impl Package {
    fn parse(package: &Value) -> Result<Package> {
        let manifest = Path::new(text(package, "manifest_path")?);
        let folder = manifest.parent().context("a manifest without folder")?;
        let is_part =
            |dependency: &&Value| dependency["path"].is_string() && dependency["kind"] != "dev";
        let dependencies = list(&package["dependencies"]).filter(is_part);
        Ok(Package {
            folder: folder.to_owned(),
            dependencies: dependencies
                .map(|dependency| text(dependency, "name").map(str::to_owned))
                .collect::<Result<_>>()?,
        })
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    let text = value[name].as_str();
    text.with_context(|| format!("cargo metadata leaves out a {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{
        "target_directory": "/src/target",
        "workspace_default_members": ["domain#1", "sim#1"],
        "packages": [
            {"id": "app#1", "name": "app", "manifest_path": "/src/app/Cargo.toml", "dependencies": [
                {"name": "domain", "path": "/src/crates/domain", "kind": null},
                {"name": "sim", "path": "/src/crates/sim", "kind": "dev"},
                {"name": "leptos", "kind": null}]},
            {"id": "domain#1", "name": "domain", "manifest_path": "/src/crates/domain/Cargo.toml", "dependencies": []},
            {"id": "sim#1", "name": "sim", "manifest_path": "/src/crates/sim/Cargo.toml", "dependencies": [
                {"name": "domain", "path": "/src/crates/domain", "kind": null}]},
            {"id": "tests-http#1", "name": "tests-http", "manifest_path": "/src/tests/http/Cargo.toml", "dependencies": []}
        ]
    }"#;

    #[test]
    fn a_package_is_made_of_its_own_sources_and_those_it_stands_on() {
        let workspace = Workspace::parse(METADATA).unwrap();
        let folders = workspace.sources_of("app");
        assert_eq!(
            folders,
            [Path::new("/src/app"), Path::new("/src/crates/domain")]
        );
        assert_eq!(workspace.sources_of("nothing"), Vec::<&Path>::new());
    }

    #[test]
    fn what_is_no_default_member_is_for_wasm_but_for_the_tests_over_http() {
        let workspace = Workspace::parse(METADATA).unwrap();
        let native: Vec<&str> = workspace.native().collect();
        assert_eq!(native, ["domain", "sim", "tests-http"]);
        assert_eq!(workspace.for_wasm().collect::<Vec<_>>(), ["app"]);
        assert_eq!(workspace.program("sim"), Path::new("/src/target/debug/sim"));
    }

    #[test]
    fn metadata_without_a_name_is_refused() {
        let error = Workspace::parse(r#"{"target_directory": "/t", "packages": [{}]}"#);
        assert!(error.err().unwrap().to_string().contains("a name"));
    }
}
