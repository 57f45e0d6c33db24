use domain::orders::{Change, ModelFile, OrderDetail, OrderId};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{as_of, json, malformed, snapshot};
use crate::Error;

/// Everything about an order, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detailed {
    /// The number of the last change, of any order, at that moment.
    pub as_of: u64,
    /// The order.
    pub order: OrderDetail,
}

/// Reads everything about an order. What is wrong besides its row is left out.
///
/// # Errors
/// [`Error::Malformed`] without a good row, or with that of another order.
pub fn detail(body: &[u8], id: OrderId) -> Result<Detailed, Error> {
    let body = json(body)?;
    let as_of = as_of(&body)?;
    let member = &body["order"];
    let order = snapshot::order(member).ok_or_else(|| malformed("order: missing, or no order"))?;
    if order.id != id {
        return Err(malformed(format!("id: {} was not asked for", order.id)));
    }
    if order.version > as_of {
        return Err(malformed("version: from after as_of"));
    }
    let history = member["history"].as_array();
    Ok(Detailed {
        as_of,
        order: OrderDetail {
            order,
            comment: member["comment"].as_str().map(str::to_owned),
            model: object::<ModelFile>(&member["model"]),
            history: history
                .into_iter()
                .flatten()
                .filter_map(object::<Change>)
                .collect(),
        },
    })
}

fn object<T: DeserializeOwned>(value: &Value) -> Option<T> {
    value.is_object().then(|| T::deserialize(value).ok())?
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::tests::{field, id, row},
        *,
    };

    fn answer() -> Value {
        let mut order = row(5, "approved", 9);
        order["comment"] = json!("Покрасить в красный");
        order["model"] = json!({"name": "Кронштейн.stp", "bytes": 52_000});
        order["history"] = json!([
            {"status": "submitted", "at": 1, "by": "seller 7", "version": 3},
            {"status": "approved", "at": 2, "by": "CRM", "version": 9},
        ]);
        json!({"as_of": 10, "order": order})
    }

    fn read(answer: &Value) -> Result<Detailed, Error> {
        detail(answer.to_string().as_bytes(), id(5))
    }

    #[test]
    fn everything_about_an_order_is_read() {
        let detailed = read(&answer()).unwrap();
        assert_eq!(detailed.as_of, 10);
        assert_eq!(
            serde_json::to_value(detailed.order).unwrap(),
            answer()["order"]
        );
    }

    #[test]
    fn what_is_wrong_besides_the_row_costs_only_itself() {
        let mut odd = answer();
        odd["order"]["comment"] = json!(5);
        odd["order"]["model"] = json!({"name": "x"});
        odd["order"]["history"][0] = json!("submitted");
        let order = read(&odd).unwrap().order;
        assert_eq!(
            (order.comment, order.model, order.history.len()),
            (None, None, 1)
        );
    }

    #[test]
    fn another_order_or_none_is_an_error() {
        let mut other = answer();
        other["order"]["id"] = json!("MSK-6");
        assert_eq!(field(read(&other)), "id");
        assert_eq!(field(read(&json!({"as_of": 10}))), "order");
        assert_eq!(field(read(&json!({"order": answer()["order"]}))), "as_of");
        let mut late = answer();
        late["as_of"] = json!(8);
        assert_eq!(field(read(&late)), "version");
    }
}
