//! What the user sees of a run: each step when it begins, and how long it took.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::terminal::{dim, green, say};

/// Does `work`, saying what it is before and how long it took after.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    say(format_args!("{} {what} ...", dim("·")));
    let started = Instant::now();
    let result = work().with_context(|| format!("this step failed: {what}"))?;
    done(what, started.elapsed());
    Ok(result)
}

/// One line for something that is finished.
pub fn done(what: &str, took: Duration) {
    say(format_args!(
        "{} {what} {}",
        green("✓"),
        dim(format_args!("({})", seconds(took)))
    ));
}

/// `0.4 s`, `42 s`, `3 min 5 s`.
pub fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 10 {
        format!("{:.1} s", duration.as_secs_f64())
    } else if whole < 120 {
        format!("{whole} s")
    } else {
        format!("{} min {} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_as_exact_as_they_matter() {
        assert_eq!(seconds(Duration::from_millis(420)), "0.4 s");
        assert_eq!(seconds(Duration::from_millis(42_900)), "42 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 5 s");
    }
}
