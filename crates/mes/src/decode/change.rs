use domain::orders::{Order, OrderId};

use super::{json, malformed, snapshot};
use crate::{Error, StatusChange};

/// What became of a change of an order's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is made; so the order stands now.
    Made(Order),
    /// It is not made: somebody else was quicker. So the order stands now.
    Lost(Order),
    /// It is not made: there is no such move.
    NotAllowed,
    /// There is no such order.
    UnknownOrder,
}

/// Reads what a change made of an order.
///
/// # Errors
/// [`Error::Malformed`] if that is not what the change was to make of it.
pub fn made(body: &[u8], id: OrderId, change: &StatusChange) -> Result<Order, Error> {
    let order = order(body, id)?;
    if order.status != change.status {
        return Err(malformed("status: not the one that was to be"));
    }
    if order.version <= change.expected_version {
        return Err(malformed("version: not after the one that was changed"));
    }
    Ok(order)
}

/// Reads how the order stands that somebody else was quicker with.
///
/// # Errors
/// [`Error::Malformed`] if it is another order, or stands as was expected.
pub fn lost(body: &[u8], id: OrderId, change: &StatusChange) -> Result<Order, Error> {
    let order = order(body, id)?;
    if order.version == change.expected_version {
        return Err(malformed(
            "version: the expected one, so nobody was quicker",
        ));
    }
    Ok(order)
}

fn order(body: &[u8], id: OrderId) -> Result<Order, Error> {
    let body = json(body)?;
    let order =
        snapshot::order(&body["order"]).ok_or_else(|| malformed("order: missing, or no order"))?;
    if order.id != id {
        return Err(malformed(format!("id: {} was not meant", order.id)));
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use domain::orders::Status;
    use serde_json::json;

    use super::{
        super::tests::{field, id, row},
        *,
    };

    fn body(status: &str, version: u64) -> Vec<u8> {
        json!({"order": row(5, status, version)})
            .to_string()
            .into_bytes()
    }

    #[test]
    fn a_change_is_made_only_if_the_order_says_so() {
        let change = StatusChange {
            status: Status::Started,
            expected_version: 9,
            by: "Анна".into(),
        };
        assert_eq!(
            made(&body("started", 12), id(5), &change).unwrap().version,
            12
        );
        assert_eq!(field(made(&body("approved", 12), id(5), &change)), "status");
        assert_eq!(field(made(&body("started", 9), id(5), &change)), "version");
        assert_eq!(field(made(&body("started", 12), id(6), &change)), "id");
        assert_eq!(field(made(b"{}", id(5), &change)), "order");
        assert_eq!(
            lost(&body("started", 12), id(5), &change).unwrap().version,
            12
        );
        assert_eq!(field(lost(&body("approved", 9), id(5), &change)), "version");
    }
}
