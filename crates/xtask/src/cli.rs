//! The command line.

use std::ffi::OsString;

use anyhow::{Result, bail};
use lexopt::{Arg, Parser, ValueExt};

use crate::test::{self, Suite};
use crate::{deploy, dev, fuzz};

const HELP: &str = "\
Loadboard's script runner. Installs whatever is missing, then does what it is asked.

Usage: cargo xtask <command>

Commands:
  dev        Build, start the simulator and the Worker, print the link to open, stream logs until Ctrl-C
  test       Run all tests: unit, deploy, http, schema, browser, e2e
  soak       Ten minutes of polling drivers, and ten of all routes, in every weather; then a shift at a factory
  fuzz       Make up queries, initData, answers of both upstreams and records until something breaks
  simulate   Run the cache's logic in virtual time, under every weather
  bench      Measure and print tables: open, scroll, memory, size, patch, edge, cost, strategies
  build      Build the app into dist/ and the Worker into edge/build/
  lint       Check formatting, clippy for native and wasm code, and the licences and sources of dependencies
  advisories Look up what is known against dependencies; needs the network
  deploy     Check an environment of wrangler.toml, build it and upload it
  setup      Install everything that any command needs

`cargo xtask <command> --help` names the options of a command.

Environment:
  LOADBOARD_TOOLS         Where compiled tools are kept [default: loadboard/tools in the user's cache folder]
  CHROME, CHROMEDRIVER    The browser for tests, and its driver [default: looked for]";

const DEV_HELP: &str = "\
Build, start the simulator and the Worker, print the link to open, stream logs until Ctrl-C.

Usage: cargo xtask dev [options]

Options:
  --port PORT          Where the Worker listens [default: 8787]
  --cargotech URL      Use this CargoTech API in place of the simulator
  --bot-token TOKEN    Sign the link for this bot, and have the Worker expect it [default: the one in .dev.vars]
  --no-build           Start what was built last
  --sim-port PORT      Where the simulator listens [default: the Worker's port + 1, or any free one]
  --latency-ms MS      How long the simulator takes to answer
  --seed SEED          Which world the simulator plays";

const TEST_HELP: &str = "\
Run all tests and count them: N passed, N failed, N skipped. A suite that cannot run is a failure.

Usage: cargo xtask test [--only SUITE]... [FILTER]

Options:
  --only SUITE    unit, deploy, http, schema, browser or e2e; may be given more than once
  FILTER          Run only tests whose name contains it";

const BENCH_HELP: &str = "\
Measure, print tables, assert nothing.

Usage: cargo xtask bench open|scroll|memory|size|patch|edge|cost|strategies [options]

open: from the tap on the link to the first price on the screen, beside an HTMX page, on a slow phone and network
scroll: how often the screen is drawn while a thousand cards fly by, on a slow phone
memory: what eight hours of polling leave in memory
size: what a phone loads, and what each dependency costs of it
patch: from the text of a prices answer to the patched page, beside vanilla JavaScript and HTMX, in Chromium
edge: requests per second, latency and CPU of the Worker's answers on workerd itself, beside other Workers; sizes
orders: lists of the order board beside the factory's own, in a shift with 10,000, 100,000 and 1,000,000 orders
cost: what the platform bills, what upstream sees and how old prices are, by simulation, beside plainer designs
strategies: what upstream sees and how often an old status is shown, by simulation, beside plainer ways of keeping lists

Options:
  --runs N       open: how many times each page is opened, cold and warm [default: 20]
  --hours N      memory: for how long [default: 8]
  --rounds N     edge: how many times each variant is measured [default: 3]
  --seconds N    edge: for how long each time [default: 5]; orders: how long each shift lasts [default: 120]
  --json         open, scroll, memory, patch, edge: print JSON in place of tables
  --users N, --locations N, --filter-sets N, --scope account|user
                 cost: only for this many, in place of a range [filter sets: 200]
  --help         strategies: its own options, and what its columns mean, after the name";

const DEPLOY_HELP: &str = "\
Check an environment of wrangler.toml as a whole, build both programs, check what was built, and upload it. Whatever is missing
or malformed is told in one list, and then nothing is uploaded.

Usage: cargo xtask deploy --env staging|production|dev [options]

Options:
  --dry-run              Everything but the upload, without the network
  --gradual              Upload a version that serves nobody yet, and tell how to give it a part of the requests
  --secrets-file FILE    Bring secrets along, in lines as in .dev.vars.example, or as JSON: the first deployment needs them
  --dirty                Also what is in no commit";

const FUZZ_HELP: &str = "\
Make up what arrives from outside, by libFuzzer, until something breaks or time is over. What broke something is kept in
fuzz/artifacts, what was found to matter in fuzz/corpus.

Usage: cargo xtask fuzz [TARGET] [options]

Options:
  TARGET         Only this one of fuzz/targets
  --seconds N    How long each runs [default: 60]";

const SOAK_HELP: &str = "\
A thousand read one list at once; then 300 drivers poll 30 lists while upstream goes from fair weather through slow, 500,
hanging, 429 and malformed back to fair. Then 500 clients of every kind ask for all there is (all_routes), for as long, while
the weather of both upstreams turns each minute. Then a shift at a factory with 100,000 orders, half as long: 100 operators
poll, 20 changes a second, and the order board is thrown away five times.

Usage: cargo xtask soak [FILTER] [options]

Options:
  FILTER         Only tests whose name holds this text
  --seconds N    How long the drivers poll, and all is asked for [default: 600]";

/// What the user asked for.
#[derive(Debug, PartialEq)]
pub enum Command {
    Help(&'static str),
    Setup,
    Build,
    Dev(dev::Options),
    Test(test::Options),
    Lint,
    Advisories,
    Deploy(deploy::Options),
    Soak(test::Options),
    Fuzz(fuzz::Options),
    /// With arguments for what simulates.
    Simulate(Vec<OsString>),
    /// The name of what measures, and arguments for it.
    BenchApp(&'static str, Vec<OsString>),
    BenchSize,
    /// How many seconds each shift lasts.
    BenchOrders(u32),
    /// With arguments for what measures.
    BenchPatch(Vec<OsString>),
    /// The same.
    BenchEdge(Vec<OsString>),
    /// The name of what simulates, and arguments for it.
    BenchSimulated(&'static str, Vec<OsString>),
}

/// Reads the arguments that follow `cargo xtask`.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command> {
    let mut parser = Parser::from_args(arguments);
    let command = match parser.next()? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Command::Help(HELP)),
        Some(Arg::Value(name)) => name.string()?,
        Some(other) => return Err(other.unexpected().into()),
    };
    match command.as_str() {
        "help" => Ok(Command::Help(HELP)),
        "setup" => without_options(parser, Command::Setup),
        "build" => without_options(parser, Command::Build),
        "lint" => without_options(parser, Command::Lint),
        "advisories" => without_options(parser, Command::Advisories),
        "deploy" => parse_deploy(parser),
        "dev" => parse_dev(parser),
        "test" => parse_test(parser),
        "bench" => parse_bench(parser),
        "soak" => parse_soak(parser),
        "fuzz" => parse_fuzz(parser),
        "simulate" => Ok(Command::Simulate(parser.raw_args()?.collect())),
        other => bail!("there is no command `{other}`; `cargo xtask help` lists them"),
    }
}

fn without_options(mut parser: Parser, command: Command) -> Result<Command> {
    match parser.next()? {
        None => Ok(command),
        Some(Arg::Short('h') | Arg::Long("help")) => Ok(Command::Help(HELP)),
        Some(other) => Err(other.unexpected().into()),
    }
}

fn parse_dev(mut parser: Parser) -> Result<Command> {
    let mut options = dev::Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(DEV_HELP)),
            Arg::Long("port") => options.port = parser.value()?.parse()?,
            Arg::Long("sim-port") => options.sim_port = Some(parser.value()?.parse()?),
            Arg::Long("cargotech") => {
                let url = parser.value()?.string()?;
                if !url.starts_with("http://") && !url.starts_with("https://") {
                    bail!(
                        "--cargotech wants a URL that begins with http:// or https://, not `{url}`"
                    );
                }
                options.cargotech = Some(url.trim_end_matches('/').to_owned());
            }
            Arg::Long("bot-token") => options.bot_token = Some(parser.value()?.string()?),
            Arg::Long("latency-ms") => options.latency_ms = Some(parser.value()?.parse()?),
            Arg::Long("seed") => options.seed = Some(parser.value()?.parse()?),
            Arg::Long("no-build") => options.build = false,
            other => return Err(other.unexpected().into()),
        }
    }
    let weather =
        options.latency_ms.is_some() || options.seed.is_some() || options.sim_port.is_some();
    if options.cargotech.is_some() && weather {
        bail!(
            "--latency-ms, --seed and --sim-port are the simulator's; with --cargotech it does not run"
        );
    }
    Ok(Command::Dev(options))
}

fn parse_test(mut parser: Parser) -> Result<Command> {
    let mut only = Vec::new();
    let mut filter = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(TEST_HELP)),
            Arg::Long("only") => {
                let suite = parser.value()?.parse()?;
                if !only.contains(&suite) {
                    only.push(suite);
                }
            }
            Arg::Value(name) if filter.is_none() => filter = Some(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let suites = if only.is_empty() {
        Suite::ALL.to_vec()
    } else {
        only
    };
    Ok(Command::Test(test::Options { suites, filter }))
}

fn parse_deploy(mut parser: Parser) -> Result<Command> {
    let mut env = None;
    let mut options = deploy::Options {
        env: String::new(),
        dry_run: false,
        gradual: false,
        dirty: false,
        secrets_file: None,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(DEPLOY_HELP)),
            Arg::Long("env") => env = Some(parser.value()?.string()?),
            Arg::Long("dry-run") => options.dry_run = true,
            Arg::Long("gradual") => options.gradual = true,
            Arg::Long("dirty") => options.dirty = true,
            Arg::Long("secrets-file") => options.secrets_file = Some(parser.value()?.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let Some(env) = env else {
        bail!("where to? --env staging, for one");
    };
    Ok(Command::Deploy(deploy::Options { env, ..options }))
}

fn parse_soak(mut parser: Parser) -> Result<Command> {
    let mut seconds = 600;
    let mut filter = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(SOAK_HELP)),
            Arg::Long("seconds") => seconds = parser.value()?.parse()?,
            Arg::Value(text) if filter.is_none() => filter = Some(text.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Soak(test::Options {
        suites: vec![Suite::Soak(seconds)],
        filter,
    }))
}

fn parse_fuzz(mut parser: Parser) -> Result<Command> {
    let mut options = fuzz::Options {
        target: None,
        seconds: 60,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(FUZZ_HELP)),
            Arg::Long("seconds") => options.seconds = parser.value()?.parse()?,
            Arg::Value(name) if options.target.is_none() => options.target = Some(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Fuzz(options))
}

fn parse_bench(mut parser: Parser) -> Result<Command> {
    let name = match parser.next()? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Command::Help(BENCH_HELP)),
        Some(Arg::Value(name)) => name.string()?,
        Some(other) => return Err(other.unexpected().into()),
    };
    for simulated in ["cost", "strategies"] {
        if name == simulated {
            let arguments = parser.raw_args()?.collect();
            return Ok(Command::BenchSimulated(simulated, arguments));
        }
    }
    // The options of each that take a number.
    let numbers: &[&str] = match name.as_str() {
        "open" => &["runs"],
        "memory" => &["hours"],
        "edge" => &["rounds", "seconds"],
        "scroll" | "size" | "patch" | "orders" => &[],
        other => bail!("there is nothing to measure by the name of `{other}`"),
    };
    let mut arguments = Vec::new();
    let mut seconds = 120;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(BENCH_HELP)),
            Arg::Long("seconds") if name == "orders" => seconds = parser.value()?.parse()?,
            Arg::Long("json") if !["size", "orders"].contains(&name.as_str()) => {
                arguments.push("--json".into())
            }
            Arg::Long(option) if numbers.contains(&option) => {
                let option = option.to_owned();
                let number: u32 = parser.value()?.parse()?;
                arguments.push(format!("--{option}={number}").into());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(match name.as_str() {
        "open" => Command::BenchApp("open", arguments),
        "scroll" => Command::BenchApp("scroll", arguments),
        "memory" => Command::BenchApp("memory", arguments),
        "size" => Command::BenchSize,
        "edge" => Command::BenchEdge(arguments),
        "orders" => Command::BenchOrders(seconds),
        _ => Command::BenchPatch(arguments),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn no_command_is_a_question_for_help() {
        assert_eq!(parsed("").unwrap(), Command::Help(HELP));
        assert_eq!(
            parsed("dev --port 1 --help").unwrap(),
            Command::Help(DEV_HELP)
        );
    }

    #[test]
    fn dev_listens_on_8787_and_builds_unless_told_otherwise() {
        let Command::Dev(options) = parsed("dev").unwrap() else {
            panic!("not dev")
        };
        assert_eq!((options.port, options.build), (8787, true));
        let Command::Dev(options) = parsed("dev --port 9000 --no-build --latency-ms=250").unwrap()
        else {
            panic!("not dev")
        };
        assert_eq!(
            (options.port, options.build, options.latency_ms),
            (9000, false, Some(250))
        );
    }

    #[test]
    fn an_upstream_of_ones_own_has_no_simulator_to_tune() {
        assert!(parsed("dev --cargotech https://api.example.org/ --latency-ms 5").is_err());
        assert!(parsed("dev --cargotech api.example.org").is_err());
        let Command::Dev(options) = parsed("dev --cargotech https://api.example.org/").unwrap()
        else {
            panic!("not dev")
        };
        assert_eq!(
            options.cargotech.as_deref(),
            Some("https://api.example.org")
        );
    }

    #[test]
    fn test_runs_every_suite_unless_some_are_named() {
        let Command::Test(options) = parsed("test").unwrap() else {
            panic!("not test")
        };
        assert_eq!(
            options,
            test::Options {
                suites: Suite::ALL.to_vec(),
                filter: None
            }
        );
        let Command::Test(options) = parsed("test --only http --only unit money").unwrap() else {
            panic!("not test")
        };
        assert_eq!(options.suites, [Suite::Http, Suite::Unit]);
        assert_eq!(options.filter.as_deref(), Some("money"));
        assert!(parsed("test --only all").is_err());
    }

    #[test]
    fn what_measures_gets_the_options_as_they_are() {
        assert_eq!(
            parsed("bench edge --rounds 5 --seconds=2 --json").unwrap(),
            Command::BenchEdge(
                ["--rounds=5", "--seconds=2", "--json"]
                    .map(OsString::from)
                    .into()
            )
        );
        assert_eq!(
            parsed("bench cost --users 5").unwrap(),
            Command::BenchSimulated("cost", vec!["--users".into(), "5".into()])
        );
        assert_eq!(
            parsed("bench strategies --help").unwrap(),
            Command::BenchSimulated("strategies", vec!["--help".into()])
        );
        let soak = |seconds, filter: Option<&str>| {
            Command::Soak(test::Options {
                suites: vec![Suite::Soak(seconds)],
                filter: filter.map(str::to_owned),
            })
        };
        assert_eq!(parsed("soak").unwrap(), soak(600, None));
        assert_eq!(
            parsed("soak --seconds 30 shift").unwrap(),
            soak(30, Some("shift"))
        );
        assert_eq!(
            parsed("bench patch --json").unwrap(),
            Command::BenchPatch(vec!["--json".into()])
        );
        assert_eq!(
            parsed("bench open --runs 3").unwrap(),
            Command::BenchApp("open", vec!["--runs=3".into()])
        );
        assert_eq!(parsed("bench size").unwrap(), Command::BenchSize);
        assert_eq!(parsed("bench").unwrap(), Command::Help(BENCH_HELP));
        for line in [
            "bench nothing",
            "bench edge --rounds many",
            "bench edge --fast",
            "bench patch --rounds 5",
            "bench open --hours 5",
            "bench size --json",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn fuzz_runs_one_target_or_all() {
        let fuzz = |target: Option<&str>, seconds| {
            Command::Fuzz(fuzz::Options {
                target: target.map(str::to_owned),
                seconds,
            })
        };
        assert_eq!(parsed("fuzz").unwrap(), fuzz(None, 60));
        assert_eq!(
            parsed("fuzz records --seconds 5").unwrap(),
            fuzz(Some("records"), 5)
        );
        assert!(parsed("fuzz --seconds long").is_err());
    }

    #[test]
    fn a_deployment_must_say_where_to() {
        assert!(parsed("deploy").is_err());
        let Command::Deploy(options) = parsed("deploy --env staging --dry-run").unwrap() else {
            panic!("not deploy")
        };
        assert_eq!(
            (options.env.as_str(), options.dry_run, options.dirty),
            ("staging", true, false)
        );
    }

    #[test]
    fn what_simulates_reads_its_own_options() {
        assert_eq!(
            parsed("simulate --seed 5").unwrap(),
            Command::Simulate(vec!["--seed".into(), "5".into()])
        );
    }

    #[test]
    fn an_unknown_word_is_refused() {
        assert!(
            parsed("publish")
                .unwrap_err()
                .to_string()
                .contains("`publish`")
        );
        assert!(parsed("lint --fix").is_err());
    }
}
