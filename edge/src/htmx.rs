//! The cards on a page that htmx keeps up to date, looked for in the list: see [`cards::fragments`].

use std::collections::HashMap;

use domain::{
    CargoId, Kopecks, PAGE_ROWS, PricesQuery, Window, messages::PriceRow, query::MOST_IDS,
};
use swr::UnixMillis;

use crate::{
    prices::{self, Shown},
    problem::Failure,
    reader::{Copies, Reader},
    resource::{Content, Resource},
};

/// The prices of the cards named by `seen_ids`, and those whose cargo is certainly gone.
///
/// That a list does not show a cargo proves little: somebody may have chosen other filters without applying them yet, the list
/// may be longer than what is read of it, an item of it may make no sense. So what it lacks is asked for by name, and a card is
/// taken off when CargoTech knows of no such cargo. Nobody waits for that: it is known at the next poll.
///
/// # Errors
/// If the first page of the list can't be had.
pub async fn of_seen(query: &PricesQuery, reader: &Reader) -> Result<Shown, Failure> {
    let policy = &reader.config.prices;
    let first_rows = |limit| Window { offset: 0, limit };
    let as_many = u32::try_from(query.seen_ids.len()).unwrap_or(PricesQuery::MAX_LIMIT);
    let window = first_rows(as_many.clamp(1, PricesQuery::MAX_LIMIT));
    let among = |copies: &Copies| {
        let rows = prices::rows(copies, first_rows(u32::MAX));
        Found::among(&rows, &query.seen_ids)
    };
    let mut copies = reader.copies(&query.filters, window, policy).await?;
    let mut found = among(&copies);
    if !found.missing.is_empty() && copies.missing.is_none() && !is_whole(&copies) {
        // New cargos may have pushed them down.
        let window = first_rows(PricesQuery::MAX_LIMIT);
        copies = reader.copies(&query.filters, window, policy).await?;
        found = among(&copies);
    }
    let mut gone = Vec::new();
    if copies.missing.is_none() {
        for &id in found.missing.iter().take(MOST_IDS) {
            match by_name(id, copies.as_of(), reader) {
                Some(Fate::Here(price)) => found.rows.push(PriceRow(id, price)),
                Some(Fate::Gone) => gone.push(id),
                None => {}
            }
        }
    }
    let shown = prices::shown(&copies, found.rows, reader);
    Ok(Shown { gone, ..shown })
}

/// What has become of a cargo that the list does not show.
enum Fate {
    /// It has this price.
    Here(Option<Kopecks>),
    /// There is no such cargo.
    Gone,
}

/// What is known by its name of a cargo that a list, read at that moment, does not show.
fn by_name(id: CargoId, list_read_at: UnixMillis, reader: &Reader) -> Option<Fate> {
    let seen = reader.seen_price(id);
    if let Some(seen) = seen.filter(|seen| seen.read_at >= list_read_at) {
        // Another list, read no earlier, shows it.
        return Some(Fate::Here(seen.price));
    }
    let policy = &reader.config.watched;
    let copy = reader.at_hand(&Resource::Cargo(id), policy, Content::cargo)?;
    let read_at = copy.stamp.fetched_at;
    match copy.content.as_deref() {
        Some(detail) => {
            let (cargo, _) = reader.with_newest_price(detail.cargo.clone(), read_at);
            Some(Fate::Here(cargo.price_kopecks))
        }
        None if copy.is_stale() || seen.is_some_and(|seen| seen.read_at > read_at) => None,
        None => Some(Fate::Gone),
    }
}

/// Cards among the rows of a list.
#[derive(Debug, PartialEq)]
struct Found {
    /// Those that are there, in the order asked for.
    rows: Vec<PriceRow>,
    /// Those that are not.
    missing: Vec<CargoId>,
}

impl Found {
    fn among(rows: &[PriceRow], ids: &[CargoId]) -> Self {
        let by_id: HashMap<CargoId, PriceRow> = rows.iter().map(|row| (row.0, *row)).collect();
        let (mut there, mut missing) = (Vec::new(), Vec::new());
        for id in ids {
            match by_id.get(id) {
                Some(row) => there.push(*row),
                None => missing.push(*id),
            }
        }
        Self {
            rows: there,
            missing,
        }
    }
}

/// Whether these pages are the whole list.
fn is_whole(copies: &Copies) -> bool {
    let pages = u32::try_from(copies.pages.len()).unwrap_or(u32::MAX);
    copies.first_page == 0 && pages.saturating_mul(PAGE_ROWS) >= copies.total()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_found_in_the_order_asked_for() {
        let id = |id| CargoId::new(id).unwrap();
        let row = |number: u64| PriceRow(id(number), Kopecks::new(100));
        let found = Found::among(&[row(9), row(8), row(7)], &[id(7), id(5), id(9)]);
        assert_eq!(found.rows, [row(7), row(9)]);
        assert_eq!(found.missing, [id(5)]);
    }
}
