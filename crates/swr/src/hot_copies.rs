use std::{borrow::Borrow, collections::HashMap, hash::Hash};

use crate::{Ticket, UnixMillis};

/// The copies nearest to the readers: a map bounded in bytes, that gives up the least recently used first.
///
/// It also remembers when a refresh of a copy was last asked for, so that the readers of one place ask once. That is
/// a time, not a lock: if the refresh is lost, readers ask again a moment later.
#[derive(Debug)]
pub struct HotCopies<K, V> {
    copies: HashMap<K, Hot<V>>,
    bytes: usize,
    max_bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Hot<V> {
    value: V,
    ticket: Ticket,
    bytes: usize,
    used: u64,
    /// When the first and the last refresh of this very copy were asked for.
    asked: Option<(UnixMillis, UnixMillis)>,
}

/// What is known of the refresh of a stale copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Whether this reader should ask for one.
    pub ask: bool,
    /// How long ago the first one for this very copy was asked for, in milliseconds; 0 if it is this reader's.
    pub since_first: u64,
    /// How long ago the last one was asked for before this reader came; `u64::MAX` if never.
    pub since_last: u64,
}

impl Asking {
    /// The first reader of all asks.
    pub const FIRST: Self = Self {
        ask: true,
        since_first: 0,
        since_last: u64::MAX,
    };
}

impl<K: Eq + Hash + Clone, V> HotCopies<K, V> {
    /// How long after a refresh was asked for readers of the same place do not ask again, in milliseconds.
    const ASK_AGAIN_AFTER: u64 = 1_000;

    /// No copies yet, and never more than `max_bytes` of them.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            copies: HashMap::new(),
            bytes: 0,
            max_bytes,
            uses: 0,
        }
    }

    /// The copy of a key.
    pub fn get<Q>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.uses += 1;
        let hot = self.copies.get_mut(key)?;
        hot.used = self.uses;
        Some(&hot.value)
    }

    /// Keeps a copy of `bytes` bytes, unless a newer one of the same key is here already. One that is larger than the
    /// whole memory is not kept.
    pub fn put(&mut self, key: K, value: V, ticket: Ticket, bytes: usize) {
        if bytes > self.max_bytes
            || self
                .copies
                .get(&key)
                .is_some_and(|hot| hot.ticket >= ticket)
        {
            return;
        }
        self.uses += 1;
        let hot = Hot {
            value,
            ticket,
            bytes,
            used: self.uses,
            asked: None,
        };
        self.bytes += bytes;
        if let Some(old) = self.copies.insert(key, hot) {
            self.bytes -= old.bytes;
        }
        while self.bytes > self.max_bytes {
            self.drop_least_recently_used();
        }
    }

    /// A reader finds the copy of `key` stale: should he ask for a refresh? One does, then nobody for a moment.
    pub fn asking<Q>(&mut self, key: &Q, now: UnixMillis) -> Asking
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let Some(hot) = self.copies.get_mut(key) else {
            return Asking::FIRST;
        };
        let Some((first, last)) = hot.asked else {
            hot.asked = Some((now, now));
            return Asking::FIRST;
        };
        let since_last = now.since(last);
        let ask = since_last >= Self::ASK_AGAIN_AFTER;
        if ask {
            hot.asked = Some((first, now));
        }
        Asking {
            ask,
            since_first: now.since(first),
            since_last,
        }
    }

    /// The bytes of all copies.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn drop_least_recently_used(&mut self) {
        // A scan: a memory of some tens of megabytes holds some hundreds of page records.
        let oldest = self
            .copies
            .iter()
            .min_by_key(|(_, hot)| hot.used)
            .map(|(key, _)| key.clone());
        if let Some(hot) = oldest.and_then(|key| self.copies.remove(&key)) {
            self.bytes -= hot.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fence;

    fn tickets() -> (Ticket, Ticket) {
        let mut fence = Fence::default();
        (fence.begin(), fence.begin())
    }

    #[test]
    fn the_least_recently_used_copy_goes_first() {
        let (ticket, _) = tickets();
        let mut copies = HotCopies::<&str, u32>::new(30);
        copies.put("a", 1, ticket, 10);
        copies.put("b", 2, ticket, 10);
        copies.put("c", 3, ticket, 10);
        copies.get("a");
        copies.put("d", 4, ticket, 10);
        assert_eq!(copies.get("b"), None);
        assert_eq!(copies.get("a"), Some(&1));
        assert_eq!(copies.bytes(), 30);
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let (ticket, _) = tickets();
        let mut copies = HotCopies::<usize, ()>::new(100);
        for i in 0..1_000 {
            copies.put(i, (), ticket, i % 150);
            assert!(copies.bytes() <= 100);
        }
    }

    #[test]
    fn an_older_copy_never_replaces_a_newer_one() {
        let (older, newer) = tickets();
        let mut copies = HotCopies::<&str, u32>::new(100);
        copies.put("a", 2, newer, 10);
        copies.put("a", 1, older, 50);
        assert_eq!(copies.get("a"), Some(&2));
        assert_eq!(copies.bytes(), 10);
    }

    #[test]
    fn a_newer_copy_takes_the_place_of_the_older_one() {
        let (older, newer) = tickets();
        let mut copies = HotCopies::<&str, u32>::new(100);
        copies.put("a", 1, older, 50);
        copies.put("a", 2, newer, 10);
        assert_eq!(copies.get("a"), Some(&2));
        assert_eq!(copies.bytes(), 10);
    }

    #[test]
    fn readers_of_one_place_ask_once_and_again_if_nothing_came() {
        let (older, newer) = tickets();
        let mut copies = HotCopies::<&str, u32>::new(100);
        copies.put("a", 1, older, 10);
        let at = |ms: u64| UnixMillis(1_000_000 + ms);
        let asking = |ask, since_first, since_last| Asking {
            ask,
            since_first,
            since_last,
        };
        assert_eq!(copies.asking("a", at(0)), Asking::FIRST);
        assert_eq!(copies.asking("a", at(1)), asking(false, 1, 1));
        assert_eq!(copies.asking("a", at(999)), asking(false, 999, 999));
        assert_eq!(copies.asking("a", at(1_500)), asking(true, 1_500, 1_500));
        assert_eq!(copies.asking("a", at(2_000)), asking(false, 2_000, 500));
        copies.put("a", 2, newer, 10);
        let again = copies.asking("a", at(2_001));
        assert_eq!(again, Asking::FIRST, "a new copy that is stale again");
        assert_eq!(copies.asking("unknown", at(0)), Asking::FIRST);
    }
}
