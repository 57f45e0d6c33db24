use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
};

use super::Entry;
use crate::UnixMillis;

/// The changes learned of late, by their numbers.
///
/// They bring whatever was read upstream up to date: a reading that knows all changes up to number n is right once those
/// above n that are known here are put upon it. So what was read before a change never brings the old state back, however
/// late it comes.
#[derive(Clone, Debug)]
pub(super) struct Changes<E: Entry> {
    by_version: BTreeMap<u64, Change<E>>,
    /// The newest of each entry.
    newest: HashMap<E::Key, u64>,
    /// Changes up to this number may have been forgotten: a reading that knows less can't be brought up to date.
    floor: u64,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Change<E: Entry> {
    /// The state from then on.
    pub(super) entry: E,
    /// Where it was before; `None` if that is not known, or it was nowhere.
    pub(super) from: Option<Before<E::Group>>,
    learned_at: UnixMillis,
}

/// Where an entry was before a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Before<G> {
    pub(super) group: G,
    /// It was there up to this change. Nobody may have told of one that came between that and the one that is known.
    pub(super) up_to: u64,
}

impl<E: Entry> Default for Changes<E> {
    fn default() -> Self {
        Self {
            by_version: BTreeMap::new(),
            newest: HashMap::new(),
            floor: 0,
        }
    }
}

impl<E: Entry> Changes<E> {
    /// The number below which nothing is known; see [`Self::can_bring_up_to_date`].
    pub(super) fn forgotten_up_to(floor: u64) -> Self {
        Self {
            floor,
            ..Self::default()
        }
    }

    /// Whether a reading that knows the changes up to this number can be brought up to date.
    pub(super) fn can_bring_up_to_date(&self, as_of: u64) -> bool {
        as_of >= self.floor
    }

    /// The newest state known from here.
    pub(super) fn newest(&self, key: E::Key) -> Option<&E> {
        let version = self.newest.get(&key)?;
        self.by_version.get(version).map(|change| &change.entry)
    }

    /// The changes above this number, in their order.
    pub(super) fn after(&self, as_of: u64) -> impl Iterator<Item = &Change<E>> {
        self.by_version
            .range(as_of.saturating_add(1)..)
            .map(|(_, change)| change)
    }

    /// A change is learned.
    pub(super) fn note(&mut self, entry: E, from: Option<Before<E::Group>>, now: UnixMillis) {
        let version = entry.version();
        let newest = self.newest.entry(entry.key()).or_insert(version);
        *newest = version.max(*newest);
        self.by_version.insert(
            version,
            Change {
                entry,
                from,
                learned_at: now,
            },
        );
    }

    /// How many are remembered.
    pub(super) fn len(&self) -> usize {
        self.by_version.len()
    }

    /// Forgets those learned more than `keep` milliseconds ago, and of the others the oldest above `most`.
    pub(super) fn forget(&mut self, keep: u64, most: usize, now: UnixMillis) {
        while let Some(first) = self.by_version.first_entry() {
            let is_old = now.since(first.get().learned_at) > keep;
            if !is_old && self.by_version.len() <= most {
                break;
            }
            let (version, change) = self.by_version.pop_first().expect("there is a first one");
            self.floor = self.floor.max(version);
            let key = change.entry.key();
            if self.newest.get(&key) == Some(&version) {
                self.newest.remove(&key);
            }
        }
    }
}
