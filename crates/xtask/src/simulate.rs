//! `cargo xtask simulate`: the simulation, or its mutants. `cargo xtask bench cost` and `strategies`: what it
//! says of the cost, and of other ways.

use std::ffi::OsString;

use anyhow::Result;

use crate::environment::Environment;
use crate::processes;
use crate::project::Project;

pub fn run(project: &Project, arguments: &[OsString]) -> Result<()> {
    // Nothing but a compiler is needed.
    let mut cargo = Environment::default().command("cargo");
    cargo.current_dir(&project.root);
    if arguments.iter().any(|argument| argument == "--mutants") {
        cargo.args([
            "test",
            "--quiet",
            "--package",
            "simulate",
            "--test",
            "mutants",
        ]);
        cargo.args(["--", "--nocapture"]);
        cargo.env("LOADBOARD_ALL_MUTANTS", "1");
    } else {
        cargo.args(["run", "--quiet", "--package", "simulate", "--"]);
        cargo.args(arguments);
    }
    processes::run(&mut cargo)
}

/// One of the simulation's other programs, by its name. `arguments` are those of the program.
pub fn bench(project: &Project, name: &str, arguments: &[OsString]) -> Result<()> {
    let mut cargo = Environment::default().command("cargo");
    cargo.current_dir(&project.root);
    cargo.args(["run", "--quiet", "--package", "simulate", "--bin", name]);
    cargo.arg("--");
    cargo.args(arguments);
    processes::run(&mut cargo)
}
