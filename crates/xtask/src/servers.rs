//! The simulator and the Worker as running processes.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::dev_vars::Secrets;
use crate::environment::Environment;
use crate::logs::Log;
use crate::processes::Child;
use crate::project::Project;
use crate::step::{self, step};
use crate::workspace::Workspace;
use crate::{build, http, node, processes};

/// Neither takes more than a few seconds; a busy machine gets the rest.
const READY_LIMIT: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(100);

/// A running server, ended when dropped.
pub struct Server {
    name: &'static str,
    child: Child,
    log: Arc<Log>,
    port: u16,
    /// Answers 200 when the server is ready to be used.
    ready_path: &'static str,
}

/// How the simulator is started. What is `None` is left to its own default.
#[derive(Debug, Clone, Default)]
pub struct Simulator {
    pub port: u16,
    pub latency_ms: Option<u64>,
    pub seed: Option<u64>,
    /// The account and the keys that the Worker will use.
    pub account: Account,
    /// Where it tells of changes of orders: the Worker's port.
    pub worker_port: u16,
    /// How many orders the factory has, and what else is said of it.
    pub mes_arguments: Vec<String>,
    pub log: PathBuf,
}

/// What the simulator takes, and the Worker shows.
#[derive(Debug, Clone, Default)]
pub struct Account {
    phone: String,
    password: String,
    mes_token: String,
    webhook_secret: String,
}

impl Account {
    pub fn of(secrets: &Secrets) -> Result<Self> {
        Ok(Self {
            phone: secrets.get("CARGOTECH_PHONE")?.to_owned(),
            password: secrets.get("CARGOTECH_PASSWORD")?.to_owned(),
            mes_token: secrets.get("MES_TOKEN")?.to_owned(),
            webhook_secret: secrets.get("MES_WEBHOOK_SECRET")?.to_owned(),
        })
    }
}

/// How the Worker is started.
#[derive(Debug, Clone)]
pub struct Worker<'a> {
    pub port: u16,
    /// The CargoTech API that it uses.
    pub upstream: String,
    /// The MES that it uses, if there is one.
    pub mes: Option<String>,
    /// The file with its secrets.
    pub secrets: &'a str,
    /// Variables in place of those in wrangler.toml.
    pub vars: Vec<(&'a str, String)>,
    /// A script that wraps the Worker in place of the Worker alone.
    pub script: Option<&'a str>,
    /// Where KV and Durable Objects are kept.
    pub state: PathBuf,
    pub log: PathBuf,
}

/// Compiles the simulator.
pub fn build_simulator(project: &Project, environment: &Environment) -> Result<()> {
    let mut cargo = environment.command("cargo");
    cargo
        .current_dir(&project.root)
        .args(["build", "--quiet", "--package", "sim", "--bin", "sim"]);
    step("building the simulator", || processes::run(&mut cargo))
}

impl Simulator {
    pub fn start(
        &self,
        project: &Project,
        workspace: &Workspace,
        environment: &Environment,
    ) -> Result<Server> {
        let program = workspace.program("sim");
        if !program.exists() {
            bail!("the simulator was not built; run this once without --no-build");
        }
        let mut command = environment.command(program);
        command
            .current_dir(&project.root)
            .args(["--port", &self.port.to_string()]);
        let Account {
            phone,
            password,
            mes_token,
            webhook_secret,
        } = &self.account;
        command.args(["--phone", phone, "--password", password]);
        let hook = format!("http://127.0.0.1:{}/api/hooks/orders", self.worker_port);
        command.args(["--mes-token", mes_token]);
        command.args([
            "--mes-webhook-url",
            &hook,
            "--mes-webhook-secret",
            webhook_secret,
        ]);
        command.args(&self.mes_arguments);
        if let Some(latency) = self.latency_ms {
            command.args(["--latency-ms", &latency.to_string()]);
        }
        if let Some(seed) = self.seed {
            command.args(["--seed", &seed.to_string()]);
        }
        let log = Log::to_file("sim", 36, &self.log)?;
        Server::start("the simulator", &mut command, log, self.port, "/_stats")
    }
}

impl Worker<'_> {
    /// Starts it as developers do, with everything that wrangler emulates.
    pub fn start(&self, project: &Project, environment: &Environment) -> Result<Server> {
        let mut command = node::wrangler(project, environment);
        command.arg("dev").args(self.script);
        command.args([
            "--local",
            "--ip",
            "127.0.0.1",
            "--port",
            &self.port.to_string(),
        ]);
        // Any free port: several may run at a time, and nobody debugs JavaScript here.
        command.args([
            "--inspector-port",
            "0",
            "--show-interactive-dev-session=false",
        ]);
        command
            .args(["--env-file", self.secrets])
            .arg("--persist-to")
            .arg(&self.state);
        command.args(["--var", &format!("CARGOTECH_BASE_URL:{}", self.upstream)]);
        let mes = self.mes.as_deref().unwrap_or_default();
        command.args(["--var", &format!("MES_BASE_URL:{mes}")]);
        if let Some(build_id) = build::id(project)? {
            command.args(["--var", &format!("BUILD_ID:{build_id}")]);
        }
        for (name, value) in &self.vars {
            command.args(["--var", &format!("{name}:{value}")]);
        }
        // Nothing leaves this machine but calls to the upstream.
        for (name, value) in [
            ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
            // Nobody reads what it would keep of each request, which takes as long as the request.
            ("X_LOCAL_OBSERVABILITY", "false"),
            ("X_LOCAL_EXPLORER", "false"),
        ] {
            command.env(name, value);
        }
        let log = Log::to_file("worker", 35, &self.log)?;
        Server::start("the Worker", &mut command, log, self.port, "/health/ready")
    }
}

impl Worker<'_> {
    /// Starts it on workerd itself, with the secrets of the example and stores of its own: the development proxy takes more time
    /// and more of the machine than the Worker.
    pub fn start_bare(&self, project: &Project, environment: &Environment) -> Result<Server> {
        let mut command = environment.command("node");
        command
            .current_dir(&project.root)
            .arg("tests/bench/edge/serve.mjs")
            .args(["--port", &self.port.to_string()]);
        command.args(["--var", &format!("CARGOTECH_BASE_URL:{}", self.upstream)]);
        let mes = self.mes.as_deref().unwrap_or_default();
        command.args(["--var", &format!("MES_BASE_URL:{mes}")]);
        for (name, value) in &self.vars {
            command.args(["--var", &format!("{name}:{value}")]);
        }
        let log = Log::to_file("worker", 35, &self.log)?;
        Server::start("the Worker", &mut command, log, self.port, "/health/ready")
    }
}

impl Server {
    /// The process group of it and all that it starts.
    pub fn group(&self) -> i32 {
        self.child.group()
    }

    fn start(
        name: &'static str,
        command: &mut Command,
        log: Arc<Log>,
        port: u16,
        ready_path: &'static str,
    ) -> Result<Server> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Child::spawn(command)?;
        log.follow(child.stdout());
        log.follow(child.stderr());
        Ok(Server {
            name,
            child,
            log,
            port,
            ready_path,
        })
    }

    /// Waits until it answers.
    pub fn wait_until_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            self.require_running()?;
            let status = http::status(self.port, self.ready_path);
            if matches!(status, Ok(200)) {
                step::done(
                    &format!("{} answers on port {}", self.name, self.port),
                    started.elapsed(),
                );
                return Ok(());
            }
            if started.elapsed() > READY_LIMIT {
                let answer = status.map_or_else(
                    |error| error.to_string(),
                    |status| format!("status {status}"),
                );
                let path = self.ready_path;
                bail!(
                    "{} is not ready: {path} gives {answer}. Its last lines:{}",
                    self.name,
                    self.log.last_lines()
                );
            }
            thread::sleep(POLL);
        }
    }

    /// Stops with its last lines if it has ended.
    pub fn require_running(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else {
            return Ok(());
        };
        processes::leave_to_interrupt();
        // Its last words may still be on their way through the pipe.
        thread::sleep(POLL);
        bail!(
            "{} ended ({status}). Its last lines:{}",
            self.name,
            self.log.last_lines()
        );
    }

    /// From here on its log is shown.
    pub fn show_log(&self) {
        self.log.show();
    }
}
