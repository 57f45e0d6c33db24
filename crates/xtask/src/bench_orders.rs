//! `cargo xtask bench orders`: how the cost of a list grows with the number of orders, for the factory and for us.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;

use crate::project::Project;
use crate::terminal::say;
use crate::test::{self, Suite};

/// How many orders the factory has, one shift after the other.
const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];

/// What a column is called, and what of a shift it shows.
const COLUMNS: [(&str, &str); 12] = [
    ("orders", "orders"),
    ("lists read", "reads"),
    ("edge p50 ms", "edge_p50_ms"),
    ("p99", "edge_p99_ms"),
    ("MES p50 ms", "mes_p50_ms"),
    ("p99", "mes_p99_ms"),
    ("p99 x", "times"),
    ("MES queries", "queries"),
    ("saved %", "saved"),
    ("changes", "changes"),
    ("lost races", "lost_races"),
    ("unknown", "unknown"),
];

/// Where each shift leaves a line of JSON.
pub fn report(project: &Project) -> PathBuf {
    project.scratch("bench-orders.jsonl")
}

/// Plays a shift for each size, and prints a table of them.
pub fn run(project: &Project, seconds: u32) -> Result<ExitCode> {
    let report = report(project);
    let _ = fs::remove_file(&report);
    let shift = |orders| Suite::Shift { orders, seconds };
    let options = test::Options {
        suites: SIZES.map(shift).to_vec(),
        filter: None,
    };
    let code = test::run(project, &options)?;
    let lines = fs::read_to_string(&report).unwrap_or_default();
    let line = |cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>12}")).collect();
        say(cells.join(" "));
    };
    say("");
    line(COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect());
    for shift in lines.lines() {
        let shift: Value = serde_json::from_str(shift)?;
        line(
            COLUMNS
                .iter()
                .map(|(_, key)| shift[key].to_string())
                .collect(),
        );
    }
    Ok(code)
}
