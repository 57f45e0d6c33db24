//! A store that is everywhere and late: each location learns of a write after a while of its own, caches what it has read,
//! misses too, and one key takes one write a second.

use std::rc::Rc;

use fastrand::Rng;

use crate::record::Record;

/// A location sees a write this much later at most, in milliseconds.
const LONGEST_LAG: u64 = 90_000;
/// A location answers from its own copy for so long, also that there is nothing.
const CACHED_FOR: u64 = 30_000;
/// One write a second for each key.
const WRITE_EVERY: u64 = 1_000;

type Value = Option<Rc<Record>>;

#[derive(Clone, Default)]
struct Key {
    /// Each write, and when each location sees it.
    writes: Vec<(Value, Vec<u64>)>,
    /// What each location answers from its own copy, and until when.
    cached: Vec<Option<(Value, u64)>>,
    written_at: Option<u64>,
}

/// The store.
pub struct Kv {
    keys: Vec<Key>,
    locations: usize,
}

impl Kv {
    pub fn new(keys: usize, locations: usize) -> Self {
        let key = Key {
            cached: vec![None; locations],
            ..Key::default()
        };
        Self {
            keys: vec![key; keys],
            locations,
        }
    }

    /// Writes or, without a value, deletes; a write too soon after another is lost.
    pub fn write(&mut self, key: usize, value: Value, now: u64, rng: &mut Rng) {
        let key = &mut self.keys[key];
        if key.written_at.is_some_and(|at| now < at + WRITE_EVERY) {
            return;
        }
        key.written_at = Some(now);
        let usual = rng.u64(1..=LONGEST_LAG);
        let seen_at = (0..self.locations)
            .map(|_| {
                now + if rng.bool() {
                    rng.u64(0..1_000)
                } else {
                    rng.u64(0..=usual)
                }
            })
            .collect();
        key.writes.push((value, seen_at));
    }

    /// What a location finds.
    pub fn read(&mut self, key: usize, location: usize, now: u64) -> Value {
        let key = &mut self.keys[key];
        if let Some((value, until)) = &key.cached[location]
            && now < *until
        {
            return value.clone();
        }
        let newest = key
            .writes
            .iter()
            .rev()
            .find(|(_, seen_at)| seen_at[location] <= now);
        let value = newest.and_then(|(value, _)| value.clone());
        key.cached[location] = Some((value.clone(), now + CACHED_FOR));
        value
    }
}
