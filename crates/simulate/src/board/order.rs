//! What the board lists here, and what is asked of it.

use swr::board::{Detail, Entry, ListQuery};

pub type Key = u16;
pub type Status = u8;
pub type Rank = u32;
/// Which of [`QUERIES`].
pub type Name = usize;
pub type Load = swr::board::Load<Key, Status, Rank, Name>;

/// From which status an order may go where.
pub const MOVES: [&[Status]; 5] = [&[1, 4], &[2, 0, 4], &[3, 1], &[0, 2], &[1, 0]];

/// An order, as lists show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub key: Key,
    pub status: Status,
    pub rank: Rank,
    pub version: u64,
    pub is_first: bool,
}

/// As stories tell it: number, place, status, version.
impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            key,
            rank,
            status,
            version,
            ..
        } = self;
        write!(f, "#{key}@{rank}:{status}v{version}")
    }
}

impl Entry for Order {
    type Key = Key;
    type Group = Status;
    type Rank = Rank;

    fn key(&self) -> Key {
        self.key
    }

    fn group(&self) -> Status {
        self.status
    }

    fn rank(&self) -> Rank {
        self.rank
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn is_first(&self) -> bool {
        self.is_first
    }
}

/// An order and all that it went through, as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Story {
    pub order: Order,
    pub trail: u64,
}

impl Story {
    /// The trail of an order that had this one and is now so.
    pub fn trail_to(before: u64, to: &Order) -> u64 {
        (before ^ to.version ^ (u64::from(to.status) << 32))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
    }
}

impl Detail for Story {
    type Entry = Order;

    fn entry(&self) -> &Order {
        &self.order
    }

    fn advance(&mut self, from_version: u64, to: &Order) -> bool {
        let goes_on = self.order.version == from_version;
        if goes_on {
            self.trail = Self::trail_to(self.trail, to);
            self.order = *to;
        }
        goes_on
    }
}

/// A list that somebody asks for.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    pub groups: &'static [Status],
    /// Only orders whose number leaves this remainder by three: few ask for that.
    pub remainder: Option<u16>,
    pub limit: usize,
}

impl Query {
    pub fn matches(&self, order: &Order) -> bool {
        self.groups.contains(&order.status)
            && self
                .remainder
                .is_none_or(|remainder| order.key % 3 == remainder)
    }

    pub fn list(&self, name: Name, below: Option<Rank>) -> ListQuery<Status, Rank, Name> {
        ListQuery {
            groups: self.groups.to_vec(),
            name,
            is_rare: self.remainder.is_some(),
            below,
            limit: self.limit,
        }
    }
}

const fn of(groups: &'static [Status], limit: usize) -> Query {
    Query {
        groups,
        remainder: None,
        limit,
    }
}

const fn rare(groups: &'static [Status], remainder: u16, limit: usize) -> Query {
    Query {
        remainder: Some(remainder),
        ..of(groups, limit)
    }
}

/// All lists that anybody asks for.
pub const QUERIES: [Query; 7] = [
    of(&[0], 3),
    of(&[1], 3),
    of(&[2], 2),
    of(&[0, 1], 4),
    of(&[1, 2, 3, 4], 4),
    rare(&[0, 1, 2], 0, 2),
    rare(&[0, 1, 2, 3, 4], 1, 3),
];

/// Every order, in one reading.
pub const ALL: Query = Query {
    groups: &[0, 1, 2, 3, 4],
    remainder: None,
    limit: usize::MAX,
};
