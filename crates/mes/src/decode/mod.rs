//! Reading answers: pure. An odd row costs only itself; an answer to another question than was asked is an error that
//! names the field.

mod calculation;
mod change;
mod counts;
mod detail;
mod snapshot;

pub use calculation::{Calculation, Uploaded, calculation, uploaded};
pub use change::{Change, lost, made};
pub use counts::{Counted, counts};
pub use detail::{Detailed, detail};
pub use snapshot::{Snapshot, by_ids, list};

use serde_json::Value;

use crate::Error;

/// No reason that anybody reads in a log is longer, in characters.
const LONGEST_REASON: usize = 200;

/// The `error` of a refusal.
pub fn reason(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let reason = body["error"].as_str().unwrap_or("no reason given");
    reason.chars().take(LONGEST_REASON).collect()
}

fn json(body: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(body).map_err(|_| malformed("not JSON"))
}

/// The number of the last change at the moment that was read.
fn as_of(body: &Value) -> Result<u64, Error> {
    body["as_of"]
        .as_u64()
        .ok_or_else(|| malformed("as_of: missing, or no number"))
}

fn malformed(reason: impl Into<String>) -> Error {
    Error::Malformed {
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use domain::orders::{OrderId, Status};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{StatusChange, request::tests::first_page};

    /// A row as the MES sends it.
    pub fn row(number: u64, status: &str, version: u64) -> Value {
        json!({
            "id": format!("MSK-{number}"), "created_at": 1_763_600_000_000_u64 + number, "status": status,
            "version": version, "changed_at": 1_763_600_100_000_u64, "changed_by": "Анна", "seller": 7,
            "part": "Кронштейн.stp", "material": "PA12", "quantity": 4, "price_kopecks": 125_000,
        })
    }

    pub fn id(number: u64) -> OrderId {
        format!("MSK-{number}").parse().unwrap()
    }

    /// The field that an error names.
    pub fn field<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
        match result.unwrap_err() {
            Error::Malformed { reason } => reason.split(':').next().unwrap().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_reason_is_short_and_needs_no_json() {
        assert_eq!(reason(b"<html>"), "no reason given");
        let long = json!({"error": "ж".repeat(500)}).to_string();
        assert_eq!(reason(long.as_bytes()).chars().count(), 200);
    }

    /// JSON of the shapes that the answers have, with anything in the places of their fields.
    fn any_answer() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
            prop_oneof!["MSK-5", "approved", "running", "done", "failed"].prop_map(Value::from),
            (0_u64..9, 0_u64..9).prop_map(|(number, version)| row(number, "approved", version)),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            let member = prop_oneof![
                "as_of",
                "orders",
                "more",
                "counts",
                "order",
                "history",
                "model",
                "bytes",
                "state",
                "percent",
                "price_kopecks",
                "days",
                "reason",
                "id",
                "status",
                "version",
                "comment",
                "approved"
            ];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::hash_map(member, inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn read_in_every_way(body: &[u8]) {
        let change = StatusChange {
            status: Status::Approved,
            expected_version: 3,
            by: String::new(),
        };
        let _ = list(body, &first_page("approved"));
        let _ = by_ids(body, &[id(5)]);
        let _ = counts(body);
        let _ = detail(body, id(5));
        let _ = made(body, id(5), &change);
        let _ = lost(body, id(5), &change);
        let _ = uploaded(body, 5);
        let _ = calculation(body);
        let _ = reason(body);
    }

    proptest! {
        #[test]
        fn nothing_that_arrives_panics(answer in any_answer(), bytes in any::<Vec<u8>>(), cut in any::<prop::sample::Index>()) {
            let text = answer.to_string();
            read_in_every_way(text.as_bytes());
            read_in_every_way(&text.as_bytes()[..cut.index(text.len())]);
            read_in_every_way(&bytes);
        }

        #[test]
        fn every_row_is_shown_or_left_out(rows in proptest::collection::vec(any_answer(), 0..8)) {
            let count = rows.len();
            let body = json!({"as_of": u64::MAX, "orders": rows, "more": false}).to_string();
            if let Ok(snapshot) = list(body.as_bytes(), &first_page("approved")) {
                prop_assert_eq!(snapshot.orders.len() + snapshot.left_out as usize, count);
            }
        }
    }
}
