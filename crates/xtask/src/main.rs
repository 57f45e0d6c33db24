//! `cargo xtask <command>`: the project's one script runner.
//!
//! Every command first installs what it needs and finds missing, so that a fresh clone and a warm one are served by the
//! same two commands. Nothing is asked for twice: what is there already costs a look, not a build.

mod apt;
mod bench_app;
mod bench_edge;
mod bench_orders;
mod bench_patch;
mod browser;
mod build;
mod cli;
mod deploy;
mod dev;
mod dev_vars;
mod environment;
mod fingerprint;
mod fuzz;
mod headers;
mod http;
mod link;
mod lint;
mod lockfile;
mod logs;
mod node;
mod ports;
mod processes;
mod project;
mod python;
mod requirements;
mod servers;
mod setup;
mod simulate;
mod step;
mod system;
mod tally;
mod terminal;
mod test;
mod toolchain;
mod tools;
mod wasm_std;
mod workspace;

use std::process::ExitCode;

use cli::Command;
use project::Project;

fn main() -> ExitCode {
    let outcome = cli::parse(std::env::args_os().skip(1)).and_then(run);
    // Children that an interrupt has just ended fail too; that is no news.
    processes::leave_to_interrupt();
    match outcome {
        Ok(code) => code,
        Err(error) => {
            terminal::complain(format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    if let Command::Help(text) = command {
        terminal::say(text);
        return Ok(ExitCode::SUCCESS);
    }
    processes::end_children_on_interrupt()?;
    let project = Project::find()?;
    match command {
        Command::Help(_) => {}
        Command::Setup => {
            setup::run(&project, setup::Needs::everything())?;
        }
        Command::Build => {
            let environment = setup::run(&project, setup::Needs::to_build())?;
            build::run(&project, &environment)?;
        }
        Command::Dev(options) => dev::run(&project, &options)?,
        Command::Test(options) => return test::run(&project, &options),
        Command::Lint => return lint::run(&project),
        Command::Advisories => lint::advisories(&project)?,
        Command::Deploy(options) => deploy::run(&project, &options)?,
        Command::Fuzz(options) => fuzz::run(&project, &options)?,
        Command::Soak(options) => return test::run(&project, &options),
        Command::Simulate(arguments) => simulate::run(&project, &arguments)?,
        Command::BenchSimulated(name, arguments) => simulate::bench(&project, name, &arguments)?,
        Command::BenchApp(name, arguments) => bench_app::run(&project, name, &arguments)?,
        Command::BenchOrders(seconds) => return bench_orders::run(&project, seconds),
        Command::BenchSize => bench_app::size(&project)?,
        Command::BenchPatch(arguments) => bench_patch::run(&project, &arguments)?,
        Command::BenchEdge(arguments) => bench_edge::run(&project, &arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}
