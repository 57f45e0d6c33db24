//! `cargo xtask simulate`.

use std::{process::ExitCode, time::Instant};

use simulate::{Failure, Tally};

const HELP: &str = "\
Run the cache's own code in virtual time under random weather, and check its invariants after every step.

Usage: cargo xtask simulate [options]

Options:
  --schedules N   How many schedules [default: 100000]
  --seed S        The first one's seed; the others follow [default: 0]
  --tell          Tell all that happens in the first schedule, and run no other
  --mutants       Break the logic in a dozen ways, one after the other, and see that each is noticed";

struct Options {
    schedules: u64,
    seed: u64,
    is_told: bool,
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
        println!("{}", simulate::story(options.seed).join("\n"));
        return ExitCode::SUCCESS;
    }
    let began = Instant::now();
    match simulate::run(options.seed, options.schedules) {
        Ok(tally) => {
            print(&tally, &options, began);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let Failure {
                seed,
                broken,
                story,
            } = *failure;
            println!("seed {seed} breaks invariant {broken}\n\nThe shortest story found:");
            println!("{}\n", story.join("\n"));
            println!("Replay: cargo xtask simulate --schedules 1 --seed {seed}");
            ExitCode::FAILURE
        }
    }
}

fn print(tally: &Tally, options: &Options, began: Instant) {
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
    println!(
        "{} schedules from seed {} in {:.1} s, every invariant kept\n{steps} steps: {reads} reads ({served} served, \
         {refused} told to come back), {asks} refreshes asked for, {calls} calls, {stored} copies stored, {discarded} \
         discarded",
        options.schedules,
        options.seed,
        began.elapsed().as_secs_f64(),
    );
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    use lexopt::prelude::*;

    let mut options = Options {
        schedules: 100_000,
        seed: 0,
        is_told: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("schedules") => options.schedules = parser.value()?.parse()?,
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("tell") => options.is_told = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}
