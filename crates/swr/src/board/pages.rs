use std::hash::Hash;

use super::{Entry, Reading, changes::Changes};
use crate::{Bounded, Stamp};

/// Pages that few ask for, as they were read upstream, kept for a moment. What was learned since is put upon them as they are
/// read, so they are as right as the index.
#[derive(Debug)]
pub(super) struct Pages<Q: Eq + Hash, E> {
    pages: Bounded<Q, (Stamp, Reading<E>)>,
}

impl<Q: Eq + Hash + Clone, E: Entry> Pages<Q, E> {
    /// At most so many.
    pub(super) fn new(most: usize) -> Self {
        Self {
            pages: Bounded::new(most),
        }
    }

    /// How many are kept.
    pub(super) fn len(&self) -> usize {
        self.pages.bytes()
    }

    pub(super) fn put(&mut self, query: Q, stamp: Stamp, reading: Reading<E>) {
        self.pages.put(query, (stamp, reading), 1);
    }

    /// The page as it is now, and the last place that it reaches, if not the end: `matches` tells which entries are asked for,
    /// below the place `below`.
    pub(super) fn get(
        &mut self,
        query: &Q,
        below: Option<E::Rank>,
        changes: &Changes<E>,
        matches: impl Fn(&E) -> bool,
    ) -> Option<(Stamp, Reading<E>, Option<E::Rank>)> {
        let (stamp, reading) = self.pages.get_mut(query)?;
        if !changes.can_bring_up_to_date(reading.as_of) {
            return None;
        }
        let mut now = reading.clone();
        let end = reading
            .entries
            .last()
            .filter(|_| reading.more)
            .map(Entry::rank);
        for change in changes.after(reading.as_of) {
            let entry = &change.entry;
            let rank = entry.rank();
            let place = now
                .entries
                .binary_search_by(|other| rank.cmp(&other.rank()));
            if let Ok(place) = place {
                now.entries.remove(place);
            }
            let is_within =
                below.is_none_or(|below| rank < below) && end.is_none_or(|end| rank >= end);
            if is_within && matches(entry) {
                let place = place.unwrap_or_else(|place| place);
                now.entries.insert(place, entry.clone());
            }
        }
        Some((*stamp, now, end))
    }
}
