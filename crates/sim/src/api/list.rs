//! `GET /v2/cargos/views`: a page of the list.

use super::answer::{Answer, FieldErrors};
use super::filters::Filters;
use super::query::{Query, whole};
use crate::world::World;
use crate::world::cargo::Cargo;
use serde_json::{Value, json};

/// The highest `limit`.
const MAX_LIMIT: u64 = 100;

/// A page before it becomes JSON.
#[derive(Debug)]
pub struct Page<'a> {
    /// Its cargos, newest first.
    pub cargos: Vec<&'a Cargo>,
    /// Whether contacts were asked for.
    pub with_contacts: bool,
    limit: u64,
    offset: u64,
    size: usize,
}

impl Page<'_> {
    /// The answer that has these items in `data`.
    pub fn answer(&self, data: Vec<Value>) -> Answer {
        Answer::ok(json!({
            "data": data,
            "meta": {"limit": self.limit, "offset": self.offset, "size": self.size},
        }))
    }

    /// The answer of a service that found nothing.
    pub fn empty_answer(&self) -> Answer {
        Answer::ok(
            json!({"data": [], "meta": {"limit": self.limit, "offset": self.offset, "size": 0}}),
        )
    }
}

/// The page that a query asks for.
///
/// # Errors
/// 422 when a parameter is missing or wrong.
pub fn page<'a>(world: &'a World, query: &Query) -> Result<Page<'a>, Answer> {
    let mut errors = FieldErrors::default();
    let limit = query.require("limit", "between 1 and 100", &mut errors, |text| {
        whole(text).filter(|limit| (1..=MAX_LIMIT).contains(limit))
    });
    let offset = query.require("offset", "at least 0", &mut errors, whole);
    let filters = Filters::read(query, &mut errors);
    errors.into_result()?;
    let (Some(limit), Some(offset), Some(filters)) = (limit, offset, filters) else {
        // Each of them leaves a complaint when it is missing, so there was one.
        return Err(Answer::server_error());
    };
    let matching: Vec<&Cargo> = world
        .cargos(filters.mode)
        .filter(|cargo| filters.matches(cargo))
        .collect();
    let size = matching.len();
    let cargos = matching
        .into_iter()
        .skip(saturating(offset))
        .take(saturating(limit))
        .collect();
    Ok(Page {
        cargos,
        with_contacts: query.includes_contacts(),
        limit,
        offset,
        size,
    })
}

fn saturating(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
