//! Chrome or Chromium, and the chromedriver that goes with it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::json;

use crate::environment::{Environment, is_executable};
use crate::processes;
use crate::requirements::Requirement;

const NAMES: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
];
const MAC_APPLICATIONS: [&str; 2] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// Headless, without a sandbox (there is none in containers, and only our own pages are opened), without talk to anybody's servers.
const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

#[derive(Debug, Clone)]
pub struct Browser {
    pub chrome: PathBuf,
    pub chromedriver: PathBuf,
}

impl Browser {
    /// Looks for both; what is missing otherwise.
    pub fn find() -> Result<Browser, Vec<Requirement>> {
        match (find_chrome(), find_chromedriver()) {
            (Some(chrome), Some(chromedriver)) => Ok(Browser {
                chrome,
                chromedriver,
            }),
            (chrome, chromedriver) => {
                let browser = chrome.is_none().then_some(Requirement::Browser);
                let driver = chromedriver.is_none().then_some(Requirement::Chromedriver);
                Err(browser.into_iter().chain(driver).collect())
            }
        }
    }

    /// The capabilities that wasm-bindgen-test-runner asks of chromedriver.
    pub fn webdriver_json(&self) -> Result<String> {
        let capabilities =
            json!({ "goog:chromeOptions": { "args": FLAGS, "binary": self.chrome } });
        serde_json::to_string_pretty(&capabilities)
            .context("the path of the browser is not Unicode")
    }
}

/// `CHROME`, then the names it has on Linux, then the places it has on macOS.
fn find_chrome() -> Option<PathBuf> {
    let environment = Environment::default();
    let on_path = || NAMES.iter().find_map(|name| environment.find(name));
    let installed = || {
        MAC_APPLICATIONS
            .iter()
            .map(PathBuf::from)
            .find(|file| is_executable(file))
    };
    named_by("CHROME").or_else(on_path).or_else(installed)
}

/// `CHROMEDRIVER`, then `PATH`, then where Debian's older packages put it.
fn find_chromedriver() -> Option<PathBuf> {
    let hidden = PathBuf::from("/usr/lib/chromium/chromedriver");
    let on_path = || Environment::default().find("chromedriver");
    named_by("CHROMEDRIVER")
        .or_else(on_path)
        .or_else(|| Some(hidden).filter(|file| is_executable(file)))
}

fn named_by(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|file| is_executable(file))
}

/// Whether text in Russian can be drawn. Only a Linux without desktop may lack that.
pub fn has_cyrillic_font() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    if Environment::default().find("fc-list").is_some() {
        let fonts =
            processes::ask(std::process::Command::new("fc-list").args([":lang=ru", "family"]));
        return fonts.is_some_and(|fonts| !fonts.is_empty());
    }
    ["noto", "dejavu", "liberation", "liberation2"]
        .iter()
        .any(|family| {
            PathBuf::from("/usr/share/fonts/truetype")
                .join(family)
                .is_dir()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runner_is_told_which_browser_and_to_show_none() {
        let browser = Browser {
            chrome: "/opt/chrome".into(),
            chromedriver: "/opt/chromedriver".into(),
        };
        let capabilities: serde_json::Value =
            serde_json::from_str(&browser.webdriver_json().unwrap()).unwrap();
        let options = &capabilities["goog:chromeOptions"];
        assert_eq!(options["binary"], "/opt/chrome");
        assert_eq!(options["args"][0], "--headless");
    }
}
