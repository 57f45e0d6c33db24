use std::{hash::Hash, rc::Rc, sync::Arc};

use crate::{Bounded, Epoch, Policy, Stamp, UnixMillis, Verdict};

/// However long upstream is to be left alone, after so many milliseconds one reader of each place asks again: the outage
/// may have ended sooner.
const LONGEST_SILENCE: u64 = 5_000;

/// A copy younger than this, in milliseconds, has nothing newer beside it in the store near by, which learns of a new copy
/// that late.
const STORE_LAG: u64 = 60_000;

/// How many keys a place remembers to have asked for ahead.
const ASKED_AHEAD: usize = 1_000;

/// Something with a stamp.
pub trait Stamped {
    /// Its stamp.
    fn stamp(&self) -> Stamp;
}

impl<T: Stamped + ?Sized> Stamped for Rc<T> {
    fn stamp(&self) -> Stamp {
        (**self).stamp()
    }
}

impl<T: Stamped + ?Sized> Stamped for Arc<T> {
    fn stamp(&self) -> Stamp {
        (**self).stamp()
    }
}

/// The copies nearest to the readers: a map bounded in bytes, that gives up the least recently used first.
///
/// It decides what a reader is served and who asks for refreshes: [`HotCopies::look`] first; if that does not settle it,
/// [`HotCopies::settle`] with what the store near by has; and, if he had to wait, [`HotCopies::after_waiting`].
///
/// It also remembers when a refresh of a copy was last asked for, so that the readers of one place ask once. That is
/// a time, not a lock: if the refresh is lost, readers ask again a moment later.
#[derive(Debug)]
pub struct HotCopies<K: Eq + Hash, V> {
    copies: Bounded<K, Hot<V>>,
    /// When each key was last asked for before anybody read it.
    asked_ahead: Bounded<K, UnixMillis>,
}

#[derive(Debug)]
struct Hot<V> {
    value: V,
    /// When it came here, and how often it was read since.
    put_at: UnixMillis,
    reads: u32,
    /// When the first and the last refresh of this very copy were asked for.
    asked: Option<(UnixMillis, UnixMillis)>,
    /// Whoever was asked said that there is nothing newer before this moment.
    nothing_before: UnixMillis,
}

/// What a reader brings with him.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// When he comes, by the clock of his place.
    pub now: UnixMillis,
    /// He knows of so many invalidations of the key: he must not be served anything from before the last of them.
    pub min_epoch: Epoch,
    /// In `0.0..1.0`: whether chance makes him the one who refreshes early.
    pub random: f64,
}

/// A copy that is served.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<V> {
    /// It.
    pub value: V,
    /// What it is good for.
    pub verdict: Verdict,
    /// What is known of its refresh, if it is due for one.
    pub asking: Option<Asking>,
}

/// What came of the first look.
#[derive(Clone, Debug, PartialEq)]
pub enum Look<V> {
    /// Serve it.
    Serve(Found<V>),
    /// Serve it, and ask for a refresh behind the answer.
    Refresh(Found<V>),
    /// Look into the store near by, then [`HotCopies::settle`].
    Search {
        /// Whether this reader is to ask for a refresh, if the store has nothing newer.
        ask: bool,
    },
}

/// What came of the search.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled<V> {
    /// Serve it.
    Serve(Found<V>),
    /// Serve it, and ask for a refresh behind the answer.
    Refresh(Found<V>),
    /// Ask for a refresh and wait for it. With a copy to fall back on only for a moment, without one under a deadline;
    /// then [`HotCopies::after_waiting`].
    Wait {
        /// Whether there is a copy to fall back on.
        fallback: bool,
    },
}

/// What is known of the refresh of a copy that is due for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Whether this reader should ask for one.
    pub ask: bool,
    /// How long ago the first one for this very copy was asked for, in milliseconds; 0 if it is this reader's.
    pub since_first: u64,
    /// How long ago the last one was asked for before this reader came; `u64::MAX` if never.
    pub since_last: u64,
    /// For how many milliseconds there will be nothing newer, by what the last answer said; 0 if it said nothing.
    pub nothing_for: u64,
}

impl Asking {
    /// The first reader of all asks.
    pub const FIRST: Self = Self {
        ask: true,
        since_first: 0,
        since_last: u64::MAX,
        nothing_for: 0,
    };
}

impl<K: Eq + Hash + Clone, V: Stamped + Clone> HotCopies<K, V> {
    /// No copies yet, and never more than `max_bytes` of them.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            copies: Bounded::new(max_bytes),
            asked_ahead: Bounded::new(ASKED_AHEAD),
        }
    }

    /// What a reader of `key` is served from here.
    pub fn look(&mut self, key: &K, policy: &Policy, demand: &Demand) -> Look<V> {
        if let Some(hot) = self.copies.get_mut(key) {
            hot.reads = hot.reads.saturating_add(1);
        }
        let Some(found) = self.servable(key, policy, demand) else {
            return Look::Search { ask: false };
        };
        let age = demand.now.since(found.value.stamp().fetched_at);
        let ask = found.asking.is_some_and(|asking| asking.ask);
        match found.verdict {
            Verdict::Fresh { .. } | Verdict::Stale if !ask => Look::Serve(found),
            Verdict::Fresh { .. } | Verdict::Stale if age < STORE_LAG => Look::Refresh(found),
            _ => Look::Search { ask },
        }
    }

    /// What he is served after the store near by was searched; what it had was [`put`](Self::put) here. `ask` is what
    /// [`Look::Search`] said.
    pub fn settle(&mut self, key: &K, policy: &Policy, demand: &Demand, ask: bool) -> Settled<V> {
        match self.servable(key, policy, demand) {
            Some(found) if matches!(found.verdict, Verdict::Fresh { .. } | Verdict::Stale) => {
                match found.asking {
                    Some(asking) if ask || asking.ask => Settled::Refresh(found),
                    _ => Settled::Serve(found),
                }
            }
            found => Settled::Wait {
                fallback: found.is_some(),
            },
        }
    }

    /// What he is served after he has waited: the best there is, if it may be served at all.
    pub fn after_waiting(&mut self, key: &K, policy: &Policy, demand: &Demand) -> Option<Found<V>> {
        let mut found = self.servable(key, policy, demand)?;
        // He has asked already.
        found.asking = None;
        Some(found)
    }

    /// Whether `key`, which is likely to be read next, should be asked for before anybody reads it: nothing is here that
    /// could be served at once, and it was not asked for in the time that a copy is fresh.
    pub fn wants_ahead(&mut self, key: &K, policy: &Policy, now: UnixMillis) -> bool {
        let is_here = self.stamp(key).is_some_and(|stamp| {
            matches!(
                policy.verdict(stamp, now),
                Verdict::Fresh { .. } | Verdict::Stale
            )
        });
        !is_here && self.wants_unread(key, policy.fresh, now)
    }

    /// Whether `key`, of which nothing is here, should be asked for though nobody waits for it: it was not in so many
    /// milliseconds.
    pub fn wants_unread(&mut self, key: &K, again_after: u64, now: UnixMillis) -> bool {
        let asked = self.asked_ahead.peek(key);
        let wants = asked.is_none_or(|&asked| now.since(asked) >= again_after);
        if wants {
            self.asked_ahead.put(key.clone(), now, 1);
        }
        wants
    }

    /// Keeps a copy of `bytes` bytes, unless a newer one of the same key is here already. One that is larger than the
    /// whole memory is not kept.
    pub fn put(&mut self, key: K, value: V, bytes: usize, now: UnixMillis) {
        let ticket = value.stamp().ticket;
        let is_newest = self.stamp(&key).is_none_or(|stamp| stamp.ticket < ticket);
        if !is_newest {
            return;
        }
        let hot = Hot {
            value,
            put_at: now,
            reads: 0,
            asked: None,
            nothing_before: UnixMillis::default(),
        };
        self.copies.put(key, hot, bytes);
    }

    /// Whoever was asked for a refresh said that there will be nothing newer for so many milliseconds.
    pub fn nothing_for(&mut self, key: &K, ms: u64, now: UnixMillis) {
        if let Some(hot) = self.copies.get_mut(key) {
            hot.nothing_before = now.plus(ms);
        }
    }

    /// The copy's stamp, if there is a copy.
    pub fn stamp(&self, key: &K) -> Option<Stamp> {
        self.copies.peek(key).map(|hot| hot.value.stamp())
    }

    /// The bytes of all copies.
    pub fn bytes(&self) -> usize {
        self.copies.bytes()
    }

    /// The copy that may be served to this reader, even if only on error. A dead one is dropped.
    fn servable(&mut self, key: &K, policy: &Policy, demand: &Demand) -> Option<Found<V>> {
        let now = demand.now;
        let hot = self.copies.get_mut(key)?;
        let stamp = hot.value.stamp();
        let verdict = policy.verdict(stamp, now);
        if verdict == Verdict::Dead {
            self.copies.remove(key);
            return None;
        }
        if stamp.ticket.epoch() < demand.min_epoch {
            return None;
        }
        let reads_per_ms = f64::from(hot.reads) / now.since(hot.put_at).max(1_000) as f64;
        let asking = policy
            .is_due(stamp, verdict, reads_per_ms, demand.random)
            .then(|| hot.asking(stamp, now));
        Some(Found {
            value: hot.value.clone(),
            verdict,
            asking,
        })
    }
}

impl<V> Hot<V> {
    /// A reader finds this copy due for a refresh: should he ask for one? One does, then nobody for a moment.
    fn asking(&mut self, stamp: Stamp, now: UnixMillis) -> Asking {
        let nothing_for = self.nothing_before.since(now);
        let Some((first, last)) = self.asked else {
            self.asked = Some((now, now));
            return Asking {
                nothing_for,
                ..Asking::FIRST
            };
        };
        let since_last = now.since(last);
        let again_after = match nothing_for {
            0 => Policy::ask_again_after(stamp),
            _ => LONGEST_SILENCE,
        };
        let ask = since_last >= again_after;
        if ask {
            self.asked = Some((first, now));
        }
        Asking {
            ask,
            since_first: now.since(first),
            since_last,
            nothing_for,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fence, Ticket};

    const POLICY: Policy = Policy {
        fresh: 10_000,
        eager: 1_500,
        stale_while_revalidate: 600_000,
        stale_if_error: 86_400_000,
    };
    const T0: UnixMillis = UnixMillis(1_000_000_000);

    #[derive(Clone, Debug, PartialEq)]
    struct Copy(Stamp);

    impl Stamped for Copy {
        fn stamp(&self) -> Stamp {
            self.0
        }
    }

    fn copy(ticket: Ticket, fetched_at: UnixMillis) -> Copy {
        Copy(Stamp {
            ticket,
            fetched_at,
            cost: 0,
            waited: 0,
            spread: 0,
        })
    }

    fn at(now: UnixMillis) -> Demand {
        Demand {
            now,
            min_epoch: Epoch(0),
            random: 0.0,
        }
    }

    fn tickets() -> (Ticket, Ticket) {
        let mut fence = Fence::default();
        (fence.begin(), fence.begin())
    }

    fn copies() -> HotCopies<&'static str, Copy> {
        HotCopies::new(30)
    }

    #[test]
    fn the_copy_that_was_not_read_for_longest_goes_first() {
        let (ticket, _) = tickets();
        let mut copies = copies();
        for key in ["a", "b", "c"] {
            copies.put(key, copy(ticket, T0), 10, T0);
        }
        copies.look(&"a", &POLICY, &at(T0));
        copies.put("d", copy(ticket, T0), 10, T0);
        assert_eq!(copies.stamp(&"b"), None);
        assert!(copies.stamp(&"a").is_some());
        assert_eq!(copies.bytes(), 30);
    }

    #[test]
    fn what_may_be_read_next_is_asked_for_once_unless_it_is_here() {
        let (ticket, _) = tickets();
        let mut copies = copies();
        let mut wants = |key, ms| copies.wants_ahead(&key, &POLICY, T0.plus(ms));
        assert!(wants("a", 0));
        assert!(!wants("a", 9_999));
        assert!(wants("b", 9_999));
        assert!(wants("a", 10_000), "nothing came");
        copies.put("a", copy(ticket, T0), 10, T0);
        let mut wants = |ms| copies.wants_ahead(&"a", &POLICY, T0.plus(ms));
        assert!(!wants(609_999), "it would be served at once");
        assert!(wants(610_000), "whoever read it would wait");
        let mut wants = |key, ms| copies.wants_unread(&key, 5_000, T0.plus(ms));
        assert!(wants("c", 0));
        assert!(!wants("c", 4_999));
        assert!(wants("c", 5_000));
    }

    #[test]
    fn of_two_copies_the_newer_stays_whichever_comes_first() {
        let (older, newer) = tickets();
        for order in [[older, newer], [newer, older]] {
            let mut copies = copies();
            for ticket in order {
                copies.put("a", copy(ticket, T0), 10, T0);
            }
            assert_eq!(copies.stamp(&"a").map(|stamp| stamp.ticket), Some(newer));
            assert_eq!(copies.bytes(), 10);
        }
    }

    #[test]
    fn a_dead_copy_is_dropped_and_makes_room_for_any_other() {
        let (older, newer) = tickets();
        let mut copies = copies();
        copies.put("a", copy(newer, T0), 10, T0);
        let later = T0.plus(POLICY.dead_after());
        assert_eq!(
            copies.look(&"a", &POLICY, &at(later)),
            Look::Search { ask: false }
        );
        assert_eq!(copies.bytes(), 0);
        // Its object was removed meanwhile and counts anew.
        copies.put("a", copy(older, later), 10, later);
        assert!(matches!(
            copies.look(&"a", &POLICY, &at(later)),
            Look::Serve(_)
        ));
    }

    #[test]
    fn where_refreshes_wait_for_their_calls_readers_ask_again_later() {
        let mut copies = copies();
        let (ticket, _) = tickets();
        let stamp = Stamp {
            waited: 12_000,
            ..copy(ticket, T0).0
        };
        copies.put("a", Copy(stamp), 10, T0);
        let mut asks = |ms| {
            matches!(
                copies.look(&"a", &POLICY, &at(T0.plus(ms))),
                Look::Refresh(_)
            )
        };
        assert!(asks(9_000));
        assert!(!asks(21_999));
        assert!(asks(22_000));
    }

    #[test]
    fn readers_of_one_place_ask_once_and_again_if_nothing_came() {
        let (older, newer) = tickets();
        let mut copies = copies();
        copies.put("a", copy(older, T0), 10, T0);
        let mut look = |ms: u64| match copies.look(&"a", &POLICY, &at(T0.plus(ms))) {
            Look::Serve(found) => (false, found.asking),
            Look::Refresh(found) => (true, found.asking),
            Look::Search { .. } => panic!("there is a copy"),
        };
        let asking = |ask, since_first, since_last| Asking {
            ask,
            since_first,
            since_last,
            nothing_for: 0,
        };
        assert_eq!(look(8_000), (false, None));
        assert_eq!(look(8_500), (true, Some(Asking::FIRST)));
        assert_eq!(look(8_501), (false, Some(asking(false, 1, 1))));
        assert_eq!(look(9_499), (false, Some(asking(false, 999, 999))));
        assert_eq!(look(10_000), (true, Some(asking(true, 1_500, 1_500))));
        copies.put("a", copy(newer, T0.plus(1)), 10, T0.plus(10_001));
        let look = copies.look(&"a", &POLICY, &at(T0.plus(10_001)));
        assert!(
            matches!(look, Look::Refresh(_)),
            "a new copy that is stale again: {look:?}"
        );
    }

    #[test]
    fn where_nothing_will_come_nobody_asks_but_one_now_and_then() {
        let (ticket, _) = tickets();
        let mut copies = copies();
        copies.put("a", copy(ticket, T0), 10, T0);
        let mut asks = Vec::new();
        for ms in (20_000..60_000).step_by(100) {
            let now = T0.plus(ms);
            if let Look::Refresh(_) = copies.look(&"a", &POLICY, &at(now)) {
                asks.push(ms);
                copies.nothing_for(&"a", 30_000, now);
            }
        }
        assert!(
            asks.windows(2).all(|two| two[1] - two[0] == 5_000),
            "{asks:?}"
        );
    }

    #[test]
    fn the_store_near_by_is_searched_only_where_it_may_help() {
        let (ticket, _) = tickets();
        let mut copies = copies();
        assert_eq!(
            copies.look(&"a", &POLICY, &at(T0)),
            Look::Search { ask: false }
        );
        copies.put("a", copy(ticket, T0), 10, T0);
        let mut look = |ms| copies.look(&"a", &POLICY, &at(T0.plus(ms)));
        assert!(matches!(look(0), Look::Serve(_)));
        assert!(
            matches!(look(20_000), Look::Refresh(_)),
            "the store learns late"
        );
        assert_eq!(look(90_000), Look::Search { ask: true });
        assert!(matches!(look(90_001), Look::Serve(_)), "others are served");
        assert_eq!(look(700_000), Look::Search { ask: false }, "only on error");
    }

    #[test]
    fn a_search_that_finds_nothing_newer_ends_in_the_refresh_it_was_to_ask_for() {
        let (older, newer) = tickets();
        let mut copies = copies();
        copies.put("a", copy(older, T0), 10, T0);
        let now = T0.plus(90_000);
        assert_eq!(
            copies.look(&"a", &POLICY, &at(now)),
            Look::Search { ask: true }
        );
        assert!(matches!(
            copies.settle(&"a", &POLICY, &at(now), true),
            Settled::Refresh(_)
        ));
        copies.put("a", copy(newer, now), 10, now);
        assert!(matches!(
            copies.settle(&"a", &POLICY, &at(now), true),
            Settled::Serve(_)
        ));
    }

    #[test]
    fn without_a_copy_that_is_good_enough_he_waits() {
        let (ticket, _) = tickets();
        let mut copies = copies();
        let wait = |fallback| Settled::Wait { fallback };
        assert_eq!(copies.settle(&"a", &POLICY, &at(T0), false), wait(false));
        copies.put("a", copy(ticket, T0), 10, T0);
        let later = at(T0.plus(700_000));
        assert_eq!(copies.settle(&"a", &POLICY, &later, false), wait(true));
        assert!(copies.after_waiting(&"a", &POLICY, &later).is_some());
    }

    #[test]
    fn whoever_knows_of_an_invalidation_is_not_served_what_is_older() {
        let mut fence = Fence::default();
        let before = fence.begin();
        let min_epoch = fence.invalidate();
        let after = fence.begin();
        let mut copies = copies();
        copies.put("a", copy(before, T0), 10, T0);
        let demand = Demand {
            min_epoch,
            ..at(T0)
        };
        assert_eq!(
            copies.look(&"a", &POLICY, &demand),
            Look::Search { ask: false }
        );
        let settled = copies.settle(&"a", &POLICY, &demand, false);
        assert_eq!(settled, Settled::Wait { fallback: false });
        assert_eq!(copies.after_waiting(&"a", &POLICY, &demand), None);
        // Others have heard of nothing.
        assert!(matches!(
            copies.look(&"a", &POLICY, &at(T0)),
            Look::Serve(_)
        ));
        copies.put("a", copy(after, T0), 10, T0);
        assert!(matches!(
            copies.look(&"a", &POLICY, &demand),
            Look::Serve(_)
        ));
    }
}
