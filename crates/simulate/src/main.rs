//! `cargo xtask simulate`.

use std::{process::ExitCode, time::Instant};

use simulate::{Failure, Tally, board};

const HELP: &str = "\
Run the cache's own code in virtual time under random weather, and check its invariants after every step: the world around
prices, which may be a little old, and the one around the board, which is right at once.

Usage: cargo xtask simulate [options]

Options:
  --schedules N   How many schedules of each world [default: 100000]
  --seed S        The first one's seed; the others follow [default: 0]
  --prices        Only the first of the two
  --board         Only the second
  --tell          Tell all that happens in the first schedule, of the first world unless it is --board, and run no other
  --mutants       Break the logic in three dozen ways, one after the other, and see that each is noticed";

struct Options {
    schedules: u64,
    seed: u64,
    is_told: bool,
    prices: bool,
    board: bool,
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("simulate: {error}");
            return ExitCode::FAILURE;
        }
    };
    if options.is_told {
        let story = if options.prices {
            simulate::story(options.seed)
        } else {
            board::story(options.seed)
        };
        println!("{}", story.join("\n"));
        return ExitCode::SUCCESS;
    }
    let prices = || simulate::run(options.seed, options.schedules).map(|tally| words(&tally));
    let board = || board::run(options.seed, options.schedules).map(|tally| board_words(&tally));
    let is_kept = (!options.prices || play("prices", &options, prices))
        && (!options.board || play("board", &options, board));
    if is_kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether every invariant was kept in the world of this name.
fn play(name: &str, options: &Options, run: impl FnOnce() -> Result<String, Box<Failure>>) -> bool {
    let began = Instant::now();
    match run() {
        Ok(words) => {
            let Options {
                schedules, seed, ..
            } = options;
            let seconds = began.elapsed().as_secs_f64();
            println!(
                "{name}: {schedules} schedules from seed {seed} in {seconds:.1} s, every invariant kept\n{words}"
            );
            true
        }
        Err(failure) => {
            let Failure {
                seed,
                broken,
                story,
            } = *failure;
            println!("{name}: seed {seed} breaks invariant {broken}\n\nThe shortest story found:");
            println!("{}\n", story.join("\n"));
            println!("Replay: cargo xtask simulate --{name} --schedules 1 --seed {seed}");
            false
        }
    }
}

fn words(tally: &Tally) -> String {
    let Tally {
        reads,
        served,
        refused,
        asks,
        calls,
        stored,
        discarded,
        steps,
        ..
    } = tally;
    format!(
        "{steps} steps: {reads} reads ({served} served, {refused} told to come back), {asks} refreshes asked for, {calls} calls, \
         {stored} copies stored, {discarded} discarded"
    )
}

fn board_words(tally: &board::Tally) -> String {
    let board::Tally {
        steps,
        reads,
        from_copies,
        by_the_board,
        direct,
        unanswered,
        stale,
        walks,
        loads,
        outdated,
        vanished,
        healings,
        evictions,
        changes,
        answered,
        exempt,
        unknown,
        refused,
        webhooks,
        counts,
        certain_counts,
        quotes,
    } = tally;
    format!(
        "{steps} steps: {reads} reads ({from_copies} from copies, {by_the_board} by the board, {direct} by upstream itself, \
         {unanswered} by nobody; {stale} marked stale), {walks} walks, {counts} counts ({certain_counts} certain), {quotes} quotes \
         asked for\n{changes} changes: {answered} answered ({exempt} without the board), {refused} refused, {unknown} unknown; \
         {webhooks} told\n{loads} readings of upstream ({outdated} outdated, {vanished} that missed something), {healings} of what \
         was in doubt, {evictions} evictions"
    )
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    use lexopt::prelude::*;

    let mut options = Options {
        schedules: 100_000,
        seed: 0,
        is_told: false,
        prices: false,
        board: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("schedules") => options.schedules = parser.value()?.parse()?,
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("tell") => options.is_told = true,
            Long("prices") => options.prices = true,
            Long("board") => options.board = true,
            other => return Err(other.unexpected()),
        }
    }
    if !options.prices && !options.board {
        (options.prices, options.board) = (true, true);
    }
    Ok(Some(options))
}
