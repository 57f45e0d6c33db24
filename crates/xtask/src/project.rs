//! Where things are in the checkout.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checkout that this run works on.
pub struct Project {
    pub root: PathBuf,
}

impl Project {
    /// Finds the checkout: from where cargo says this crate is, else upwards from the current directory.
    pub fn find() -> Result<Project> {
        let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
            Some(directory) => PathBuf::from(directory),
            None => std::env::current_dir().context("the current directory cannot be read")?,
        };
        let root = start
            .ancestors()
            .find(|directory| directory.join("wrangler.toml").is_file())
            .context("run this inside a checkout of Loadboard: no wrangler.toml here or above")?;
        Ok(Project {
            root: root.to_owned(),
        })
    }

    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Stamps, logs and scratch state of xtask itself; safe to delete.
    pub fn scratch(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join("target/xtask").join(relative)
    }
}
