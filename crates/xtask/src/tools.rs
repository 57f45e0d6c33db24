//! The Rust programs that build and test wasm, look at dependencies and fuzz, compiled once for all checkouts of this user.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::environment::{self, Environment};
use crate::project::Project;
use crate::step::step;
use crate::{lockfile, processes};

/// Trunk 0.22 wants a newer compiler than the one this project asks for.
const TRUNK: &str = "0.21.14";
const CARGO_DENY: &str = "0.20.2";
const CARGO_FUZZ: &str = "0.13.2";

/// A program from crates.io at one version.
struct Tool {
    package: &'static str,
    version: String,
    /// The programs that must be there; the first one tells its version.
    programs: &'static [&'static str],
    /// Whether the dependencies named in its own lockfile are to be taken.
    locked: bool,
    /// How well it is compiled: wasm-bindgen works for seconds on every build and test run, the others only call others.
    opt_level: &'static str,
}

/// What tools are for.
#[derive(Debug, Clone, Copy)]
pub struct Uses {
    pub building: bool,
    pub lint: bool,
    pub fuzz: bool,
}

/// The tools at the versions that go with Cargo.lock.
fn wanted(project: &Project, uses: Uses) -> Result<Vec<Tool>> {
    let mut tools = Vec::new();
    if uses.building {
        tools.extend(builders(project)?);
    }
    if uses.lint {
        tools.push(Tool {
            package: "cargo-deny",
            version: CARGO_DENY.to_owned(),
            programs: &["cargo-deny"],
            locked: true,
            opt_level: "0",
        });
    }
    if uses.fuzz {
        tools.push(Tool {
            package: "cargo-fuzz",
            version: CARGO_FUZZ.to_owned(),
            programs: &["cargo-fuzz"],
            locked: true,
            opt_level: "0",
        });
    }
    Ok(tools)
}

fn builders(project: &Project) -> Result<[Tool; 3]> {
    let lockfile = lockfile::read(project)?;
    let version = |package: &str| {
        let found = lockfile::version(&lockfile, package);
        found.map(str::to_owned).with_context(|| {
            format!("Cargo.lock does not name `{package}`; run: cargo update --workspace")
        })
    };
    Ok([
        // wasm-bindgen's program and library must match exactly. Its own lockfile names a release that was withdrawn.
        Tool {
            package: "wasm-bindgen-cli",
            version: version("wasm-bindgen")?,
            programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
            locked: false,
            opt_level: "1",
        },
        Tool {
            package: "worker-build",
            version: version("worker")?,
            programs: &["worker-build"],
            locked: true,
            opt_level: "0",
        },
        Tool {
            package: "trunk",
            version: TRUNK.to_owned(),
            programs: &["trunk"],
            locked: true,
            opt_level: "0",
        },
    ])
}

/// Where caches of this project are kept for the user, outside any checkout.
pub fn cache_folder() -> Result<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = || {
        variable("HOME")
            .context("HOME is not set; set it, or LOADBOARD_TOOLS to a folder for tools")
    };
    let base = match variable("XDG_CACHE_HOME") {
        Some(folder) => folder,
        None if cfg!(target_os = "macos") => home()?.join("Library/Caches"),
        None => home()?.join(".cache"),
    };
    Ok(base.join("loadboard"))
}

/// Where tools are kept: `LOADBOARD_TOOLS`, or a folder among the user's caches.
pub fn folder() -> Result<PathBuf> {
    match std::env::var_os("LOADBOARD_TOOLS") {
        Some(folder) => {
            std::path::absolute(PathBuf::from(folder)).context("LOADBOARD_TOOLS is no path")
        }
        None => Ok(cache_folder()?.join("tools")),
    }
}

/// Where the tools are, of which some may have to be installed.
pub struct Tools {
    found: Vec<PathBuf>,
    missing: Vec<Tool>,
    folder: PathBuf,
}

impl Tools {
    /// Looks for the tools of these uses, in our folder and on `PATH`.
    pub fn look(project: &Project, uses: Uses) -> Result<Tools> {
        let folder = folder()?;
        let mut tools = Tools {
            found: Vec::new(),
            missing: Vec::new(),
            folder,
        };
        for tool in wanted(project, uses)? {
            let own = tools.bin_of(&tool);
            if tool.is_in(&own) {
                tools.found.push(own);
            } else if let Some(elsewhere) = tool.on_path() {
                tools.found.push(elsewhere);
            } else {
                tools.missing.push(tool);
            }
        }
        Ok(tools)
    }

    /// worker-build is the one that needs more than a compiler.
    pub fn need_openssl(&self) -> bool {
        cfg!(target_os = "linux")
            && self
                .missing
                .iter()
                .any(|tool| tool.package == "worker-build")
    }

    /// Compiles what is missing; the folders in which all the tools then are.
    pub fn install(mut self, environment: &Environment) -> Result<Vec<PathBuf>> {
        if self.missing.is_empty() {
            return Ok(self.found);
        }
        // One folder for all, so that what they have in common is compiled once.
        let shared = self.folder.join("build");
        for tool in std::mem::take(&mut self.missing) {
            step(
                &format!("compiling {} {}", tool.package, tool.version),
                || {
                    let root = self
                        .folder
                        .join(format!("{}-{}", tool.package, tool.version));
                    processes::run(&mut tool.install_command(environment, &root, &shared))
                },
            )?;
            self.found.push(self.bin_of(&tool));
        }
        fs::remove_dir_all(&shared)
            .with_context(|| format!("{} cannot be removed", shared.display()))?;
        Ok(self.found)
    }

    fn bin_of(&self, tool: &Tool) -> PathBuf {
        // The version is part of the path: an upgrade is simply not there yet, and older checkouts keep theirs.
        self.folder
            .join(format!("{}-{}", tool.package, tool.version))
            .join("bin")
    }
}

impl Tool {
    fn is_in(&self, folder: &Path) -> bool {
        self.programs
            .iter()
            .all(|program| environment::is_executable(&folder.join(program)))
    }

    /// The folder on the user's `PATH` that has this tool at this version.
    fn on_path(&self) -> Option<PathBuf> {
        let environment = Environment::default();
        let program = environment.find(self.programs.first()?)?;
        let folder = program.parent()?.to_owned();
        let said = processes::ask(environment.command(&program).arg("--version"))?;
        (self.is_in(&folder) && says_version(&said, &self.version)).then_some(folder)
    }

    fn install_command(
        &self,
        environment: &Environment,
        root: &Path,
        shared: &Path,
    ) -> std::process::Command {
        // Where it is put is searched: cargo need not advise the user to do so.
        let mut environment = environment.clone();
        environment.path.push(root.join("bin"));
        let mut cargo = environment.command("cargo");
        cargo.args([
            "install",
            self.package,
            "--version",
            &format!("={}", self.version),
        ]);
        if self.locked {
            cargo.arg("--locked");
        }
        cargo.arg("--root").arg(root);
        cargo.env("CARGO_TARGET_DIR", shared);
        // They run for seconds a day and are waited for once: compile them quickly rather than well.
        cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
        cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.opt_level);
        cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        cargo.env("CARGO_PROFILE_RELEASE_DEBUG", "false");
        // Flags that the user has for our code are not meant for these.
        cargo.env_remove("RUSTFLAGS");
        cargo
    }
}

/// Whether `trunk 0.21.14` or plain `0.21.14` says this version.
fn says_version(said: &str, version: &str) -> bool {
    said.split_whitespace().any(|word| word == version)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Versions that nothing looks after grow old unseen.
    #[test]
    fn newer_tools_are_looked_for_by_the_lines_that_pin_them() {
        let renovate: serde_json::Value =
            serde_json::from_str(include_str!("../../../renovate.json")).unwrap();
        let looked_for: Vec<&str> = renovate["customManagers"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|manager| manager["matchStrings"][0].as_str()?.split("(?<").next())
            .collect();
        let pinned = include_str!("tools.rs").lines().filter(|line| {
            line.starts_with("const ") && line.contains(": &str = \"") && line.contains('.')
        });
        let pinned: Vec<&str> = pinned.collect();
        assert_eq!(pinned.len(), looked_for.len());
        for line in pinned {
            assert!(
                looked_for.iter().any(|start| line.starts_with(start)),
                "{line}"
            );
        }
    }

    #[test]
    fn a_version_is_recognised_whole() {
        assert!(says_version("wasm-bindgen 0.2.130", "0.2.130"));
        assert!(says_version("0.8.7", "0.8.7"));
        assert!(!says_version("trunk 0.21.14-beta.1", "0.21.14"));
        assert!(!says_version("wasm-bindgen 0.2.13", "0.2.130"));
    }
}
