//! Lists: what of them can be believed.

use domain::orders::{Filter, Order, OrderId, Rank};
use serde::Deserialize;
use serde_json::Value;

use super::{as_of, json, malformed};
use crate::{Error, ListRequest};

/// Rows as they were at one moment.
///
/// Those of a list are newest first, below the place asked for and what was asked for, each; none is there twice, and
/// none was changed later than the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The number of the last change, of any order, at that moment: versions are drawn from the same counter.
    pub as_of: u64,
    /// The rows.
    pub orders: Vec<Order>,
    /// Whether there are more below the last.
    pub more: bool,
    /// How many rows could not be read and are not among these.
    pub left_out: u32,
}

/// Reads a page of a list.
///
/// # Errors
/// [`Error::Malformed`] if it is no page, or not the one that was asked for.
pub fn list(body: &[u8], request: &ListRequest) -> Result<Snapshot, Error> {
    let snapshot = snapshot(body)?;
    let read = snapshot.orders.len() as u64 + u64::from(snapshot.left_out);
    if read > u64::from(request.limit) {
        return Err(malformed("orders: more of them than were asked for"));
    }
    if snapshot.more && snapshot.orders.is_empty() {
        return Err(malformed("more: no row to go on from"));
    }
    let mut above: Option<Rank> = request.before;
    for order in &snapshot.orders {
        if above.is_some_and(|above| order.rank() >= above) {
            return Err(malformed(format!(
                "created_at: {} is out of order",
                order.id
            )));
        }
        above = Some(order.rank());
        if let Some(field) = mismatch(&request.filter, order) {
            return Err(malformed(format!(
                "{field}: {} was not asked for",
                order.id
            )));
        }
    }
    Ok(snapshot)
}

/// Reads the answer to a question for these orders.
///
/// # Errors
/// [`Error::Malformed`] if it is no such answer, or tells of others, or of one twice.
pub fn by_ids(body: &[u8], ids: &[OrderId]) -> Result<Snapshot, Error> {
    let snapshot = snapshot(body)?;
    let mut unseen = ids.to_vec();
    for order in &snapshot.orders {
        let Some(at) = unseen.iter().position(|id| *id == order.id) else {
            return Err(malformed(format!("id: {} was not asked for", order.id)));
        };
        unseen.swap_remove(at);
    }
    Ok(snapshot)
}

fn snapshot(body: &[u8]) -> Result<Snapshot, Error> {
    let body = json(body)?;
    let as_of = as_of(&body)?;
    let rows = body["orders"]
        .as_array()
        .ok_or_else(|| malformed("orders: missing, or no array"))?;
    let more = body["more"]
        .as_bool()
        .ok_or_else(|| malformed("more: missing, or neither true nor false"))?;
    let mut snapshot = Snapshot {
        as_of,
        orders: Vec::with_capacity(rows.len()),
        more,
        left_out: 0,
    };
    for row in rows {
        match order(row) {
            Some(order) if order.version > as_of => {
                return Err(malformed(format!(
                    "version: {} is from after as_of",
                    order.id
                )));
            }
            Some(order) => snapshot.orders.push(order),
            None => snapshot.left_out += 1,
        }
    }
    Ok(snapshot)
}

/// `None` if any field is wrong: an order with a guess in it is worse than none.
pub fn order(row: &Value) -> Option<Order> {
    // An array would do for serde as well, its fields taken in turn.
    row.is_object().then(|| Order::deserialize(row).ok())?
}

/// The parameter that this row was not asked for by.
fn mismatch(filter: &Filter, order: &Order) -> Option<&'static str> {
    if filter.matches(order) {
        return None;
    }
    let field = if !filter.statuses.contains(order.status) {
        "status"
    } else if filter.seller.is_some_and(|seller| seller != order.seller) {
        "seller"
    } else if filter.site.is_some_and(|site| site != order.id.site()) {
        "site"
    } else {
        "name"
    };
    Some(field)
}

#[cfg(test)]
mod tests {
    use domain::orders::SellerId;
    use serde_json::json;

    use super::{
        super::tests::{field, id, row},
        *,
    };
    use crate::request::tests::first_page;

    fn read(rows: &[Value], request: &ListRequest) -> Result<Snapshot, Error> {
        let body = json!({"as_of": 100, "orders": rows, "more": false});
        list(body.to_string().as_bytes(), request)
    }

    #[test]
    fn a_good_page_is_read_whole() {
        let rows = [row(9, "approved", 100), row(5, "started", 40)];
        let snapshot = read(&rows, &first_page("approved,started")).unwrap();
        assert_eq!(serde_json::to_value(&snapshot.orders).unwrap(), json!(rows));
        let rest = (snapshot.as_of, snapshot.more, snapshot.left_out);
        assert_eq!(rest, (100, false, 0));
    }

    #[test]
    fn a_malformed_row_costs_only_itself() {
        let with = |member: &str, value: Value| {
            let mut row = row(8, "approved", 1);
            row[member] = value;
            row
        };
        let rows = [
            row(9, "approved", 1),
            json!(null),
            json!(["MSK-8"]),
            with("id", json!("MSK-08")),
            with("status", json!("new")),
            with("version", json!(-1)),
            with("price_kopecks", json!(0)),
            with("quantity", json!("4")),
            row(7, "approved", 1),
        ];
        let snapshot = read(&rows, &first_page("approved")).unwrap();
        let ids: Vec<_> = snapshot.orders.iter().map(|order| order.id).collect();
        assert_eq!((ids, snapshot.left_out), (vec![id(9), id(7)], 7));
    }

    #[test]
    fn an_order_without_a_price_is_an_order() {
        let mut row = row(9, "submitted", 1);
        row["price_kopecks"] = Value::Null;
        let snapshot = read(&[row], &first_page("submitted")).unwrap();
        assert_eq!(snapshot.orders[0].price_kopecks, None);
    }

    #[test]
    fn rows_out_of_order_are_no_page() {
        let request = first_page("approved");
        let (newer, older) = (row(9, "approved", 1), row(5, "approved", 1));
        assert_eq!(
            field(read(&[older.clone(), newer.clone()], &request)),
            "created_at"
        );
        assert_eq!(
            field(read(&[newer.clone(), newer.clone()], &request)),
            "created_at"
        );
        let before = read(std::slice::from_ref(&newer), &request).unwrap().orders[0].rank();
        let next = ListRequest {
            before: Some(before),
            ..request
        };
        assert!(read(std::slice::from_ref(&older), &next).is_ok());
        assert_eq!(
            field(read(&[newer], &next)),
            "created_at",
            "the cursor is exclusive"
        );
    }

    #[test]
    fn rows_that_were_not_asked_for_are_named_by_the_parameter() {
        let rows = [row(51, "approved", 1)];
        let ask = |change: fn(&mut Filter)| {
            let mut request = first_page("approved");
            change(&mut request.filter);
            read(&rows, &request)
        };
        assert!(ask(|filter| filter.name = Some("SK-5".into())).is_ok());
        assert_eq!(field(ask(|filter| filter.name = Some("6".into()))), "name");
        assert_eq!(
            field(ask(|filter| filter.site = "SPB".parse().ok())),
            "site"
        );
        assert_eq!(
            field(ask(|filter| filter.seller = Some(SellerId(8)))),
            "seller"
        );
        assert_eq!(
            field(ask(|filter| filter.statuses = "closed".parse().unwrap())),
            "status"
        );
    }

    #[test]
    fn what_is_no_snapshot_is_named_by_the_field() {
        let request = first_page("approved");
        for (body, named) in [
            (json!([]), "as_of"),
            (json!({"orders": [], "more": false}), "as_of"),
            (json!({"as_of": "1", "orders": [], "more": false}), "as_of"),
            (json!({"as_of": 1, "more": false}), "orders"),
            (json!({"as_of": 1, "orders": []}), "more"),
            (json!({"as_of": 1, "orders": [], "more": true}), "more"),
            (json!({"as_of": 1, "orders": [null], "more": true}), "more"),
            (
                json!({"as_of": 1, "orders": [row(9, "approved", 2)], "more": false}),
                "version",
            ),
        ] {
            let read = list(body.to_string().as_bytes(), &request);
            assert_eq!(field(read), named, "{body}");
        }
        assert_eq!(field(list(b"{", &request)), "not JSON");
        let one = ListRequest {
            limit: 1,
            ..request
        };
        let two = [row(9, "approved", 1), row(5, "approved", 1)];
        assert_eq!(field(read(&two, &one)), "orders");
    }

    #[test]
    fn orders_by_name_are_those_asked_for_each_once() {
        let body = |rows: &[Value]| json!({"as_of": 9, "orders": rows, "more": false}).to_string();
        let (five, nine) = (row(5, "closed", 1), row(9, "approved", 2));
        let both = body(&[five.clone(), nine.clone()]);
        let asked = [id(9), id(5), id(4)];
        assert_eq!(by_ids(both.as_bytes(), &asked).unwrap().orders.len(), 2);
        assert_eq!(field(by_ids(both.as_bytes(), &[id(9)])), "id");
        let twice = body(&[nine.clone(), nine]);
        assert_eq!(field(by_ids(twice.as_bytes(), &asked)), "id");
    }
}
