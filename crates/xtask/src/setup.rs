//! Puts everything into place that a command needs, doing only what is missing.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::browser::{self, Browser};
use crate::environment::Environment;
use crate::project::Project;
use crate::requirements::{self, Requirement};
use crate::step;
use crate::system::System;
use crate::toolchain::{self, Search};
use crate::tools::{Tools, Uses};
use crate::{node, processes, python};

/// Which parts a command uses. A toolchain is always one of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Needs {
    /// Tools from crates.io and packages from npm.
    pub builders: bool,
    pub browser: bool,
    /// Programs from PyPI.
    pub python: bool,
    pub lint: bool,
    pub fuzz: bool,
}

impl Needs {
    pub fn everything() -> Needs {
        Needs {
            builders: true,
            browser: true,
            python: true,
            lint: true,
            fuzz: true,
        }
    }

    pub fn to_lint() -> Needs {
        Needs {
            lint: true,
            ..Needs::default()
        }
    }

    pub fn to_fuzz() -> Needs {
        Needs {
            fuzz: true,
            ..Needs::default()
        }
    }

    pub fn to_build_and_browse() -> Needs {
        Needs {
            browser: true,
            ..Needs::to_build()
        }
    }

    pub fn to_build() -> Needs {
        Needs {
            builders: true,
            ..Needs::default()
        }
    }
}

/// Installs what is missing and returns where everything is.
pub fn run(project: &Project, needs: Needs) -> Result<Environment> {
    let started = Instant::now();
    let system = System::look();

    // First see all that only the system can bring, so that it is asked for once.
    let search = toolchain::find(project, system)?;
    let uses = Uses {
        building: needs.builders,
        lint: needs.lint,
        fuzz: needs.fuzz,
    };
    let tools = Tools::look(project, uses)?;
    let missing = missing(&search, &tools, needs);
    requirements::install(system, &missing)?;

    let toolchain = match search {
        Search::Found(toolchain) => toolchain,
        Search::Needs(_) => toolchain::set_up_packaged(project, system)?,
    };
    if needs.lint {
        toolchain::add_lint_tools(&toolchain)?;
    }
    let mut environment = Environment {
        toolchain,
        ..Environment::default()
    };
    if needs.builders {
        environment.path.extend(node::folders(project));
    }
    let folders = tools.install(&environment)?;
    environment.path.extend(folders);
    if needs.builders {
        node::install(project, &environment)?;
    }
    if needs.python {
        environment.python = Some(python::install(project)?);
    }
    if needs.browser {
        match Browser::find() {
            Ok(browser) => environment.browser = Some(browser),
            Err(_) => bail!(
                "Chromium was installed but is not found; say where by CHROME and CHROMEDRIVER"
            ),
        }
    }
    step::done(
        &format!("everything is in place, {}", describe(&environment)),
        started.elapsed(),
    );
    Ok(environment)
}

fn missing(search: &Search, tools: &Tools, needs: Needs) -> Vec<Requirement> {
    let mut missing = Vec::new();
    match search {
        Search::Needs(requirement) => missing.push(*requirement),
        Search::Found(toolchain) if needs.lint => {
            missing.extend(toolchain::missing_lint_tools(toolchain));
        }
        Search::Found(_) => {}
    }
    if needs.builders && !node::is_on_path() {
        missing.push(Requirement::Node);
    }
    if tools.need_openssl() && !has_openssl() {
        missing.push(Requirement::Openssl);
    }
    if needs.python && !python::is_on_path() {
        missing.push(Requirement::Python);
    }
    if needs.browser {
        missing.extend(Browser::find().err().into_iter().flatten());
        if !browser::has_cyrillic_font() {
            missing.push(Requirement::CyrillicFont);
        }
    }
    missing
}

fn has_openssl() -> bool {
    processes::ask(std::process::Command::new("pkg-config").args(["--modversion", "openssl"]))
        .is_some()
}

fn describe(environment: &Environment) -> String {
    let version = processes::ask(environment.command("rustc").arg("--version")).unwrap_or_default();
    version
        .split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}
