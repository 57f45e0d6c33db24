//! `cargo xtask bench cost`.

use std::{process::ExitCode, time::Instant};

use simulate::cost::{self, CALLS_PER_MINUTE, Cost, Design, POLL_EVERY, Scope, Setting};

/// Polls of one world, beyond which it is counted for a minute only.
const ENOUGH_POLLS: u64 = 3_000_000;
const MINUTE: u64 = 60_000;

struct Options {
    scopes: Vec<Scope>,
    users: Vec<u32>,
    locations: Vec<u32>,
    filter_sets: u32,
}

fn main() -> ExitCode {
    match options() {
        Ok(options) => {
            run(&options);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cost: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, lexopt::Error> {
    use lexopt::prelude::*;

    let mut options = Options {
        scopes: vec![Scope::Account, Scope::User],
        users: vec![1_000, 10_000, 100_000, 1_000_000],
        locations: vec![1, 10, 100],
        filter_sets: 200,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("users") => options.users = vec![parser.value()?.parse()?],
            Long("locations") => options.locations = vec![at_least_one(&parser.value()?)?],
            Long("filter-sets") => options.filter_sets = at_least_one(&parser.value()?)?,
            Long("scope") => {
                options.scopes = match parser.value()?.string()?.as_str() {
                    "account" => vec![Scope::Account],
                    "user" => vec![Scope::User],
                    _ => return Err("--scope must be account or user".into()),
                };
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}

fn at_least_one(value: &std::ffi::OsStr) -> Result<u32, lexopt::Error> {
    use lexopt::ValueExt;

    match value.to_owned().parse()? {
        0 => Err("1 is the least".into()),
        number => Ok(number),
    }
}

fn run(options: &Options) {
    let Options {
        scopes,
        users,
        locations,
        filter_sets,
    } = options;
    let began = Instant::now();
    println!(
        "Per 1,000 polls; everybody polls every {} s, {filter_sets} filter sets, upstream permits {CALLS_PER_MINUTE} calls a minute.",
        POLL_EVERY / 1_000
    );
    for &scope in scopes {
        println!(
            "\n{:<8} {:>9} {:>9}  {:<22} {:>9} {:>9} {:>9} {:>12} {:>9} {:>8} {:>12}",
            "scope",
            "users",
            "locations",
            "",
            "KV reads",
            "KV writes",
            "objects",
            "calls/min",
            "p99 age",
            "refused",
            "$ a month"
        );
        for &users in users {
            for &locations in locations {
                let setting = Setting {
                    scope,
                    users,
                    locations,
                    filter_sets: *filter_sets,
                };
                for (design, name) in [
                    (Design::Ours, "this cache"),
                    (Design::KvExpiry, "KV, its own expiry"),
                    (Design::KvSoftTtl, "KV, soft TTL, no lock"),
                    (Design::Object, "an object on every read"),
                ] {
                    let polls_a_minute = u64::from(users) * MINUTE / POLL_EVERY;
                    let minutes = (ENOUGH_POLLS / polls_a_minute).clamp(1, 5);
                    let cost = cost::run(design, setting, 2 * MINUTE, minutes * MINUTE);
                    print(setting, name, &cost);
                }
            }
        }
    }
    println!("\nin {:.0} s", began.elapsed().as_secs_f64());
}

fn print(setting: Setting, name: &str, cost: &Cost) {
    let scope = match setting.scope {
        Scope::Account => "account",
        Scope::User => "user",
    };
    let age = cost
        .p99_age_s()
        .map_or("> 10 min".to_owned(), |age| format!("{age:.1} s"));
    println!(
        "{scope:<8} {:>9} {:>9}  {name:<22} {:>9.2} {:>9.2} {:>9.2} {:>12.0} {age:>9} {:>7.1}% {:>12.0}",
        setting.users,
        setting.locations,
        cost.per_thousand(cost.kv_reads),
        cost.per_thousand(cost.kv_writes),
        cost.per_thousand(cost.object_requests),
        cost.calls_per_minute(),
        cost.per_thousand(cost.refused) / 10.0,
        cost.dollars_a_month(),
    );
}
