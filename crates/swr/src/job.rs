use serde::{Deserialize, Serialize};

use crate::UnixMillis;

/// The rules of a job. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobPolicy {
    /// A result is good for so long.
    pub fresh: u64,
    /// A failure is told for so long; then whoever asks has it tried again.
    pub failed: u64,
}

/// Long work that is done once, however many ask for it. Lives where there is only one of it for a key.
///
/// Upstream does the work, under a name made of the key and the attempt: to order the same attempt again is to ask for it.
/// So all of this survives its holder, and nobody who leaves takes it with him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job<T> {
    /// How often it was ordered.
    attempts: u32,
    state: State<T>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State<T> {
    Idle,
    UnderWay,
    Done { value: T, at: UnixMillis },
    Failed { reason: String, at: UnixMillis },
}

/// What to do for somebody who wants the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobAsk<T> {
    /// Here it is.
    Done {
        /// The result.
        value: T,
        /// Milliseconds since it was done.
        age: u64,
    },
    /// It can't be done.
    Failed {
        /// Why, in upstream's words.
        reason: String,
        /// Milliseconds until it is tried again if somebody asks.
        retry_after: u64,
    },
    /// Save the job, then order this attempt.
    Begin {
        /// From 1.
        attempt: u32,
    },
    /// Look how far this attempt is; if upstream does not know it, order it again.
    Watch {
        /// From 1.
        attempt: u32,
    },
}

impl<T> Default for Job<T> {
    fn default() -> Self {
        Self {
            attempts: 0,
            state: State::Idle,
        }
    }
}

impl<T: Clone> Job<T> {
    /// Somebody wants the result. `may_begin` is whether he brings all that it takes.
    pub fn ask(
        &mut self,
        policy: &JobPolicy,
        may_begin: bool,
        now: UnixMillis,
    ) -> Option<JobAsk<T>> {
        match &self.state {
            State::Done { value, at } if now.since(*at) < policy.fresh => {
                return Some(JobAsk::Done {
                    value: value.clone(),
                    age: now.since(*at),
                });
            }
            State::Failed { reason, at } if now.since(*at) < policy.failed => {
                let retry_after = policy.failed - now.since(*at);
                return Some(JobAsk::Failed {
                    reason: reason.clone(),
                    retry_after,
                });
            }
            State::UnderWay => {
                return Some(JobAsk::Watch {
                    attempt: self.attempts,
                });
            }
            State::Idle | State::Done { .. } | State::Failed { .. } => {}
        }
        may_begin.then(|| {
            self.attempts += 1;
            self.state = State::UnderWay;
            JobAsk::Begin {
                attempt: self.attempts,
            }
        })
    }

    /// An attempt has ended; one that is not under way any more changes nothing.
    pub fn end(&mut self, attempt: u32, result: Result<T, String>, now: UnixMillis) {
        if attempt != self.attempts || !matches!(self.state, State::UnderWay) {
            return;
        }
        self.state = match result {
            Ok(value) => State::Done { value, at: now },
            Err(reason) => State::Failed { reason, at: now },
        };
    }

    /// When nothing of it is worth keeping any more; `None` while it is under way.
    pub fn worthless_at(&self, policy: &JobPolicy) -> Option<UnixMillis> {
        match &self.state {
            State::Idle => Some(UnixMillis::default()),
            State::UnderWay => None,
            State::Done { at, .. } => Some(at.plus(policy.fresh)),
            State::Failed { at, .. } => Some(at.plus(policy.failed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: JobPolicy = JobPolicy {
        fresh: 600_000,
        failed: 30_000,
    };
    const T0: UnixMillis = UnixMillis(1_000_000);

    fn ask(job: &mut Job<u32>, now: UnixMillis) -> JobAsk<u32> {
        job.ask(&POLICY, true, now)
            .expect("he brings all that it takes")
    }

    #[test]
    fn one_begins_and_all_others_watch() {
        let mut job = Job::default();
        assert_eq!(ask(&mut job, T0), JobAsk::Begin { attempt: 1 });
        for _ in 0..50 {
            assert_eq!(
                ask(&mut job, T0.plus(1_800_000)),
                JobAsk::Watch { attempt: 1 },
                "however long it takes"
            );
        }
    }

    #[test]
    fn a_result_is_good_for_its_window_and_then_made_anew() {
        let mut job = Job::default();
        ask(&mut job, T0);
        job.end(1, Ok(7), T0);
        assert_eq!(
            ask(&mut job, T0.plus(599_999)),
            JobAsk::Done {
                value: 7,
                age: 599_999
            }
        );
        assert_eq!(job.worthless_at(&POLICY), Some(T0.plus(600_000)));
        assert_eq!(
            ask(&mut job, T0.plus(600_000)),
            JobAsk::Begin { attempt: 2 }
        );
        assert_eq!(job.worthless_at(&POLICY), None);
    }

    #[test]
    fn a_failure_is_told_for_a_while_and_then_tried_again() {
        let mut job = Job::default();
        ask(&mut job, T0);
        job.end(1, Err("no volume".into()), T0);
        let failed = JobAsk::Failed {
            reason: "no volume".into(),
            retry_after: 1,
        };
        assert_eq!(ask(&mut job, T0.plus(29_999)), failed);
        assert_eq!(ask(&mut job, T0.plus(30_000)), JobAsk::Begin { attempt: 2 });
    }

    #[test]
    fn an_earlier_attempt_ends_nothing() {
        let mut job = Job::default();
        ask(&mut job, T0);
        job.end(1, Err("no volume".into()), T0);
        ask(&mut job, T0.plus(30_000));
        job.end(1, Ok(5), T0.plus(30_001));
        assert_eq!(ask(&mut job, T0.plus(30_002)), JobAsk::Watch { attempt: 2 });
    }

    #[test]
    fn who_brings_nothing_begins_nothing() {
        let mut job: Job<u32> = Job::default();
        assert_eq!(job.ask(&POLICY, false, T0), None);
        assert_eq!(ask(&mut job, T0), JobAsk::Begin { attempt: 1 });
    }
}
