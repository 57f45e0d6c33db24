//! `cargo xtask bench strategies`.

use std::process::ExitCode;

use simulate::strategies::{
    self, BUSY, DESIGNS, LOST_AFTER, MESSAGE, ORDERS, PAGE, Setting, WORD_TAKES, percentile,
};

const HELP: &str = "\
One and the same load, played against plainer ways of keeping lists and against this board; by simulation, the same figures
for the same seed.

Usage: cargo xtask bench strategies [options]

Options:
  --operators N     So many poll [default: 100], each every 5 s and the first page of 3 statuses
  --changes N       So many changes a second [default: 20], of 400 orders
  --elsewhere N     Of a hundred changes so many are made elsewhere [default: 10]
  --lost N          Of a hundred words of those so many are lost [default: 5]; the others come after 200 ms
  --minutes N       For so long [default: 10], after one that is not counted
  --list-ms N       So long upstream takes for a list [default: 1000]; what it shows is from some moment of that
  --write-ms N      And for a change [default: 40]
  --seed S          Which world [default: 0]

The designs, all with one cache for everybody that is 10 ms away, and a TTL of 30 s but for the first:
  no cache                 every read asks upstream
  TTL only                 nothing that changes touches it; who misses joins whoever reads already
  refresh-ahead only       the same, and read again in its last 5 s
  key invalidation         a change deletes the lists it touches; whoever misses reads, and stores what he has read
  the same, single flight  who misses joins whoever reads already, though that may have begun before the change
  write-through, no fence  a change is written into the lists it touches; what is read takes the place of what is there
  this board               swr::board, with leases of 250 ms in 4 isolates

The columns:
  queries/min   list queries that upstream sees, and how many less than without a cache
  old           reads that began after a change was answered to its writer, and showed a state from before it; how long after
                the answer at most. An order that ought to be on the page and is not counts as well
  elsewhere     the same of changes made elsewhere, from the moment they were made
  lost          changes made here whose old state was still shown 5 s after the answer
  read, write   milliseconds until the answer: half of all wait no longer, and ninety-nine of a hundred";

fn main() -> ExitCode {
    match setting() {
        Ok(Some(setting)) => {
            run(&setting);
            ExitCode::SUCCESS
        }
        Ok(None) => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("strategies: {error}");
            ExitCode::FAILURE
        }
    }
}

fn setting() -> Result<Option<Setting>, lexopt::Error> {
    use lexopt::prelude::*;

    let mut setting = Setting::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("operators") => setting.operators = parser.value()?.parse()?,
            Long("changes") => setting.changes_per_second = parser.value()?.parse()?,
            Long("elsewhere") => setting.elsewhere = parser.value()?.parse()?,
            Long("lost") => setting.lost_words = parser.value()?.parse()?,
            Long("minutes") => setting.length = 60_000 * parser.value()?.parse::<u64>()?.max(1),
            Long("list-ms") => setting.list_takes = parser.value()?.parse()?,
            Long("write-ms") => setting.write_takes = parser.value()?.parse()?,
            Long("seed") => setting.seed = parser.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(setting))
}

fn run(setting: &Setting) {
    println!(
        "{} operators poll the first {PAGE} of {BUSY} statuses every {} s; {ORDERS} orders, {} changes/s, {} % of them elsewhere, {} % of \
         the words of those lost, the others {WORD_TAKES} ms late; a list takes upstream {} ms, a change {} ms; the cache is {MESSAGE} ms \
         away; {} minutes, seed {}.\n",
        setting.operators,
        setting.poll_every / 1_000,
        setting.changes_per_second,
        setting.elsewhere,
        setting.lost_words,
        setting.list_takes,
        setting.write_takes,
        setting.length / 60_000,
        setting.seed,
    );
    println!(
        "{:<24} {:>11} {:>7} {:>8} {:>7} {:>8} {:>9} {:>8} {:>6} {:>11} {:>11}",
        "",
        "queries/min",
        "saved",
        "old",
        "",
        "longest",
        "elsewhere",
        "longest",
        "lost",
        "read 50/99",
        "write 50/99",
    );
    let mut without = None;
    for (design, name) in DESIGNS {
        let outcome = strategies::run(design, setting);
        let queries = outcome.queries_per_minute(setting);
        let without = *without.get_or_insert(queries);
        let share = |part: u64| 100.0 * part as f64 / outcome.reads.max(1) as f64;
        let seconds = |ms: u64| format!("{:.1} s", ms as f64 / 1_000.0);
        let both =
            |values: &[u64]| format!("{}/{}", percentile(values, 50), percentile(values, 99));
        println!(
            "{name:<24} {queries:>11.1} {:>6.1}% {:>8} {:>6.2}% {:>8} {:>8.2}% {:>8} {:>6} {:>11} {:>11}",
            100.0 * (1.0 - queries / without),
            outcome.old,
            share(outcome.old),
            seconds(outcome.longest_old),
            share(outcome.old_elsewhere),
            seconds(outcome.longest_elsewhere),
            outcome.lost,
            both(&outcome.read_latencies),
            both(&outcome.write_latencies),
        );
    }
    println!(
        "\nold: a read that began after a change was answered showed a state from before it; lost: still {} s later.",
        LOST_AFTER / 1_000
    );
}
