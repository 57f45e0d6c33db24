//! Orders as the board knows them.

use domain::orders::{Filter, Order, OrderDetail, OrderId, Rank, Site, Status};
use swr::board::{self, Board, Entry};

/// An order as an entry of the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub Order);

/// Everything about an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story(pub OrderDetail, Row);

/// The board's type.
pub type Orders = Board<Story, Filter>;
/// What the board asks to be read.
pub type Load = board::Load<OrderId, Status, Rank, Filter>;
/// What is asked of the board.
pub type ListQuery = board::ListQuery<Status, Rank, Filter>;

impl Entry for Row {
    type Key = OrderId;
    type Group = Status;
    type Rank = Rank;

    fn key(&self) -> OrderId {
        self.0.id
    }

    fn group(&self) -> Status {
        self.0.status
    }

    fn rank(&self) -> Rank {
        self.0.rank()
    }

    fn version(&self) -> u64 {
        self.0.version
    }

    fn is_first(&self) -> bool {
        // No move leads there.
        self.0.status == Status::Submitted
    }
}

impl Story {
    /// Of what was read.
    pub fn new(detail: OrderDetail) -> Self {
        let row = Row(detail.order.clone());
        Self(detail, row)
    }
}

impl board::Detail for Story {
    type Entry = Row;

    fn entry(&self) -> &Row {
        &self.1
    }

    fn advance(&mut self, from_version: u64, to: &Row) -> bool {
        let goes_on = self.0.advance(from_version, &to.0);
        if goes_on {
            self.1 = to.clone();
        }
        goes_on
    }
}

/// What a list asks of the board of this site, or of all sites.
pub fn list_query(
    filter: &Filter,
    site: Option<Site>,
    below: Option<Rank>,
    limit: u32,
) -> ListQuery {
    ListQuery {
        groups: filter.statuses.iter().collect(),
        name: filter.clone(),
        is_rare: filter.seller.is_some() || filter.name.is_some() || filter.site != site,
        below,
        limit: limit as usize,
    }
}
