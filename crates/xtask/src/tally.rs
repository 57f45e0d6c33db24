//! How many tests passed, failed and were skipped, read from what the test runners say.

use std::fmt;
use std::ops::AddAssign;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::terminal::without_colour;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Tally {
    /// What a whole suite counts that could not run.
    pub const COULD_NOT_RUN: Tally = Tally {
        passed: 0,
        failed: 1,
        skipped: 0,
    };

    /// Reads `test result: ok. 5 passed; 0 failed; 1 ignored; ...`, as libtest and wasm-bindgen-test write it.
    pub fn of_line(line: &str) -> Option<Tally> {
        let line = without_colour(line);
        let (_, counts) = line
            .trim()
            .strip_prefix("test result: ")?
            .split_once(". ")?;
        let count = |what: &str| {
            let of_part = |part: &str| {
                part.trim()
                    .strip_suffix(what)?
                    .trim_end()
                    .parse::<u64>()
                    .ok()
            };
            counts.split(';').find_map(of_part)
        };
        Some(Tally {
            passed: count("passed")?,
            failed: count("failed")?,
            skipped: count("ignored").unwrap_or(0),
        })
    }

    /// Reads Playwright's JSON report. A test that passed only when repeated has failed.
    pub fn of_playwright(report: &str) -> Result<Tally> {
        let report: Value =
            serde_json::from_str(report).context("Playwright's report is no JSON")?;
        let count = |name: &str| {
            report["stats"][name]
                .as_u64()
                .with_context(|| format!("Playwright's report has no {name}"))
        };
        Ok(Tally {
            passed: count("expected")?,
            failed: count("unexpected")? + count("flaky")?,
            skipped: count("skipped")?,
        })
    }

    /// Reads a report in JUnit's form. A test that also complains of something else has failed once.
    pub fn of_junit(report: &str) -> Tally {
        let mut tally = Tally::default();
        for case in report.split("<testcase").skip(1) {
            let case = case.split("</testcase>").next().unwrap_or(case);
            let (attributes, inside) = case.split_once('>').unwrap_or((case, ""));
            let has = |element: &str| !attributes.ends_with('/') && inside.contains(element);
            if has("<failure") || has("<error") {
                tally.failed += 1;
            } else if has("<skipped") {
                tally.skipped += 1;
            } else {
                tally.passed += 1;
            }
        }
        tally
    }

    pub fn ran_anything(self) -> bool {
        self.passed + self.failed > 0
    }

    /// What a suite counts in the end: one that failed without a failed test, or ran no test at all though none were
    /// filtered out, has failed.
    pub fn settled(mut self, succeeded: bool, is_filtered: bool) -> Tally {
        let failed_by_itself = !succeeded && self.failed == 0;
        let ran_nothing = !self.ran_anything() && !is_filtered;
        if failed_by_itself || ran_nothing {
            self.failed += 1;
        }
        self
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn libtest_says_what_passed() {
        let line = "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 7 filtered out; finished in 0.02s";
        assert_eq!(Tally::of_line(line), Some(tally(12, 0, 3)));
        let coloured = "test result: \x1b[31mFAILED\x1b[0m. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(Tally::of_line(coloured), Some(tally(1, 2, 0)));
    }

    #[test]
    fn the_browser_says_it_the_same_way() {
        let line =
            "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 filtered out; finished in 1.20s";
        assert_eq!(Tally::of_line(line), Some(tally(3, 1, 0)));
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(Tally::of_line("test money::tests::zero ... ok"), None);
        assert_eq!(Tally::of_line("running 3 tests"), None);
        assert_eq!(Tally::of_line("test result: unknown"), None);
    }

    #[test]
    fn a_flaky_journey_has_failed() {
        let report = r#"{"stats": {"expected": 4, "unexpected": 1, "flaky": 2, "skipped": 1}}"#;
        assert_eq!(Tally::of_playwright(report).unwrap(), tally(4, 3, 1));
        assert!(Tally::of_playwright("{}").is_err());
    }

    #[test]
    fn a_report_of_junit_counts_each_case_once() {
        let report = r#"<?xml version="1.0"?><testsuites><testsuite errors="1" failures="2" tests="5">
            <testcase name="GET /a" time="0.1"/>
            <testcase name="GET /b" time="0.1"><failure type="failure" message="1 &gt; 2">why</failure>
                <failure type="failure" message="again"/><error message="x"/></testcase>
            <testcase name="GET /c"><error type="error" message="broke"></error></testcase>
            <testcase name="GET /d"><skipped message="no links"/></testcase>
            <testcase name="GET /e"></testcase>
            </testsuite></testsuites>"#;
        assert_eq!(Tally::of_junit(report), tally(2, 2, 1));
        assert_eq!(Tally::of_junit(""), tally(0, 0, 0));
    }

    #[test]
    fn a_suite_that_ran_nothing_or_broke_has_failed() {
        assert_eq!(tally(3, 0, 0).settled(true, false), tally(3, 0, 0));
        assert_eq!(tally(3, 2, 0).settled(false, false), tally(3, 2, 0));
        assert_eq!(tally(3, 0, 0).settled(false, false), tally(3, 1, 0));
        assert_eq!(tally(0, 0, 5).settled(true, false), tally(0, 1, 5));
        assert_eq!(tally(0, 0, 0).settled(true, true), tally(0, 0, 0));
    }

    #[test]
    fn the_sum_is_one_line() {
        let mut sum = tally(1, 0, 2);
        sum += tally(10, 1, 3);
        assert_eq!(sum.to_string(), "11 passed, 1 failed, 5 skipped");
    }
}
