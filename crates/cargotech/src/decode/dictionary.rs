//! Dictionaries: an entry without a usable id or name is left out.

use domain::{FreightType, NamedPoint};
use serde_json::Value;

use super::{data, fields::text, malformed};
use crate::Error;

/// Reads the body of `GET /v1/dictionaries/points`.
///
/// # Errors
/// [`Error::Malformed`] if it is no dictionary at all.
pub fn points(body: &[u8]) -> Result<Vec<NamedPoint>, Error> {
    entries(body, |item| {
        Some(NamedPoint {
            id: number(&item["id"])?,
            kind: number(&item["type"])?,
            name: text(&item["name"])?,
        })
    })
}

/// Reads the body of `GET /v1/dictionaries/load_types` and `/truck_types`.
///
/// # Errors
/// [`Error::Malformed`] if it is no dictionary at all.
pub fn freight_types(body: &[u8]) -> Result<Vec<FreightType>, Error> {
    entries(body, |item| {
        let name = text(&item["name"])?;
        Some(FreightType {
            id: number(&item["id"])?,
            short_name: text(&item["short_name"]).unwrap_or_else(|| name.clone()),
            name,
        })
    })
}

fn entries<T>(body: &[u8], entry: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, Error> {
    let data = data(body)?;
    let items = data.as_array().ok_or_else(|| malformed("no data array"))?;
    Ok(items.iter().filter_map(entry).collect())
}

/// 1 or more: a number, or digits as a string.
fn number(value: &Value) -> Option<u32> {
    let number = match value {
        Value::String(digits) => digits.parse().ok()?,
        other => other.as_u64()?,
    };
    u32::try_from(number).ok().filter(|&number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_entries_are_read_and_others_left_out() {
        let body = r#"{"data":[
            {"id":1,"name":"Москва","type":1},
            {"id":"2","name":" Казань ","type":2},
            {"id":3,"name":"","type":1}, {"id":0,"name":"a","type":1}, {"id":4,"name":"a"},
            {"id":-4,"name":"a","type":1}, null, "Тверь", 5
        ]}"#;
        let names: Vec<_> = points(body.as_bytes())
            .unwrap()
            .into_iter()
            .map(|point| (point.id, point.kind, point.name))
            .collect();
        assert_eq!(names, [(1, 1, "Москва".into()), (2, 2, "Казань".into())]);
    }

    #[test]
    fn a_type_without_a_short_name_is_called_by_its_name() {
        let body = r#"{"data":[{"id":6,"name":"рефрижератор","short_name":"реф."},{"id":7,"name":"тент","short_name":null}]}"#;
        let types = freight_types(body.as_bytes()).unwrap();
        assert_eq!(types[0].short_name, "реф.");
        assert_eq!(types[1].short_name, "тент");
    }

    #[test]
    fn what_is_no_dictionary_is_an_error() {
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"data":null}"#,
            r#"{"data":{}}"#,
        ] {
            assert!(points(body.as_bytes()).is_err(), "{body}");
            assert!(freight_types(body.as_bytes()).is_err(), "{body}");
        }
    }
}
