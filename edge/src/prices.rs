//! `GET /api/cargos/prices/`: the prices of the first rows of a list.

use std::collections::HashSet;

use domain::{
    Etag, PricesQuery,
    messages::{POLL_AFTER_HEADER, PriceRow, Prices, STALE_HEADER},
};
use swr::Epoch;

use crate::{
    http::{Answer, Described},
    problem::Failure,
    reader::{Copies, Reader},
};

/// Pages read within so many milliseconds of each other show the list at one moment: what is missing between them is gone.
const ONE_MOMENT_MS: u64 = 3_000;

/// The answer: 304 if the client has it already.
///
/// # Errors
/// Parameters that break their rules; or nothing to serve.
pub async fn answer(request: &Described, reader: Reader) -> Result<Answer, Failure> {
    let query = PricesQuery::parse(request.query()).map_err(Failure::Invalid)?;
    let reader = reader.demanding(Epoch(query.min_epoch.into()));
    let policy = &reader.config.prices;
    let copies = reader
        .copies(&query.filters, query.window(), policy)
        .await?;

    let total = copies.total();
    let rows = rows(&copies, query.limit as usize);
    let etag = Etag::of_prices(total, &rows);
    let age_ms = copies.age_ms();
    let stale = copies.is_stale();
    let pace = &reader.config.pace;
    let poll_after_ms = copies.oldest().map_or(pace.interval, |copy| {
        pace.poll_after(policy, copy.record.stamp, copy.verdict, copy.asking)
    });

    let answer = if etag.is_in(request.if_none_match()) {
        Answer::not_modified()
    } else {
        Answer::json(
            200,
            &Prices {
                etag: etag.clone(),
                as_of: copies.as_of().0,
                age_ms,
                stale,
                coherent: copies.spread_ms() <= ONE_MOMENT_MS,
                total,
                poll_after_ms,
                prices: rows,
            },
        )
    };
    Ok(answer
        .header("etag", etag)
        .header("cache-control", "private, no-cache")
        .header("cache-status", copies.status(policy))
        .header("age", age_ms / 1000)
        .header(STALE_HEADER, u8::from(stale))
        .header(POLL_AFTER_HEADER, poll_after_ms))
}

/// The first `limit` rows. A cargo that moved to the next page between the readings of the two stands in both: once here.
fn rows(copies: &Copies, limit: usize) -> Vec<PriceRow> {
    let cargos = copies
        .pages
        .iter()
        .flat_map(|copy| &copy.record.page.cargos);
    let row = |cargo: &domain::Cargo| PriceRow(cargo.id, cargo.price_kopecks);
    if copies.pages.len() == 1 {
        return cargos.take(limit).map(row).collect();
    }
    let mut seen = HashSet::new();
    cargos
        .filter(|cargo| seen.insert(cargo.id))
        .take(limit)
        .map(row)
        .collect()
}
