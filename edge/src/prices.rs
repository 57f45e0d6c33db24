//! `GET /api/cargos/prices/`: the prices of the first rows of a list, or of watched cargos.

use std::{cell::RefCell, collections::HashSet, rc::Rc};

use cards::fragments;
use domain::{
    CargoId, Etag, PAGE_ROWS, PriceDelta, PricesQuery, Window,
    messages::{BUILD_HEADER, POLL_AFTER_HEADER, PriceRow, Prices, STALE_HEADER},
};
use futures_util::FutureExt;
use swr::{Bounded, Epoch, UnixMillis};

use crate::{
    cache_status::CacheStatus,
    htmx,
    http::{Answer, Described, VARY_WITH_FRAGMENTS},
    metrics::{Family, Histogram},
    problem::Failure,
    reader::{Copies, Reader},
    tally, watched,
};

/// Pages read within so many milliseconds of each other show the list at one moment: what is missing between them is gone.
pub const ONE_MOMENT_MS: u64 = 3_000;

thread_local! {
    /// States that were answered here, by their tags. A tag names its rows and nothing else, so whoever shows it learns
    /// nothing that he could not know.
    static KNOWN: RefCell<Option<Bounded<Etag, Rc<[PriceRow]>>>> = const { RefCell::new(None) };
}

/// What is to be shown.
pub struct Shown {
    pub rows: Rc<[PriceRow]>,
    /// Of the cards that a page of htmx shows, those whose cargo is certainly gone.
    pub gone: Vec<CargoId>,
    /// How many there are in all.
    pub total: u32,
    /// When the oldest was read upstream.
    pub as_of: UnixMillis,
    /// The moment at which they are judged.
    pub now: UnixMillis,
    pub stale: bool,
    /// See [`Prices::coherent`].
    pub coherent: bool,
    pub poll_after_ms: u64,
    /// What the cache did.
    pub status: Option<CacheStatus>,
}

/// The answer: 304 if the client has it already.
///
/// # Errors
/// Parameters that break their rules; or nothing to serve.
pub async fn answer(request: &Described, reader: Reader) -> Result<Answer, Failure> {
    let query = PricesQuery::parse(request.query()).map_err(Failure::Invalid)?;
    let reader = reader.demanding(Epoch(query.min_epoch.into()));
    if query.ids.is_empty() {
        let shown = if request.wants_html() && !query.seen_ids.is_empty() {
            htmx::of_seen(&query, &reader).boxed_local().await?
        } else {
            of_list(&query, &reader).await?
        };
        Ok(respond(request, query, &reader, shown))
    } else {
        let reader = reader.in_lowest_class();
        // Boxed: see `routes`.
        let watched = watched::prices(&query.ids, &reader);
        let shown = watched.boxed_local().await?;
        Ok(respond(request, query, &reader, shown))
    }
}

async fn of_list(query: &PricesQuery, reader: &Reader) -> Result<Shown, Failure> {
    let policy = &reader.config.prices;
    let copies = reader
        .copies(&query.filters, query.window(), policy)
        .await?;
    Ok(shown(&copies, rows(&copies, query.window()), reader))
}

/// These rows of copies of pages, and what the client is told with them.
pub fn shown(copies: &Copies, rows: Vec<PriceRow>, reader: &Reader) -> Shown {
    let (policy, pace) = (&reader.config.prices, &reader.config.pace);
    Shown {
        rows: rows.into(),
        gone: Vec::new(),
        total: copies.total(),
        as_of: copies.as_of(),
        now: copies.now,
        stale: copies.is_stale(),
        coherent: copies.spread_ms() <= ONE_MOMENT_MS,
        poll_after_ms: copies.oldest().map_or(pace.interval, |copy| {
            pace.poll_after(policy, copy.stamp, copy.verdict, copy.asking)
        }),
        status: Some(copies.status(policy)),
    }
}

fn respond(request: &Described, query: PricesQuery, reader: &Reader, shown: Shown) -> Answer {
    let Shown {
        rows,
        gone,
        total,
        as_of,
        now,
        stale,
        coherent,
        poll_after_ms,
        status,
    } = shown;
    let age_ms = now.since(as_of);
    let html = request
        .wants_html()
        .then(|| fragments::prices(rows.iter().map(|row| (row.0, row.1)), gone));
    let etag = match &html {
        Some(html) => Etag::of_parts([html.as_str()]),
        None => Etag::of_prices(total, rows.iter()),
    };
    let known = match &html {
        Some(_) => None,
        None => known(&query, &etag, &rows, reader.config.known_prices_bytes),
    };
    let (form, answer) = if etag.is_in(request.if_none_match()) {
        ("not_modified", Answer::not_modified())
    } else if let Some(html) = html {
        ("html", Answer::html(html))
    } else {
        let whole = Prices {
            etag: etag.clone(),
            as_of: as_of.0,
            age_ms,
            stale,
            coherent,
            total,
            poll_after_ms,
            since: None,
            prices: Vec::new(),
            order: None,
        };
        let delta = known.map(|known| PriceDelta::between(&known, &rows));
        match delta.filter(|delta| delta.is_worth_it(rows.len())) {
            Some(PriceDelta { changed, order }) => {
                let since = query.since;
                let delta = Prices {
                    since,
                    prices: changed,
                    order,
                    ..whole
                };
                ("delta", Answer::json(200, &delta))
            }
            None => {
                let prices = rows.to_vec();
                ("whole", Answer::json(200, &Prices { prices, ..whole }))
            }
        }
    };
    tally::count(Family::PriceAnswers, [form, ""]);
    tally::observe(Histogram::PriceAge, age_ms);
    answer
        .header("etag", etag)
        .header("cache-control", "private, no-cache")
        .header("vary", VARY_WITH_FRAGMENTS)
        .header_if("cache-status", status)
        .header("age", age_ms / 1000)
        .header_if("server-timing", reader.timing())
        .header(STALE_HEADER, u8::from(stale))
        .header(POLL_AFTER_HEADER, poll_after_ms)
        .header_if(BUILD_HEADER, reader.config.build_id.as_ref())
}

/// The state that the client knows, if it is still known here. From now on `rows` are, by their tag.
fn known(
    query: &PricesQuery,
    etag: &Etag,
    rows: &Rc<[PriceRow]>,
    max_bytes: usize,
) -> Option<Rc<[PriceRow]>> {
    KNOWN.with_borrow_mut(|known| {
        let known = known.get_or_insert_with(|| Bounded::new(max_bytes));
        if known.get_mut(etag).is_none() {
            let bytes = size_of_val(&**rows) + OVERHEAD_BYTES;
            known.put(etag.clone(), rows.clone(), bytes);
        }
        known.get_mut(query.since.as_ref()?).cloned()
    })
}

/// What a state takes besides its rows.
const OVERHEAD_BYTES: usize = 128;

/// The rows of the window. A cargo that moved to the next page between the readings of the two stands in both: once here.
pub fn rows(copies: &Copies, window: Window) -> Vec<PriceRow> {
    let above = window.offset.saturating_sub(copies.first_page * PAGE_ROWS) as usize;
    let limit = window.limit as usize;
    let cargos = copies.pages.iter().flat_map(|copy| &copy.content.cargos);
    let row = |cargo: &domain::Cargo| PriceRow(cargo.id, cargo.price_kopecks);
    if copies.pages.len() == 1 {
        return cargos.skip(above).take(limit).map(row).collect();
    }
    let mut seen = HashSet::new();
    cargos
        .filter(|cargo| seen.insert(cargo.id))
        .skip(above)
        .take(limit)
        .map(row)
        .collect()
}
