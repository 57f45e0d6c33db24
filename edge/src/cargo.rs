//! `GET /api/cargos/{id}/`: everything about one cargo, with the newest price that any list has shown here.

use cards::{
    facts,
    text::{self, lang},
};
use domain::{
    CargoDetail, CargoId,
    messages::{Detail, DetailPage},
    query::CargoQuery,
};
use swr::Epoch;

use crate::{
    http::{Answer, Described},
    problem::Failure,
    reader::Reader,
    resource::{Content, Resource},
};

/// The answer.
///
/// # Errors
/// Parameters that break their rules; a cargo that does not exist or can't be had.
pub async fn answer(id: CargoId, request: &Described, reader: Reader) -> Result<Answer, Failure> {
    let query = CargoQuery::parse(request.query()).map_err(Failure::Invalid)?;
    let reader = reader.demanding(Epoch(query.min_epoch.into()));
    let policy = &reader.config.detail;
    let resource = Resource::Cargo(id);
    let (copy, now) = reader.one(&resource, policy, Content::cargo).await?;
    let status = copy.status(policy, now);
    let detail = copy.content.as_deref().ok_or(Failure::NotFound)?;
    let (cargo, price_read_at) =
        reader.with_newest_price(detail.cargo.clone(), copy.stamp.fetched_at);
    let body = Detail {
        as_of: copy.stamp.fetched_at.0,
        stale: copy.is_stale(),
        price_age_ms: now.since(price_read_at),
        cargo: CargoDetail {
            cargo,
            ..detail.clone()
        },
    };
    let answer = match query.html {
        Some(lang) => {
            lang::speak(lang);
            let page = body.map(|detail| DetailPage {
                route: text::route(&detail.cargo),
                html: facts::html(&detail),
            });
            Answer::json(200, &page)
        }
        None => Answer::json(200, &body),
    };
    Ok(answer
        .header("cache-control", "private, no-cache")
        .header("cache-status", status)
        .header("age", now.since(copy.stamp.fetched_at) / 1000)
        .header_if("server-timing", reader.timing()))
}
