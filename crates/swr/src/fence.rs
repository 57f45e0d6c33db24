use serde::{Deserialize, Serialize};

use crate::UnixMillis;

/// How often a key was invalidated. Only ever grows.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// The right to land one fetch, handed out when it begins.
///
/// Tickets are ordered by counters, not by clocks: first by epoch, then by the order in which the fetches began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ticket {
    epoch: Epoch,
    sequence: u64,
}

/// What is known of a stored copy besides its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Which fetch it came from. Of two copies the one with the greater ticket is the newer.
    pub ticket: Ticket,
    /// When upstream was asked, or a little before: the content is at least as new as this.
    pub fetched_at: UnixMillis,
    /// How long upstream took, in milliseconds.
    pub cost: u32,
    /// How long the fetch had waited for its call before, in milliseconds: long where calls run short.
    pub waited: u32,
    /// By how much of [`Policy::SPREAD`](crate::Policy::SPREAD) this copy goes stale sooner than others: 0 not at all,
    /// 255 by all of it. Drawn by whoever stores the copy, so that all readers agree on it.
    pub spread: u8,
}

/// Why a result may not be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its fetch began before the key was last invalidated.
    #[error("fetched before an invalidation")]
    Invalidated,
    /// A fetch that began later has landed already.
    #[error("a later fetch has landed")]
    Overtaken,
}

/// The order of everything that happens to one key. Kept in storage that survives its holder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    epoch: Epoch,
    begun: u64,
    landed: u64,
}

impl Ticket {
    /// How often the key had been invalidated when the fetch began.
    pub fn epoch(self) -> Epoch {
        self.epoch
    }
}

impl Fence {
    /// A fence in place of one that was lost. If `epoch` is greater than any that was handed out, nothing that was fetched or
    /// promised before is taken for new.
    pub fn beginning_at(epoch: Epoch) -> Self {
        Self {
            epoch,
            ..Self::default()
        }
    }

    /// How often the key was invalidated.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// A ticket for a fetch that begins now.
    pub fn begin(&mut self) -> Ticket {
        self.begun += 1;
        Ticket {
            epoch: self.epoch,
            sequence: self.begun,
        }
    }

    /// From now on nothing whose fetch began before this call is stored.
    pub fn invalidate(&mut self) -> Epoch {
        self.epoch.0 += 1;
        self.epoch
    }

    /// Admits the result of a fetch, once.
    ///
    /// # Errors
    /// Why it must be thrown away.
    pub fn land(&mut self, ticket: Ticket) -> Result<(), Refused> {
        if self.forbids(ticket) {
            Err(Refused::Invalidated)
        } else if ticket.sequence <= self.landed {
            Err(Refused::Overtaken)
        } else {
            self.landed = ticket.sequence;
            Ok(())
        }
    }

    /// Whether a stored copy is from before the last invalidation and must not be served.
    pub fn forbids(&self, ticket: Ticket) -> bool {
        ticket.epoch < self.epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_lands_once() {
        let mut fence = Fence::default();
        let ticket = fence.begin();
        assert_eq!(fence.land(ticket), Ok(()));
        assert_eq!(fence.land(ticket), Err(Refused::Overtaken));
    }

    #[test]
    fn a_late_result_never_overwrites_an_invalidation() {
        let mut fence = Fence::default();
        let before = fence.begin();
        fence.invalidate();
        assert_eq!(fence.land(before), Err(Refused::Invalidated));
        let after = fence.begin();
        assert_eq!(fence.land(after), Ok(()));
        assert!(fence.forbids(before) && !fence.forbids(after));
    }

    #[test]
    fn an_earlier_fetch_never_overwrites_a_later_one() {
        let mut fence = Fence::default();
        let (earlier, later) = (fence.begin(), fence.begin());
        assert_eq!(fence.land(later), Ok(()));
        assert_eq!(fence.land(earlier), Err(Refused::Overtaken));
    }

    #[test]
    fn fetches_that_land_in_order_all_land() {
        let mut fence = Fence::default();
        let (earlier, later) = (fence.begin(), fence.begin());
        assert_eq!(fence.land(earlier), Ok(()));
        assert_eq!(fence.land(later), Ok(()));
    }

    #[test]
    fn a_fence_in_place_of_a_lost_one_takes_nothing_old_for_new() {
        let mut lost = Fence::default();
        for _ in 0..100 {
            lost.begin();
        }
        let promised = lost.invalidate();
        let under_way = lost.begin();
        let mut fence = Fence::beginning_at(Epoch(promised.0 + 1));
        assert_eq!(fence.land(under_way), Err(Refused::Invalidated));
        assert!(fence.forbids(under_way));
        let next = fence.begin();
        assert!(next > under_way && fence.epoch() > promised);
        assert_eq!(fence.land(next), Ok(()));
    }

    #[test]
    fn newer_copies_have_greater_tickets() {
        let mut fence = Fence::default();
        let first = fence.begin();
        let second = fence.begin();
        fence.invalidate();
        let third = fence.begin();
        assert!(first < second && second < third);
    }
}
