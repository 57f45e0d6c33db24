use std::hash::Hash;

use lru::LruCache;

/// A map bounded in bytes, that gives up the least recently used first.
#[derive(Debug)]
pub struct Bounded<K: Eq + Hash, V> {
    values: LruCache<K, (V, usize)>,
    bytes: usize,
    max_bytes: usize,
}

impl<K: Eq + Hash, V> Bounded<K, V> {
    /// An empty map that never holds more than `max_bytes` bytes.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            values: LruCache::unbounded(),
            bytes: 0,
            max_bytes,
        }
    }

    /// A value, which is used by that.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.values.get_mut(key).map(|(value, _)| value)
    }

    /// A value, which is not used by that.
    pub fn peek(&self, key: &K) -> Option<&V> {
        self.values.peek(key).map(|(value, _)| value)
    }

    /// Keeps a value of `bytes` bytes, unless it is larger than the whole map.
    pub fn put(&mut self, key: K, value: V, bytes: usize) {
        if bytes > self.max_bytes {
            return;
        }
        self.bytes += bytes;
        if let Some((_, (_, old))) = self.values.push(key, (value, bytes)) {
            self.bytes -= old;
        }
        while self.bytes > self.max_bytes
            && let Some((_, (_, old))) = self.values.pop_lru()
        {
            self.bytes -= old;
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let (value, bytes) = self.values.pop(key)?;
        self.bytes -= bytes;
        Some(value)
    }

    /// The bytes of all values.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut map = Bounded::new(30);
        for key in ["a", "b", "c"] {
            map.put(key, key, 10);
        }
        assert_eq!(map.peek(&"b"), Some(&"b"));
        assert_eq!(map.get_mut(&"a"), Some(&mut "a"));
        map.put("d", "d", 10);
        assert_eq!(map.peek(&"b"), None, "to peek is not to use");
        assert!(map.peek(&"a").is_some());
        assert_eq!(map.bytes(), 30);
    }

    #[test]
    fn it_is_bounded_whatever_comes() {
        let mut map = Bounded::new(100);
        for i in 0_usize..1_000 {
            map.put(i % 90, i, i * 7 % 150);
            assert!(map.bytes() <= 100);
        }
        for i in 0..90 {
            map.remove(&i);
        }
        assert_eq!(map.bytes(), 0, "every byte is accounted for");
    }

    #[test]
    fn what_is_larger_than_everything_drives_out_nothing() {
        let mut map = Bounded::new(10);
        map.put("a", (), 10);
        map.put("b", (), 11);
        assert!(map.peek(&"a").is_some());
    }
}
