use serde::{Deserialize, Serialize};

use crate::Stamp;

/// A part of a group that was read upstream whole: the places from `to` on, up to but without `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span<R> {
    /// The first place above it; `None` if there is nothing above.
    pub from: Option<R>,
    /// Its last place; `None` if there is nothing below.
    pub to: Option<R>,
    /// The reading.
    pub stamp: Stamp,
    /// The number of the last change that it knew.
    pub as_of: u64,
}

/// Which parts of a group were read, newest first. They do not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Coverage<R>(Vec<Span<R>>);

/// How far down a group is known without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach<R> {
    /// Not at all.
    Nowhere,
    /// Down to this place.
    To(R),
    /// To its end.
    Bottom,
}

impl<R> Default for Coverage<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: Copy + Ord> Coverage<R> {
    /// Spans as they were told by [`Self::spans`].
    pub(super) fn restore(spans: Vec<Span<R>>) -> Self {
        let mut coverage = Self::default();
        for span in spans {
            coverage.cover(span);
        }
        coverage
    }

    pub(super) fn spans(&self) -> &[Span<R>] {
        &self.0
    }

    /// Whether this place was read.
    #[cfg(test)]
    pub(super) fn holds(&self, rank: R) -> bool {
        self.at(rank).is_some()
    }

    /// The span that this place lies in.
    pub(super) fn at(&self, rank: R) -> Option<&Span<R>> {
        self.0.iter().find(|span| {
            span.from.is_none_or(|from| rank < from) && span.to.is_none_or(|to| to <= rank)
        })
    }

    /// This place is not known any more, nor are those above it up to but without `above`, the next that is.
    pub(super) fn cut(&mut self, rank: R, above: Option<R>) {
        let Some(index) = self.0.iter().position(|span| {
            span.from.is_none_or(|from| rank < from) && span.to.is_none_or(|to| to <= rank)
        }) else {
            return;
        };
        let span = self.0.remove(index);
        let is_within = |above: &R| span.from.is_none_or(|from| *above < from);
        let upper = above.filter(is_within).map(|above| Span {
            to: Some(above),
            ..span
        });
        let lower = Span {
            from: Some(rank),
            ..span
        };
        let is_any_lower = span.to.is_none_or(|to| to < rank);
        let parts = upper.into_iter().chain(is_any_lower.then_some(lower));
        self.0.splice(index..index, parts);
    }

    /// A part was read: it takes the place of what was known of it.
    pub(super) fn cover(&mut self, new: Span<R>) {
        let is_empty = new
            .from
            .is_some_and(|from| new.to.is_some_and(|to| to >= from));
        if is_empty {
            return;
        }
        let mut spans = Vec::with_capacity(self.0.len() + 2);
        for old in self.0.drain(..) {
            // What lies above the new one, and what lies below.
            if let Some(top) = new.from
                && old.from.is_none_or(|from| from > top)
            {
                let to = old.to.map_or(top, |to| to.max(top));
                spans.push(Span {
                    to: Some(to),
                    ..old
                });
            }
            if let Some(end) = new.to
                && old.to.is_none_or(|to| to < end)
            {
                let from = old.from.map_or(end, |from| from.min(end));
                spans.push(Span {
                    from: Some(from),
                    ..old
                });
            }
        }
        spans.push(new);
        // The top first: `None` is above every place.
        spans.sort_by(|a, b| match (a.from, b.from) {
            (None, None) => std::cmp::Ordering::Equal,
            (None, Some(_)) => std::cmp::Ordering::Less,
            (Some(_), None) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => b.cmp(&a),
        });
        self.0 = spans;
    }

    /// Nothing below this place is kept any more.
    pub(super) fn end_at(&mut self, last: R) {
        self.0
            .retain(|span| span.from.is_none_or(|from| from > last));
        for span in &mut self.0 {
            span.to = Some(span.to.map_or(last, |to| to.max(last)));
        }
    }

    /// How far it is known below `from` without a gap, by spans that `is_good` enough, and those spans.
    pub(super) fn reach(
        &self,
        from: Option<R>,
        mut is_good: impl FnMut(&Span<R>) -> bool,
    ) -> (Reach<R>, &[Span<R>]) {
        let begins_above = |span: &Span<R>| match (span.from, from) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(top), Some(from)) => top >= from,
        };
        let reaches_below =
            |span: &Span<R>| span.to.is_none_or(|to| from.is_none_or(|from| to < from));
        let Some(first) = self
            .0
            .iter()
            .position(|span| begins_above(span) && reaches_below(span))
        else {
            return (Reach::Nowhere, &[]);
        };
        let mut reach = Reach::Nowhere;
        let mut end = first;
        for span in &self.0[first..] {
            let goes_on = match reach {
                Reach::Nowhere => true,
                Reach::To(place) => span.from == Some(place),
                Reach::Bottom => false,
            };
            if !goes_on || !is_good(span) {
                break;
            }
            reach = span.to.map_or(Reach::Bottom, Reach::To);
            end += 1;
        }
        (reach, &self.0[first..end])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Fence, UnixMillis};

    fn span(from: Option<u8>, to: Option<u8>, at: u64) -> Span<u8> {
        let stamp = Stamp {
            ticket: Fence::default().begin(),
            fetched_at: UnixMillis(at),
            cost: 0,
            waited: 0,
            spread: 0,
        };
        Span {
            from,
            to,
            stamp,
            as_of: at,
        }
    }

    fn reach(coverage: &Coverage<u8>, from: Option<u8>, since: u64) -> Reach<u8> {
        coverage
            .reach(from, |span| span.stamp.fetched_at.0 >= since)
            .0
    }

    #[test]
    fn what_was_read_last_takes_the_place_of_what_was_read_before() {
        let mut coverage = Coverage::default();
        coverage.cover(span(None, Some(50), 1));
        coverage.cover(span(Some(50), Some(20), 2));
        assert_eq!(
            reach(&coverage, None, 0),
            Reach::To(20),
            "two that touch are one"
        );
        assert_eq!(
            reach(&coverage, None, 2),
            Reach::Nowhere,
            "the first is too old"
        );
        assert_eq!(reach(&coverage, Some(50), 2), Reach::To(20));
        assert_eq!(reach(&coverage, Some(20), 0), Reach::Nowhere);
        coverage.cover(span(None, Some(40), 3));
        assert_eq!(reach(&coverage, None, 3), Reach::To(40));
        assert_eq!(reach(&coverage, None, 0), Reach::To(20));
        coverage.cover(span(Some(20), None, 4));
        assert_eq!(reach(&coverage, Some(45), 0), Reach::Bottom);
        coverage.end_at(30);
        assert_eq!(reach(&coverage, None, 0), Reach::To(30));
        assert!(coverage.holds(30) && !coverage.holds(29));
    }

    #[test]
    fn a_place_that_is_cut_out_leaves_what_lies_around_it() {
        let mut coverage = Coverage::default();
        coverage.cover(span(None, Some(20), 1));
        coverage.cut(40, Some(50));
        assert_eq!(reach(&coverage, None, 0), Reach::To(50));
        assert!(!coverage.holds(49) && !coverage.holds(40) && coverage.holds(39));
        assert_eq!(reach(&coverage, Some(40), 0), Reach::To(20));
        coverage.cut(45, None);
        coverage.cut(20, Some(30));
        assert_eq!(
            reach(&coverage, Some(40), 0),
            Reach::To(30),
            "its last place"
        );
        coverage.cut(60, None);
        assert!(!coverage.holds(200), "nothing is known above");
        assert_eq!(reach(&coverage, Some(60), 0), Reach::To(50));
    }

    /// The same, place by place: when each of 0..=255 was last read.
    fn model(spans: &[(Option<u8>, Option<u8>)]) -> [u64; 256] {
        let mut read_at = [0; 256];
        for (i, (from, to)) in spans.iter().enumerate() {
            for place in 0..=255_u8 {
                if from.is_none_or(|from| place < from) && to.is_none_or(|to| place >= to) {
                    read_at[usize::from(place)] = i as u64 + 1;
                }
            }
        }
        read_at
    }

    proptest! {
        #[test]
        fn every_place_has_the_last_reading_that_held_it(
            spans in proptest::collection::vec((proptest::option::of(any::<u8>()), proptest::option::of(any::<u8>())), 0..12),
            from in proptest::option::of(any::<u8>()),
            since in 0_u64..12,
        ) {
            let mut coverage = Coverage::default();
            for (i, (from, to)) in spans.iter().enumerate() {
                coverage.cover(span(*from, *to, i as u64 + 1));
            }
            let model = model(&spans);
            for place in 0..=255_u8 {
                let known = coverage.0.iter().find(|span| {
                    span.from.is_none_or(|from| place < from) && span.to.is_none_or(|to| place >= to)
                });
                prop_assert_eq!(known.map_or(0, |span| span.stamp.fetched_at.0), model[usize::from(place)]);
                prop_assert_eq!(coverage.holds(place), known.is_some());
            }
            // From just below `from` down, as long as all was read lately enough.
            let start = from.map_or(256, usize::from);
            let known = (0..start).rev().take_while(|&place| model[place] > 0 && model[place] >= since).last();
            match reach(&coverage, from, since) {
                Reach::Nowhere => prop_assert!(known.is_none()),
                Reach::Bottom => prop_assert!(start == 0 || known == Some(0)),
                Reach::To(to) => prop_assert_eq!(known, Some(usize::from(to))),
            }
        }
    }
}
