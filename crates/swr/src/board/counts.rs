use std::collections::BTreeMap;

use super::{Entry, changes::Changes};
use crate::Stamp;

/// How many entries are where: counted upstream, and kept right by the changes learned since.
#[derive(Clone, Debug)]
pub(super) struct Counted<G> {
    /// The number of the last change that the count knows.
    pub(super) as_of: u64,
    pub(super) by_group: BTreeMap<G, u64>,
    pub(super) stamp: Stamp,
}

impl<G: Copy + Ord> Counted<G> {
    /// How many are where now, and whether that is certain: of a change whose beginning nobody saw it is not known where the
    /// entry was before, nor is it if the count knows changes that nobody told.
    pub(super) fn now<E: Entry<Group = G>>(
        &self,
        changes: &Changes<E>,
    ) -> (BTreeMap<G, u64>, bool) {
        let mut counts = self.by_group.clone();
        let mut is_certain = changes.can_bring_up_to_date(self.as_of);
        for change in changes.after(self.as_of) {
            match change.from {
                Some(from) => {
                    is_certain &= self.as_of <= from.up_to;
                    let count = counts.entry(from.group).or_default();
                    *count = count.saturating_sub(1);
                }
                None => is_certain &= change.entry.is_first(),
            }
            *counts.entry(change.entry.group()).or_default() += 1;
        }
        (counts, is_certain)
    }
}
