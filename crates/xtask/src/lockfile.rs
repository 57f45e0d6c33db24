//! Versions as Cargo.lock pins them.

use std::fs;

use anyhow::{Context, Result};

use crate::project::Project;

/// The text of Cargo.lock.
pub fn read(project: &Project) -> Result<String> {
    fs::read_to_string(project.path("Cargo.lock"))
        .context("Cargo.lock cannot be read; run: cargo generate-lockfile")
}

/// The version of `package` in the text of a lockfile.
pub fn version<'a>(lockfile: &'a str, package: &str) -> Option<&'a str> {
    let mut lines = lockfile.lines();
    lines.find(|line| value(line, "name") == Some(package))?;
    lines.next().and_then(|line| value(line, "version"))
}

/// `value` of a line `key = "value"`.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?
        .strip_prefix(" = \"")?
        .strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKFILE: &str = r#"
version = 4

[[package]]
name = "wasm-bindgen-futures"
version = "0.4.80"
dependencies = [
 "wasm-bindgen",
]

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
"#;

    #[test]
    fn a_version_is_read_by_the_whole_name() {
        assert_eq!(version(LOCKFILE, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(version(LOCKFILE, "wasm-bindgen-futures"), Some("0.4.80"));
    }

    #[test]
    fn a_package_that_is_not_there_has_no_version() {
        assert_eq!(version(LOCKFILE, "wasm"), None);
        assert_eq!(version("", "wasm-bindgen"), None);
    }
}
