//! A board: what upstream lists, right the moment it changes.
//!
//! Where [`HotCopies`](crate::HotCopies) serve what is a little old while it is read anew, a board is cache-aside: it holds
//! what was read upstream, is told of each change by whoever made it, and a time to live is its insurance against changes that
//! nobody told. There is one of each board, in an object; all that it decides is here, and what is to be read upstream is
//! asked of the caller.
//!
//! What makes it right is that upstream numbers its changes: a reading knows all changes up to a number, and those above it
//! that the board has learned are put upon it, whatever was quicker.

mod changes;
mod counts;
mod coverage;
mod doubts;
mod entry;
mod index;
mod leases;
mod pages;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, hash::Hash};

use changes::{Before, Changes};
use counts::Counted;
pub use coverage::Span;
use doubts::Doubts;
pub use doubts::{Arrival, Doubt, Mark};
pub use entry::Entry;
use index::Index;
pub use index::{Part, Reading};
pub use leases::Leases;
use pages::Pages;
use serde::{Deserialize, Serialize};

use crate::{
    Ask, Bounded, Class, Epoch, Flight, FlightPolicy, Landing, Outcome, Policy, Stamp, Ticket,
    UnixMillis, Verdict,
};

/// The rules of a board. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardPolicy {
    /// How long a part of the index, and a count, is good for what.
    pub lists: Policy,
    /// The same of pages that few ask for.
    pub pages: Policy,
    /// The same of details.
    pub details: Policy,
    /// How upstream is read.
    pub flight: FlightPolicy,
    /// A reading that takes longer is late: meanwhile what is past its time is shown, marked as stale, if it is kept.
    pub late_after: u64,
    /// How long others may serve what they were handed: see [`Leases`].
    pub lease: u64,
    /// A change whose end was not told after so long puts its entry in doubt.
    pub grace: u64,
    /// After so long upstream has made a change or never will.
    pub change_deadline: u64,
    /// Changes are remembered for so long, which must be longer than pages are served and readings take.
    pub remember: u64,
    /// So many changes are remembered at most.
    pub most_changes: usize,
    /// So many entries of a group are kept.
    pub most_of_group: usize,
    /// So many pages that few ask for are kept.
    pub most_pages: usize,
    /// So many details are kept.
    pub most_details: usize,
}

/// Everything about an entry.
pub trait Detail: Clone {
    /// What it is of.
    type Entry: Entry;

    /// What lists show of it.
    fn entry(&self) -> &Self::Entry;

    /// Takes in what came of a change that was made to this very state. `false`, and nothing is changed, if it was made to
    /// another.
    fn advance(&mut self, from_version: u64, to: &Self::Entry) -> bool;
}

/// What is read upstream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Load<K, G, R, Q> {
    /// Some groups below a place.
    Part(Part<G, R>),
    /// A page that few ask for, below a place.
    Page(Q, Option<R>),
    /// How many are where.
    Counts,
    /// Everything about one entry.
    Detail(K),
}

/// What a board with these details is asked to read.
pub type LoadOf<D, Q> = Load<Key<D>, Group<D>, Rank<D>, Q>;

type Key<D> = <<D as Detail>::Entry as Entry>::Key;
type Group<D> = <<D as Detail>::Entry as Entry>::Group;
type Rank<D> = <<D as Detail>::Entry as Entry>::Rank;
/// The spans of each group.
pub type Spans<G, R> = Vec<(G, Vec<Span<R>>)>;

/// What was read.
#[derive(Clone, Debug)]
pub enum Loaded<D: Detail> {
    /// Entries.
    Entries {
        /// What was asked for.
        reading: Reading<D::Entry>,
        /// Those that [`Board::vanished`] named.
        vanished: Vec<Key<D>>,
        /// What has become of them, by a later reading. Whichever is not among these is no more.
        found: Vec<D::Entry>,
    },
    /// How many are where.
    Counts {
        /// The number of the last change that the count knows.
        as_of: u64,
        /// The counts.
        by_group: BTreeMap<Group<D>, u64>,
    },
    /// Everything about an entry.
    Detail {
        /// The number of the last change that it knows.
        as_of: u64,
        /// `None` if there is no such entry.
        detail: Option<D>,
    },
}

/// What has become of something that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    /// It is kept.
    Kept,
    /// It is older than what is known and can't be brought up to date: it is to be read again.
    Outdated,
    /// It was not to be had; what was known is still known.
    Failed,
}

/// What a reader of a list asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery<G, R, Q> {
    /// The groups, in their order.
    pub groups: Vec<G>,
    /// Everything that is asked for besides the place.
    pub name: Q,
    /// Whether more than the groups is asked for: such lists are kept as pages and not as an index.
    pub is_rare: bool,
    /// Only what lies below.
    pub below: Option<R>,
    /// How many at most.
    pub limit: usize,
}

/// A list as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct List<E, R, L> {
    /// The entries.
    pub entries: Vec<E>,
    /// Below which place there may be more; `None` if there are no more. Not always that of the last entry: some may have
    /// gone since the page was read.
    pub next: Option<R>,
    /// When the oldest reading that it stands on was made.
    pub read_at: UnixMillis,
    /// Whether that is longer ago than lists stay fresh, or some of it is in doubt: upstream does not answer.
    pub stale: bool,
    /// Whether some of it is in doubt: a change of which nobody knows what came of it.
    pub in_doubt: bool,
    /// What is to be read behind the answer.
    pub ahead: Option<L>,
}

/// How many are where, as far as that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Count<G> {
    /// In each group; `None` if nobody has counted.
    pub by_group: Option<BTreeMap<G, u64>>,
    /// Whether they are right if the board was told of every change since they were counted.
    pub is_certain: bool,
    /// Whether they are to be counted anew behind the answer.
    pub is_due: bool,
}

/// A detail as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Known<D> {
    /// The detail; `None` if there is no such entry.
    pub detail: Option<D>,
    /// When it was read.
    pub read_at: UnixMillis,
    /// Whether that is longer ago than details stay fresh, or the entry is in doubt.
    pub stale: bool,
    /// Whether the entry is in doubt.
    pub in_doubt: bool,
}

/// What is done for a reader.
#[derive(Clone, Debug, PartialEq)]
pub enum Look<T, K, L> {
    /// He is shown this.
    Here(T),
    /// First these entries are to be read upstream, by a reading that begins later than he came: their state is in doubt.
    Doubt(Vec<K>),
    /// First this is to be read upstream.
    Absent(L),
}

/// What is done for a reader of a list.
pub type ListLook<D, Q> =
    Look<List<<D as Detail>::Entry, Rank<D>, LoadOf<D, Q>>, Key<D>, LoadOf<D, Q>>;

/// What is done for a reader of a detail.
pub type DetailLook<D, Q> = Look<Known<D>, Key<D>, LoadOf<D, Q>>;

/// What of a board survives its holder, besides its entries and the changes under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved<G, R> {
    /// How often the board has changed.
    pub epoch: Epoch,
    /// The number of the greatest change known.
    pub greatest: u64,
    /// What was read of each group.
    pub spans: Spans<G, R>,
}

/// What has changed since the last time.
#[derive(Clone, Debug)]
pub struct Unsaved<E: Entry> {
    /// The epoch and the greatest change, if they are others.
    pub progress: Option<(Epoch, u64)>,
    /// All spans, if one is another.
    pub spans: Option<Spans<E::Group, E::Rank>>,
    /// Entries that are new or other, and `None` for those that are kept no more.
    pub entries: Vec<(E::Key, Option<E>)>,
}

/// How much a board holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Entries, of all groups.
    pub entries: usize,
    /// Changes that are remembered.
    pub changes: usize,
    /// Pages that few ask for.
    pub pages: usize,
    /// Details.
    pub details: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Board<D: Detail, Q: Eq + Hash> {
    policy: BoardPolicy,
    index: Index<D::Entry>,
    changes: Changes<D::Entry>,
    pages: Pages<(Q, Option<Rank<D>>), D::Entry>,
    counted: Option<Counted<Group<D>>>,
    details: Bounded<Key<D>, KnownDetail<D>>,
    doubts: Doubts<Key<D>, Group<D>>,
    leases: Leases,
    flights: Bounded<LoadOf<D, Q>, Flight>,
    epoch: Epoch,
    greatest: u64,
    is_progress_unsaved: bool,
}

/// A detail as it was read, and perhaps went on since.
#[derive(Clone, Debug)]
struct KnownDetail<D> {
    detail: Option<D>,
    stamp: Stamp,
    /// The entry was changed by somebody who did not say from which state: the detail is not shown, but goes on if it turns out
    /// that it was the one.
    is_behind: bool,
}

/// Of so many different readings it is remembered how the last went.
const FLIGHTS: usize = 2_000;

impl<G, R> Default for Saved<G, R> {
    fn default() -> Self {
        Self {
            epoch: Epoch::default(),
            greatest: 0,
            spans: Vec::new(),
        }
    }
}

impl<D: Detail, Q: Clone + Eq + Hash> Board<D, Q> {
    /// A board that comes up at `now` with what was saved of it.
    pub fn new(
        policy: BoardPolicy,
        saved: Saved<Group<D>, Rank<D>>,
        entries: impl IntoIterator<Item = D::Entry>,
        doubts: impl IntoIterator<Item = (Mark, Doubt<Key<D>, Group<D>>)>,
        now: UnixMillis,
    ) -> Self {
        let index = Index::restore(policy.most_of_group, entries, saved.spans);
        let greatest = saved.greatest.max(index.greatest_version());
        Self {
            index,
            changes: Changes::forgotten_up_to(greatest),
            pages: Pages::new(policy.most_pages),
            counted: None,
            details: Bounded::new(policy.most_details),
            doubts: Doubts::restore(doubts),
            leases: Leases::new(policy.lease, now),
            flights: Bounded::new(FLIGHTS),
            // Whatever was handed out before it came up is older than what is handed out from now on.
            epoch: Epoch(saved.epoch.0 + 1),
            greatest,
            is_progress_unsaved: true,
            policy,
        }
    }

    /// How often the board has changed. Only ever grows.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// How many entries are kept.
    pub fn entries(&self) -> usize {
        self.index.len()
    }

    /// How much of everything is held: all of it is bounded by the policy.
    pub fn held(&self) -> Held {
        Held {
            entries: self.index.len(),
            changes: self.changes.len(),
            pages: self.pages.len(),
            details: self.details.bytes(),
        }
    }

    /// A reader comes.
    pub fn arrive(&mut self) -> Arrival {
        self.doubts.arrive()
    }

    /// What a reader of a list is shown. `matches` tells which entries he asks for. With `on_error`, upstream has
    /// failed him: what is past its time is good enough. `random` is in `0.0..1.0`.
    pub fn list(
        &mut self,
        query: &ListQuery<Group<D>, Rank<D>, Q>,
        matches: impl Fn(&D::Entry) -> bool,
        arrival: Arrival,
        on_error: bool,
        now: UnixMillis,
    ) -> ListLook<D, Q> {
        let touches = |doubt: &Doubt<Key<D>, Group<D>>| {
            query.groups.contains(&doubt.to)
                || self
                    .newest(doubt.key)
                    .is_none_or(|entry| query.groups.contains(&entry.group()))
        };
        let in_doubt = self
            .doubts
            .in_doubt(arrival, self.policy.grace, now, touches);
        if !in_doubt.is_empty() && !on_error {
            return Look::Doubt(in_doubt);
        }
        let uncertain = !in_doubt.is_empty();
        let part = Part {
            groups: query.groups.clone(),
            below: query.below,
        };
        let policy = self.policy.lists;
        let lists = move |on_error| move |stamp| is_good(policy.verdict(stamp, now), on_error);
        let page = (!query.is_rare).then(|| {
            let page = self.index.page(&part, query.limit, lists(on_error));
            page.or_else(
                |absent| match self.is_late(&Load::Part(absent.clone()), now) {
                    true => self.index.page(&part, query.limit, lists(true)),
                    false => Err(absent),
                },
            )
        });
        let (policy, entries, next, stamps) = match page {
            Some(Ok(page)) => {
                let last = page.entries.last().map(Entry::rank);
                let next = last.filter(|_| page.more);
                (self.policy.lists, page.entries, next, page.stamps)
            }
            Some(Err(absent)) if self.index.can_keep(&absent) => {
                return Look::Absent(Load::Part(absent));
            }
            // Few ask for it, or it lies deeper than the index is kept.
            Some(Err(_)) | None => {
                let policy = self.policy.pages;
                let key = (query.name.clone(), query.below);
                let on_error = on_error || self.is_late(&Load::Page(key.0.clone(), key.1), now);
                let page = self.pages.get(&key, query.below, &self.changes, matches);
                let page =
                    page.filter(|(stamp, ..)| is_good(policy.verdict(*stamp, now), on_error));
                let Some((stamp, reading, end)) = page else {
                    return Look::Absent(Load::Page(key.0, key.1));
                };
                let mut entries = reading.entries;
                let is_cut = entries.len() > query.limit;
                entries.truncate(query.limit);
                let next = match is_cut {
                    true => entries.last().map(Entry::rank),
                    false => end,
                };
                (policy, entries, next, vec![stamp])
            }
        };
        let verdicts = stamps
            .iter()
            .map(|stamp| (*stamp, policy.verdict(*stamp, now)));
        let stale = uncertain || verdicts.clone().any(|(_, verdict)| is_late(verdict));
        let mut due = verdicts.filter(|(stamp, verdict)| policy.is_due(*stamp, *verdict, 0.0, 0.0));
        // Only the first page is read by many, and again and again.
        let is_first = !query.is_rare && query.below.is_none();
        let ahead = due.next().filter(|_| is_first).map(|_| Load::Part(part));
        let read_at = stamps
            .iter()
            .map(|stamp| stamp.fetched_at)
            .min()
            .unwrap_or(now);
        Look::Here(List {
            entries,
            next,
            read_at,
            stale,
            in_doubt: uncertain,
            ahead,
        })
    }

    /// What a reader of a detail is shown.
    pub fn detail(
        &mut self,
        key: Key<D>,
        arrival: Arrival,
        on_error: bool,
        now: UnixMillis,
    ) -> DetailLook<D, Q> {
        let in_doubt = self
            .doubts
            .in_doubt(arrival, self.policy.grace, now, |doubt| doubt.key == key);
        if !in_doubt.is_empty() && !on_error {
            return Look::Doubt(in_doubt);
        }
        let policy = self.policy.details;
        let on_error = on_error || self.is_late(&Load::Detail(key), now);
        let known = self.details.get_mut(&key).filter(|known| !known.is_behind);
        let known = known.map(|known| (policy.verdict(known.stamp, now), known.clone()));
        match known {
            Some((verdict, known)) if is_good(verdict, on_error) => Look::Here(Known {
                detail: known.detail,
                read_at: known.stamp.fetched_at,
                stale: !in_doubt.is_empty() || is_late(verdict),
                in_doubt: !in_doubt.is_empty(),
            }),
            _ => Look::Absent(Load::Detail(key)),
        }
    }

    /// Whether somebody reads this, and it takes him long.
    fn is_late(&self, load: &LoadOf<D, Q>, now: UnixMillis) -> bool {
        let flight = self.flights.peek(load);
        let takes = flight.and_then(|flight| flight.takes(&self.policy.flight, now));
        takes.is_some_and(|takes| takes >= self.policy.late_after)
    }

    /// How many are where.
    pub fn counts(&self, now: UnixMillis) -> Count<Group<D>> {
        let Some(counted) = &self.counted else {
            return Count {
                by_group: None,
                is_certain: false,
                is_due: true,
            };
        };
        let verdict = self.policy.lists.verdict(counted.stamp, now);
        let (counts, is_certain) = counted.now(&self.changes);
        let is_fresh = matches!(verdict, Verdict::Fresh { .. });
        // Where others make changes too, nearly every one of theirs makes a count uncertain: to count after each would drown
        // upstream in the dearest of all queries.
        let is_old = now.since(counted.stamp.fetched_at) >= self.policy.lists.eager;
        let is_due = !is_fresh
            || (!is_certain && is_old)
            || self.policy.lists.is_due(counted.stamp, verdict, 0.0, 0.0);
        Count {
            by_group: (verdict != Verdict::Dead).then_some(counts),
            is_certain: is_certain && is_fresh,
            is_due,
        }
    }

    /// Something is to be read upstream: who reads it?
    pub fn ask(&mut self, load: &LoadOf<D, Q>, class: Class, now: UnixMillis) -> Ask {
        let policy = self.policy.flight;
        if self.flights.peek(load).is_none() {
            self.flights.put(load.clone(), Flight::default(), 1);
        }
        let wish = self.policy.lists.wish(None, class, now);
        match self.flights.get_mut(load) {
            Some(flight) => flight.ask(&policy, None, wish, now),
            None => Ask::BackOff { until: now },
        }
    }

    /// The entries that a reading ought to hold and does not: they have gone elsewhere by a change that nobody told, and are
    /// to be read by their names before it lands.
    pub fn vanished(&self, load: &LoadOf<D, Q>, reading: &Reading<D::Entry>) -> Vec<Key<D>> {
        match load {
            Load::Part(part) => self.index.vanished(part, reading),
            _ => Vec::new(),
        }
    }

    /// What was to be read was read, by a reading that began under `ticket` at `begun`, or was not to be had. `random` is in
    /// `0.0..1.0`.
    pub fn land(
        &mut self,
        load: &LoadOf<D, Q>,
        ticket: Ticket,
        begun: UnixMillis,
        loaded: Option<Loaded<D>>,
        now: UnixMillis,
        random: f64,
    ) -> Landed {
        let policy = self.policy.flight;
        let cost = u32::try_from(now.since(begun)).unwrap_or(u32::MAX);
        let outcome = match &loaded {
            Some(_) => Outcome::Good { cost, waited: 0 },
            None => Outcome::Failed,
        };
        let Some(flight) = self.flights.get_mut(load) else {
            return Landed::Failed;
        };
        let landing = flight.land(&policy, ticket, begun, outcome, now, random);
        let (Landing::Store(stamp), Some(loaded)) = (landing, loaded) else {
            return match landing {
                Landing::Discard(_) => Landed::Outdated,
                _ => Landed::Failed,
            };
        };
        self.keep(load, stamp, loaded, now)
    }

    fn keep(
        &mut self,
        load: &LoadOf<D, Q>,
        stamp: Stamp,
        loaded: Loaded<D>,
        now: UnixMillis,
    ) -> Landed {
        let as_of = match &loaded {
            Loaded::Entries { reading, .. } => reading.as_of,
            Loaded::Counts { as_of, .. } | Loaded::Detail { as_of, .. } => *as_of,
        };
        if !self.changes.can_bring_up_to_date(as_of) {
            return Landed::Outdated;
        }
        match (load, loaded) {
            (
                Load::Part(part),
                Loaded::Entries {
                    reading,
                    vanished,
                    found,
                },
            ) => {
                // An older reading has landed meanwhile, with entries that had gone before this one was made.
                let mut missing = self.index.vanished(part, &reading).into_iter();
                if missing.any(|key| !vanished.contains(&key)) {
                    return Landed::Outdated;
                }
                // What is news is learned by what was known so far; then it has its place.
                self.take_in_by_name(&vanished, found, now);
                self.take_in(reading.entries.clone(), as_of, now);
                self.index.cover(part, &reading, stamp, &self.changes);
                for entry in reading.entries {
                    let key = entry.key();
                    let newest = self.newest(key).map_or(0, Entry::version);
                    if newest <= entry.version() && self.index.get(key).is_none() {
                        self.index.put(entry, as_of);
                    }
                }
            }
            (Load::Page(query, below), Loaded::Entries { reading, .. }) => {
                // What it tells of entries that the index holds is news there too.
                self.take_in(reading.entries.clone(), as_of, now);
                self.pages.put((query.clone(), *below), stamp, reading);
            }
            (Load::Counts, Loaded::Counts { as_of, by_group }) => {
                self.counted = Some(Counted {
                    as_of,
                    by_group,
                    stamp,
                });
            }
            (Load::Detail(key), Loaded::Detail { detail, .. }) => {
                let known = self.newest(*key).map_or(0, Entry::version);
                // That there is none is as old as the reading.
                let version = detail.as_ref().map_or(as_of, |it| it.entry().version());
                if version < known {
                    return Landed::Outdated;
                }
                match &detail {
                    Some(detail) => {
                        self.learn(detail.entry().clone(), None, as_of, now);
                    }
                    None => self.is_no_more(*key),
                }
                let known = KnownDetail {
                    detail,
                    stamp,
                    is_behind: false,
                };
                self.details.put(*key, known, 1);
            }
            _ => return Landed::Failed,
        }
        Landed::Kept
    }

    /// Entries were read upstream, by a reading that knows so many changes.
    fn take_in(&mut self, read: Vec<D::Entry>, as_of: u64, now: UnixMillis) {
        for entry in read {
            self.learn(entry, None, as_of, now);
        }
    }

    /// Entries were read upstream by their names; those that were not found are no more.
    fn take_in_by_name(&mut self, keys: &[Key<D>], found: Vec<D::Entry>, now: UnixMillis) {
        for &key in keys {
            if found.iter().all(|entry| entry.key() != key) {
                self.is_no_more(key);
            }
        }
        for entry in found {
            let as_of = entry.version();
            self.learn(entry, None, as_of, now);
        }
    }

    fn is_no_more(&mut self, key: Key<D>) {
        if self.index.get(key).is_some() {
            self.index.remove(key);
            self.advance_epoch();
        }
        self.details.remove(&key);
    }

    /// The state of an entry is learned, from somebody who knows the changes up to `as_of`, and with `from_version` that it
    /// came of a change to that very state. Whether it is news.
    fn learn(
        &mut self,
        entry: D::Entry,
        from_version: Option<u64>,
        as_of: u64,
        now: UnixMillis,
    ) -> bool {
        let (key, version) = (entry.key(), entry.version());
        let from = match self.newest(key) {
            Some(known) if known.version() > version => return false,
            Some(known) if known.version() == version => {
                self.advance_detail(&entry, from_version);
                // Its place may have been read only now.
                if self.index.get(key).is_none() {
                    self.index.put(entry, as_of);
                }
                return false;
            }
            Some(known) => Some(self.before(known, from_version)),
            // Where it has gone since may be forgotten.
            None if !self.changes.can_bring_up_to_date(as_of) => {
                self.drop_older_detail(key, version);
                let read_up_to = self.index.known_up_to(entry.group(), entry.rank());
                let is_cut = read_up_to.is_some_and(|read_up_to| as_of >= read_up_to);
                if is_cut {
                    self.index.cut(entry.group(), entry.rank());
                    self.advance_epoch();
                }
                return is_cut;
            }
            None => None,
        };
        self.advance_detail(&entry, from_version);
        self.greatest = self.greatest.max(version);
        self.index.put(entry.clone(), as_of);
        self.changes.note(entry, from, now);
        self.changes
            .forget(self.policy.remember, self.policy.most_changes, now);
        self.advance_epoch();
        true
    }

    /// The detail of an entry that is now so goes on, if it is known from which state.
    fn advance_detail(&mut self, entry: &D::Entry, from_version: Option<u64>) {
        let Some(known) = self.details.get_mut(&entry.key()) else {
            return;
        };
        let goes_on = match (&mut known.detail, from_version) {
            (Some(detail), _) if detail.entry().version() == entry.version() => true,
            (Some(detail), Some(from_version)) => detail.advance(from_version, entry),
            _ => false,
        };
        known.is_behind = !goes_on;
    }

    /// Where an entry was that was known like this.
    fn before(&self, known: &D::Entry, from_version: Option<u64>) -> Before<Group<D>> {
        let group = known.group();
        let up_to = if from_version == Some(known.version()) {
            u64::MAX
        } else {
            let read_up_to = self
                .index
                .get(known.key())
                .and_then(|_| self.index.known_up_to(group, known.rank()));
            read_up_to.unwrap_or(0).max(known.version())
        };
        Before { group, up_to }
    }

    fn drop_older_detail(&mut self, key: Key<D>, version: u64) {
        let is_older = self.details.peek(&key).is_some_and(|known| {
            known
                .detail
                .as_ref()
                .is_none_or(|detail| detail.entry().version() < version)
        });
        if is_older {
            self.details.remove(&key);
        }
    }

    /// Somebody is going to change an entry. Until he tells what came of it no leases are granted.
    pub fn announce(&mut self, mark: Mark, doubt: Doubt<Key<D>, Group<D>>) {
        self.doubts.announce(mark, doubt);
    }

    /// What came of a change: the entry as it is now, if that is known, and with `from_version` that it came of a change to that
    /// very state. Returns for how many milliseconds he is to wait with his answer.
    pub fn settle(
        &mut self,
        mark: Mark,
        entry: Option<D::Entry>,
        from_version: Option<u64>,
        now: UnixMillis,
    ) -> u64 {
        self.doubts.end(mark);
        if let Some(entry) = entry {
            let as_of = entry.version();
            self.learn(entry, from_version, as_of, now);
        }
        self.leases.left(now)
    }

    /// Whoever made a change elsewhere tells of it. Whether it is news, and for how many milliseconds he is to wait with his
    /// answer.
    pub fn told(&mut self, entry: D::Entry, now: UnixMillis) -> (bool, u64) {
        let as_of = entry.version();
        let is_news = self.learn(entry, None, as_of, now);
        (is_news, self.leases.left(now))
    }

    /// Entries in doubt were read upstream, by a reading that began at `began`; whichever was not found is no more. Those that
    /// are in doubt no longer, because upstream has had its time, are returned.
    pub fn healed(
        &mut self,
        keys: &[Key<D>],
        found: Vec<D::Entry>,
        began: Arrival,
        began_at: UnixMillis,
        now: UnixMillis,
    ) -> Vec<Mark> {
        self.take_in_by_name(keys, found, now);
        self.doubts
            .healed(keys, began, self.policy.change_deadline, began_at)
    }

    /// Entries whose change nobody has told the end of, and upstream has had its time: they are to be read once more.
    pub fn overdue(&self, now: UnixMillis) -> Vec<Key<D>> {
        self.doubts.overdue(self.policy.change_deadline, now)
    }

    /// For how many milliseconds whoever is answered now may serve that to others.
    pub fn lease(&mut self, now: UnixMillis) -> Option<u64> {
        let is_change_under_way = self.doubts.is_any();
        self.leases.grant(is_change_under_way, now)
    }

    /// The newest state known of an entry.
    pub fn newest(&self, key: Key<D>) -> Option<&D::Entry> {
        let (kept, changed) = (self.index.get(key), self.changes.newest(key));
        match (kept, changed) {
            (Some(kept), Some(changed)) if changed.version() > kept.version() => Some(changed),
            (Some(kept), _) => Some(kept),
            (None, changed) => changed,
        }
    }

    /// What is to be saved now.
    pub fn take_unsaved(&mut self) -> Unsaved<D::Entry> {
        let (entries, spans) = self.index.take_unsaved();
        let progress =
            std::mem::take(&mut self.is_progress_unsaved).then_some((self.epoch, self.greatest));
        Unsaved {
            progress,
            spans,
            entries,
        }
    }

    fn advance_epoch(&mut self) {
        self.epoch.0 += 1;
        self.is_progress_unsaved = true;
    }
}

fn is_good(verdict: Verdict, on_error: bool) -> bool {
    match verdict {
        Verdict::Fresh { .. } | Verdict::Stale => true,
        Verdict::OnError => on_error,
        Verdict::Dead => false,
    }
}

/// Whether upstream must have failed, or nobody would be shown it. What is only due for a refresh is still within its time.
fn is_late(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::OnError | Verdict::Dead)
}
