use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::UnixMillis;

/// The name of one change that somebody is making; drawn at random by whoever makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(pub u64);

/// A change that somebody has announced and not yet told the end of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt<K, G> {
    /// What is being changed.
    pub key: K,
    /// Where it is to go.
    pub to: G,
    /// When it was announced.
    pub since: UnixMillis,
}

/// The changes under way.
///
/// Whoever changes something says so first, goes upstream, and tells what came of it. If that word does not come within the
/// *grace*, the state of the entry is in doubt: readers wait until it was read upstream anew, each by a reading that began
/// after he came. So whoever could not tell the board waits as long as the grace with his answer, and from then on nobody is
/// shown the old state. After the *deadline* upstream has made the change or never will.
#[derive(Clone, Debug)]
pub(super) struct Doubts<K, G> {
    under_way: BTreeMap<Mark, (Doubt<K, G>, Healed)>,
    last_arrival: u64,
}

/// Up to which arrival an entry in doubt was read upstream anew.
type Healed = u64;

/// When a reader came, in the order of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival(u64);

impl<K: Copy + Ord, G: Copy + Ord> Doubts<K, G> {
    /// With changes that were under way when the holder died.
    pub(super) fn restore(doubts: impl IntoIterator<Item = (Mark, Doubt<K, G>)>) -> Self {
        let under_way = doubts
            .into_iter()
            .map(|(mark, doubt)| (mark, (doubt, 0)))
            .collect();
        Self {
            under_way,
            last_arrival: 0,
        }
    }

    /// Somebody is going to change an entry.
    pub(super) fn announce(&mut self, mark: Mark, doubt: Doubt<K, G>) {
        self.under_way.entry(mark).or_insert((doubt, 0));
    }

    /// He told what came of it.
    pub(super) fn end(&mut self, mark: Mark) -> bool {
        self.under_way.remove(&mark).is_some()
    }

    pub(super) fn is_any(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// A reader comes.
    pub(super) fn arrive(&mut self) -> Arrival {
        self.last_arrival += 1;
        Arrival(self.last_arrival)
    }

    /// The entries that must be read upstream before this reader is answered. `touches` says whether he would be shown the
    /// entry.
    pub(super) fn in_doubt(
        &self,
        arrival: Arrival,
        grace: u64,
        now: UnixMillis,
        mut touches: impl FnMut(&Doubt<K, G>) -> bool,
    ) -> Vec<K> {
        let mut keys: Vec<K> = self
            .under_way
            .values()
            .filter(|(doubt, healed)| {
                now.since(doubt.since) >= grace && *healed < arrival.0 && touches(doubt)
            })
            .map(|(doubt, _)| doubt.key)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Entries were read upstream, by a reading that began at `began`. Those past the deadline are told, and forgotten.
    pub(super) fn healed(
        &mut self,
        keys: &[K],
        began: Arrival,
        deadline: u64,
        began_at: UnixMillis,
    ) -> Vec<Mark> {
        let mut over = Vec::new();
        for (mark, (doubt, healed)) in &mut self.under_way {
            if keys.contains(&doubt.key) {
                *healed = began.0.max(*healed);
                if began_at.since(doubt.since) >= deadline {
                    over.push(*mark);
                }
            }
        }
        for mark in &over {
            self.under_way.remove(mark);
        }
        over
    }

    /// Those whose deadline is over and that nobody reads: they are to be read once more.
    pub(super) fn overdue(&self, deadline: u64, now: UnixMillis) -> Vec<K> {
        let overdue = self
            .under_way
            .values()
            .filter(|(doubt, _)| now.since(doubt.since) >= deadline);
        overdue.map(|(doubt, _)| doubt.key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: UnixMillis = UnixMillis(1_000_000);
    const GRACE: u64 = 1_000;
    const DEADLINE: u64 = 30_000;

    fn doubts() -> Doubts<u8, u8> {
        Doubts::restore([])
    }

    fn in_doubt(doubts: &mut Doubts<u8, u8>, now: UnixMillis) -> Vec<u8> {
        let arrival = doubts.arrive();
        doubts.in_doubt(arrival, GRACE, now, |_| true)
    }

    #[test]
    fn an_announced_change_is_in_doubt_after_the_grace_until_it_is_told() {
        let mut doubts = doubts();
        let mark = Mark(7);
        doubts.announce(
            mark,
            Doubt {
                key: 5,
                to: 1,
                since: T0,
            },
        );
        assert!(in_doubt(&mut doubts, T0.plus(999)).is_empty());
        assert_eq!(in_doubt(&mut doubts, T0.plus(1_000)), [5]);
        assert!(doubts.end(mark) && !doubts.end(mark));
        assert!(in_doubt(&mut doubts, T0.plus(1_000)).is_empty() && !doubts.is_any());
    }

    #[test]
    fn a_reading_is_good_for_those_who_came_before_it_began() {
        let mut doubts = doubts();
        doubts.announce(
            Mark(7),
            Doubt {
                key: 5,
                to: 1,
                since: T0,
            },
        );
        let now = T0.plus(2_000);
        let early = doubts.arrive();
        let began = doubts.arrive();
        let late = doubts.arrive();
        assert!(doubts.healed(&[5], began, DEADLINE, now).is_empty());
        assert!(doubts.in_doubt(early, GRACE, now, |_| true).is_empty());
        assert_eq!(
            doubts.in_doubt(late, GRACE, now, |_| true),
            [5],
            "upstream may have changed it since"
        );
    }

    #[test]
    fn only_who_would_see_it_waits() {
        let mut doubts = doubts();
        doubts.announce(
            Mark(7),
            Doubt {
                key: 5,
                to: 1,
                since: T0,
            },
        );
        let arrival = doubts.arrive();
        assert!(
            doubts
                .in_doubt(arrival, GRACE, T0.plus(5_000), |doubt| doubt.to == 2)
                .is_empty()
        );
    }

    #[test]
    fn after_the_deadline_one_reading_ends_it() {
        let mut doubts = doubts();
        let mark = Mark(7);
        doubts.announce(
            mark,
            Doubt {
                key: 5,
                to: 1,
                since: T0,
            },
        );
        assert!(doubts.overdue(DEADLINE, T0.plus(29_999)).is_empty());
        assert_eq!(doubts.overdue(DEADLINE, T0.plus(30_000)), [5]);
        let began = doubts.arrive();
        assert_eq!(
            doubts.healed(&[5], began, DEADLINE, T0.plus(30_000)),
            [mark]
        );
        assert!(!doubts.is_any());
    }

    #[test]
    fn what_was_under_way_is_in_doubt_after_the_holder_died() {
        let mut restored: Doubts<u8, u8> = Doubts::restore([(
            Mark(7),
            Doubt {
                key: 5,
                to: 1,
                since: T0,
            },
        )]);
        assert_eq!(in_doubt(&mut restored, T0.plus(1_000)), [5]);
        assert!(restored.end(Mark(7)));
    }
}
