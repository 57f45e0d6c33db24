//! An order as a list shows it, and everything about it.

use serde::{Deserialize, Serialize};

use super::{OrderId, SellerId, Status};
use crate::Kopecks;

/// An order as a row of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Order {
    /// Its name.
    pub id: OrderId,
    /// When it was sent, Unix milliseconds. Never changes.
    #[serde(deserialize_with = "crate::exact::deserialize")]
    pub created_at: u64,
    /// Where it stands.
    pub status: Status,
    /// The number of its last change. The factory numbers all changes of all orders in one row, so of two states of an
    /// order the one with the greater version is the newer.
    #[serde(deserialize_with = "crate::exact::deserialize")]
    pub version: u64,
    /// When that change was made, Unix milliseconds.
    #[serde(deserialize_with = "crate::exact::deserialize")]
    pub changed_at: u64,
    /// Who made it, as people call him.
    pub changed_by: String,
    /// Who ordered it.
    pub seller: SellerId,
    /// What is to be made: the name of the model.
    pub part: String,
    /// Of what.
    pub material: String,
    /// How many.
    pub quantity: u32,
    /// The price of all of them, once it is calculated.
    pub price_kopecks: Option<Kopecks>,
}

/// Where an order stands in a list, newest first: the greater rank comes first. Never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rank {
    /// When it was sent, Unix milliseconds.
    pub created_at: u64,
    /// Its name, which decides between orders of one moment.
    pub id: OrderId,
}

impl Order {
    /// Where it stands in a list.
    pub fn rank(&self) -> Rank {
        Rank {
            created_at: self.created_at,
            id: self.id,
        }
    }
}

/// Everything about an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderDetail {
    /// What lists show of it.
    #[serde(flatten)]
    pub order: Order,
    /// What the seller wrote.
    pub comment: Option<String>,
    /// The model, if one was sent.
    pub model: Option<ModelFile>,
    /// How it came to where it stands, oldest first.
    pub history: Vec<Change>,
}

/// A file with a 3D model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelFile {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// A change of an order's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// The status that it got.
    pub status: Status,
    /// When, Unix milliseconds.
    pub at: u64,
    /// Who made it, as people call him.
    pub by: String,
    /// The version that the order had from then on.
    pub version: u64,
}

impl OrderDetail {
    /// Takes in what came of a change that was made to this very state. `false`, and nothing is changed, if it was made to
    /// another.
    #[must_use]
    pub fn advance(&mut self, expected_version: u64, to: &Order) -> bool {
        if self.order.version != expected_version || self.order.id != to.id {
            return false;
        }
        self.history.push(Change {
            status: to.status,
            at: to.changed_at,
            by: to.changed_by.clone(),
            version: to.version,
        });
        self.order = to.clone();
        true
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn order(number: u64, status: Status, version: u64) -> Order {
        Order {
            id: format!("MSK-{number}").parse().unwrap(),
            created_at: 1_763_600_000_000 + number,
            status,
            version,
            changed_at: 1_763_600_000_000 + version,
            changed_by: "Anna".into(),
            seller: SellerId(7),
            part: "bracket".into(),
            material: "PA12".into(),
            quantity: 4,
            price_kopecks: Kopecks::new(125_000),
        }
    }

    #[test]
    fn a_detail_goes_on_from_the_state_that_was_changed_and_from_no_other() {
        let mut detail = OrderDetail {
            order: order(5, Status::Approved, 10),
            comment: None,
            model: None,
            history: Vec::new(),
        };
        let started = order(5, Status::Started, 12);
        let before = detail.clone();
        assert!(!detail.advance(9, &started));
        assert!(!detail.advance(10, &order(6, Status::Started, 12)));
        assert_eq!(detail, before);
        assert!(detail.advance(10, &started));
        assert_eq!((detail.order.clone(), detail.history.len()), (started, 1));
    }

    #[test]
    fn the_newer_order_comes_first() {
        let rank = |number| order(number, Status::Approved, 1).rank();
        assert!(rank(6) > rank(5));
        let same_moment = Rank {
            created_at: rank(6).created_at,
            ..rank(7)
        };
        assert!(same_moment > rank(6));
    }
}
