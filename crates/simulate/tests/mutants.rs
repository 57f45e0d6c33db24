//! The simulation can fail: `swr` is copied, broken in one place, and compiled with it. Each of these faults is one that
//! somebody could well make, and each must be noticed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

struct Mutant {
    /// What is wrong.
    fault: &'static str,
    file: &'static str,
    /// Stands once in the file.
    right: &'static str,
    wrong: &'static str,
    /// The invariant that is broken.
    breaks: u32,
}

const MUTANTS: [Mutant; 15] = [
    Mutant {
        fault: "the fence admits what an invalidation has forbidden",
        file: "fence.rs",
        right: "ticket.epoch < self.epoch\n",
        wrong: "ticket.epoch < Epoch(0)\n",
        breaks: 4,
    },
    Mutant {
        fault: "a reader's knowledge of an invalidation is ignored",
        file: "hot_copies.rs",
        right: "if stamp.ticket.epoch() < demand.min_epoch {",
        wrong: "if false {",
        breaks: 4,
    },
    Mutant {
        fault: "an older copy takes the place of a newer one",
        file: "hot_copies.rs",
        right: ".is_none_or(|stamp| stamp.ticket < ticket);",
        wrong: ".is_none_or(|stamp| stamp.ticket != ticket);",
        breaks: 5,
    },
    Mutant {
        fault: "the store's clock is trusted: a copy is as young as its arrival here",
        file: "hot_copies.rs",
        right: "let verdict = policy.verdict(stamp, now);",
        wrong: "let verdict = policy.verdict(Stamp { fetched_at: hot.put_at, ..stamp }, now);",
        breaks: 3,
    },
    Mutant {
        fault: "every reader who finds a copy due asks",
        file: "hot_copies.rs",
        right: "let ask = since_last >= again_after;",
        wrong: "let ask = since_last < u64::MAX || again_after > 0;",
        breaks: 1,
    },
    Mutant {
        fault: "readers wait for the refresh of a stale copy",
        file: "hot_copies.rs",
        right: "Some(found) if matches!(found.verdict, Verdict::Fresh { .. } | Verdict::Stale) => {",
        wrong: "Some(found) if matches!(found.verdict, Verdict::Fresh { .. }) => {",
        breaks: 2,
    },
    Mutant {
        fault: "a copy may be served for ever",
        file: "policy.rs",
        right: "} else if age < self.dead_after() {",
        wrong: "} else if age < u64::MAX {",
        breaks: 3,
    },
    Mutant {
        fault: "a key is fetched by as many as ask",
        file: "flight.rs",
        right: "&& now.since(flight.begun) < policy.deadline",
        wrong: "&& now.since(flight.begun) == u64::MAX",
        // Each takes the place of the one before at the guard, which fails by that; and the next does not wait.
        breaks: 6,
    },
    Mutant {
        fault: "a fetch that was lost keeps its slot for ever",
        file: "flight.rs",
        right: "&& now.since(flight.begun) < policy.deadline",
        wrong: "&& now.since(flight.begun) < u64::MAX",
        breaks: 7,
    },
    Mutant {
        fault: "nobody is told that somebody waits now for what was begun for nobody",
        file: "flight.rs",
        right: "let raise = is_news.then_some(flight.ticket);",
        wrong: "let raise = None;",
        breaks: 8,
    },
    Mutant {
        fault: "a failed refresh is tried again at once",
        file: "flight.rs",
        right: "if now < until {",
        wrong: "if false {",
        breaks: 6,
    },
    Mutant {
        fault: "a back-off has no jitter",
        file: "backoff.rs",
        right: "full / 2 + (full as f64 / 2.0 * random) as u64",
        wrong: "full + (0.0 * random) as u64",
        breaks: 6,
    },
    Mutant {
        fault: "copies that are born together go stale together",
        file: "flight.rs",
        right: "spread: (random * 256.0) as u8,",
        wrong: "spread: 0,",
        breaks: 3,
    },
    Mutant {
        fault: "a copy counts as young as its landing, however long it took",
        file: "flight.rs",
        right: "fetched_at: begun.plus(waited.into()),",
        wrong: "fetched_at: now,",
        breaks: 3,
    },
    Mutant {
        fault: "a guard that was evicted begins with a full budget",
        file: "budget.rs",
        right: "tokens: 0.0,\n            counted_at: now,",
        wrong: "tokens: burst,\n            counted_at: now,",
        breaks: 8,
    },
];

#[test]
fn every_mutant_is_noticed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mutants");
    let mut unnoticed = Vec::new();
    for mutant in &MUTANTS {
        copy(&root, &folder).unwrap();
        let file = folder.join("crates/swr/src").join(mutant.file);
        let text = fs::read_to_string(&file).unwrap();
        let Mutant {
            fault,
            right,
            wrong,
            breaks,
            ..
        } = mutant;
        assert_eq!(
            text.matches(right).count(),
            1,
            "{fault}: `{right}` in {}",
            mutant.file
        );
        fs::write(&file, text.replace(right, wrong)).unwrap();
        let run = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline", "--package", "simulate", "--"])
            .args(["--schedules", "100000"])
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(!said.is_empty(), "{fault}: {complaint}");
        match said.split_once(&format!("breaks invariant {breaks}:")) {
            Some(_) => println!("noticed: {fault}"),
            None => unnoticed.push(format!(
                "{fault}: {}",
                said.lines().next().unwrap_or_default()
            )),
        }
    }
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_folder(&path, &copy)?;
            continue;
        }
        let text = fs::read(path)?;
        // What stays the same need not be compiled again.
        if fs::read(&copy).is_ok_and(|there| there == text) {
            continue;
        }
        fs::write(copy, text)?;
    }
    Ok(())
}

/// A workspace of the two crates alone, as they are.
fn copy(root: &Path, to: &Path) -> io::Result<()> {
    for name in ["swr", "simulate"] {
        let (from, to) = (root.join("crates").join(name), to.join("crates").join(name));
        copy_folder(&from.join("src"), &to.join("src"))?;
        fs::copy(from.join("Cargo.toml"), to.join("Cargo.toml"))?;
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let manifest: Vec<_> = manifest
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some(("members", _)) => r#"members = ["crates/simulate", "crates/swr"]"#,
            Some(("default-members", _)) => "",
            _ => line,
        })
        .collect();
    fs::write(to.join("Cargo.toml"), manifest.join("\n"))?;
    fs::copy(root.join("Cargo.lock"), to.join("Cargo.lock"))?;
    Ok(())
}
