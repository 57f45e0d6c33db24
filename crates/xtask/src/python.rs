//! Programs from PyPI: schemathesis, in a virtual environment of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::fingerprint::Fingerprint;
use crate::project::Project;
use crate::step::step;
use crate::{processes, tools};

/// What is installed: every package at one version, known by its hash.
const REQUIREMENTS: &str = "tests/schema/requirements.txt";
/// Succeeds where there is a Python that schemathesis runs on, and that can make virtual environments.
const IS_FIT: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
/// In a virtual environment that is complete.
const STAMP: &str = ".complete";
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Whether there is a Python to make a virtual environment with.
pub fn is_on_path() -> bool {
    processes::ask(Command::new("python3").args(["-c", IS_FIT])).is_some()
}

/// Makes the virtual environment, if it is not there; the folder of its programs.
pub fn install(project: &Project) -> Result<PathBuf> {
    let folder = folder(project)?;
    let programs = folder.join("bin");
    if folder.join(STAMP).exists() {
        return Ok(programs);
    }
    step("installing schemathesis", || {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "--clear"]).arg(&folder);
        processes::run_quietly(&mut venv, LIMIT)?;
        let mut pip = Command::new(programs.join("python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        // No package runs code of its own while being installed.
        pip.args([
            "--require-hashes",
            "--only-binary",
            ":all:",
            "--requirement",
        ]);
        pip.arg(project.path(REQUIREMENTS));
        processes::run_quietly(&mut pip, LIMIT)?;
        fs::write(folder.join(STAMP), "")
            .with_context(|| format!("{} cannot be written", folder.display()))
    })?;
    Ok(programs)
}

/// Its name tells what is in it: other requirements, or another Python, are simply not there yet.
fn folder(project: &Project) -> Result<PathBuf> {
    let python = processes::ask(
        Command::new("python3").args(["-c", "import sys; print(sys.prefix, sys.version)"]),
    );
    let python = python.context("`python3` does not run")?;
    let mut fingerprint = Fingerprint::default();
    fingerprint.add("python", python.as_bytes());
    fingerprint.add_file(project, REQUIREMENTS)?;
    let name = fingerprint.finish();
    Ok(tools::folder()?.join(format!("python-{}", &name[..16])))
}
