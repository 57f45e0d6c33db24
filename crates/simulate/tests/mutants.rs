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

/// Those of the board and of jobs.
const BOARD_MUTANTS: [Mutant; 25] = [
    Mutant {
        fault: "an older state takes the place of a newer one",
        file: "board/mod.rs",
        right: "Some(known) if known.version() > version => return false,",
        wrong: "Some(known) if known.version() > version + 1_000 => return false,",
        breaks: 1,
    },
    Mutant {
        fault: "changes are not put upon a reading from before them",
        file: "board/index.rs",
        right: "for change in changes.after(reading.as_of) {",
        wrong: "for change in changes.after(u64::MAX) {",
        breaks: 1,
    },
    Mutant {
        fault: "what a reading misses is not looked for",
        file: "board/mod.rs",
        right: "Load::Part(part) => self.index.vanished(part, reading),",
        wrong: "Load::Part(_) => Vec::new(),",
        breaks: 4,
    },
    Mutant {
        fault: "a change is answered while copies from before it are on lease",
        file: "board/leases.rs",
        right: "self.end_at.since(now)",
        wrong: "self.end_at.since(now).min(0)",
        breaks: 1,
    },
    Mutant {
        fault: "a lease is granted while a change is under way",
        file: "board/leases.rs",
        right: "if is_change_under_way || self.length == 0 {",
        wrong: "if (is_change_under_way && now.0 == 0) || self.length == 0 {",
        breaks: 1,
    },
    Mutant {
        fault: "a board that comes up forgets the leases that it has granted",
        file: "board/leases.rs",
        right: "end_at: now.plus(length),",
        wrong: "end_at: now,",
        breaks: 1,
    },
    Mutant {
        fault: "changes under way are forgotten with the holder",
        file: "board/mod.rs",
        right: "doubts: Doubts::restore(doubts),",
        wrong: "doubts: Doubts::restore(doubts.into_iter().take(0)),",
        // Before anybody is shown what he must not be: nothing ends them any more.
        breaks: 7,
    },
    Mutant {
        fault: "a reading of what is in doubt is good for those who come after it began",
        file: "board/doubts.rs",
        right: "&& *healed < arrival.0",
        wrong: "&& (*healed == 0 || arrival.0 == 0)",
        breaks: 1,
    },
    Mutant {
        fault: "what is in doubt is read for those only who ask where it goes to",
        file: "board/mod.rs",
        right: ".is_none_or(|entry| query.groups.contains(&entry.group()))",
        wrong: ".is_none_or(|entry| query.groups.contains(&entry.group()) && query.limit == 0)",
        breaks: 1,
    },
    Mutant {
        fault: "a reading is brought up to date with changes that are forgotten",
        file: "board/mod.rs",
        right: "if !self.changes.can_bring_up_to_date(as_of) {",
        wrong: "if as_of == 0 {",
        breaks: 1,
    },
    Mutant {
        fault: "two parts are one though there is a gap between them",
        file: "board/coverage.rs",
        right: "Reach::To(place) => span.from == Some(place),",
        wrong: "Reach::To(_) => true,",
        breaks: 1,
    },
    Mutant {
        fault: "what has left a page stays on it",
        file: "board/pages.rs",
        right: "if let Ok(place) = place {",
        wrong: "if let (Ok(place), true) = (place, matches(entry)) {",
        breaks: 1,
    },
    Mutant {
        fault: "a page that everything has left leads nowhere",
        file: "board/mod.rs",
        right: "false => end,\n",
        wrong: "false => end.and(entries.last().map(Entry::rank)),\n",
        breaks: 2,
    },
    Mutant {
        fault: "a detail goes on with a change to another state",
        file: "board/mod.rs",
        right: "(Some(detail), Some(from_version)) => detail.advance(from_version, entry),",
        wrong: "(Some(detail), Some(_)) => detail.advance(detail.entry().version(), entry),",
        breaks: 11,
    },
    Mutant {
        fault: "counts are not brought up to date",
        file: "board/counts.rs",
        right: "for change in changes.after(self.as_of) {",
        wrong: "for change in changes.after(u64::MAX) {",
        breaks: 7,
    },
    Mutant {
        fault: "a count is certain though it knows changes that nobody told",
        file: "board/counts.rs",
        right: "is_certain &= self.as_of <= from.up_to;",
        wrong: "is_certain &= from.up_to > 0;",
        breaks: 7,
    },
    Mutant {
        fault: "a late word of an order brings back a state that is forgotten",
        file: "board/mod.rs",
        right: "None if !self.changes.can_bring_up_to_date(as_of) => {",
        wrong: "None if as_of == 0 => {",
        breaks: 1,
    },
    Mutant {
        fault: "a late word of an order is believed, though its place was read since",
        file: "board/index.rs",
        right: ".is_none_or(|span| as_of < span.as_of)",
        wrong: ".is_none_or(|span| as_of < span.as_of.min(0))",
        breaks: 4,
    },
    Mutant {
        fault: "an order that was made while it was looked for does not exist",
        file: "board/mod.rs",
        right: "map_or(as_of, |it| it.entry().version());",
        wrong: "map_or(u64::MAX, |it| it.entry().version());",
        breaks: 2,
    },
    Mutant {
        fault: "what is within its time is called stale",
        file: "board/mod.rs",
        right: "matches!(verdict, Verdict::OnError | Verdict::Dead)",
        wrong: "!matches!(verdict, Verdict::Fresh { .. })",
        breaks: 7,
    },
    Mutant {
        fault: "a group is kept whole, however many there are",
        file: "board/index.rs",
        right: "if of_group.entries.len() > most",
        wrong: "if of_group.entries.len() > most * 1_000",
        breaks: 8,
    },
    Mutant {
        fault: "a list is read by as many as ask",
        file: "flight.rs",
        right: "&& now.since(flight.begun) < policy.deadline",
        wrong: "&& now.since(flight.begun) == u64::MAX",
        breaks: 5,
    },
    Mutant {
        fault: "a job begins for everybody who asks",
        file: "job.rs",
        right: "self.state = State::UnderWay;",
        wrong: "self.state = State::Idle;",
        breaks: 9,
    },
    Mutant {
        fault: "a failure is told for longer than its time",
        file: "job.rs",
        right: "Err(reason) => State::Failed { reason, at: now },",
        wrong: "Err(reason) => State::Failed { reason, at: now.plus(60_000) },",
        breaks: 9,
    },
    Mutant {
        fault: "an earlier attempt of a job ends a later one",
        file: "job.rs",
        right: "attempt != self.attempts ||",
        wrong: "attempt == 0 ||",
        breaks: 9,
    },
];

/// Each takes seconds to compile: a test run takes one of so many, `cargo xtask simulate --mutants` all.
const ONE_OF: usize = 8;
const ALL: &str = "LOADBOARD_ALL_MUTANTS";

#[test]
fn every_mutant_is_noticed() {
    check("prices", &MUTANTS).unwrap();
}

#[test]
fn every_mutant_of_the_board_is_noticed() {
    check("board", &BOARD_MUTANTS).unwrap();
}

#[test]
fn every_mutant_breaks_what_stands_once_in_the_logic() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../swr/src");
    for mutant in MUTANTS.iter().chain(&BOARD_MUTANTS) {
        let text = fs::read_to_string(sources.join(mutant.file)).unwrap();
        let times = text.matches(mutant.right).count();
        assert_eq!(
            times, 1,
            "{}: `{}` in {}",
            mutant.fault, mutant.right, mutant.file
        );
    }
}

/// Breaks the logic in one place after the other, and plays this world with it.
fn check(world: &str, mutants: &[Mutant]) -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("mutants-{world}"));
    let mut unnoticed = Vec::new();
    let one_of = if std::env::var_os(ALL).is_some() {
        1
    } else {
        ONE_OF
    };
    for mutant in mutants.iter().step_by(one_of) {
        copy(&root, &folder)?;
        let file = folder.join("crates/swr/src").join(mutant.file);
        let text = fs::read_to_string(&file)?;
        let Mutant {
            fault,
            right,
            wrong,
            breaks,
            ..
        } = mutant;
        fs::write(&file, text.replace(right, wrong))?;
        let run = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline", "--package", "simulate", "--"])
            .args([&format!("--{world}"), "--schedules", "100000"])
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .output()?;
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
    Ok(())
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
