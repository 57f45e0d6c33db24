//! What every child process is started with.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::browser::Browser;
use crate::toolchain::Toolchain;

/// The chosen toolchain and the folders of tools, put into place by [`crate::setup`].
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub toolchain: Toolchain,
    /// Folders searched before the user's own `PATH`, first one first.
    pub path: Vec<PathBuf>,
    pub browser: Option<Browser>,
    /// The folder of the programs from PyPI.
    pub python: Option<PathBuf>,
}

impl Environment {
    /// The browser, where [`crate::setup`] was asked for one.
    pub fn found_browser(&self) -> Result<&Browser> {
        self.browser.as_ref().context("no browser was set up")
    }

    /// A program from PyPI, where [`crate::setup`] was asked for those.
    pub fn python_program(&self, name: &str) -> Result<Command> {
        let folder = self.python.as_ref().context("no Python was set up")?;
        Ok(self.command(folder.join(name)))
    }

    /// A command that runs with the chosen toolchain and tools, in the current directory.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let program = program.as_ref();
        let mut command =
            Command::new(self.find(program).unwrap_or_else(|| PathBuf::from(program)));
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(belongs_to_this_run) {
                command.env_remove(name);
            }
        }
        for name in ["LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, without_toolchain_folders(&value));
            }
        }
        if let Ok(path) = std::env::join_paths(self.search_path()) {
            command.env("PATH", path);
        }
        if let Toolchain::Named(name) = &self.toolchain {
            command.env("RUSTUP_TOOLCHAIN", name);
        }
        command
    }

    /// Where `program` is, if it is anywhere.
    pub fn find(&self, program: impl AsRef<OsStr>) -> Option<PathBuf> {
        let program = program.as_ref();
        self.search_path()
            .map(|folder| folder.join(program))
            .find(|file| is_executable(file))
    }

    fn search_path(&self) -> impl Iterator<Item = PathBuf> {
        let own = match &self.toolchain {
            Toolchain::Folder(bin) => Some(bin.clone()),
            Toolchain::Active | Toolchain::Named(_) => None,
        };
        let users = std::env::var_os("PATH").unwrap_or_default();
        let users: Vec<PathBuf> = std::env::split_paths(&users).collect();
        self.path.clone().into_iter().chain(own).chain(users)
    }
}

/// Has every crate compiled with these flags, and without the name of the folder in which this machine keeps the sources
/// of dependencies: panic messages name source files.
pub fn rustflags(command: &mut Command, flags: &str) {
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let in_home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"));
    // Separated by a character that no path holds; cargo looks at this variable before RUSTFLAGS.
    let mut encoded: OsString = flags
        .split_whitespace()
        .collect::<Vec<_>>()
        .join("\x1f")
        .into();
    if let Some(cargo_home) = cargo_home.or_else(in_home) {
        if !encoded.is_empty() {
            encoded.push("\x1f");
        }
        encoded.push("--remap-path-prefix=");
        encoded.push(cargo_home.join("registry/src"));
        encoded.push("=crates");
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", encoded);
}

/// Variables that `cargo run` and rustup set for this very process, and that would mislead a cargo started from here.
/// `RUSTUP_TOOLCHAIN` stays: it is what the user chose, unless a toolchain is named in its place.
fn belongs_to_this_run(name: &str) -> bool {
    const PREFIXES: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
    matches!(
        name,
        "CARGO" | "CARGO_PRIMARY_PACKAGE" | "CARGO_CRATE_NAME" | "RUST_RECURSION_COUNT"
    ) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// `cargo run` puts its own libraries first; another toolchain must not find them.
fn without_toolchain_folders(value: &OsStr) -> OsString {
    let foreign = |folder: &PathBuf| {
        !folder
            .iter()
            .any(|part| part == "toolchains" || part == "target" || part == "rustlib")
    };
    std::env::join_paths(std::env::split_paths(value).filter(foreign)).unwrap_or_default()
}

#[must_use]
pub fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_set_for_this_run_is_not_handed_on() {
        assert!(belongs_to_this_run("CARGO_MANIFEST_DIR"));
        assert!(belongs_to_this_run("CARGO_PKG_NAME"));
        assert!(belongs_to_this_run("CARGO"));
        assert!(!belongs_to_this_run("CARGO_HOME"));
        assert!(!belongs_to_this_run("CARGO_TARGET_DIR"));
        assert!(!belongs_to_this_run("RUSTFLAGS"));
    }

    #[test]
    fn library_folders_of_a_toolchain_are_dropped_and_others_kept() {
        let value =
            OsStr::new("/home/me/.rustup/toolchains/stable/lib:/opt/lib:/src/target/debug/deps");
        assert_eq!(without_toolchain_folders(value), "/opt/lib");
    }
}
