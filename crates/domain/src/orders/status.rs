//! Which way an order goes, and who may move it.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A seller has sent it; its price is not known yet.
    Submitted,
    /// It has a price, which the customer has not taken yet.
    PriceCalculated,
    /// It may be made: whoever is free takes it.
    Approved,
    /// Somebody is making it.
    Started,
    /// It is made.
    Completed,
    /// It is being packed.
    Packaging,
    /// It has left the factory.
    Shipped,
    /// The customer has it.
    Closed,
    /// It will not be made.
    Cancelled,
}

/// Who moves orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mover {
    /// A person at the machines.
    Operator,
    /// The sales system.
    Crm,
    /// The factory's own system, when it has calculated a price.
    Mes,
}

/// Every move there is, and whose it is.
const MOVES: [(Status, Status, Mover); 11] = {
    use Mover::{Crm, Mes, Operator};
    use Status::{
        Approved, Cancelled, Closed, Completed, Packaging, PriceCalculated, Shipped, Started,
        Submitted,
    };
    [
        (Submitted, PriceCalculated, Mes),
        (Submitted, Cancelled, Crm),
        (PriceCalculated, Approved, Crm),
        (PriceCalculated, Cancelled, Crm),
        (Approved, Cancelled, Crm),
        (Approved, Started, Operator),
        // Given back to whoever is free.
        (Started, Approved, Operator),
        (Started, Completed, Operator),
        (Completed, Packaging, Operator),
        (Packaging, Shipped, Operator),
        (Shipped, Closed, Crm),
    ]
};

/// Who may move an order from the one status to the other; `None` if nobody may.
pub fn mover_of(from: Status, to: Status) -> Option<Mover> {
    let known = MOVES.iter().find(|(a, b, _)| (*a, *b) == (from, to))?;
    Some(known.2)
}

impl Status {
    /// All of them, in the order in which an order passes them.
    pub const ALL: [Self; 9] = [
        Self::Submitted,
        Self::PriceCalculated,
        Self::Approved,
        Self::Started,
        Self::Completed,
        Self::Packaging,
        Self::Shipped,
        Self::Closed,
        Self::Cancelled,
    ];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::PriceCalculated => "price_calculated",
            Self::Approved => "approved",
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Packaging => "packaging",
            Self::Shipped => "shipped",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Where this mover may move it from here.
    pub fn moves_of(self, mover: Mover) -> impl Iterator<Item = Self> {
        MOVES
            .iter()
            .filter(move |(from, _, whose)| *from == self && *whose == mover)
            .map(|(_, to, _)| *to)
    }
}

/// A text that is no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected submitted, price_calculated, approved, started, completed, packaging, shipped, closed or cancelled"
)]
pub struct NotAStatus;

impl FromStr for Status {
    type Err = NotAStatus;

    fn from_str(text: &str) -> Result<Self, NotAStatus> {
        let all = Self::ALL.into_iter();
        all.into_iter()
            .find(|status| status.name() == text)
            .ok_or(NotAStatus)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Some of the statuses, each once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Statuses(u16);

impl Statuses {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self((1 << Status::ALL.len()) - 1);

    /// Whether it is one of these.
    pub const fn contains(self, status: Status) -> bool {
        self.0 & (1 << status as u16) != 0
    }

    /// These and this one.
    #[must_use]
    pub const fn with(self, status: Status) -> Self {
        Self(self.0 | (1 << status as u16))
    }

    /// Whether these are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of these.
    pub fn iter(self) -> impl Iterator<Item = Status> {
        Status::ALL
            .into_iter()
            .filter(move |&status| self.contains(status))
    }
}

impl FromIterator<Status> for Statuses {
    fn from_iter<I: IntoIterator<Item = Status>>(statuses: I) -> Self {
        statuses.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Names with commas, in one order whatever they were given in.
impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, status) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            f.write_str(status.name())?;
        }
        Ok(())
    }
}

impl FromStr for Statuses {
    type Err = NotAStatus;

    fn from_str(text: &str) -> Result<Self, NotAStatus> {
        text.split(',').map(str::parse).collect()
    }
}

/// How many orders stand where, by the names of the statuses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Counts(pub BTreeMap<Status, u64>);

impl Counts {
    /// How many stand there.
    pub fn of(&self, status: Status) -> u64 {
        self.0.get(&status).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_moves() {
        use Mover::{Crm, Mes, Operator};
        assert_eq!(mover_of(Status::Approved, Status::Started), Some(Operator));
        assert_eq!(mover_of(Status::Started, Status::Approved), Some(Operator));
        assert_eq!(
            mover_of(Status::PriceCalculated, Status::Approved),
            Some(Crm)
        );
        assert_eq!(
            mover_of(Status::Submitted, Status::PriceCalculated),
            Some(Mes)
        );
        assert_eq!(mover_of(Status::Shipped, Status::Closed), Some(Crm));
        for status in Status::ALL {
            assert_eq!(mover_of(status, status), None, "to stay is no move");
            assert_eq!(mover_of(Status::Closed, status), None);
            assert_eq!(mover_of(Status::Cancelled, status), None);
            assert_eq!(mover_of(status, Status::Submitted), None);
        }
        let operators: Vec<_> = Status::Started.moves_of(Operator).collect();
        assert_eq!(operators, [Status::Approved, Status::Completed]);
    }

    #[test]
    fn every_status_but_the_last_leads_on_and_all_can_be_reached() {
        let last = [Status::Closed, Status::Cancelled];
        for status in Status::ALL {
            let leads_on = MOVES.iter().any(|(from, ..)| *from == status);
            assert_eq!(leads_on, !last.contains(&status), "{status}");
            let is_reached = MOVES.iter().any(|(_, to, _)| *to == status);
            assert_eq!(is_reached, status != Status::Submitted, "{status}");
        }
    }

    #[test]
    fn names_are_the_same_wherever_they_are_written() {
        for status in Status::ALL {
            assert_eq!(status.name().parse(), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        assert_eq!("".parse::<Status>(), Err(NotAStatus));
    }

    #[test]
    fn equal_sets_have_one_spelling() {
        let statuses: Statuses = "shipped,approved,shipped".parse().unwrap();
        assert_eq!(statuses.to_string(), "approved,shipped");
        assert!(statuses.contains(Status::Shipped) && !statuses.contains(Status::Closed));
        assert_eq!(Statuses::ALL.iter().count(), 9);
        for wrong in ["", "approved,", "new"] {
            assert_eq!(wrong.parse::<Statuses>(), Err(NotAStatus));
        }
    }
}
