//! `cargo xtask lint`: formatting, clippy for all that is compiled natively and for wasm, and what others' crates are allowed to
//! bring.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::environment::Environment;
use crate::processes;
use crate::project::Project;
use crate::setup::{self, Needs};
use crate::step::step;
use crate::terminal::complain;
use crate::toolchain::WASM;
use crate::workspace::Workspace;

/// Runs all checks, also after one has failed, and fails when any did.
pub fn run(project: &Project) -> Result<ExitCode> {
    let environment = setup::run(project, Needs::to_lint())?;
    let workspace = Workspace::read(project, &environment)?;
    let cargo = |command: &str| {
        let mut cargo = environment.command("cargo");
        cargo.current_dir(&project.root).arg(command);
        cargo
    };

    let mut format = cargo("fmt");
    format.args(["--all", "--check"]);

    let mut native = cargo("clippy");
    native
        .args(packages(workspace.native()))
        .arg("--all-targets");

    let mut wasm = cargo("clippy");
    wasm.args(["--target", WASM]);
    wasm.args(packages(workspace.for_wasm()))
        .arg("--all-targets");

    // A workspace of its own, whose library in C++ is needed to link and not to look.
    let mut fuzz = cargo("clippy");
    fuzz.args(["--manifest-path", "fuzz/Cargo.toml", "--locked"]);
    fuzz.arg("--target-dir").arg(&workspace.target);
    fuzz.env("CUSTOM_LIBFUZZER_PATH", project.scratch("libfuzzer.a"));
    let mut format_fuzz = cargo("fmt");
    format_fuzz.args(["--manifest-path", "fuzz/Cargo.toml", "--check"]);

    let mut deny = deny(project, &environment, &["licenses", "bans", "sources"]);

    let mut failed = 0;
    failed += check("formatting", &mut format);
    failed += check("clippy, native", native.args(["--", "-D", "warnings"]));
    failed += check("clippy, wasm", wasm.args(["--", "-D", "warnings"]));
    failed += check("formatting, fuzz", &mut format_fuzz);
    failed += check("clippy, fuzz", fuzz.args(["--", "-D", "warnings"]));
    failed += check("dependencies", &mut deny);
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Looks up what is known against dependencies, by a database that must be fetched first.
pub fn advisories(project: &Project) -> Result<()> {
    let environment = setup::run(project, Needs::to_lint())?;
    step("advisories", || {
        processes::run(&mut deny(project, &environment, &["advisories"]))
    })
}

fn deny(project: &Project, environment: &Environment, checks: &[&str]) -> Command {
    let mut deny = environment.command("cargo-deny");
    deny.current_dir(&project.root);
    // A rule that fits nothing any more is one to take out.
    deny.args(["--locked", "check", "--deny", "warnings"]);
    deny.args(checks);
    deny
}

fn packages<'a>(names: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    names.flat_map(|name| ["--package", name])
}

/// 1 if the check failed, which is said at once.
fn check(name: &str, command: &mut Command) -> usize {
    let outcome = step(name, || processes::run(command));
    processes::leave_to_interrupt();
    outcome.map_or_else(
        |error| {
            complain(format_args!("{error:#}"));
            1
        },
        |()| 0,
    )
}
