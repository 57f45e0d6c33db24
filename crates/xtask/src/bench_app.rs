//! `cargo xtask bench open|scroll|memory|size`: the app on an old phone. The scripts in tests/bench/app measure.

use std::ffi::OsString;

use anyhow::{Context, Result};

use crate::dev_vars::{self, Secrets};
use crate::project::Project;
use crate::servers::{self, Account, Simulator, Worker};
use crate::setup::{self, Needs};
use crate::step::step;
use crate::workspace::Workspace;
use crate::{build, link, ports, processes};

/// Builds and starts what takes part, and measures. `arguments` are those of the script of that name.
pub fn run(project: &Project, name: &str, arguments: &[OsString]) -> Result<()> {
    let environment = setup::run(project, Needs::to_build_and_browse())?;
    let workspace = Workspace::read(project, &environment)?;
    build::run(project, &environment)?;
    servers::build_simulator(project, &environment)?;
    let chrome = &environment.found_browser()?.chrome;

    let secrets = Secrets::example(project)?;
    let (simulator_port, worker_port) = (ports::any_free()?, ports::any_free()?);
    let state = project.scratch("bench-state");
    if state.exists() {
        std::fs::remove_dir_all(&state)
            .with_context(|| format!("{} cannot be removed", state.display()))?;
    }
    let mut simulator = Simulator {
        port: simulator_port,
        account: Account::of(&secrets)?,
        worker_port,
        log: project.scratch("bench-sim.log"),
        ..Simulator::default()
    }
    .start(project, &workspace, &environment)?;
    let mut worker = Worker {
        port: worker_port,
        upstream: format!("http://127.0.0.1:{simulator_port}"),
        mes: None,
        secrets: dev_vars::EXAMPLE,
        script: None,
        vars: Vec::new(),
        state,
        log: project.scratch("bench-worker.log"),
    }
    .start(project, &environment)?;
    simulator.wait_until_ready()?;
    worker.wait_until_ready()?;

    let link = link::to_app(
        &format!("http://localhost:{worker_port}"),
        secrets.get("TELEGRAM_BOT_TOKEN")?,
    )?;
    let mut node = environment.command("node");
    node.current_dir(&project.root)
        .arg(format!("tests/bench/app/{name}.mjs"))
        .args(arguments)
        .env("LOADBOARD_LINK", link)
        .env("SIM_URL", format!("http://127.0.0.1:{simulator_port}"))
        .env("CHROME", chrome);
    processes::run(&mut node)
}

/// Builds the app once more with the names of its functions, and tells what is in it.
pub fn size(project: &Project) -> Result<()> {
    let environment = setup::run(project, Needs::to_build())?;
    let workspace = Workspace::read(project, &environment)?;
    build::run(project, &environment)?;
    let named = workspace.target.join("bench-size");
    step("building the app with its names", || {
        build::app(project, &environment, &named, build::Names::Kept)
    })?;
    let mut node = environment.command("node");
    node.current_dir(&project.root)
        .arg("tests/bench/app/size.mjs")
        .env("SHIPPED", project.path("dist"))
        .env("NAMED", named);
    processes::run(&mut node)
}
