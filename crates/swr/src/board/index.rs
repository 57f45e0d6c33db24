use std::collections::{BTreeMap, HashMap};

use super::{
    Entry,
    changes::Changes,
    coverage::{Coverage, Reach, Span},
};
use crate::Stamp;

/// The entries of each group in the order of their places, and how far they are known.
///
/// An entry is kept where its place was read: elsewhere nobody would ask for it. It is in one group at a time.
#[derive(Clone, Debug)]
pub(super) struct Index<E: Entry> {
    groups: BTreeMap<E::Group, Group<E>>,
    /// Where each is.
    places: HashMap<E::Key, (E::Group, E::Rank)>,
    /// So many of a group are kept.
    most: usize,
    unsaved: Unsaved<E>,
}

#[derive(Clone, Debug)]
struct Group<E: Entry> {
    entries: BTreeMap<E::Rank, E>,
    coverage: Coverage<E::Rank>,
}

/// What has changed since it was last saved.
#[derive(Clone, Debug)]
struct Unsaved<E: Entry> {
    keys: std::collections::BTreeSet<E::Key>,
    spans: bool,
}

/// A part of some groups, as upstream is asked for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part<G, R> {
    /// The groups, in their order.
    pub groups: Vec<G>,
    /// Only what lies below; `None` for the top.
    pub below: Option<R>,
}

/// A part as it was read upstream.
#[derive(Clone, Debug)]
pub struct Reading<E> {
    /// The number of the last change that it knows.
    pub as_of: u64,
    /// The entries, the first place first.
    pub entries: Vec<E>,
    /// Whether there are more below.
    pub more: bool,
}

/// Entries of an index.
pub(super) struct Page<E: Entry> {
    pub(super) entries: Vec<E>,
    /// Whether there may be more below.
    pub(super) more: bool,
    /// The readings that it stands on.
    pub(super) stamps: Vec<Stamp>,
}

impl<E: Entry> Default for Group<E> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            coverage: Coverage::default(),
        }
    }
}

impl<E: Entry> Reading<E> {
    /// The last place that it reaches; `None` if it reaches the end.
    fn end(&self) -> Option<E::Rank> {
        self.entries.last().filter(|_| self.more).map(Entry::rank)
    }
}

impl<E: Entry> Index<E> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            groups: BTreeMap::new(),
            places: HashMap::new(),
            most,
            unsaved: Unsaved {
                keys: std::collections::BTreeSet::new(),
                spans: false,
            },
        }
    }

    /// As it was saved.
    pub(super) fn restore(
        most: usize,
        entries: impl IntoIterator<Item = E>,
        spans: impl IntoIterator<Item = (E::Group, Vec<Span<E::Rank>>)>,
    ) -> Self {
        let mut index = Self::new(most);
        for (group, spans) in spans {
            index.groups.entry(group).or_default().coverage = Coverage::restore(spans);
        }
        for entry in entries {
            index.put(entry, u64::MAX);
        }
        index.unsaved.keys.clear();
        index.unsaved.spans = false;
        index
    }

    pub(super) fn get(&self, key: E::Key) -> Option<&E> {
        let (group, rank) = self.places.get(&key)?;
        self.groups.get(group)?.entries.get(rank)
    }

    /// Up to which change a place of a group is known, if it was read.
    pub(super) fn known_up_to(&self, group: E::Group, rank: E::Rank) -> Option<u64> {
        let span = self.groups.get(&group)?.coverage.at(rank)?;
        Some(span.as_of)
    }

    /// What is at this place is not known any more.
    pub(super) fn cut(&mut self, group: E::Group, rank: E::Rank) {
        use std::ops::Bound::{Excluded, Unbounded};
        if let Some(group) = self.groups.get_mut(&group) {
            let mut above = group.entries.range((Excluded(rank), Unbounded));
            group
                .coverage
                .cut(rank, above.next().map(|(rank, _)| *rank));
            self.unsaved.spans = true;
        }
    }

    /// The greatest version of all.
    pub(super) fn greatest_version(&self) -> u64 {
        let all = self
            .groups
            .values()
            .flat_map(|group| group.entries.values());
        all.map(Entry::version).max().unwrap_or(0)
    }

    /// An entry is so, or was when `as_of` was the last change; it may have been elsewhere. The caller has seen to it that this
    /// is the newest state known. Whoever read its place later did not find it there: then it has gone on, nobody knows
    /// where to.
    pub(super) fn put(&mut self, entry: E, as_of: u64) {
        let (key, group, rank) = (entry.key(), entry.group(), entry.rank());
        self.remove(key);
        let most = self.most;
        let of_group = self.groups.entry(group).or_default();
        if of_group
            .coverage
            .at(rank)
            .is_none_or(|span| as_of < span.as_of)
        {
            return;
        }
        of_group.entries.insert(rank, entry);
        self.places.insert(key, (group, rank));
        self.unsaved.keys.insert(key);
        if of_group.entries.len() > most
            && let Some((_, last)) = of_group.entries.pop_first()
        {
            self.places.remove(&last.key());
            self.unsaved.keys.insert(last.key());
            self.unsaved.spans = true;
            if let Some((&last_kept, _)) = of_group.entries.first_key_value() {
                of_group.coverage.end_at(last_kept);
            }
        }
    }

    /// It is no more.
    pub(super) fn remove(&mut self, key: E::Key) {
        if let Some((group, rank)) = self.places.remove(&key) {
            self.unsaved.keys.insert(key);
            if let Some(group) = self.groups.get_mut(&group) {
                group.entries.remove(&rank);
            }
        }
    }

    /// The entries that this reading ought to hold and does not: they have gone elsewhere by a change that nobody told.
    pub(super) fn vanished(
        &self,
        part: &Part<E::Group, E::Rank>,
        reading: &Reading<E>,
    ) -> Vec<E::Key> {
        let end = reading.end();
        let is_below = |rank: &E::Rank| part.below.is_none_or(|below| *rank < below);
        let is_above = |rank: &E::Rank| end.is_none_or(|end| *rank >= end);
        let read: std::collections::HashSet<E::Key> =
            reading.entries.iter().map(Entry::key).collect();
        part.groups
            .iter()
            .filter_map(|group| self.groups.get(group))
            .flat_map(|group| group.entries.values())
            .filter(|entry| is_below(&entry.rank()) && is_above(&entry.rank()))
            .filter(|entry| entry.version() <= reading.as_of && !read.contains(&entry.key()))
            .map(Entry::key)
            .collect()
    }

    /// These groups were read there. Entries are put one by one, by whoever knows which are news.
    pub(super) fn cover(
        &mut self,
        part: &Part<E::Group, E::Rank>,
        reading: &Reading<E>,
        stamp: Stamp,
        changes: &Changes<E>,
    ) {
        let span = Span {
            from: part.below,
            to: reading.end(),
            stamp,
            as_of: reading.as_of,
        };
        for &group in &part.groups {
            self.groups.entry(group).or_default().coverage.cover(span);
        }
        self.unsaved.spans = true;
        // What was changed meanwhile, in places that nobody had read before.
        for change in changes.after(reading.as_of) {
            let entry = &change.entry;
            let is_newest = changes
                .newest(entry.key())
                .is_some_and(|newest| newest.version() == entry.version());
            if is_newest && part.groups.contains(&entry.group()) && self.get(entry.key()).is_none()
            {
                self.put(entry.clone(), entry.version());
            }
        }
    }

    /// The first `limit` entries of these groups below a place, from parts whose readings are `good` enough; or what must be
    /// read first.
    pub(super) fn page(
        &self,
        part: &Part<E::Group, E::Rank>,
        limit: usize,
        is_good: impl Fn(Stamp) -> bool,
    ) -> Result<Page<E>, Part<E::Group, E::Rank>> {
        let mut stamps = Vec::new();
        // Above this place everything is known.
        let mut known_to: Reach<E::Rank> = Reach::Bottom;
        let mut unread = Vec::new();
        for group in &part.groups {
            let coverage = self.groups.get(group).map(|group| &group.coverage);
            let (reach, spans) = coverage.map_or((Reach::Nowhere, &[][..]), |coverage| {
                coverage.reach(part.below, |span| is_good(span.stamp))
            });
            stamps.extend(spans.iter().map(|span| (span.from, span.stamp)));
            match reach {
                Reach::Nowhere => unread.push(*group),
                Reach::To(place) => {
                    known_to = match known_to {
                        Reach::To(other) => Reach::To(other.max(place)),
                        _ => Reach::To(place),
                    }
                }
                Reach::Bottom => {}
            }
        }
        if !unread.is_empty() {
            return Err(Part {
                groups: unread,
                below: part.below,
            });
        }
        let entries = self.first(part, limit + 1, known_to);
        if entries.len() <= limit
            && let Reach::To(place) = known_to
        {
            let ends_there = |group: &&E::Group| {
                let coverage = self.groups.get(*group).map(|group| &group.coverage);
                let reach = coverage
                    .map(|coverage| coverage.reach(part.below, |span| is_good(span.stamp)).0);
                reach == Some(Reach::To(place))
            };
            // A page that is full needs nothing below it.
            if entries.len() < limit {
                let groups = part.groups.iter().filter(ends_there).copied().collect();
                return Err(Part {
                    groups,
                    below: Some(place),
                });
            }
        }
        let more = entries.len() > limit || known_to != Reach::Bottom;
        let entries: Vec<E> = entries.into_iter().take(limit).collect();
        let last = entries.last().map(Entry::rank);
        let is_used = |from: Option<E::Rank>| {
            !more || from.is_none_or(|from| last.is_none_or(|last| from > last))
        };
        let stamps = stamps
            .into_iter()
            .filter(|(from, _)| is_used(*from))
            .map(|(_, stamp)| stamp)
            .collect();
        Ok(Page {
            entries,
            more,
            stamps,
        })
    }

    /// Whether this part would be kept if it were read: of full groups nothing is that lies below what they hold.
    pub(super) fn can_keep(&self, part: &Part<E::Group, E::Rank>) -> bool {
        part.groups
            .iter()
            .filter_map(|group| self.groups.get(group))
            .all(|group| {
                let last = group.entries.first_key_value().map(|(rank, _)| *rank);
                let is_full = group.entries.len() >= self.most;
                !is_full
                    || part
                        .below
                        .is_none_or(|below| last.is_none_or(|last| below > last))
            })
    }

    /// The first entries of some groups below a place and down to another.
    fn first(
        &self,
        part: &Part<E::Group, E::Rank>,
        limit: usize,
        down_to: Reach<E::Rank>,
    ) -> Vec<E> {
        use std::ops::Bound::{Excluded, Unbounded};
        let upper = part.below.map_or(Unbounded, Excluded);
        let groups = part
            .groups
            .iter()
            .filter_map(|group| self.groups.get(group));
        let mut heads: Vec<_> = groups
            .map(|group| group.entries.range((Unbounded, upper)).rev().peekable())
            .collect();
        let mut entries = Vec::with_capacity(limit.min(101));
        while entries.len() < limit {
            let next = heads
                .iter_mut()
                .filter_map(|head| head.peek().map(|(rank, _)| **rank).map(|rank| (rank, head)))
                .max_by_key(|(rank, _)| *rank);
            let Some((rank, head)) = next else { break };
            if matches!(down_to, Reach::To(end) if rank < end) {
                break;
            }
            if let Some((_, entry)) = head.next() {
                entries.push(entry.clone());
            }
        }
        entries
    }

    /// What is to be saved: entries that are new or other, keys of those that are no more, and all spans if one has changed.
    #[expect(clippy::type_complexity, reason = "taken apart where it is taken")]
    pub(super) fn take_unsaved(
        &mut self,
    ) -> (
        Vec<(E::Key, Option<E>)>,
        Option<Vec<(E::Group, Vec<Span<E::Rank>>)>>,
    ) {
        let keys = std::mem::take(&mut self.unsaved.keys);
        let entries = keys
            .into_iter()
            .map(|key| (key, self.get(key).cloned()))
            .collect();
        let spans = std::mem::take(&mut self.unsaved.spans).then(|| {
            let groups = self.groups.iter();
            groups
                .map(|(group, of_group)| (*group, of_group.coverage.spans().to_vec()))
                .collect()
        });
        (entries, spans)
    }

    /// How many are kept, in all groups.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    #[cfg(test)]
    pub(super) fn is_sound(&self) -> bool {
        let in_groups: usize = self.groups.values().map(|group| group.entries.len()).sum();
        in_groups == self.places.len()
            && self.groups.iter().all(|(name, group)| {
                group.entries.len() <= self.most
                    && group.entries.iter().all(|(rank, entry)| {
                        *rank == entry.rank()
                            && *name == entry.group()
                            && group.coverage.holds(*rank)
                            && self.places.get(&entry.key()) == Some(&(*name, *rank))
                    })
            })
    }
}
