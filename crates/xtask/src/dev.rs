//! `cargo xtask dev`: everything running, one link to open, until Ctrl-C.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::dev_vars::{self, Secrets};
use crate::environment::Environment;
use crate::project::Project;
use crate::servers::{self, Account, Server, Simulator, Worker};
use crate::step;
use crate::terminal::{dim, say};
use crate::workspace::Workspace;
use crate::{build, link, ports, processes, setup};

#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Where the Worker listens.
    pub port: u16,
    /// Where the simulator listens; else on the next port, or on any free one.
    pub sim_port: Option<u16>,
    /// An upstream in place of the simulator.
    pub cargotech: Option<String>,
    /// A bot token in place of the one in `.dev.vars`.
    pub bot_token: Option<String>,
    pub latency_ms: Option<u64>,
    pub seed: Option<u64>,
    pub build: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            port: 8787,
            sim_port: None,
            cargotech: None,
            bot_token: None,
            latency_ms: None,
            seed: None,
            build: true,
        }
    }
}

/// Runs until a child ends, which is an error, or an interrupt ends this process.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    let started = Instant::now();
    // Before anything is installed or built for nothing.
    ports::require_free(options.port, "--port")?;
    if let Some(port) = options.sim_port {
        ports::require_free(port, "--sim-port")?;
    }
    let environment = setup::run(project, setup::Needs::to_build())?;
    if options.build {
        build::run(project, &environment)?;
    } else {
        build::require_built(project)?;
    }
    let secrets = Secrets::own(project)?;
    let bot_token = match &options.bot_token {
        Some(token) => token,
        None => secrets.get("TELEGRAM_BOT_TOKEN")?,
    };

    let mut running = Vec::new();
    let upstream = match &options.cargotech {
        Some(url) => url.clone(),
        None => {
            let port = simulator_port(options)?;
            running.push(start_simulator(
                project,
                &environment,
                options,
                &secrets,
                port,
            )?);
            format!("http://127.0.0.1:{port}")
        }
    };
    let worker = Worker {
        port: options.port,
        upstream: upstream.clone(),
        // Whoever plays CargoTech plays the factory too.
        mes: options
            .cargotech
            .is_none()
            .then(|| format!("{upstream}/mes")),
        secrets: dev_vars::FILE,
        script: None,
        vars: options
            .bot_token
            .iter()
            .map(|token| ("TELEGRAM_BOT_TOKEN", token.clone()))
            .collect(),
        state: state_folder(project, options)?,
        log: project.scratch("dev-worker.log"),
    };
    running.push(worker.start(project, &environment)?);
    for server in &mut running {
        server.wait_until_ready()?;
    }

    processes::expect_interrupt();
    step::done(
        &format!("ready, with CargoTech at {upstream}"),
        started.elapsed(),
    );
    let link = link::to_app(&format!("http://localhost:{}", options.port), bot_token)?;
    let ending = dim("Ctrl-C ends everything.");
    // The driver who does not exist is an operator too.
    let orders = link.replacen("/#", "/orders#", 1);
    say(format_args!(
        "\nOpen this link:\n\n{link}\n\nThe order board of the factory's operators:\n\n{orders}\n\n{ending}\n"
    ));
    for server in &running {
        server.show_log();
    }
    loop {
        for server in &mut running {
            server.require_running()?;
        }
        thread::sleep(Duration::from_millis(200));
    }
}

fn simulator_port(options: &Options) -> Result<u16> {
    match (options.sim_port, options.port.checked_add(1)) {
        (Some(port), _) => Ok(port),
        (None, Some(next)) if ports::is_free(next) => Ok(next),
        _ => ports::any_free(),
    }
}

fn start_simulator(
    project: &Project,
    environment: &Environment,
    options: &Options,
    secrets: &Secrets,
    port: u16,
) -> Result<Server> {
    if options.build {
        servers::build_simulator(project, environment)?;
    }
    let simulator = Simulator {
        port,
        latency_ms: options.latency_ms,
        seed: options.seed,
        account: Account::of(secrets)?,
        worker_port: options.port,
        mes_arguments: Vec::new(),
        log: project.scratch("dev-sim.log"),
    };
    simulator.start(
        project,
        &Workspace::read(project, environment)?,
        environment,
    )
}

/// Where the Worker keeps what it has: one folder for each upstream, so that no price of one is shown as another's.
/// The simulator's world begins anew at each start, and so does what was kept of it.
fn state_folder(project: &Project, options: &Options) -> Result<PathBuf> {
    let name = match &options.cargotech {
        Some(url) => url
            .chars()
            .map(|character| {
                if character.is_ascii_alphanumeric() {
                    character
                } else {
                    '-'
                }
            })
            .collect(),
        None => format!("simulator-{}", options.port),
    };
    let folder = project.path(".wrangler/dev").join(name);
    if options.cargotech.is_none() && folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    Ok(folder)
}
