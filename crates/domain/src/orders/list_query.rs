//! What of the orders is asked for.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Order, OrderId, Rank, SellerId, Site, Statuses, id::as_text};
use crate::{
    exact,
    query::{FieldError, Parameters},
};

/// Which orders are meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Filter {
    /// Those in one of these statuses.
    #[serde(with = "statuses_as_text")]
    pub statuses: Statuses,
    /// Of this seller alone.
    pub seller: Option<SellerId>,
    /// Made at this site alone.
    pub site: Option<Site>,
    /// Those whose name holds this text.
    pub name: Option<String>,
}

/// The longest text that names are searched for, in characters.
pub const LONGEST_SEARCH: usize = 24;

impl Filter {
    /// Whether this order is meant.
    pub fn matches(&self, order: &Order) -> bool {
        self.statuses.contains(order.status)
            && self.seller.is_none_or(|seller| seller == order.seller)
            && self.site.is_none_or(|site| site == order.id.site())
            && self
                .name
                .as_ref()
                .is_none_or(|name| order.id.to_string().contains(name))
    }
}

mod statuses_as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::Statuses;

    pub(super) fn serialize<S: Serializer>(
        statuses: &Statuses,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(statuses)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Statuses, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// Where a page ended: the next one begins below. Written `1763600000000.MSK-104233`; the first number has up to 15 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(pub Rank);

/// Why a text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the `next` of an earlier answer")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.created_at, self.0.id)
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (created_at, id) = text.split_once('.').ok_or(NotACursor)?;
        let id: OrderId = id.parse().map_err(|_| NotACursor)?;
        // `u64::from_str` would also take "+5" and "007", which are other texts for the same place.
        let is_number = created_at.bytes().all(|b| b.is_ascii_digit())
            && (created_at == "0" || !created_at.starts_with('0'));
        let created_at = created_at.parse().ok();
        let created_at = created_at.filter(|number| is_number && *number <= exact::MOST);
        Ok(Self(Rank {
            created_at: created_at.ok_or(NotACursor)?,
            id,
        }))
    }
}

as_text!(Cursor, "a cursor");

/// The query of `GET /api/orders/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrdersQuery {
    /// Which orders.
    pub filter: Filter,
    /// Those below this place alone.
    pub cursor: Option<Cursor>,
    /// How many at most, 1 to [`OrdersQuery::MOST`].
    pub limit: u32,
    /// The newest state of the board that the reader has been shown: he must not be shown an older one.
    pub min_epoch: u64,
}

impl OrdersQuery {
    /// The most rows of one answer.
    pub const MOST: u32 = 100;
    /// How many rows are answered if nobody says.
    pub const USUAL: u32 = 50;

    /// Reads `status=approved,started&number=1042&seller=7&site=MSK&cursor=..&limit=50&min_epoch=3`; all may be left out.
    ///
    /// # Errors
    /// Everything that is wrong, by name.
    pub fn parse(query: &str) -> Result<Self, Vec<FieldError>> {
        let mut parameters = Parameters::new(query);
        let filter = Filter {
            statuses: parameters
                .take("status", str::parse)
                .unwrap_or(Statuses::ALL),
            seller: parameters.number("seller", 1..=u32::MAX).map(SellerId),
            site: parameters.take("site", |text| {
                text.parse::<Site>()
                    .map_err(|_| "expected 2 to 4 Latin capitals")
            }),
            name: parameters.take("number", search),
        };
        let cursor = parameters.take("cursor", str::parse);
        let limit = parameters
            .number("limit", 1..=Self::MOST)
            .unwrap_or(Self::USUAL);
        let min_epoch = parameters.take("min_epoch", |text| {
            let is_number = text.bytes().all(|b| b.is_ascii_digit());
            let epoch = is_number.then(|| text.parse::<u64>().ok()).flatten();
            let epoch = epoch.filter(|epoch| *epoch <= exact::MOST);
            epoch.ok_or("expected the `epoch` of an earlier answer")
        });
        parameters.finish(Self {
            filter,
            cursor,
            limit,
            min_epoch: min_epoch.unwrap_or(0),
        })
    }
}

/// Part of an order's name, as somebody may type it: in either case, with spaces around it.
fn search(text: &str) -> Result<String, &'static str> {
    // Of ASCII alone: there are other letters whose capitals are Latin.
    let text = text.trim_matches(' ').to_ascii_uppercase();
    let can_be_found = (1..=LONGEST_SEARCH).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
    can_be_found
        .then_some(text)
        .ok_or("expected a part of an order's name, such as MSK-1042")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::{Status, order::tests::order};

    #[test]
    fn what_is_left_out_means_all_of_it() {
        let query = OrdersQuery::parse("").unwrap();
        assert_eq!(
            (query.filter.statuses, query.limit, query.cursor),
            (Statuses::ALL, 50, None)
        );
    }

    #[test]
    fn a_query_says_which_orders_are_meant() {
        let text = "status=started,approved&seller=7&site=MSK&number=sk-5&limit=3&min_epoch=9&cursor=17.MSK-5";
        let query = OrdersQuery::parse(text).unwrap();
        let filter = &query.filter;
        assert!(filter.matches(&order(51, Status::Started, 1)));
        assert!(
            !filter.matches(&order(61, Status::Started, 1)),
            "another number"
        );
        assert!(
            !filter.matches(&order(51, Status::Closed, 1)),
            "another status"
        );
        let of_another = Order {
            seller: SellerId(8),
            ..order(51, Status::Started, 1)
        };
        assert!(!filter.matches(&of_another), "another seller");
        assert_eq!((query.limit, query.min_epoch), (3, 9));
        assert_eq!(
            query.cursor.map(|cursor| cursor.to_string()).as_deref(),
            Some("17.MSK-5")
        );
        let there_and_back: Filter =
            serde_json::from_str(&serde_json::to_string(filter).unwrap()).unwrap();
        assert_eq!(&there_and_back, filter);
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        let text = "status=new&seller=0&site=moscow&number=%25&cursor=5&limit=101&min_epoch=-1";
        let fields: Vec<_> = OrdersQuery::parse(text)
            .unwrap_err()
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(
            fields,
            [
                "status",
                "seller",
                "site",
                "number",
                "cursor",
                "limit",
                "min_epoch"
            ]
        );
    }

    #[test]
    fn numbers_are_digits_and_names_are_ascii() {
        let fields = |text: &str| {
            let wrong = OrdersQuery::parse(text).err().unwrap_or_default();
            wrong
                .into_iter()
                .map(|error| error.field)
                .collect::<Vec<_>>()
        };
        assert_eq!(fields("number=%20msk-10%20&min_epoch=007"), [""; 0]);
        for (text, field) in [
            ("min_epoch=%2B5", "min_epoch"),
            ("min_epoch=1000000000000000", "min_epoch"),
            ("number=m\u{17f}k", "number"),
            ("number=%09msk", "number"),
            ("number=%20", "number"),
        ] {
            assert_eq!(fields(text), [field], "{text}");
        }
    }

    #[test]
    fn a_cursor_has_one_spelling() {
        for wrong in [
            "",
            ".",
            "5",
            "5.",
            ".MSK-5",
            "+5.MSK-5",
            "5.MSK-05",
            "017.MSK-5",
            "1000000000000000.MSK-5",
        ] {
            assert_eq!(wrong.parse::<Cursor>(), Err(NotACursor), "{wrong}");
        }
    }
}
