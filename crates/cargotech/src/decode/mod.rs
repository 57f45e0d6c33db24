//! Reading answers leniently: what is right in an item is kept, what is wrong in it becomes `None`.

mod detail;
mod dictionary;
mod fields;
mod page;

pub use detail::detail;
pub use dictionary::{freight_types, points};
pub use page::page;

use serde_json::Value;

use crate::Error;

/// The `data` of an answer, which every good one has.
fn data(body: &[u8]) -> Result<Value, Error> {
    let mut body: Value = serde_json::from_slice(body).map_err(|_| malformed("not JSON"))?;
    match body.get_mut("data") {
        Some(data) => Ok(data.take()),
        None => Err(malformed("no data")),
    }
}

fn malformed(reason: &str) -> Error {
    Error::Malformed {
        reason: reason.to_owned(),
    }
}
