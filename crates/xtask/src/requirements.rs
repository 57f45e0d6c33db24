//! What only the system's package manager can bring.

use anyhow::{Result, bail};

use crate::apt;
use crate::step::step;
use crate::system::{Kind, Privilege, System};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// Node.js and npm of any supported age: a recent Node comes with the project's packages.
    Node,
    /// Chrome or Chromium.
    Browser,
    Chromedriver,
    /// Without one, screenshots show boxes.
    CyrillicFont,
    /// worker-build links OpenSSL on Linux.
    Openssl,
    /// Python with the modules that make virtual environments.
    Python,
    /// A compiler with its library's source, where rustup cannot fetch the wasm target.
    PackagedRust,
}

impl Requirement {
    fn name(self) -> &'static str {
        match self {
            Requirement::Node => "Node.js with npm",
            Requirement::Browser => "Chrome or Chromium",
            Requirement::Chromedriver => "chromedriver",
            Requirement::CyrillicFont => "a font with Cyrillic letters",
            Requirement::Openssl => "the OpenSSL headers and pkg-config",
            Requirement::Python => "Python 3.11 or newer with venv",
            Requirement::PackagedRust => "Rust with the source of its library",
        }
    }

    fn debian_packages(self) -> Vec<String> {
        let names: &[&str] = match self {
            Requirement::Node => &["nodejs", "npm"],
            Requirement::Browser => &["chromium"],
            Requirement::Chromedriver => &["chromium-driver"],
            Requirement::CyrillicFont => &["fonts-noto-core"],
            Requirement::Openssl => &["libssl-dev", "pkg-config"],
            Requirement::Python => &["python3", "python3-venv"],
            Requirement::PackagedRust => return packaged_rust(),
        };
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn brew_packages(self) -> &'static [&'static str] {
        match self {
            Requirement::Node => &["node"],
            Requirement::Browser => &["google-chrome"],
            Requirement::Chromedriver => &["chromedriver"],
            Requirement::Python => &["python"],
            Requirement::CyrillicFont | Requirement::Openssl | Requirement::PackagedRust => &[],
        }
    }
}

/// Debian's newest Rust (the one it builds browsers with), clippy and rustfmt, and the linker of the LLVM it stands on.
fn packaged_rust() -> Vec<String> {
    let linker = apt::dependencies("rust-web-llvm")
        .iter()
        .find_map(|package| {
            package
                .strip_prefix("llvm-")
                .map(|version| format!("lld-{version}"))
        })
        .unwrap_or_else(|| "lld".to_owned());
    let packages = [
        "rustc-web",
        "cargo-web",
        "rust-web-src",
        "rust-web-llvm",
        "rust-web-clippy",
        "rustfmt-web",
    ];
    packages
        .iter()
        .map(|&package| package.to_owned())
        .chain([linker])
        .collect()
}

/// Whether Debian offers a Rust that could stand in for rustup's.
pub fn packaged_rust_is_offered(system: System) -> bool {
    if system.kind != Kind::Debian {
        return false;
    }
    if !apt::is_known("rustc-web") && system.privilege() != Privilege::None {
        // Offline or without lists: what cannot be fetched is not offered.
        let _ = apt::update_once(system);
    }
    apt::is_known("rustc-web")
}

/// Installs what is missing, or stops with the one command that somebody else has to run.
pub fn install(system: System, missing: &[Requirement]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing
        .iter()
        .map(|requirement| requirement.name())
        .collect();
    let names = names.join(", ");
    match system.kind {
        Kind::Debian => {
            let list = || -> Vec<String> {
                missing
                    .iter()
                    .flat_map(|requirement| requirement.debian_packages())
                    .filter(|name| !apt::is_installed(name))
                    .collect()
            };
            let mut packages = list();
            if packages.is_empty() {
                return all_installed(&names, missing);
            }
            if system.privilege() == Privilege::None {
                bail!("{}", please_run(&names, &apt_command(&packages)));
            }
            // Which linker goes with the compiler is known only by lists as new as the compiler.
            let is_outdated = missing.contains(&Requirement::PackagedRust)
                || packages.iter().any(|package| !apt::is_known(package));
            if is_outdated {
                apt::update(system)?;
                packages = list();
            }
            step(&format!("installing {}", packages.join(" ")), || {
                apt::install(system, &packages)
            })
        }
        Kind::MacOs => {
            let packages: Vec<&str> = missing
                .iter()
                .flat_map(|requirement| requirement.brew_packages().iter().copied())
                .collect();
            bail!(
                "{}",
                please_run(&names, &format!("brew install {}", packages.join(" ")))
            );
        }
        Kind::OtherLinux => bail!(
            "missing: {names}; install it with the system's package manager, then run this again"
        ),
    }
}

/// Packages are there and what they should bring is not found. The compiler is the exception: its wasm library is yet
/// to be built, or has to be built again after an upgrade.
fn all_installed(names: &str, missing: &[Requirement]) -> Result<()> {
    if missing == [Requirement::PackagedRust] {
        return Ok(());
    }
    bail!(
        "{names}: not found, though installed; look at PATH, or say where by CHROME and CHROMEDRIVER"
    );
}

fn apt_command(packages: &[String]) -> String {
    let install = format!(
        "sudo apt-get install --no-install-recommends {}",
        packages.join(" ")
    );
    if packages.iter().all(|package| apt::is_known(package)) {
        install
    } else {
        format!("sudo apt-get update && {install}")
    }
}

fn please_run(names: &str, command: &str) -> String {
    format!("missing: {names}. Run this once, then the same command again:\n\n    {command}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_missing_is_one_command() {
        let message = please_run(
            "Node.js with npm, chromedriver",
            "sudo apt-get install nodejs npm chromium-driver",
        );
        assert_eq!(message.matches("sudo").count(), 1);
        assert!(message.contains("\n    sudo apt-get install nodejs npm chromium-driver\n"));
    }
}
