//! How often anybody may ask: a driver by his id, whoever has not signed in by his address. The platform counts, in each of its
//! locations; it is asked only about those who ask this isolate more often than any screen does.

use std::{
    cell::RefCell,
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use swr::UnixMillis;
use worker::Env;

use crate::{log::RequestId, problem::Failure};

/// Screens poll once in ten seconds, and ask some twenty times when somebody scrolls as fast as he can.
const UNREMARKABLE: u32 = 30;
const WINDOW_MS: u64 = 10_000;
/// So many are told apart at a time; among more, all are asked about.
const MOST_COUNTED: usize = 10_000;

thread_local! {
    static RUSH: RefCell<Rush<RandomState>> = RefCell::new(Rush::default());
}

/// A driver may ask so often and no more; how often, the platform's binding says.
///
/// # Errors
/// [`Failure::TooMany`].
pub async fn driver(driver_id: i64, env: &Env, now: UnixMillis) -> Result<(), Failure> {
    if is_unremarkable(&("driver", driver_id), now) {
        return Ok(());
    }
    limit("DRIVER_REQUESTS", driver_id.to_string(), env).await
}

/// The same for whoever signs in, by his address.
///
/// # Errors
/// [`Failure::TooMany`].
pub async fn address(id: &RequestId, env: &Env, now: UnixMillis) -> Result<(), Failure> {
    let address = id.request().headers().get("cf-connecting-ip");
    let address = address.ok().flatten().unwrap_or_default();
    if is_unremarkable(&("address", address.as_str()), now) {
        return Ok(());
    }
    limit("ADDRESS_REQUESTS", address, env).await
}

/// And for whoever was not let in.
///
/// # Errors
/// That of `result`; [`Failure::TooMany`] in place of [`Failure::Unauthorized`].
pub async fn refusals<T>(
    result: Result<T, Failure>,
    id: &RequestId,
    env: &Env,
    now: UnixMillis,
) -> Result<T, Failure> {
    if let Err(Failure::Unauthorized) = result {
        address(id, env, now).await?;
    }
    result
}

fn is_unremarkable(who: &impl std::hash::Hash, now: UnixMillis) -> bool {
    RUSH.with_borrow_mut(|rush| rush.count(who, now)) <= UNREMARKABLE
}

async fn limit(binding: &str, who: String, env: &Env) -> Result<(), Failure> {
    // Where nothing counts there is no limit: better than nobody being served.
    let Ok(limiter) = env.rate_limiter(binding) else {
        return Ok(());
    };
    match limiter.limit(who).await {
        Ok(outcome) if !outcome.success => Err(Failure::TooMany { retry_after_s: 10 }),
        _ => Ok(()),
    }
}

/// How often each has asked in the present window.
#[derive(Default)]
struct Rush<S> {
    window: u64,
    counts: HashMap<u64, u32>,
    hasher: S,
}

impl<S: BuildHasher> Rush<S> {
    /// Counts one more; how many that makes.
    fn count(&mut self, who: &impl std::hash::Hash, now: UnixMillis) -> u32 {
        let window = now.0 / WINDOW_MS;
        if window != self.window {
            self.window = window;
            self.counts.clear();
        }
        let who = self.hasher.hash_one(who);
        if self.counts.len() >= MOST_COUNTED && !self.counts.contains_key(&who) {
            return u32::MAX;
        }
        let count = self.counts.entry(who).or_default();
        *count = count.saturating_add(1);
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_for_himself_and_anew_in_each_window() {
        let mut rush = Rush::<RandomState>::default();
        let mut at = |who: &str, ms| rush.count(&who, UnixMillis(ms));
        assert_eq!([at("a", 0), at("a", 9_999), at("b", 9_999)], [1, 2, 1]);
        assert_eq!([at("a", 10_000), at("b", 19_999)], [1, 1]);
    }

    #[test]
    fn memory_is_bounded_and_a_crowd_hides_nobody() {
        let mut rush = Rush::<RandomState>::default();
        for who in 0..MOST_COUNTED {
            assert_eq!(rush.count(&who, UnixMillis(0)), 1);
        }
        assert_eq!(rush.count(&"one more", UnixMillis(0)), u32::MAX);
        assert_eq!(rush.count(&0_usize, UnixMillis(0)), 2);
        assert_eq!(rush.counts.len(), MOST_COUNTED);
    }
}
