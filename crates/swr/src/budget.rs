use std::{cmp::Reverse, collections::BTreeSet};

use crate::UnixMillis;

/// Who a call to upstream is for. The lower class starves first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Nobody has asked for it yet.
    Prefetch,
    /// Somebody was served an older copy meanwhile.
    Background,
    /// Somebody waits for it.
    Waiting,
}

/// Whether a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Make it now; it is paid for.
    Now,
    /// Not before so many milliseconds have passed; nothing is paid.
    In(u64),
}

/// Somebody's place in the line of those who want a call: before all of a lower class; within a class behind those whose
/// copy is older, and behind those who came before him with one as old. So where calls run short all copies grow old
/// alike, and none starves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(Reverse<Class>, UnixMillis, u64);

/// The calls that an upstream account may make: a token bucket that keeps to its number in **any** minute, and a line of
/// those who wait for a token.
///
/// A tenth of the minute's calls may be made at once, the other nine tenths flow in evenly, so no 60 seconds, wherever
/// they begin, hold more than the whole number. A bucket starts empty: a holder that died may have spent everything
/// a moment ago, and the bound holds across its death without anything stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    burst: f64,
    per_ms: f64,
    tokens: f64,
    counted_at: UnixMillis,
    paused_until: UnixMillis,
    line: BTreeSet<Place>,
    joined: u64,
}

impl Budget {
    /// A budget of `calls_per_minute` (10 or more), empty at `now`.
    pub fn new(calls_per_minute: u32, now: UnixMillis) -> Self {
        let calls = f64::from(calls_per_minute.max(10));
        let burst = (calls / 10.0).floor();
        Self {
            burst,
            per_ms: (calls - burst) / 60_000.0,
            tokens: 0.0,
            counted_at: now,
            paused_until: UnixMillis::default(),
            line: BTreeSet::new(),
            joined: 0,
        }
    }

    /// Joins the line with a copy that was fetched at `copy_of`, 0 if there is none. Whoever does must
    /// [`leave`](Self::leave) it, unless he is granted a call.
    pub fn join(&mut self, class: Class, copy_of: UnixMillis) -> Place {
        self.joined += 1;
        let place = Place(Reverse(class), copy_of, self.joined);
        self.line.insert(place);
        place
    }

    /// Leaves the line without a call.
    pub fn leave(&mut self, place: Place) {
        self.line.remove(&place);
    }

    /// Takes one call out of the budget, if whoever has this place may have it now, and him out of the line. What those
    /// before him wait for is theirs; half of the burst is kept for those who wait, and a quarter more for those who would
    /// get old copies.
    pub fn take(&mut self, place: Place, now: UnixMillis) -> Grant {
        self.count(now);
        let paused_for = self.paused_for(now);
        if paused_for > 0 {
            return Grant::In(paused_for);
        }
        let Place(Reverse(class), ..) = place;
        let reserve = match class {
            Class::Waiting => 0.0,
            Class::Background => (self.burst / 2.0).floor(),
            Class::Prefetch => (self.burst * 3.0 / 4.0).floor(),
        };
        let ahead = self.line.range(..place).count() as f64;
        let missing = reserve + ahead + 1.0 - self.tokens;
        if missing > 0.0 {
            return Grant::In(((missing / self.per_ms).ceil() as u64).max(1));
        }
        self.tokens -= 1.0;
        self.line.remove(&place);
        Grant::Now
    }

    fn count(&mut self, now: UnixMillis) {
        let elapsed = now.since(self.counted_at);
        self.tokens = (self.tokens + elapsed as f64 * self.per_ms).min(self.burst);
        self.counted_at = self.counted_at.max(now);
    }

    /// How many calls may be made at once, by somebody who waits.
    pub fn left(&mut self, now: UnixMillis) -> f64 {
        self.count(now);
        self.tokens
    }

    /// How many stand in the line.
    pub fn in_line(&self) -> usize {
        self.line.len()
    }

    /// For how many milliseconds nobody may call.
    pub fn paused_for(&self, now: UnixMillis) -> u64 {
        self.paused_until.since(now)
    }

    /// Upstream has just recovered: what was saved up meanwhile would hit it all at once. From now on refreshes flow in
    /// evenly; only what is kept for those who wait may still be spent at once.
    pub fn forgo_burst(&mut self, now: UnixMillis) {
        self.tokens = self.tokens.min((self.burst / 2.0).floor());
        self.counted_at = self.counted_at.max(now);
    }

    /// Upstream said that nobody may call for so many milliseconds.
    pub fn pause(&mut self, ms: u64, now: UnixMillis) {
        self.paused_until = self.paused_until.max(now.plus(ms));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T0: UnixMillis = UnixMillis(1_000_000);

    /// Somebody comes, and does not wait.
    fn take(budget: &mut Budget, class: Class, now: UnixMillis) -> Grant {
        let place = budget.join(class, UnixMillis(0));
        let grant = budget.take(place, now);
        budget.leave(place);
        grant
    }

    fn full() -> Budget {
        let mut budget = Budget::new(600, T0);
        budget.tokens = budget.burst;
        budget
    }

    #[test]
    fn a_burst_is_a_tenth_of_the_minute() {
        let mut budget = full();
        let at_once = (0..100)
            .filter(|_| take(&mut budget, Class::Waiting, T0) == Grant::Now)
            .count();
        assert_eq!(at_once, 60);
        assert_eq!(budget.left(T0), 0.0);
        assert_eq!(budget.left(T0.plus(6_000)).round(), 54.0);
    }

    #[test]
    fn background_leaves_half_of_the_burst_to_those_who_wait() {
        let mut budget = full();
        let background = (0..100)
            .filter(|_| take(&mut budget, Class::Background, T0) == Grant::Now)
            .count();
        let waiting = (0..100)
            .filter(|_| take(&mut budget, Class::Waiting, T0) == Grant::Now)
            .count();
        assert_eq!((background, waiting), (30, 30));
    }

    #[test]
    fn whoever_came_first_is_served_first_and_no_latecomer_takes_his_token() {
        let mut budget = Budget::new(600, T0);
        let places: Vec<_> = (0..5)
            .map(|_| budget.join(Class::Waiting, UnixMillis(0)))
            .collect();
        assert_eq!(budget.in_line(), 5);
        let waits: Vec<_> = places
            .iter()
            .map(|&place| match budget.take(place, T0) {
                Grant::In(ms) => ms,
                Grant::Now => panic!("granted from an empty bucket"),
            })
            .collect();
        assert_eq!(waits, [112, 223, 334, 445, 556]);
        // Two tokens have come; one who comes just now may not have them.
        let now = T0.plus(223);
        let latecomer = budget.join(Class::Waiting, UnixMillis(0));
        assert!(matches!(budget.take(latecomer, now), Grant::In(_)));
        assert_eq!(budget.take(places[0], now), Grant::Now);
        assert_eq!(budget.take(places[1], now), Grant::Now);
        // Who gives up makes room.
        budget.leave(places[2]);
        assert_eq!(budget.take(places[3], T0.plus(334)), Grant::Now);
    }

    #[test]
    fn the_oldest_copy_is_refreshed_first() {
        let mut budget = full();
        for _ in 0..30 {
            take(&mut budget, Class::Background, T0);
        }
        let mut line: Vec<_> = [7_000, 5_000, 6_000]
            .map(|copy_of| (copy_of, budget.join(Class::Background, UnixMillis(copy_of))))
            .to_vec();
        let mut order = Vec::new();
        for ms in 0..1_000 {
            line.retain(|&(copy_of, place)| {
                let is_granted = budget.take(place, T0.plus(ms)) == Grant::Now;
                order.extend(is_granted.then_some(copy_of));
                !is_granted
            });
        }
        assert_eq!(order, [5_000, 6_000, 7_000]);
    }

    #[test]
    fn those_who_wait_pass_those_who_do_not() {
        let mut budget = full();
        for _ in 0..60 {
            take(&mut budget, Class::Waiting, T0);
        }
        let background = budget.join(Class::Background, UnixMillis(0));
        let waiting = budget.join(Class::Waiting, T0);
        let now = T0.plus(3_500);
        assert!(matches!(budget.take(background, now), Grant::In(_)));
        assert_eq!(budget.take(waiting, now), Grant::Now);
        assert_eq!(budget.take(background, now.plus(60)), Grant::Now);
    }

    #[test]
    fn what_nobody_asked_for_yet_starves_first() {
        let mut budget = full();
        let mut made = |class| {
            (0..100)
                .filter(|_| take(&mut budget, class, T0) == Grant::Now)
                .count()
        };
        assert_eq!(made(Class::Prefetch), 15);
        assert_eq!(made(Class::Background), 15);
        assert_eq!(made(Class::Waiting), 30);
    }

    #[test]
    fn after_an_outage_nothing_saved_up_is_spent_at_once() {
        let mut budget = full();
        budget.forgo_burst(T0);
        let later = T0.plus(112);
        let background = |budget: &mut Budget, now| take(budget, Class::Background, now);
        assert_eq!(background(&mut budget, T0), Grant::In(112));
        assert_eq!(background(&mut budget, later), Grant::Now);
        assert_eq!(take(&mut budget, Class::Waiting, later), Grant::Now);
    }

    #[test]
    fn a_new_bucket_is_empty_and_says_when_to_come_back() {
        let mut budget = Budget::new(600, T0);
        let Grant::In(ms) = take(&mut budget, Class::Waiting, T0) else {
            panic!("granted from an empty bucket");
        };
        assert_eq!(ms, 112);
        assert_eq!(take(&mut budget, Class::Waiting, T0.plus(ms)), Grant::Now);
    }

    #[test]
    fn a_pause_stops_everyone() {
        let mut budget = full();
        budget.pause(5_000, T0);
        budget.pause(1_000, T0);
        assert_eq!(budget.paused_for(T0), 5_000);
        assert_eq!(
            take(&mut budget, Class::Waiting, T0.plus(1_000)),
            Grant::In(4_000)
        );
        assert_eq!(
            take(&mut budget, Class::Waiting, T0.plus(5_000)),
            Grant::Now
        );
    }

    #[test]
    fn a_clock_that_jumps_back_gives_nothing_away() {
        let mut budget = full();
        for _ in 0..60 {
            take(&mut budget, Class::Waiting, T0);
        }
        assert!(matches!(
            take(&mut budget, Class::Waiting, UnixMillis(0)),
            Grant::In(_)
        ));
        assert!(matches!(
            take(&mut budget, Class::Waiting, T0),
            Grant::In(_)
        ));
    }

    proptest! {
        /// However calls come, and whenever the holder dies, no minute holds more calls than the budget.
        #[test]
        fn no_minute_holds_more_than_the_budget(
            calls_per_minute in 10_u32..700,
            steps in proptest::collection::vec((0_u64..400, 0_u32..40, 0_usize..3, 0_u32..50), 1..400),
        ) {
            const CLASSES: [Class; 3] = [Class::Waiting, Class::Background, Class::Prefetch];
            let mut now = T0;
            let mut budget = Budget::new(calls_per_minute, now);
            let mut made = Vec::new();
            for (wait, calls, class, event) in steps {
                now = now.plus(wait);
                match event {
                    0 => budget = Budget::new(calls_per_minute, now),
                    1 => budget.forgo_burst(now),
                    _ => {}
                }
                made.extend((0..calls).filter(|_| take(&mut budget, CLASSES[class], now) == Grant::Now).map(|_| now.0));
            }
            for (i, &first) in made.iter().enumerate() {
                let within = made[i..].iter().take_while(|&&call| call < first + 60_000).count();
                prop_assert!(within <= calls_per_minute as usize, "{within} calls in a minute");
            }
        }
    }
}
