//! Quotes: long work that upstream does once for each, by the name of its attempt; each has an object that may die.

use fastrand::Rng;
use swr::{Job, JobAsk, UnixMillis};

use super::{
    schedule::JOB,
    upstream::Call,
    world::{Event, World, by_clock, tell},
};

const WATCH_EVERY: u64 = 1_500;
/// A call that hangs is answered after all, so late.
const LATE: u64 = 9_000;

#[derive(Clone, Copy, Debug)]
pub enum QuoteEvent {
    /// An attempt is ordered upstream, or asked for: the same.
    Arrives { attempt: u32, incarnation: u32 },
    /// What upstream says.
    Ends {
        attempt: u32,
        result: Option<bool>,
        incarnation: u32,
    },
    /// The alarm, which is kept with the job.
    Alarm,
}

/// What upstream does.
struct Work {
    ends: u64,
    is_good: bool,
}

pub struct Quote {
    job: Job<u32>,
    saved: Job<u32>,
    incarnation: u32,
    /// Of each attempt; the first is 1.
    works: Vec<Work>,
    /// When the end of the last attempt came to be known: counted here.
    ended: Option<(u32, bool, u64)>,
    is_alarmed: bool,
    asked: bool,
    /// Of whoever asked last.
    rng: Rng,
}

impl Quote {
    pub fn new() -> Self {
        Self {
            job: Job::default(),
            saved: Job::default(),
            incarnation: 0,
            works: Vec::new(),
            ended: None,
            is_alarmed: false,
            asked: false,
            rng: Rng::with_seed(0),
        }
    }

    pub fn evict(&mut self) {
        self.job = self.saved.clone();
        self.incarnation += 1;
    }
}

impl World<'_> {
    fn quote_now(&self) -> UnixMillis {
        by_clock(self.now, 0)
    }

    pub fn quote_is_asked(&mut self, key: usize, rng: Rng) {
        self.tally.quotes += 1;
        let now = self.quote_now();
        let quote = &mut self.quotes[key];
        quote.rng = rng;
        quote.asked = true;
        // Some only look.
        let may_begin = quote.rng.u8(0..6) > 0;
        let asked = quote.job.ask(&JOB, may_begin, now);
        quote.saved = quote.job.clone();
        let ended = quote.ended;
        tell!(self, "quote {key}: {asked:?}");
        match asked {
            Some(JobAsk::Begin { attempt } | JobAsk::Watch { attempt }) => {
                self.quote_call(key, attempt);
                self.quote_alarm(key);
            }
            Some(JobAsk::Done { value, .. }) => {
                let right = matches!(ended, Some((attempt, true, at))
                    if attempt == value && self.now - at < JOB.fresh);
                if !right {
                    self.break_with(format!("9: {value} is told of a quote that {ended:?}"));
                }
            }
            Some(JobAsk::Failed { .. }) => {
                let right = matches!(ended, Some((_, false, at)) if self.now - at < JOB.failed);
                if !right {
                    self.break_with(format!("9: a failure is told of a quote that {ended:?}"));
                }
            }
            None => {}
        }
    }

    fn quote_alarm(&mut self, key: usize) {
        if !std::mem::replace(&mut self.quotes[key].is_alarmed, true) {
            self.send(WATCH_EVERY, Event::Quote(key, QuoteEvent::Alarm));
        }
    }

    fn quote_call(&mut self, key: usize, attempt: u32) {
        let call = self.weather.call(&mut self.quotes[key].rng);
        let incarnation = self.quotes[key].incarnation;
        let arrives = Event::Quote(
            key,
            QuoteEvent::Arrives {
                attempt,
                incarnation,
            },
        );
        match call {
            Call::Done(moment, _) | Call::Hangs(Some(moment)) => self.send(moment, arrives),
            Call::Failed(_) | Call::Hangs(None) => {}
        }
    }

    pub fn quote_goes_on(&mut self, key: usize, event: QuoteEvent) {
        match event {
            QuoteEvent::Arrives {
                attempt,
                incarnation,
            } => self.quote_upstream(key, attempt, incarnation),
            QuoteEvent::Ends {
                attempt,
                result,
                incarnation,
            } => {
                let now = self.quote_now();
                let quote = &mut self.quotes[key];
                let (Some(is_good), true) = (result, quote.incarnation == incarnation) else {
                    return;
                };
                if quote.ended.is_none_or(|(ended, ..)| ended < attempt) {
                    quote.ended = Some((attempt, is_good, self.now));
                }
                let result = if is_good {
                    Ok(attempt)
                } else {
                    Err("no volume".to_owned())
                };
                quote.job.end(attempt, result, now);
                quote.saved = quote.job.clone();
                tell!(
                    self,
                    "quote {key}: attempt {attempt} has ended, good: {is_good}"
                );
            }
            QuoteEvent::Alarm => {
                let now = self.quote_now();
                let quote = &mut self.quotes[key];
                quote.is_alarmed = false;
                if quote.job.worthless_at(&JOB).is_some() {
                    return;
                }
                if let Some(JobAsk::Watch { attempt }) = quote.job.ask(&JOB, false, now) {
                    self.quote_call(key, attempt);
                }
                self.quote_alarm(key);
            }
        }
    }

    /// Upstream hears of an attempt: if it is a new one, it begins.
    fn quote_upstream(&mut self, key: usize, attempt: u32, incarnation: u32) {
        let now = self.now;
        let quote = &mut self.quotes[key];
        let known = quote.works.len() as u32;
        if attempt > known {
            let window_is_over = quote.works.last().is_none_or(|last| {
                let window = if last.is_good { JOB.fresh } else { JOB.failed };
                last.ends + window <= now
            });
            let work = Work {
                ends: now + quote.rng.u64(500..12_000),
                is_good: quote.rng.u8(0..4) > 0,
            };
            quote.works.push(work);
            tell!(self, "quote {key}: upstream begins attempt {attempt}");
            if !window_is_over || attempt != known + 1 {
                self.break_with(format!("9: quote {key} is computed again: {attempt}"));
            }
            return;
        }
        let work = &quote.works[attempt as usize - 1];
        let result = (work.ends <= now).then_some(work.is_good);
        let takes = match quote.rng.u8(0..10) {
            0 => quote.rng.u64(100..LATE),
            _ => quote.rng.u64(1..100),
        };
        self.send(
            takes,
            Event::Quote(
                key,
                QuoteEvent::Ends {
                    attempt,
                    result,
                    incarnation,
                },
            ),
        );
    }

    pub fn check_quotes(&mut self) {
        let now = self.quote_now();
        for key in 0..self.quotes.len() {
            let quote = &mut self.quotes[key];
            // Whoever asked last came in calm, and was there long enough for all of it.
            if quote.asked && quote.job.worthless_at(&JOB).is_none() {
                let asked = quote.job.ask(&JOB, false, now);
                self.break_with(format!("9: quote {key} never ends: {asked:?}"));
            }
        }
    }
}
