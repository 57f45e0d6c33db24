//! The calculator of prices: a run takes its time by the simulator's clock.

use super::price::quote;
use super::stats::Calculations;
use domain::orders::{QuoteId, QuoteRequest, Quoted};
use serde::Serialize;
use std::collections::BTreeMap;

/// How far a calculation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Progress {
    /// It goes on.
    Running {
        /// How much of it is done, 0 to 99.
        percent: u64,
    },
    /// Here it is.
    Done(Quoted),
    /// It came to nothing.
    Failed {
        /// Why.
        reason: &'static str,
    },
}

/// Why a calculation was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBegun {
    /// Nobody has sent this model.
    #[error("model: unknown, send it first")]
    UnknownModel,
    /// What has this name asks for something else.
    #[error("id: another calculation has this name")]
    AnotherRequest,
}

/// A run that a factory's customer waits for.
#[derive(Clone, Debug)]
struct Run {
    model: String,
    request: QuoteRequest,
    began: u64,
    takes_ms: u64,
    fails: bool,
    /// Whether it began since the last reset of the counts.
    is_counted: bool,
}

/// The calculator.
#[derive(Debug)]
pub struct Calculator {
    models: BTreeMap<String, u64>,
    runs: BTreeMap<QuoteId, Run>,
    /// How long a run takes that begins now.
    pub takes_ms: u64,
    /// So many of the next runs fail.
    pub fail_next: u32,
    started: u64,
    /// Failed runs that were begun anew.
    failed_before: u64,
}

impl Calculator {
    /// A calculator that has calculated nothing. A run takes `takes_ms`.
    pub fn new(takes_ms: u64) -> Self {
        Self {
            models: BTreeMap::new(),
            runs: BTreeMap::new(),
            takes_ms,
            fail_next: 0,
            started: 0,
            failed_before: 0,
        }
    }

    /// A model was sent: its hash and its length in bytes.
    pub fn take_model(&mut self, hash: String, bytes: u64) {
        self.models.insert(hash, bytes);
    }

    /// Begins a run, unless there is one of this name that goes on or is done. A failed one is begun anew: its name
    /// follows from what is asked, so there is no other name to try again under.
    ///
    /// # Errors
    /// When the model is unknown or the name belongs to another request.
    pub fn put(
        &mut self,
        id: QuoteId,
        model: &str,
        request: &QuoteRequest,
        now: u64,
    ) -> Result<Progress, NotBegun> {
        if let Some(run) = self.runs.get(&id) {
            if run.model != model || run.request != *request {
                return Err(NotBegun::AnotherRequest);
            }
            match run.progress(now) {
                Progress::Failed { .. } => self.failed_before += u64::from(run.is_counted),
                progress => return Ok(progress),
            }
        } else if !self.models.contains_key(model) {
            return Err(NotBegun::UnknownModel);
        }
        let run = Run {
            model: model.to_owned(),
            request: request.clone(),
            began: now,
            takes_ms: self.takes_ms,
            fails: self.fail_next > 0,
            is_counted: true,
        };
        self.fail_next = self.fail_next.saturating_sub(1);
        self.started += 1;
        let progress = run.progress(now);
        self.runs.insert(id, run);
        Ok(progress)
    }

    /// How far a run is.
    pub fn progress(&self, id: QuoteId, now: u64) -> Option<Progress> {
        Some(self.runs.get(&id)?.progress(now))
    }

    /// How many runs began and ended since the last reset of the counts.
    pub fn counts(&self, now: u64) -> Calculations {
        let is_over = |run: &&Run| run.is_counted && run.left_ms(now) == 0;
        Calculations {
            started: self.started,
            finished: self.failed_before + self.runs.values().filter(is_over).count() as u64,
        }
    }

    /// Counts from nothing; what is known stays known.
    pub fn reset_counts(&mut self) {
        (self.started, self.failed_before) = (0, 0);
        for run in self.runs.values_mut() {
            run.is_counted = false;
        }
    }
}

impl Run {
    fn left_ms(&self, now: u64) -> u64 {
        self.takes_ms.saturating_sub(now.saturating_sub(self.began))
    }

    fn progress(&self, now: u64) -> Progress {
        let left_ms = self.left_ms(now);
        if left_ms > 0 {
            let done_ms = self.takes_ms - left_ms;
            let percent = u128::from(done_ms) * 100 / u128::from(self.takes_ms);
            return Progress::Running {
                percent: u64::try_from(percent).unwrap_or(99),
            };
        }
        if self.fails {
            return Progress::Failed {
                reason: "сетка модели не замкнута",
            };
        }
        let request = &self.request;
        Progress::Done(quote(
            &self.model,
            &request.material,
            request.quantity.get(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: QuoteId = QuoteId([1; 32]);

    fn request(quantity: u32) -> QuoteRequest {
        QuoteRequest::parse(&format!("material=PA12&quantity={quantity}")).unwrap()
    }

    fn calculator() -> Calculator {
        let mut calculator = Calculator::new(6_000);
        calculator.take_model("ab".into(), 5);
        calculator
    }

    #[test]
    fn a_run_grows_with_the_clock_and_a_second_put_begins_none() {
        let mut calculator = calculator();
        let mut put = |now| calculator.put(ID, "ab", &request(4), now).unwrap();
        assert_eq!(put(1_000), Progress::Running { percent: 0 });
        assert_eq!(put(4_000), Progress::Running { percent: 50 });
        assert_eq!(put(6_999), Progress::Running { percent: 99 });
        assert_eq!(put(7_000), Progress::Done(quote("ab", "PA12", 4)));
        let counts = calculator.counts(7_000);
        assert_eq!((counts.started, counts.finished), (1, 1));
    }

    #[test]
    fn a_failed_run_is_begun_anew_by_its_own_name() {
        let mut calculator = calculator();
        calculator.fail_next = 1;
        calculator.put(ID, "ab", &request(4), 0).unwrap();
        assert!(matches!(
            calculator.progress(ID, 6_000),
            Some(Progress::Failed { .. })
        ));
        let again = calculator.put(ID, "ab", &request(4), 6_000).unwrap();
        assert_eq!(again, Progress::Running { percent: 0 });
        assert!(matches!(
            calculator.progress(ID, 12_000),
            Some(Progress::Done(_))
        ));
        let counts = calculator.counts(12_000);
        assert_eq!((counts.started, counts.finished), (2, 2));
    }

    #[test]
    fn a_name_stands_for_one_request_and_a_model_must_be_sent_first() {
        let mut calculator = calculator();
        let unknown = calculator.put(ID, "cd", &request(4), 0);
        assert_eq!(unknown, Err(NotBegun::UnknownModel));
        assert_eq!(calculator.progress(ID, 0), None);
        calculator.put(ID, "ab", &request(4), 0).unwrap();
        let another = calculator.put(ID, "ab", &request(5), 0);
        assert_eq!(another, Err(NotBegun::AnotherRequest));
    }

    #[test]
    fn counts_begin_anew_while_runs_go_on() {
        let mut calculator = calculator();
        calculator.put(ID, "ab", &request(4), 0).unwrap();
        calculator.reset_counts();
        let counts = calculator.counts(6_000);
        assert_eq!((counts.started, counts.finished), (0, 0));
        assert!(calculator.progress(ID, 6_000).is_some());
    }
}
