//! What is deployed: the commit that stands here.

use anyhow::{Context, Result};

use crate::environment::Environment;
use crate::processes;
use crate::project::Project;

/// The platform takes no longer messages.
const LONGEST_MESSAGE: usize = 100;
/// So many changed files are named.
const NAMED: usize = 5;

/// The commit that is checked out, and what was changed since.
#[derive(Debug, PartialEq)]
pub struct Commit {
    hash: String,
    subject: String,
    changed: Vec<String>,
}

impl Commit {
    /// Asks git.
    pub fn at(project: &Project) -> Result<Commit> {
        let git = |arguments: &[&str]| {
            let mut git = Environment::default().command("git");
            git.current_dir(&project.root).args(arguments);
            processes::ask(&mut git).with_context(|| {
                format!(
                    "git does not say which commit this is: git {}",
                    arguments.join(" ")
                )
            })
        };
        Ok(Commit::new(
            &git(&["rev-parse", "--short=12", "HEAD"])?,
            &git(&["log", "-1", "--format=%s"])?,
            &git(&["status", "--porcelain"])?,
        ))
    }

    fn new(hash: &str, subject: &str, status: &str) -> Commit {
        let changed = status
            .lines()
            .filter_map(|line| line.trim().split_once(' '));
        Commit {
            hash: hash.to_owned(),
            subject: subject.chars().take(LONGEST_MESSAGE).collect(),
            changed: changed.map(|(_, file)| file.trim().to_owned()).collect(),
        }
    }

    /// The tag of the version: the commit, and whether there is more in it than that.
    pub fn tag(&self) -> String {
        let more = if self.is_dirty() { "-dirty" } else { "" };
        format!("{}{more}", self.hash)
    }

    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub fn is_dirty(&self) -> bool {
        !self.changed.is_empty()
    }

    /// The files that were changed, or some of them.
    pub fn changes(&self) -> String {
        let named = self.changed.iter().take(NAMED).map(String::as_str);
        let more = self.changed.len().saturating_sub(NAMED);
        let more = (more > 0).then(|| format!("{more} more"));
        named.chain(more.as_deref()).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_tells_its_commit_and_whether_there_is_more_in_it() {
        let clean = Commit::new("1a2b3c4d5e6f", "Say why", "");
        assert_eq!(
            (clean.tag().as_str(), clean.subject()),
            ("1a2b3c4d5e6f", "Say why")
        );
        let dirty = Commit::new(
            "1a2b3c4d5e6f",
            &"я".repeat(300),
            "M edge/src/lib.rs\n?? a.txt",
        );
        assert_eq!(dirty.tag(), "1a2b3c4d5e6f-dirty");
        assert_eq!(dirty.changes(), "edge/src/lib.rs, a.txt");
        assert_eq!(dirty.subject().chars().count(), LONGEST_MESSAGE);
        let many = (0..7).map(|i| format!(" M {i}.rs\n")).collect::<String>();
        assert!(
            Commit::new("1", "", &many)
                .changes()
                .ends_with("4.rs, 2 more")
        );
    }
}
