//! `GET /api/dictionaries/...`: what filters are chosen from.

use domain::{dictionary::search_text, messages::Dictionary, query::PointsQuery};
use serde::Serialize;

use crate::{
    http::{Answer, Described},
    problem::Failure,
    reader::Reader,
    resource::{Content, Resource},
};

/// So long a phone may keep an answer, in seconds.
const KEPT_FOR: u32 = 3_600;

/// `points`: places by a part of their name.
///
/// # Errors
/// Parameters that break their rules; or a dictionary that can't be had.
pub async fn points(request: &Described, reader: Reader) -> Result<Answer, Failure> {
    let query = PointsQuery::parse(request.query()).map_err(Failure::Invalid)?;
    let resource = Resource::Points(search_text(&query.name));
    dictionary(&resource, reader, Content::points).await
}

/// `load_types`, `truck_types`.
///
/// # Errors
/// A dictionary that can't be had.
pub async fn types(resource: &Resource, reader: Reader) -> Result<Answer, Failure> {
    dictionary(resource, reader, Content::types).await
}

async fn dictionary<T: Serialize + Clone>(
    resource: &Resource,
    reader: Reader,
    kind: impl FnOnce(&Content) -> Option<std::rc::Rc<[T]>>,
) -> Result<Answer, Failure> {
    let policy = &reader.config.dictionary;
    let (copy, now) = reader.one(resource, policy, kind).await?;
    let body = Dictionary {
        items: copy.content.to_vec(),
    };
    Ok(Answer::json(200, &body)
        .header("cache-control", format!("private, max-age={KEPT_FOR}"))
        .header("cache-status", copy.status(policy, now))
        .header("age", 0)
        .header_if("server-timing", reader.timing()))
}
