//! `GET /api/cargos/`: rows of a list.

use cards::{card, fragments, text::lang};
use domain::{Cargo, CargoId, Lang, ListQuery, PAGE_ROWS, Window, messages::CargoList};
use swr::{Epoch, UnixMillis};

use crate::{
    http::{Answer, Described, VARY_WITH_FRAGMENTS},
    problem::Failure,
    reader::{Copies, Reader},
    resource::Resource,
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
        return watched::list(&query.ids, request, query.html, reader).await;
    }
    let policy = &reader.config.list;
    let around = match query.after {
        Some(_) => around(query.window),
        None => query.window,
    };
    let mut copies = reader.copies(&query.filters, around, policy).await?;
    if let Some(missing) = copies.missing.take() {
        return Err(missing);
    }

    let total = copies.total();
    let below = query.after.and_then(|id| row_of(&copies, id));
    let window = Window {
        offset: below.map_or(query.window.offset, |row| row.saturating_add(1)),
        ..query.window
    };
    let next_page = window.pages().end() + 1;
    if next_page < total.div_ceil(PAGE_ROWS) {
        let next = Resource::List {
            filters: query.filters.clone(),
            page: next_page,
        };
        reader.prefetch(&next, policy);
    }
    let next = window.offset.saturating_add(window.limit);
    let body = CargoList {
        total,
        offset: window.offset,
        next_offset: (next < total).then_some(next),
        as_of: copies.as_of().0,
        stale: copies.is_stale(),
        left_out: copies.pages.iter().map(|copy| copy.content.left_out).sum(),
        cargos: rows(&copies, window),
    };
    Ok(whole(body, request, query.html, reader.now())
        .header("cache-status", copies.status(policy))
        .header("age", copies.age_ms() / 1000)
        .header_if("server-timing", reader.timing()))
}

/// The answer: cargos, their cards in a language, or fragments of a page.
pub fn whole(list: CargoList, request: &Described, html: Option<Lang>, now: UnixMillis) -> Answer {
    lang::speak(html.unwrap_or(Lang::Ru));
    let answer = if request.wants_html() {
        let next = list.next_offset;
        let last = list.cargos.last().map(|cargo| cargo.id);
        let more =
            next.map(|next| fragments::address_from(request.path(), request.query(), next, last));
        Answer::html(fragments::list(&list, more.as_deref()))
    } else if html.is_some() {
        Answer::json(200, &list.map(|cargo| card::row(&cargo, now.0)))
    } else {
        Answer::json(200, &list)
    };
    answer
        .header("cache-control", "private, no-cache")
        .header("vary", VARY_WITH_FRAGMENTS)
}

/// The rows of a window.
fn rows(copies: &Copies, window: Window) -> Vec<Cargo> {
    let rows = window.offset..window.offset.saturating_add(window.limit);
    let within = numbered(copies).filter(|(row, _)| rows.contains(row));
    within.map(|(_, cargo)| cargo.clone()).collect()
}

/// Where a cargo stands among what was read.
fn row_of(copies: &Copies, id: CargoId) -> Option<u32> {
    numbered(copies).find_map(|(row, cargo)| (cargo.id == id).then_some(row))
}

/// All rows that were read. Each page begins at its own row, whatever the page before it left out.
fn numbered(copies: &Copies) -> impl Iterator<Item = (u32, &Cargo)> {
    let pages = (copies.first_page..).zip(&copies.pages);
    pages.flat_map(|(number, copy)| {
        let first_row = number.saturating_mul(PAGE_ROWS);
        (first_row..).zip(&copy.content.cargos)
    })
}

/// A window, and as many rows above and below it: rows move when cargos come and go.
fn around(window: Window) -> Window {
    Window {
        offset: window.offset.saturating_sub(window.limit),
        limit: 3 * window.limit,
    }
}
