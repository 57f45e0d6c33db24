//! What the MES is asked, as it goes over the wire.

use domain::orders::{Cursor, Filter, OrderId, Rank, Status, Statuses};
use serde::Serialize;

/// The most orders that can be asked for by their names.
pub const MOST_IDS: usize = 100;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRequest {
    /// Which orders.
    pub filter: Filter,
    /// Those below this place alone; from the newest if `None`.
    pub before: Option<Rank>,
    /// How many at most, 1 to 100.
    pub limit: u32,
}

/// A move of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusChange {
    /// The status that it is to get.
    pub status: Status,
    /// The version of the state that this was decided on: if it has another by now, nothing is changed.
    pub expected_version: u64,
    /// Who moves it, as people call him.
    pub by: String,
}

/// The parameters of `GET /v1/orders` for a page.
pub fn list_parameters(request: &ListRequest) -> Vec<(&'static str, String)> {
    let filter = &request.filter;
    let mut parameters = Vec::new();
    if filter.statuses != Statuses::ALL {
        parameters.push(("status", filter.statuses.to_string()));
    }
    let optional = [
        ("site", filter.site.map(|site| site.to_string())),
        ("seller", filter.seller.map(|seller| seller.0.to_string())),
        ("name", filter.name.clone()),
        (
            "before",
            request.before.map(|rank| Cursor(rank).to_string()),
        ),
    ];
    parameters.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    parameters.push(("limit", request.limit.to_string()));
    parameters
}

/// `MSK-1,MSK-2`
pub fn names(ids: &[OrderId]) -> String {
    let names: Vec<String> = ids.iter().map(OrderId::to_string).collect();
    names.join(",")
}

#[cfg(test)]
pub mod tests {
    use domain::orders::SellerId;

    use super::*;

    /// The first page of the orders in these statuses.
    pub fn first_page(statuses: &str) -> ListRequest {
        ListRequest {
            filter: Filter {
                statuses: statuses.parse().unwrap(),
                seller: None,
                site: None,
                name: None,
            },
            before: None,
            limit: 100,
        }
    }

    #[test]
    fn what_is_not_asked_for_is_not_sent() {
        let mut request = first_page("approved");
        request.filter.statuses = Statuses::ALL;
        assert_eq!(list_parameters(&request), [("limit", "100".to_owned())]);
    }

    #[test]
    fn everything_that_is_asked_for_is_sent() {
        let mut request = first_page("started,approved");
        request.filter.seller = Some(SellerId(7));
        request.filter.site = "MSK".parse().ok();
        request.filter.name = Some("MSK-10".into());
        request.before = "17.MSK-5".parse().ok().map(|Cursor(rank): Cursor| rank);
        let expected = [
            ("status", "approved,started"),
            ("site", "MSK"),
            ("seller", "7"),
            ("name", "MSK-10"),
            ("before", "17.MSK-5"),
            ("limit", "100"),
        ];
        assert_eq!(
            list_parameters(&request),
            expected.map(|(name, value)| (name, value.to_owned()))
        );
    }
}
