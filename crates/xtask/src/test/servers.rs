//! The simulator and the Worker as suites use them: with empty stores, on ports of their own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Outcome, Run, Suite, canaries};
use crate::dev_vars::{self, Secrets};
use crate::servers::{self, Account, Server, Simulator, Worker};
use crate::terminal::complain;
use crate::{build, link, ports};

/// In place of wrangler.toml's: windows short enough that a test sees records age, without a clock to turn.
const SHORT_WINDOWS: [(&str, &str); 27] = [
    ("PRICES_FRESH_MS", "1000"),
    ("EAGER_REFRESH_MS", "200"),
    ("LIST_FRESH_MS", "5000"),
    ("DETAIL_FRESH_MS", "10000"),
    ("WATCHED_FRESH_MS", "2000"),
    ("READ_DEADLINE_MS", "3000"),
    ("UPSTREAM_TIMEOUT_MS", "3500"),
    ("REFRESH_DEADLINE_MS", "4000"),
    ("BACKOFF_BASE_MS", "200"),
    ("BACKOFF_MAX_MS", "1000"),
    ("LOGIN_PAUSE_MS", "2000"),
    ("BREAKER_PAUSE_MS", "500"),
    ("POLL_INTERVAL_MS", "1000"),
    ("ALLOWED_ORIGINS", "https://cargos.example"),
    ("SESSION_SECRET_PREVIOUS", PREVIOUS_SESSION_SECRET),
    ("REVOKED_SESSIONS", "7000000000666:9999999999"),
    ("ORDERS_FRESH_MS", "2000"),
    ("ORDERS_EAGER_REFRESH_MS", "400"),
    ("ORDER_PAGES_FRESH_MS", "1500"),
    ("ORDER_DETAIL_FRESH_MS", "30000"),
    ("ORDERS_STALE_IF_ERROR_MS", "3000"),
    ("ORDERS_LATE_AFTER_MS", "500"),
    ("BOARD_PATIENCE_MS", "1000"),
    ("CHANGE_DEADLINE_MS", "5000"),
    ("MES_TIMEOUT_MS", "2000"),
    ("QUOTE_FRESH_MS", "3000"),
    ("QUOTE_FAILED_MS", "1500"),
];

/// For whoever asks so much that is new that a real account's calls would run short.
const CALLS_TO_SPARE: [(&str, &str); 1] = [("UPSTREAM_CALLS_PER_MINUTE", "1000000")];

/// What lets a test cut the Worker off from its stores.
const PLUGS: &str = "tests/http/plugs.mjs";

/// So many orders has the factory that is under test for long.
const SOAK_ORDERS: u32 = 100_000;

/// What the Worker under test signed sessions with before.
pub const PREVIOUS_SESSION_SECRET: &str = "the-previous-session-secret-of-the-tests";

/// So many sellers have a key in the tests, one that tells his number: each may ask only so often.
const SELLERS: u32 = 40;
pub const SELLER_KEY: &str = "test-key-of-seller-{}-0123456789-0123456789";

/// So many ids of Telegram has each of the two operators there, for the same reason.
const IDS_OF_OPERATORS: u32 = 200;
const OPERATOR_NAMES: [&str; 2] = ["Алексей", "Борис"];

pub struct Servers {
    suite: Suite,
    simulator: Server,
    worker: Server,
    worker_state: PathBuf,
    simulator_url: String,
    worker_url: String,
    worker_log: PathBuf,
    secrets: Secrets,
}

impl Servers {
    /// Builds what is to be tested, starts both, and waits until they answer.
    pub fn start(run: &Run<'_>, suite: Suite) -> Result<Servers> {
        Self::start_lane(run, suite, 0)
    }

    /// The same so many times over, for tests that run beside each other and know nothing of each other's weather.
    pub fn start_lanes(run: &Run<'_>, suite: Suite, lanes: usize) -> Result<Vec<Servers>> {
        (0..lanes)
            .map(|lane| Self::start_lane(run, suite, lane))
            .collect()
    }

    fn start_lane(run: &Run<'_>, suite: Suite, lane: usize) -> Result<Servers> {
        if let Err(error) = run
            .is_built
            .get_or_init(|| build(run).map_err(|error| format!("{error:#}")))
        {
            bail!("{error}");
        }
        let secrets = Secrets::example(run.project)?;
        let lane = match lane {
            0 => String::new(),
            lane => format!("-{lane}"),
        };
        let scratch = |name: &str| {
            run.project
                .scratch(format!("{}{lane}-{name}", suite.name()))
        };
        let (simulator_port, worker_port) = (ports::any_free()?, ports::any_free()?);
        let simulator_url = format!("http://127.0.0.1:{simulator_port}");
        let simulator = Simulator {
            port: simulator_port,
            account: Account::of(&secrets)?,
            worker_port,
            // It is how they are answered that is tested, not when.
            latency_ms: (suite == Suite::Schema).then_some(0),
            mes_arguments: match suite {
                Suite::Soak(_) => vec!["--mes-orders".to_owned(), SOAK_ORDERS.to_string()],
                Suite::Shift { orders, .. } => vec!["--mes-orders".to_owned(), orders.to_string()],
                Suite::Schema => ["--mes-list-base-ms", "5", "--mes-list-us-per-order", "0"]
                    .map(str::to_owned)
                    .into(),
                _ => Vec::new(),
            },
            log: scratch("sim.log"),
            ..Simulator::default()
        };
        let worker_state = empty(scratch("state"))?;
        let worker = Worker {
            port: worker_port,
            upstream: simulator_url.clone(),
            mes: Some(format!("{simulator_url}/mes")),
            secrets: dev_vars::EXAMPLE,
            vars: match suite {
                Suite::Http => short_windows(),
                Suite::Soak(_) => people(),
                Suite::Schema => CALLS_TO_SPARE
                    .map(|(name, value)| (name, value.to_owned()))
                    .into(),
                _ => Vec::new(),
            },
            script: matches!(suite, Suite::Http | Suite::Schema).then_some(PLUGS),
            state: worker_state.clone(),
            log: scratch("worker.log"),
        };
        let mut simulator = simulator.start(run.project, &run.workspace, &run.environment)?;
        let mut worker = match suite {
            // What is measured is ours.
            Suite::Shift { .. } => worker.start_bare(run.project, &run.environment)?,
            _ => worker.start(run.project, &run.environment)?,
        };
        simulator.wait_until_ready()?;
        worker.wait_until_ready()?;
        let worker_url = format!("http://localhost:{worker_port}");
        Ok(Servers {
            suite,
            simulator,
            worker,
            worker_state,
            simulator_url,
            worker_url,
            worker_log: scratch("worker.log"),
            secrets,
        })
    }

    /// Where the Worker tells what it takes and answers: at one of its other addresses, for schemathesis does not question the
    /// one that it has the document from.
    pub fn schema_url(&self) -> String {
        format!("{}/api/v1/schema/", self.worker_url)
    }

    /// What signs an operator in, who is a driver as well.
    pub fn init_data(&self) -> Result<String> {
        link::init_data(self.secrets.get("TELEGRAM_BOT_TOKEN")?)
    }

    /// Tells a suite where the servers are, and the secrets that it needs to play Telegram.
    pub fn tell(&self, command: &mut Command) -> Result<()> {
        command.env("LOADBOARD_URL", &self.worker_url);
        command.env("SIM_URL", &self.simulator_url);
        command.env("LOADBOARD_WORKER_GROUP", self.worker.group().to_string());
        command.env("LOADBOARD_WORKER_STATE", &self.worker_state);
        command.env(
            "LOADBOARD_BOT_TOKEN",
            self.secrets.get("TELEGRAM_BOT_TOKEN")?,
        );
        command.env(
            "LOADBOARD_SESSION_SECRET",
            self.secrets.get("SESSION_SECRET")?,
        );
        command.env("LOADBOARD_PREVIOUS_SESSION_SECRET", PREVIOUS_SESSION_SECRET);
        command.env(
            "LOADBOARD_INTERNAL_SECRET",
            self.secrets.get("INTERNAL_SECRET")?,
        );
        command.env(
            "LOADBOARD_METRICS_TOKEN",
            self.secrets.get("METRICS_TOKEN")?,
        );
        command.env("LOADBOARD_CRM_KEY", self.secrets.get("CRM_KEY")?);
        command.env(
            "LOADBOARD_WEBHOOK_SECRET",
            self.secrets.get("MES_WEBHOOK_SECRET")?,
        );
        command.env("LOADBOARD_MES_TOKEN", self.secrets.get("MES_TOKEN")?);
        command.env("LOADBOARD_SELLER_KEY", SELLER_KEY);
        let ids = match self.suite {
            Suite::Http | Suite::Soak(_) => IDS_OF_OPERATORS,
            _ => 1,
        };
        command.env("LOADBOARD_IDS_OF_OPERATORS", ids.to_string());
        command.env("LOADBOARD_CANARY", canaries::PLANTED);
        command.env("LOADBOARD_CANARY_TO_BE_SEEN", canaries::TO_BE_SEEN);
        Ok(())
    }

    /// Tells journeys where the simulator of each lane is, and the link that a driver opens there.
    pub fn tell_lanes(lanes: &[Servers], command: &mut Command) -> Result<()> {
        // All have the same secrets.
        if let Some(servers) = lanes.first() {
            servers.tell(command)?;
        }
        let link = |servers: &Servers| {
            let bot_token = servers.secrets.get("TELEGRAM_BOT_TOKEN")?;
            link::to_app(&servers.worker_url, bot_token)
        };
        let links = lanes.iter().map(link).collect::<Result<Vec<_>>>()?;
        let simulators = lanes.iter().map(|servers| servers.simulator_url.as_str());
        command.env("LOADBOARD_LINK", links.join(" "));
        command.env("SIM_URL", simulators.collect::<Vec<_>>().join(" "));
        Ok(())
    }

    /// Fails if a server ended meanwhile: then that is the news.
    pub fn require_running(&mut self) -> Result<()> {
        self.simulator.require_running()?;
        self.worker.require_running()
    }

    /// The outcome, unless a server ended meanwhile; and, as one more test, whether the Worker's log holds a secret.
    pub fn watch(self, run: &Run<'_>, outcome: Outcome) -> Result<Outcome> {
        Self::watch_lanes(vec![self], run, outcome)
    }

    /// The same of all lanes, a test more for each.
    pub fn watch_lanes(
        lanes: Vec<Servers>,
        run: &Run<'_>,
        mut outcome: Outcome,
    ) -> Result<Outcome> {
        let tally = &mut outcome.tally;
        // Of one test, which is in one of the lanes.
        let mut is_unseen = run.filter.is_none();
        for mut servers in lanes {
            servers.require_running()?;
            let path = &servers.worker_log;
            let log = fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            is_unseen &= servers.suite == Suite::Http && !log.contains(canaries::TO_BE_SEEN);
            let leaks = canaries::leaks(&log, &servers.secrets);
            if !leaks.is_empty() {
                complain(format_args!(
                    "{} holds {}",
                    path.display(),
                    leaks.join(", ")
                ));
                tally.failed += 1;
            } else if tally.ran_anything() {
                tally.passed += 1;
            }
        }
        if is_unseen {
            complain("what the Worker says is in no log");
            tally.failed += 1;
        }
        Ok(outcome)
    }
}

fn build(run: &Run<'_>) -> Result<()> {
    build::run(run.project, &run.environment)?;
    servers::build_simulator(run.project, &run.environment)
}

fn short_windows() -> Vec<(&'static str, String)> {
    let windows = SHORT_WINDOWS
        .iter()
        .map(|&(name, value)| (name, value.to_owned()));
    windows.chain(people()).collect()
}

/// Sellers and operators, so many that none of them asks too often.
fn people() -> Vec<(&'static str, String)> {
    let keys = (1..=SELLERS)
        .map(|seller| format!("{seller}:{}", SELLER_KEY.replace("{}", &seller.to_string())));
    let keys = ("SELLER_KEYS", keys.collect::<Vec<_>>().join(","));
    let operators = (0..2 * IDS_OF_OPERATORS).zip(OPERATOR_NAMES.iter().cycle());
    let operators =
        operators.map(|(number, name)| format!("{}:{name}", 5_000_000_001 + u64::from(number)));
    let operators = ("OPERATORS", operators.collect::<Vec<_>>().join(","));
    vec![keys, operators]
}

/// `folder`, without anything an earlier run left there.
fn empty(folder: PathBuf) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    Ok(folder)
}
