//! `cargo xtask test`: every suite, counted in one line at the end.

mod canaries;
mod servers;
mod suites;

use std::cell::OnceCell;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Instant;

use anyhow::Result;

use crate::environment::Environment;
use crate::project::Project;
use crate::setup::{self, Needs};
use crate::tally::Tally;
use crate::terminal::{coloured, complain, dim, say};
use crate::workspace::Workspace;
use crate::{processes, step};

const BOLD: u8 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// What needs neither server nor browser, doc tests included.
    Unit,
    /// Every environment of wrangler.toml, short of being uploaded.
    Deploy,
    /// Over HTTP against the running Worker, with short windows.
    Http,
    /// Whatever the API's document allows and forbids, thrown at the running Worker.
    Schema,
    /// In a browser, against the app's own parts.
    Browser,
    /// Journeys of a driver through the app, against the Worker as it ships.
    E2e,
    /// Everybody polls for so many seconds, in every weather, against the Worker as it ships. Not one of the tests, which
    /// have a short form of it.
    Soak(u32),
    /// A shift at a factory with so many orders, measured.
    Shift { orders: u32, seconds: u32 },
}

impl Suite {
    /// In the order in which they run: the quickest to fail first.
    pub const ALL: [Suite; 6] = [
        Suite::Unit,
        Suite::Deploy,
        Suite::Http,
        Suite::Schema,
        Suite::Browser,
        Suite::E2e,
    ];

    fn name(self) -> &'static str {
        match self {
            Suite::Unit => "unit",
            Suite::Deploy => "deploy",
            Suite::Http => "http",
            Suite::Schema => "schema",
            Suite::Browser => "browser",
            Suite::E2e => "e2e",
            Suite::Soak(_) => "soak",
            Suite::Shift { .. } => "shift",
        }
    }

    fn uses_the_worker(self) -> bool {
        matches!(
            self,
            Suite::Http | Suite::Schema | Suite::E2e | Suite::Soak(_) | Suite::Shift { .. }
        )
    }

    fn uses_a_browser(self) -> bool {
        matches!(self, Suite::Browser | Suite::E2e)
    }
}

impl FromStr for Suite {
    type Err = String;

    fn from_str(name: &str) -> Result<Suite, String> {
        let suite = Suite::ALL.into_iter().find(|suite| suite.name() == name);
        suite.ok_or_else(|| "the suites are unit, deploy, http, schema, browser and e2e".to_owned())
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    pub suites: Vec<Suite>,
    /// Run only tests whose name contains this.
    pub filter: Option<String>,
}

/// Runs the suites and prints their sum; fails when any test or suite did.
pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    let mut sum = Tally::default();
    match Run::prepare(project, options) {
        Ok(run) => {
            for &suite in &options.suites {
                sum += run.suite(suite);
            }
            if !sum.ran_anything() {
                let filter = options.filter.as_deref().unwrap_or_default();
                complain(format_args!("no test has `{filter}` in its name"));
                sum.failed += 1;
            }
        }
        Err(error) => {
            processes::leave_to_interrupt();
            complain(format_args!("no suite could run: {error:#}"));
            sum.failed += options.suites.len() as u64;
        }
    }
    processes::leave_to_interrupt();
    say(format_args!("\n{sum}"));
    let code = if sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    };
    Ok(code)
}

/// Everything that suites share.
struct Run<'a> {
    project: &'a Project,
    environment: Environment,
    workspace: Workspace,
    filter: Option<&'a str>,
    /// Whether the Worker and the simulator could be built, once a suite wants them.
    is_built: OnceCell<Result<(), String>>,
}

/// What a runner of tests said.
struct Outcome {
    tally: Tally,
    succeeded: bool,
}

impl<'a> Run<'a> {
    fn prepare(project: &'a Project, options: &'a Options) -> Result<Run<'a>> {
        let any = |what: fn(Suite) -> bool| options.suites.iter().copied().any(what);
        let browser = any(Suite::uses_a_browser);
        let builders =
            browser || any(Suite::uses_the_worker) || any(|suite| suite == Suite::Deploy);
        let environment = setup::run(
            project,
            Needs {
                builders,
                browser,
                python: options.suites.contains(&Suite::Schema),
                lint: false,
                fuzz: false,
            },
        )?;
        let workspace = Workspace::read(project, &environment)?;
        let filter = options.filter.as_deref();
        Ok(Run {
            project,
            environment,
            workspace,
            filter,
            is_built: OnceCell::new(),
        })
    }

    /// Runs one suite to its tally, whatever happens to it.
    fn suite(&self, suite: Suite) -> Tally {
        let started = Instant::now();
        let name = suite.name();
        say(format_args!(
            "\n{}",
            coloured(BOLD, format_args!("--- {name} tests"))
        ));
        let outcome = match suite {
            Suite::Unit => self.unit(),
            Suite::Deploy => self.deploy(),
            Suite::Http => self.http(),
            Suite::Schema => self.schema(),
            Suite::Browser => self.browser(),
            Suite::E2e => self.e2e(),
            Suite::Soak(seconds) => self.soak(seconds),
            Suite::Shift { orders, seconds } => self.shift(orders, seconds),
        };
        processes::leave_to_interrupt();
        let tally = match outcome {
            Ok(Outcome { tally, succeeded }) => {
                let settled = tally.settled(succeeded, self.filter.is_some());
                if settled.failed > tally.failed {
                    let why = if succeeded {
                        "ran no test"
                    } else {
                        "broke off"
                    };
                    complain(format_args!("the {name} suite {why}"));
                }
                if settled.failed > 0 && suite.uses_the_worker() {
                    say(format_args!(
                        "  what the servers said: target/xtask/{name}-*.log"
                    ));
                }
                settled
            }
            Err(error) => {
                complain(format_args!("the {name} suite could not run: {error:#}"));
                Tally::COULD_NOT_RUN
            }
        };
        let Tally {
            passed,
            failed,
            skipped,
        } = tally;
        let took = step::seconds(started.elapsed());
        let line =
            format!("--- {name}: passed {passed}, failed {failed}, skipped {skipped} in {took}");
        say(dim(line));
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_go_by_their_names() {
        for suite in Suite::ALL {
            assert_eq!(suite.name().parse(), Ok(suite));
        }
        assert!("all".parse::<Suite>().is_err());
    }
}
