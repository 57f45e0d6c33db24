//! What is going to happen, by time.

use std::{cmp::Reverse, collections::BinaryHeap};

/// Events of one moment happen in the order in which they were sent.
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<Queued<E>>>,
    sent: u64,
}

struct Queued<E> {
    at: u64,
    sent: u64,
    event: E,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self {
            heap: BinaryHeap::new(),
            sent: 0,
        }
    }
}

impl<E> Queue<E> {
    pub fn push(&mut self, at: u64, event: E) {
        self.sent += 1;
        let sent = self.sent;
        self.heap.push(Reverse(Queued { at, sent, event }));
    }

    pub fn pop(&mut self) -> Option<(u64, E)> {
        let Reverse(Queued { at, event, .. }) = self.heap.pop()?;
        Some((at, event))
    }
}

impl<E> PartialEq for Queued<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.sent) == (other.at, other.sent)
    }
}

impl<E> Eq for Queued<E> {}

impl<E> PartialOrd for Queued<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Queued<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sent).cmp(&(other.at, other.sent))
    }
}
