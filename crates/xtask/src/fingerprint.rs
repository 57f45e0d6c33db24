//! Whether something changed since it was last built.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::project::Project;

/// A hash over names and contents, so that a fresh checkout or a touched file counts as what it is.
#[derive(Default)]
pub struct Fingerprint {
    hash: Sha256,
}

impl Fingerprint {
    pub fn add(&mut self, name: &str, content: &[u8]) {
        // Lengths keep `a` + `bc` and `ab` + `c` apart.
        for part in [name.as_bytes(), content] {
            self.hash.update((part.len() as u64).to_le_bytes());
            self.hash.update(part);
        }
    }

    /// A file, by its path in the project; a missing one counts as missing.
    pub fn add_file(&mut self, project: &Project, relative: &str) -> Result<()> {
        let path = project.path(relative);
        match fs::read(&path) {
            Ok(content) => self.add(relative, &content),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.add(relative, b"\0missing")
            }
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read", path.display()));
            }
        }
        Ok(())
    }

    pub fn add_file_or_folder(&mut self, project: &Project, relative: &str) -> Result<()> {
        let path = project.path(relative);
        if path.is_dir() {
            self.add_folder(&path, &[])
        } else {
            self.add_file(project, relative)
        }
    }

    /// All files below `folder`, but what is hidden or `skipped` by its name.
    pub fn add_folder(&mut self, folder: &Path, skipped: &[&str]) -> Result<()> {
        for path in files_below(folder, skipped)? {
            let content =
                fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            let name = path.strip_prefix(folder).unwrap_or(&path);
            self.add(&name.to_string_lossy(), &content);
        }
        Ok(())
    }

    /// The fingerprint in hexadecimal.
    pub fn finish(self) -> String {
        self.hash
            .finalize()
            .iter()
            .fold(String::new(), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

/// The files below `folder` in a fixed order; none when there is no such folder.
pub fn files_below(folder: &Path, skipped: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match folder.read_dir() {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read", folder.display()));
            }
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') || skipped.contains(&&*name) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(entry.path())
            } else {
                files.push(entry.path())
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[(&str, &str)]) -> String {
        let mut fingerprint = Fingerprint::default();
        for (name, content) in parts {
            fingerprint.add(name, content.as_bytes());
        }
        fingerprint.finish()
    }

    #[test]
    fn names_contents_and_their_borders_all_count() {
        let original = of(&[("main.rs", "fn main() {}")]);
        assert_eq!(original, of(&[("main.rs", "fn main() {}")]));
        assert_ne!(original, of(&[("main.rs", "fn main() { }")]));
        assert_ne!(original, of(&[("lib.rs", "fn main() {}")]));
        assert_ne!(of(&[("a", "bc")]), of(&[("ab", "c")]));
        assert_eq!(original.len(), 64);
    }

    #[test]
    fn a_folder_counts_by_what_is_in_it_but_not_by_its_outputs() {
        let folder =
            std::env::temp_dir().join(format!("loadboard-fingerprint-{}", std::process::id()));
        let of_folder = || {
            let mut fingerprint = Fingerprint::default();
            fingerprint.add_folder(&folder, &["build"]).unwrap();
            fingerprint.finish()
        };
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::create_dir_all(folder.join("build")).unwrap();
        fs::write(folder.join("src/lib.rs"), "1").unwrap();
        let before = of_folder();

        fs::write(folder.join("build/index.js"), "built").unwrap();
        fs::write(folder.join(".hidden"), "editor").unwrap();
        assert_eq!(of_folder(), before);

        fs::write(folder.join("src/lib.rs"), "2").unwrap();
        assert_ne!(of_folder(), before);
        fs::remove_dir_all(folder).unwrap();
    }
}
