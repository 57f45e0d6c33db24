//! How each suite is run and counted.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::servers::Servers;
use super::{Outcome, Run, Suite};
use crate::bench_orders;
use crate::deploy::{self, complete::WranglerToml};
use crate::processes::{self, Child};
use crate::tally::Tally;
use crate::toolchain::WASM;
use crate::workspace::HTTP_TESTS;
use crate::{build, fingerprint, node, terminal};

/// A suite that hangs is ended, and has failed.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// So many tests run at a time, each against servers of its own: they spend most of their time waiting.
const LANES: usize = 2;

/// How a test that runs natively begins, and one that runs in a browser.
const NATIVE_TEST: &str = "#[test]";
const BROWSER_TEST: &str = "#[wasm_bindgen_test";

impl Run<'_> {
    /// Native packages, and those for wasm whose pure parts are tested natively.
    pub(super) fn unit(&self) -> Result<Outcome> {
        let native = self.workspace.native().filter(|name| *name != HTTP_TESTS);
        let mut packages: Vec<&str> = native.collect();
        packages.extend(self.packages_for_wasm_with(NATIVE_TEST)?);
        let mut cargo = self.compiled_tests(&[], &packages)?;
        cargo.arg("--").args(self.filter);
        counted(&mut cargo)
    }

    pub(super) fn deploy(&self) -> Result<Outcome> {
        build::run(self.project, &self.environment)?;
        let wrangler_toml = WranglerToml::read(self.project)?;
        let names = wrangler_toml.names().into_iter();
        let mut tally = Tally::default();
        for name in names.filter(|name| self.filter.is_none_or(|filter| name.contains(filter))) {
            match deploy::could_be_deployed(self.project, &self.environment, &wrangler_toml, name) {
                Ok(true) => tally.passed += 1,
                Ok(false) => tally.failed += 1,
                Err(error) => {
                    terminal::complain(format_args!("{name}: {error:#}"));
                    tally.failed += 1;
                }
            }
        }
        let succeeded = tally.failed == 0;
        Ok(Outcome { tally, succeeded })
    }

    pub(super) fn http(&self) -> Result<Outcome> {
        let mut list = self.compiled_tests(&[], &[HTTP_TESTS])?;
        list.args(["--", "--list", "--format=terse"])
            .args(self.filter);
        let listed = processes::run_quietly(&mut list, LIMIT)?;
        let names: Vec<&str> = names_of_tests(&listed).collect();
        let lanes = Servers::start_lanes(self, Suite::Http, LANES.min(names.len()))?;
        let mut commands = Vec::new();
        for (lane, servers) in lanes.iter().enumerate() {
            let mut cargo = self.test_command(&[], &[HTTP_TESTS]);
            servers.tell(&mut cargo)?;
            cargo.args(["--", "--test-threads=1", "--exact"]);
            cargo.args(names.iter().skip(lane).step_by(lanes.len()));
            commands.push(cargo);
        }
        Servers::watch_lanes(lanes, self, counted_in_lanes(commands)?)
    }

    pub(super) fn schema(&self) -> Result<Outcome> {
        let servers = Servers::start(self, Suite::Schema)?;
        let report = self.project.scratch("schemathesis.xml");
        // An old report must not speak for a run that wrote none.
        let _ = fs::remove_file(&report);
        let mut schemathesis = self.environment.python_program("schemathesis")?;
        schemathesis.current_dir(self.project.path("tests/schema"));
        schemathesis.args(["run", &servers.schema_url()]);
        schemathesis.arg("--report-junit-path").arg(&report);
        if let Some(filter) = self.filter {
            schemathesis.args(["--include-name-regex", &literally(filter)]);
            // Links lead from operation to operation: of a few there may be none, which it takes for an error.
            schemathesis.args(["--phases", "examples,coverage,fuzzing"]);
        }
        servers.tell(&mut schemathesis)?;
        schemathesis.env("LOADBOARD_INIT_DATA", servers.init_data()?);
        // Nothing of it is left beside the sources.
        schemathesis.env("PYTHONDONTWRITEBYTECODE", "1");
        let learnt = self.project.scratch("hypothesis");
        schemathesis.env("HYPOTHESIS_STORAGE_DIRECTORY", learnt);
        let status = Child::spawn(&mut schemathesis)?.wait_at_most(LIMIT)?;
        let report = fs::read_to_string(&report).context("schemathesis wrote no report")?;
        let tally = Tally::of_junit(&report);
        // That no operation has such a name it takes for an error as well.
        let has_none_to_test = self.filter.is_some() && !tally.ran_anything();
        let outcome = Outcome {
            tally,
            succeeded: status.success() || has_none_to_test,
        };
        servers.watch(self, outcome)
    }

    pub(super) fn soak(&self, seconds: u32) -> Result<Outcome> {
        let mut cargo = self.compiled_tests(&["--test", "soak"], &[HTTP_TESTS])?;
        let servers = Servers::start(self, Suite::Soak(seconds))?;
        servers.tell(&mut cargo)?;
        cargo.env("LOADBOARD_SOAK_SECONDS", seconds.to_string());
        cargo.args(["--", "--test-threads=1", "--nocapture"]);
        cargo.args(self.filter);
        let limit = LIMIT + 2 * Duration::from_secs(seconds.into());
        servers.watch(self, counted_within(&mut cargo, limit)?)
    }

    pub(super) fn shift(&self, orders: u32, seconds: u32) -> Result<Outcome> {
        let mut cargo = self.compiled_tests(&["--test", "soak"], &[HTTP_TESTS])?;
        let servers = Servers::start(self, Suite::Shift { orders, seconds })?;
        servers.tell(&mut cargo)?;
        cargo.env("LOADBOARD_SHIFT_SECONDS", seconds.to_string());
        cargo.env("LOADBOARD_SHIFT_REPORT", bench_orders::report(self.project));
        cargo.args(["--", "--nocapture", "a_shift_at_the_factory"]);
        let limit = LIMIT + Duration::from_secs(seconds.into());
        servers.watch(self, counted_within(&mut cargo, limit)?)
    }

    pub(super) fn browser(&self) -> Result<Outcome> {
        let browser = self.environment.found_browser()?;
        let packages = self.packages_for_wasm_with(BROWSER_TEST)?;
        if packages.is_empty() {
            bail!("no package for wasm has a test that begins with {BROWSER_TEST}");
        }
        let webdriver = self.project.scratch("webdriver.json");
        fs::create_dir_all(self.project.scratch(""))?;
        fs::write(&webdriver, browser.webdriver_json()?)?;
        let mut cargo = self.compiled_tests(&["--target", WASM], &packages)?;
        cargo.arg("--").args(self.filter);
        cargo.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &webdriver);
        cargo.env("CHROMEDRIVER", &browser.chromedriver);
        // The runner's own limit is 20 seconds for the whole suite, which a busy machine exceeds.
        cargo.env("WASM_BINDGEN_TEST_TIMEOUT", LIMIT.as_secs().to_string());
        counted(&mut cargo)
    }

    pub(super) fn e2e(&self) -> Result<Outcome> {
        let chrome = &self.environment.found_browser()?.chrome;
        let lanes = Servers::start_lanes(self, Suite::E2e, LANES)?;
        let report = self.project.scratch("playwright.json");
        // An old report must not speak for a run that wrote none.
        let _ = fs::remove_file(&report);
        let mut playwright = node::command(self.project, &self.environment, "playwright");
        playwright.current_dir(self.project.path("tests/e2e"));
        playwright.args(["test", "--reporter=list,json"]);
        if let Some(filter) = self.filter {
            playwright.args(["--grep", &literally(filter), "--pass-with-no-tests"]);
        }
        playwright.env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report);
        playwright.env("CHROME", chrome);
        Servers::tell_lanes(&lanes, &mut playwright)?;
        let status = Child::spawn(&mut playwright)?.wait_at_most(LIMIT)?;
        let report = fs::read_to_string(&report).context("Playwright wrote no report")?;
        let tally = Tally::of_playwright(&report)?;
        let outcome = Outcome {
            tally,
            succeeded: status.success(),
        };
        Servers::watch_lanes(lanes, self, outcome)
    }

    /// `cargo test` for these packages, compiled: what it takes from here on is the tests' own time.
    fn compiled_tests(&self, options: &[&str], packages: &[&str]) -> Result<Command> {
        processes::run(self.test_command(options, packages).arg("--no-run"))?;
        Ok(self.test_command(options, packages))
    }

    fn test_command(&self, options: &[&str], packages: &[&str]) -> Command {
        let mut cargo = self.environment.command("cargo");
        cargo
            .current_dir(&self.project.root)
            .args(["test", "--no-fail-fast"]);
        cargo.args(options);
        cargo.args(packages.iter().flat_map(|package| ["--package", package]));
        cargo.env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            "wasm-bindgen-test-runner",
        );
        if terminal::in_colour() {
            cargo.env("CARGO_TERM_COLOR", "always");
        }
        cargo
    }

    /// Packages for wasm that have tests of a kind, known by how those begin.
    fn packages_for_wasm_with(&self, beginning: &str) -> Result<Vec<&str>> {
        let mut packages = Vec::new();
        for package in self.workspace.for_wasm() {
            let Some(folder) = self.workspace.folder(package) else {
                continue;
            };
            let files = fingerprint::files_below(folder, &["target", "build"])?;
            let mut sources = files
                .iter()
                .filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
            if sources
                .any(|file| fs::read_to_string(file).is_ok_and(|text| text.contains(beginning)))
            {
                packages.push(package);
            }
        }
        Ok(packages)
    }
}

/// Runs `command`, shows its output, and counts the results in it.
fn counted(command: &mut Command) -> Result<Outcome> {
    counted_within(command, LIMIT)
}

/// Runs these beside each other, and shows first what the first says, then what the others have said.
fn counted_in_lanes(commands: Vec<Command>) -> Result<Outcome> {
    let mut all = Outcome {
        tally: Tally::default(),
        succeeded: true,
    };
    thread::scope(|scope| {
        let mut lanes = Vec::new();
        for (lane, mut command) in commands.into_iter().enumerate() {
            lanes.push(scope.spawn(move || {
                let mut said = Vec::new();
                let outcome = match lane {
                    0 => counted_to(&mut command, LIMIT, io::stdout()),
                    _ => counted_to(&mut command, LIMIT, &mut said),
                };
                (outcome, said)
            }));
        }
        for lane in lanes {
            let Ok((outcome, said)) = lane.join() else {
                bail!("the output of the tests could not be read")
            };
            let _ = io::stdout().write_all(&said);
            let Outcome { tally, succeeded } = outcome?;
            all.tally += tally;
            all.succeeded &= succeeded;
        }
        Ok(all)
    })
}

fn counted_within(command: &mut Command, limit: Duration) -> Result<Outcome> {
    counted_to(command, limit, io::stdout())
}

/// Runs `command`, writes its output there, and counts the results in it.
fn counted_to(
    command: &mut Command,
    limit: Duration,
    mut to: impl Write + Send,
) -> Result<Outcome> {
    command.stdout(Stdio::piped());
    thread::scope(|scope| {
        // It ends with this closure at the latest, and with it what is read from it.
        let mut child = Child::spawn(command)?;
        let output = child.stdout();
        let counting = scope.spawn(move || {
            let mut tally = Tally::default();
            let Some(output) = output else { return tally };
            let mut reader = BufReader::new(output);
            let mut line = Vec::new();
            // Bytes, not text: a test may print anything.
            while reader
                .read_until(b'\n', &mut line)
                .is_ok_and(|read| read > 0)
            {
                let _ = to.write_all(&line);
                if let Some(counts) = Tally::of_line(&String::from_utf8_lossy(&line)) {
                    tally += counts;
                }
                line.clear();
            }
            tally
        });
        let status = child.wait_at_most(limit)?;
        let Ok(tally) = counting.join() else {
            bail!("the output of the tests could not be read")
        };
        Ok(Outcome {
            tally,
            succeeded: status.success(),
        })
    })
}

/// The tests in what `--list --format=terse` says.
fn names_of_tests(listed: &str) -> impl Iterator<Item = &str> {
    listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
}

/// A regular expression for exactly this text.
fn literally(text: &str) -> String {
    let escape = |character: char| {
        let is_plain = character.is_alphanumeric() || matches!(character, ' ' | '_');
        if is_plain {
            character.to_string()
        } else {
            format!("\\{character}")
        }
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_their_names() {
        let listed = "budget::calls_run_short: test\n\n0 tests, 0 benchmarks\nsrc/lib.rs - x (line 5): test\n";
        assert_eq!(
            names_of_tests(listed).collect::<Vec<_>>(),
            ["budget::calls_run_short", "src/lib.rs - x (line 5)"]
        );
    }

    #[test]
    fn a_filter_means_itself() {
        assert_eq!(literally("13 500 (up)"), "13 500 \\(up\\)");
    }
}
