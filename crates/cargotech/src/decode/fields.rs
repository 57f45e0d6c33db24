//! Single fields: what is right is kept, anything else is `None`.

use domain::{CargoId, LoadingTime, Place};
use serde_json::Value;

/// No name that a driver could read is longer, in characters.
const LONGEST_NAME: usize = 200;

/// A number or a string of digits.
pub fn id(value: &Value) -> Option<CargoId> {
    match value {
        Value::Number(number) => number.as_u64().and_then(CargoId::new),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// An end of the route; its date may stand at the cargo alone.
pub fn place(point: &Value, date_of_cargo: &Value) -> Place {
    Place {
        city: text(&point["city"]["name"]),
        date: time(&point["first_date"]).or_else(|| time(date_of_cargo)),
    }
}

/// A date, with its clock time or without.
pub fn time(value: &Value) -> Option<LoadingTime> {
    value.as_str()?.parse().ok()
}

/// Text that shows something: a name of something.
pub fn text(value: &Value) -> Option<String> {
    text_up_to(value, LONGEST_NAME)
}

/// Text that shows something, no longer than so many characters.
pub fn text_up_to(value: &Value, longest: usize) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.chars().take(longest).collect())
}

/// A number above 0 and below a million million.
fn positive(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .filter(|number| *number > 0.0 && *number < 1e12)
}

/// Cubic metres to the litre. More digits mean nothing, and JSON does not keep them all.
pub fn volume(value: &Value) -> Option<f64> {
    let litres = (positive(value)? * 1_000.0).round();
    (litres >= 1.0).then_some(litres / 1_000.0)
}

/// A positive number without its fraction.
pub fn rounded(value: &Value) -> Option<u32> {
    let number = positive(value)?.round();
    (1.0..=f64::from(u32::MAX))
        .contains(&number)
        .then_some(number as u32)
}

/// The short names of types; the full name where there is none.
pub fn short_names(value: &Value) -> Vec<String> {
    let name = |item: &Value| text(&item["short_name"]).or_else(|| text(&item["name"]));
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(name)
        .collect()
}

/// The names of types.
pub fn names(value: &Value) -> Vec<String> {
    let types = value.as_array().into_iter().flatten();
    types.filter_map(|item| text(&item["name"])).collect()
}
