//! `GET /api/cargos/`: rows of a list.

use cards::{card, text::lang};
use domain::{Cargo, Lang, ListQuery, PAGE_ROWS, messages::CargoList};
use swr::{Epoch, UnixMillis};

use crate::{
    http::{Answer, Described},
    problem::Failure,
    reader::{Copies, Reader},
    watched,
};

/// The answer.
///
/// # Errors
/// Parameters that break their rules; or a page that can't be had.
pub async fn answer(request: &Described, reader: Reader) -> Result<Answer, Failure> {
    let query = ListQuery::parse(request.query()).map_err(Failure::Invalid)?;
    let reader = reader.demanding(Epoch(query.min_epoch.into()));
    if !query.ids.is_empty() {
        return watched::list(&query.ids, query.html, reader).await;
    }
    let policy = &reader.config.list;
    let mut copies = reader.copies(&query.filters, query.window, policy).await?;
    if let Some(missing) = copies.missing.take() {
        return Err(missing);
    }

    let total = copies.total();
    let next_page = query.window.pages().end() + 1;
    if next_page < total.div_ceil(PAGE_ROWS) {
        reader.prefetch(&query.filters, next_page, policy);
    }
    let next = query.window.offset.saturating_add(query.window.limit);
    let body = CargoList {
        total,
        offset: query.window.offset,
        next_offset: (next < total).then_some(next),
        as_of: copies.as_of().0,
        stale: copies.is_stale(),
        left_out: copies.pages.iter().map(|copy| copy.content.left_out).sum(),
        cargos: rows(&copies, query.window.offset, query.window.limit),
    };
    Ok(whole(body, query.html, reader.now())
        .header("cache-control", "private, no-cache")
        .header("cache-status", copies.status(policy))
        .header("age", copies.age_ms() / 1000)
        .header_if("server-timing", reader.timing()))
}

/// The answer's body: cargos, or their cards in a language.
pub fn whole(list: CargoList, html: Option<Lang>, now: UnixMillis) -> Answer {
    let Some(lang) = html else {
        return Answer::json(200, &list);
    };
    lang::speak(lang);
    Answer::json(200, &list.map(|cargo| card::row(&cargo, now.0)))
}

/// The rows of the window. Each page begins at its own row, whatever the page before it left out.
fn rows(copies: &Copies, offset: u32, limit: u32) -> Vec<Cargo> {
    let (from, to) = (u64::from(offset), u64::from(offset) + u64::from(limit));
    let mut rows = Vec::new();
    for (number, copy) in (u64::from(copies.first_page)..).zip(&copies.pages) {
        let first_row = number * u64::from(PAGE_ROWS);
        for (row, cargo) in (first_row..).zip(&copy.content.cargos) {
            if (from..to).contains(&row) {
                rows.push(cargo.clone());
            }
        }
    }
    rows
}
