//! `GET /api/cargos/?ids=` and `GET /api/cargos/prices/?ids=`: cargos that a driver watches, wherever they stand.
//!
//! A watched cargo that some list shows has its price from there, for nothing. Another has it from its detail, which is
//! read anew in the lowest class: watching never slows down a list.

use std::rc::Rc;

use domain::{
    Cargo, CargoDetail, CargoId, Lang,
    messages::{CargoList, PriceRow},
};
use futures_util::future::join_all;
use swr::{Policy, UnixMillis};

use crate::{
    cache_status::CacheStatus,
    cargos,
    http::{Answer, Described},
    prices::Shown,
    problem::Failure,
    reader::{Copy, Reader},
    resource::{Content, Resource},
};

type Detail = (Copy<Option<Rc<CargoDetail>>>, UnixMillis);

/// Their cards, in the order of `ids`. Those that no longer exist are left out.
///
/// # Errors
/// If one can't be had: a card that is missing without a reason would look like one that is gone.
pub async fn list(
    ids: &[CargoId],
    request: &Described,
    html: Option<Lang>,
    reader: Reader,
) -> Result<Answer, Failure> {
    let reader = reader.in_lowest_class();
    let policy = &reader.config.detail;
    let details = join_all(ids.iter().map(|&id| detail(&reader, id, policy))).await;
    let details: Vec<Detail> = details.into_iter().collect::<Result<_, _>>()?;
    let cargos: Vec<Cargo> = details
        .iter()
        .filter_map(|(copy, _)| {
            let cargo = copy.content.as_deref()?.cargo.clone();
            Some(reader.with_newest_price(cargo, copy.stamp.fetched_at).0)
        })
        .collect();
    let as_of = details.iter().map(|(copy, _)| copy.stamp.fetched_at).min();
    let as_of = as_of.unwrap_or_default();
    let now = details
        .iter()
        .map(|(_, now)| *now)
        .max()
        .unwrap_or_default();
    let status = hardest(details.iter().map(|(copy, now)| copy.status(policy, *now)));
    let body = CargoList {
        total: u32::try_from(cargos.len()).unwrap_or(u32::MAX),
        offset: 0,
        next_offset: None,
        as_of: as_of.0,
        stale: details.iter().any(|(copy, _)| copy.is_stale()),
        left_out: 0,
        cargos,
    };
    Ok(cargos::whole(body, request, html, now)
        .header_if("cache-status", status)
        .header("age", now.since(as_of) / 1000)
        .header_if("server-timing", reader.timing()))
}

/// Their prices, in the order of `ids`. Those that no longer exist are left out; those that can't be had too, and then the
/// rows are not told to be coherent.
///
/// # Errors
/// If none can be had.
pub async fn prices(ids: &[CargoId], reader: &Reader) -> Result<Shown, Failure> {
    let policy = &reader.config.watched;
    let mut shown = Shown {
        rows: Rc::default(),
        gone: Vec::new(),
        total: 0,
        as_of: UnixMillis(u64::MAX),
        now: reader.now(),
        stale: false,
        coherent: true,
        poll_after_ms: reader.config.pace.interval,
        status: None,
    };
    let prices = join_all(ids.iter().map(|&id| price(reader, id, policy))).await;
    let mut rows = Vec::with_capacity(ids.len());
    let mut statuses = Vec::new();
    let mut failure = None;
    for (id, price) in ids.iter().zip(prices) {
        match price {
            Ok(price) => {
                rows.extend(price.price.map(|price| PriceRow(*id, price)));
                shown.as_of = shown.as_of.min(price.read_at);
                shown.now = shown.now.max(price.now);
                shown.stale |= price.stale;
                statuses.extend(price.status);
            }
            Err(error) => {
                shown.coherent = false;
                failure = Some(error);
            }
        }
    }
    match failure {
        Some(failure) if shown.as_of == UnixMillis(u64::MAX) => return Err(failure),
        _ => {}
    }
    shown.total = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    shown.rows = rows.into();
    shown.status = hardest(statuses.into_iter());
    Ok(shown)
}

/// What is known of one price.
struct Price {
    /// None if there is no such cargo; the inner one if it has no price.
    price: Option<Option<domain::Kopecks>>,
    read_at: UnixMillis,
    now: UnixMillis,
    stale: bool,
    /// None if a list had it.
    status: Option<CacheStatus>,
}

async fn price(reader: &Reader, id: CargoId, policy: &Policy) -> Result<Price, Failure> {
    let now = reader.now();
    if let Some(seen) = reader.seen_price(id)
        && now.since(seen.read_at) < policy.fresh
    {
        return Ok(Price {
            price: Some(seen.price),
            read_at: seen.read_at,
            now,
            stale: false,
            status: None,
        });
    }
    let (copy, now) = detail(reader, id, policy).await?;
    let status = Some(copy.status(policy, now));
    let of_detail = copy
        .content
        .as_deref()
        .map(|detail| detail.cargo.price_kopecks);
    let seen = reader
        .seen_price(id)
        .filter(|seen| seen.read_at > copy.stamp.fetched_at);
    Ok(match (seen, of_detail) {
        (Some(seen), _) => Price {
            price: Some(seen.price),
            read_at: seen.read_at,
            now,
            stale: now.since(seen.read_at) >= policy.fresh,
            status,
        },
        (None, price) => Price {
            price,
            read_at: copy.stamp.fetched_at,
            now,
            stale: copy.is_stale(),
            status,
        },
    })
}

async fn detail(reader: &Reader, id: CargoId, policy: &Policy) -> Result<Detail, Failure> {
    let resource = Resource::Cargo(id);
    reader.one(&resource, policy, Content::cargo).await
}

/// What the cache did for the one that was hardest to get.
fn hardest(statuses: impl Iterator<Item = CacheStatus>) -> Option<CacheStatus> {
    statuses.max_by_key(|status| (status.forward.is_some(), status.tier))
}
