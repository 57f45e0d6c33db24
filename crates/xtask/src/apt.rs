//! System packages on Debian.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::processes;
use crate::system::System;

/// A slow mirror may take its time; a hanging one may not hang us.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Installs `packages`, with fresh package lists if the ones here turn out to be outdated.
pub fn install(system: System, packages: &[String]) -> Result<()> {
    let install = || {
        apt_get(
            system,
            ["install", "--yes", "--no-install-recommends"],
            packages,
        )
    };
    install().or_else(|first| {
        // Lists older than the mirror name files that are gone.
        update(system).and_then(|()| install()).map_err(|_| first)
    })
}

/// Whether the package lists offer `package`.
pub fn is_known(package: &str) -> bool {
    processes::ask(Command::new("apt-cache").args(["policy", package]))
        .is_some_and(|policy| offers_a_candidate(&policy))
}

pub fn is_installed(package: &str) -> bool {
    processes::ask(Command::new("dpkg-query").args([
        "--show",
        "--showformat=${db:Status-Status}",
        package,
    ]))
    .is_some_and(|status| status == "installed")
}

/// The first file of an installed package whose path ends with `tail`.
pub fn file_of(package: &str, tail: &str) -> Option<String> {
    let listing = processes::ask(Command::new("dpkg-query").args(["--listfiles", package]))?;
    listing
        .lines()
        .find(|line| line.ends_with(tail))
        .map(str::to_owned)
}

/// The packages that `package` depends on.
pub fn dependencies(package: &str) -> Vec<String> {
    let listing =
        processes::ask(Command::new("apt-cache").args(["depends", package])).unwrap_or_default();
    let dependency = |line: &str| {
        line.trim_start()
            .strip_prefix("Depends: ")
            .map(str::to_owned)
    };
    listing.lines().filter_map(dependency).collect()
}

/// Fetches the package lists where there are none at all.
pub fn update_once(system: System) -> Result<()> {
    let lists = Path::new("/var/lib/apt/lists").read_dir();
    let has_lists = lists.is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
    });
    if has_lists { Ok(()) } else { update(system) }
}

/// Fetches the package lists.
pub fn update(system: System) -> Result<()> {
    apt_get(system, ["update"], &[])
}

fn apt_get<const N: usize>(
    system: System,
    arguments: [&str; N],
    packages: &[String],
) -> Result<()> {
    let mut command = system.as_root("apt-get").context("apt-get needs root")?;
    command.arg("--quiet").args(arguments).args(packages);
    processes::run_quietly(&mut command, LIMIT).map(drop)
}

fn offers_a_candidate(policy: &str) -> bool {
    policy
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Candidate: "))
        .any(|version| version != "(none)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_without_candidate_is_not_offered() {
        assert!(offers_a_candidate(
            "lld-22:\n  Installed: (none)\n  Candidate: 1:22.1.8-1\n"
        ));
        assert!(!offers_a_candidate(
            "rustup:\n  Installed: (none)\n  Candidate: (none)\n"
        ));
        assert!(!offers_a_candidate(""));
    }
}
