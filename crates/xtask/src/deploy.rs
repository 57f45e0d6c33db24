//! `cargo xtask deploy`: an environment as wrangler.toml describes it, checked as a whole before any of it leaves this machine.

mod checks;
mod commit;
pub mod complete;
mod secrets;
mod sizes;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use checks::Findings;
use commit::Commit;
use complete::{Complete, WranglerToml};

use crate::environment::Environment;
use crate::project::Project;
use crate::step::step;
use crate::terminal::{complain, dim, say, without_colour};
use crate::{build, node, processes, setup};

#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    pub env: String,
    /// Everything but the upload, and without the network.
    pub dry_run: bool,
    /// Upload a version that serves nobody yet.
    pub gradual: bool,
    /// Also what is in no commit.
    pub dirty: bool,
    /// Secrets to bring along, in lines as in `.dev.vars.example`, or as JSON.
    pub secrets_file: Option<PathBuf>,
}

/// Checks an environment, builds it, checks what was built, and uploads it.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    let wrangler_toml = WranglerToml::read(project)?;
    let mut complete = wrangler_toml.environment(&options.env)?;
    if complete.is_local() && !options.dry_run {
        bail!("{} runs on your machine: cargo xtask dev", options.env);
    }
    let environment = setup::run(project, setup::Needs::to_build())?;
    let commit = Commit::at(project)?;
    complete.set_var("COMMIT", &commit.tag());

    // Before anything is built for nothing.
    let mut findings = checks::of_config(&wrangler_toml, &complete);
    if commit.is_dirty() && !options.dirty {
        findings.blocking.push(format!(
            "there are changes that are in no commit ({}): commit them, or say --dirty",
            commit.changes()
        ));
    }
    let brought = options.secrets_file.as_deref();
    findings += secrets::findings(project, &environment, &complete, brought, options.dry_run)?;
    if findings.forbid(options.dry_run) {
        return refuse(&complete, &findings);
    }

    build::run(project, &environment)?;
    findings += rehearse(project, &environment, &mut complete)?;
    if findings.forbid(options.dry_run) {
        return refuse(&complete, &findings);
    }
    if options.dry_run {
        findings.show(&complete.name);
        say(format_args!("\n{}", verdict(&complete, &commit, &findings)));
        return Ok(());
    }
    upload(project, &environment, &complete, &commit, options)
}

/// What a dry run comes to in which nothing was wrong.
fn verdict(complete: &Complete, commit: &Commit, findings: &Findings) -> String {
    let (tag, name) = (commit.tag(), &complete.name);
    match findings.blocking.len() {
        0 if complete.is_local() => format!("{tag} works as {name}: cargo xtask dev starts it."),
        0 => format!("{tag} could be deployed to {name} now."),
        1 => {
            format!("{tag} works as {name}, and would not be uploaded before the above is mended.")
        }
        many => format!(
            "{tag} works as {name}, and would not be uploaded before the {many} above are mended."
        ),
    }
}

/// What wrangler makes of a configuration and of what was built, short of uploading it.
pub fn rehearse(
    project: &Project,
    environment: &Environment,
    complete: &mut Complete,
) -> Result<Findings> {
    if let Some(build_id) = build::id(project)? {
        complete.set_var("BUILD_ID", &build_id);
    }
    let mut findings = checks::of_build(complete);
    findings += sizes::of_assets(&project.path("dist"))?;
    let file = complete.write(project)?;
    let mut wrangler = deploy_command(project, environment, &file);
    wrangler
        .arg("--dry-run")
        .arg("--outdir")
        .arg(file.with_file_name("bundle"));
    let (said, complaints) = step(
        &format!("wrangler deploy --dry-run, for {}", complete.name),
        || processes::listen(&mut wrangler, node::LIMIT),
    )?;
    let complaints = without_colour(&complaints);
    let warnings = complaints
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    findings
        .wrong
        .extend(warnings.map(|line| format!("wrangler: {line}")));
    findings += sizes::of_worker(&without_colour(&said));
    Ok(findings)
}

/// The same of an environment as it stands in wrangler.toml, for the tests. What has yet to be filled in does not count.
pub fn could_be_deployed(
    project: &Project,
    environment: &Environment,
    wrangler_toml: &WranglerToml,
    name: &str,
) -> Result<bool> {
    let mut complete = wrangler_toml.environment(name)?;
    let mut findings = checks::of_config(wrangler_toml, &complete);
    findings += rehearse(project, environment, &mut complete)?;
    findings.show(&complete.name);
    Ok(findings.wrong.is_empty())
}

fn deploy_command(project: &Project, environment: &Environment, file: &Path) -> Command {
    let mut wrangler = node::wrangler(project, environment);
    wrangler.arg("deploy").arg("--config").arg(file);
    wrangler
}

fn refuse(complete: &Complete, findings: &Findings) -> Result<()> {
    findings.show(&complete.name);
    bail!("{} can't be deployed like this", complete.name);
}

fn upload(
    project: &Project,
    environment: &Environment,
    complete: &Complete,
    commit: &Commit,
    options: &Options,
) -> Result<()> {
    let file = complete.write(project)?;
    let mut wrangler = node::wrangler(project, environment);
    let what: &[&str] = if options.gradual {
        &["versions", "upload"]
    } else {
        &["deploy"]
    };
    wrangler.args(what).arg("--config").arg(&file);
    wrangler.args(["--tag", &commit.tag(), "--message", commit.subject()]);
    if let Some(secrets) = &options.secrets_file {
        wrangler
            .arg("--secrets-file")
            .arg(std::path::absolute(secrets)?);
    }
    let name = complete.worker();
    step(&format!("uploading {} as {name}", commit.tag()), || {
        processes::run(&mut wrangler)
    })?;
    say(format_args!("\n{}", next(complete, options.gradual)));
    Ok(())
}

/// What whoever has just deployed does next.
fn next(complete: &Complete, gradual: bool) -> String {
    let name = complete.worker();
    let health = complete.address().map_or_else(
        || "curl https://<where it answers>/health/ready".to_owned(),
        |address| format!("curl https://{address}/health/ready"),
    );
    let lines: Vec<(&str, String)> = if gradual {
        vec![
            (
                "which there are",
                format!("npx wrangler versions list --name {name}"),
            ),
            (
                "a tenth",
                format!("npx wrangler versions deploy --name {name} <new>@10% <old>@90%"),
            ),
            (
                "all",
                format!("npx wrangler versions deploy --name {name} <new>@100%"),
            ),
            (
                "none",
                format!("npx wrangler versions deploy --name {name} <old>@100%"),
            ),
        ]
    } else {
        vec![
            ("look", health),
            ("watch", format!("npx wrangler tail {name} --format json")),
            (
                "roll back",
                format!("npx wrangler rollback --name {name} --message '<why>'"),
            ),
        ]
    };
    let title = if gradual {
        "It serves nobody yet. Next:"
    } else {
        "It serves everybody. Next:"
    };
    let lines = lines
        .iter()
        .fold(title.to_owned(), |text, (what, command)| {
            text + &format!("\n  {what:<16} {command}")
        });
    format!("{lines}\n\n{}", dim("docs/operations.md tells the rest."))
}

impl Findings {
    /// Says all of them, each in a line.
    fn show(&self, environment: &str) {
        for line in &self.wrong {
            complain(format_args!("{environment}: {line}"));
        }
        for line in &self.blocking {
            say(format_args!(
                "  {environment}, before it is uploaded: {line}"
            ));
        }
        for line in &self.notes {
            say(dim(format_args!("  {environment}: {line}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_deployed_is_told_how_to_look_and_how_to_go_back() {
        let complete = WranglerToml::of_this_checkout()
            .environment("production")
            .unwrap();
        let text = next(&complete, false);
        for command in [
            "curl https://loadboard.example/health/ready",
            "npx wrangler rollback --name loadboard-production",
        ] {
            assert!(text.contains(command), "{text}");
        }
        assert!(next(&complete, true).contains("<new>@10% <old>@90%"));
    }
}
