//! `cargo xtask fuzz`: libFuzzer makes up what arrives from outside, for each program in `fuzz/`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::environment::Environment;
use crate::processes;
use crate::project::Project;
use crate::setup::{self, Needs};
use crate::step::step;
use crate::terminal::say;

#[derive(Debug, PartialEq)]
pub struct Options {
    /// The only one to run; unset: one after the other.
    pub target: Option<String>,
    /// For how long each runs.
    pub seconds: u32,
}

/// Stops at the first input that breaks something, which is kept in `fuzz/artifacts`.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    let folder = project.path("fuzz");
    let all = targets(&folder)?;
    let targets = match &options.target {
        None => all,
        Some(target) if all.contains(target) => vec![target.clone()],
        Some(other) => bail!("there is no fuzz target `{other}`, but {}", all.join(", ")),
    };
    let environment = setup::run(project, Needs::to_fuzz())?;
    step("fuzz targets", || {
        let mut build = cargo_fuzz(&environment, &folder, "build");
        build.args(["--sanitizer", "none"]);
        processes::run(&mut build)
    })?;
    for target in targets {
        let [corpus, seeds] = ["corpus", "seeds"].map(|kind| format!("{kind}/{target}"));
        for directory in [&corpus, &seeds] {
            let path = folder.join(directory);
            fs::create_dir_all(&path)
                .with_context(|| format!("{} cannot be made", path.display()))?;
        }
        step(&target, || {
            let mut fuzz = cargo_fuzz(&environment, &folder, "run");
            // There is no `unsafe` here for a sanitizer to watch, and those need a nightly compiler.
            fuzz.args(["--sanitizer", "none", &target, &corpus, &seeds, "--"]);
            fuzz.arg(format!("-max_total_time={}", options.seconds));
            fuzz.args(["-max_len=4096", "-print_final_stats=1"]);
            processes::run(&mut fuzz)
        })?;
    }
    say("nothing broke");
    Ok(())
}

fn cargo_fuzz(environment: &Environment, folder: &Path, command: &str) -> Command {
    let mut cargo_fuzz = environment.command("cargo-fuzz");
    cargo_fuzz.current_dir(folder);
    cargo_fuzz.args(["fuzz", command, "--fuzz-dir", "."]);
    cargo_fuzz
}

/// The names of all programs, in order.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let folder = folder.join("targets");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut targets: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_suffix(".rs").map(str::to_owned)
        })
        .collect();
    targets.sort_unstable();
    Ok(targets)
}
