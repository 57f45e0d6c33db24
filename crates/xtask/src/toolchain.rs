//! Which Rust toolchain builds the project: one that has the standard library for wasm.
//!
//! Usually that is the active one, at most after a `rustup target add`. Where rustup cannot fetch anything but Debian's
//! packages can be had, it is Debian's compiler, with the library built once from the source that comes with it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::environment::Environment;
use crate::project::Project;
use crate::requirements::{self, Requirement};
use crate::step::step;
use crate::system::System;
use crate::terminal::say;
use crate::{apt, processes, wasm_std};

pub const WASM: &str = "wasm32-unknown-unknown";

/// The name under which rustup knows Debian's compiler.
const DEBIAN: &str = "debian";
/// `rustup target add` takes a few seconds where it works at all.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Toolchain {
    /// What plain `cargo` means here.
    #[default]
    Active,
    /// A toolchain that rustup knows by this name.
    Named(String),
    /// A toolchain outside rustup, by its folder of programs.
    Folder(PathBuf),
}

impl Toolchain {
    fn environment(&self) -> Environment {
        Environment {
            toolchain: self.clone(),
            ..Environment::default()
        }
    }

    /// A command of this toolchain, with nothing else installed yet.
    pub fn command(&self, program: &str) -> Command {
        self.environment().command(program)
    }

    /// `rustc -vV`: changes whenever compiled code has to be compiled anew.
    pub fn version(&self) -> Result<String> {
        processes::ask(self.command("rustc").arg("-vV"))
            .context("`rustc` does not run; install Rust from https://rustup.rs")
    }

    pub fn sysroot(&self) -> Result<PathBuf> {
        let sysroot = processes::ask(self.command("rustc").args(["--print", "sysroot"]));
        sysroot
            .map(PathBuf::from)
            .context("`rustc` does not say where its library is")
    }

    /// Where this toolchain looks for the wasm libraries.
    pub fn wasm_libraries(&self) -> Result<PathBuf> {
        let folder = processes::ask(self.command("rustc").args([
            "--print",
            "target-libdir",
            "--target",
            WASM,
        ]));
        folder
            .map(PathBuf::from)
            .context("`rustc` does not know the target wasm32-unknown-unknown")
    }

    /// Whether rustup installed it (and so vouches for its parts), rather than somebody linking a folder.
    fn is_from_rustup(&self) -> bool {
        self.sysroot().is_ok_and(|sysroot| {
            sysroot
                .join("lib/rustlib/multirust-channel-manifest.toml")
                .exists()
        })
    }

    /// Whether it brings clippy and rustfmt.
    fn has_lint_tools(&self) -> bool {
        let runs = |tool| processes::ask(self.command("cargo").args([tool, "--version"])).is_some();
        runs("clippy") && runs("fmt")
    }

    /// Whether it can compile for wasm as it is.
    fn has_wasm(&self, project: &Project) -> bool {
        let Ok(libraries) = self.wasm_libraries() else {
            return false;
        };
        wasm_std::is_in(&libraries)
            && (self.is_from_rustup() || wasm_std::is_sound(project, self, &libraries))
    }
}

/// The toolchain to use, or what is missing for there to be one.
pub enum Search {
    Found(Toolchain),
    Needs(Requirement),
}

/// Looks for a toolchain with the wasm library, letting rustup add it where rustup can.
pub fn find(project: &Project, system: System) -> Result<Search> {
    let debian = packaged();
    for candidate in [Some(Toolchain::Active), debian].into_iter().flatten() {
        if candidate.has_wasm(project) {
            return Ok(Search::Found(candidate));
        }
    }
    let why = match add_target() {
        Ok(()) => return Ok(Search::Found(Toolchain::Active)),
        Err(error) => error,
    };
    if requirements::packaged_rust_is_offered(system) {
        say("  rustup cannot fetch it here; Debian's compiler will do instead");
        return Ok(Search::Needs(Requirement::PackagedRust));
    }
    bail!(
        "the Rust library for wasm is missing and could not be fetched ({why:#}); run: rustup target add {WASM}"
    );
}

fn add_target() -> Result<()> {
    if !Toolchain::Active.is_from_rustup() {
        bail!("the active Rust toolchain is not one that rustup can extend");
    }
    step(&format!("rustup target add {WASM}"), || {
        let mut command = Toolchain::Active.command("rustup");
        // The active toolchain, named: rustup would otherwise ask the directory again.
        if let Some(name) = std::env::var_os("RUSTUP_TOOLCHAIN") {
            command
                .arg("target")
                .arg("add")
                .arg("--toolchain")
                .arg(name)
                .arg(WASM);
        } else {
            command.args(["target", "add", WASM]);
        }
        command.env("RUSTUP_MAX_RETRIES", "1");
        processes::run_quietly(&mut command, RUSTUP_LIMIT).map(drop)
    })
}

/// What the system has to bring for `toolchain` to have clippy and rustfmt; nothing where rustup can.
pub fn missing_lint_tools(toolchain: &Toolchain) -> Option<Requirement> {
    let is_missing = !toolchain.is_from_rustup() && !toolchain.has_lint_tools();
    is_missing.then_some(Requirement::PackagedRust)
}

/// Has rustup add clippy and rustfmt where the toolchain lacks them.
pub fn add_lint_tools(toolchain: &Toolchain) -> Result<()> {
    if toolchain.has_lint_tools() {
        return Ok(());
    }
    if !toolchain.is_from_rustup() {
        bail!("this Rust toolchain has no clippy and rustfmt; install them as it was installed");
    }
    step("rustup component add clippy rustfmt", || {
        let mut command = toolchain.command("rustup");
        command.args(["component", "add", "clippy", "rustfmt"]);
        processes::run_quietly(&mut command, 5 * RUSTUP_LIMIT).map(drop)
    })
}

/// Debian's compiler, if its package is installed: by its rustup name where there is rustup.
fn packaged() -> Option<Toolchain> {
    if has_rustup() {
        let listing =
            processes::ask(Command::new("rustup").args(["toolchain", "list", "--quiet"]))?;
        return listing
            .lines()
            .any(|line| line.trim() == DEBIAN)
            .then(|| Toolchain::Named(DEBIAN.to_owned()));
    }
    let rustc = PathBuf::from(apt::file_of("rustc-web", "/bin/rustc")?);
    Some(Toolchain::Folder(rustc.parent()?.to_owned()))
}

/// Makes Debian's compiler, just installed, a toolchain that can compile for wasm.
pub fn set_up_packaged(project: &Project, system: System) -> Result<Toolchain> {
    let rustc = apt::file_of("rustc-web", "/bin/rustc")
        .context("the package rustc-web brought no rustc")?;
    let toolchain = if has_rustup() {
        let sysroot = processes::ask(Command::new(&rustc).args(["--print", "sysroot"]));
        let sysroot = sysroot.with_context(|| format!("{rustc} does not run"))?;
        let mut link = Command::new("rustup");
        processes::run_quietly(
            link.args(["toolchain", "link", DEBIAN, &sysroot]),
            RUSTUP_LIMIT,
        )?;
        Toolchain::Named(DEBIAN.to_owned())
    } else {
        Toolchain::Folder(
            Path::new(&rustc)
                .parent()
                .unwrap_or(Path::new("/"))
                .to_owned(),
        )
    };
    if !toolchain.has_wasm(project) {
        step("building the Rust library for wasm", || {
            wasm_std::build(project, system, &toolchain)
        })?;
    }
    Ok(toolchain)
}

fn has_rustup() -> bool {
    Environment::default().find("rustup").is_some()
}
