//! `cargo xtask bench edge`: what an answer of the Worker costs, beside other Workers. tests/bench/edge/run.mjs measures.

use std::ffi::OsString;

use anyhow::Result;

use crate::project::Project;
use crate::setup::{self, Needs};
use crate::step::step;
use crate::workspace::Workspace;
use crate::{build, processes, servers};

/// The least that a Worker in Rust can answer.
const HELLO: &str = "tests/bench/edge/hello";
const LOAD: &str = "bench-edge-load";

/// Builds everything that takes part, and measures. `arguments` are those of run.mjs.
pub fn run(project: &Project, arguments: &[OsString]) -> Result<()> {
    let environment = setup::run(project, Needs::to_build())?;
    let workspace = Workspace::read(project, &environment)?;
    build::run(project, &environment)?;
    servers::build_simulator(project, &environment)?;
    step("building the load generator", || {
        let mut cargo = environment.command("cargo");
        cargo
            .current_dir(&project.root)
            .args(["build", "--quiet", "--package", LOAD]);
        processes::run(&mut cargo)
    })?;
    step(&format!("building {HELLO}"), || {
        build::worker(project, &environment, HELLO)
    })?;
    let mut node = environment.command("node");
    node.current_dir(&project.root)
        .arg("tests/bench/edge/run.mjs")
        .args(arguments)
        .env("BENCH_LOAD", workspace.program(LOAD))
        .env("SIM", workspace.program("sim"));
    processes::run(&mut node)
}
