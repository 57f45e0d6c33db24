//! The MES's API: what a call asks for, and what it is answered. Pure.

use super::call::Kind;
use super::store::{Moved, Page, Wanted};
use crate::api::answer::Answer;
use crate::api::query::{Query, whole};
use axum::http::StatusCode;
use domain::orders::{
    Counts, Cursor, Filter, Order, OrderDetail, OrderId, QuoteId, QuoteRequest, SellerId, Site,
    Status, Statuses,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The most rows of one page, and the most names in one question.
pub const MOST: u32 = 100;
/// How many rows are answered if nobody says.
const USUAL: u32 = 50;

/// What a call asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// A page of a list.
    List(Wanted),
    /// These orders.
    Ids(Vec<OrderId>),
    /// How many stand where.
    Counts(Option<Site>),
    /// Everything about this order.
    Detail(OrderId),
    /// A change of this order's status.
    Change(OrderId, StatusChange),
    /// A model of this hash and length was sent.
    Model(String, u64),
    /// A calculation is to be begun.
    Calculate(QuoteId, Calculate),
    /// How far a calculation is.
    Calculation(QuoteId),
}

/// Body of `POST /v1/orders/{id}/status`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StatusChange {
    /// The status that it is to get.
    pub status: Status,
    /// The version that it must have.
    pub expected_version: u64,
    /// Who moves it.
    pub by: String,
}

/// Body of `PUT /v1/calculations/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Calculate {
    /// The model's hash.
    pub model: String,
    /// What else decides the price.
    #[serde(flatten)]
    pub request: QuoteRequest,
}

/// Reads a call of any kind but [`Kind::Model`], whose body is no JSON. `name` is the last or only name in its path.
///
/// # Errors
/// 400 that names what is wrong, or 404 for names that nothing can have.
pub fn task(kind: Kind, name: &str, query: &Query, body: &[u8]) -> Result<Task, Answer> {
    match kind {
        Kind::List => wanted(query, MOST).map(Task::List),
        Kind::Ids => ids(query).map(Task::Ids),
        Kind::Counts => site(query).map(Task::Counts),
        Kind::Detail => Ok(Task::Detail(order_name(name)?)),
        Kind::StatusChange => Ok(Task::Change(order_name(name)?, read_body(body)?)),
        Kind::CalculationPut => Ok(Task::Calculate(quote_name(name)?, read_body(body)?)),
        Kind::CalculationGet => Ok(Task::Calculation(quote_name(name)?)),
        Kind::Model => Err(bad("a model is no JSON")),
    }
}

/// Reads what a list is asked for, at most so many rows.
///
/// # Errors
/// 400 that names what is wrong.
pub fn wanted(query: &Query, most: u32) -> Result<Wanted, Answer> {
    let filter = Filter {
        statuses: parameter(query, "status", |text| text.parse().ok())?.unwrap_or(Statuses::ALL),
        seller: parameter(query, "seller", |text| {
            number(text).filter(|seller| *seller > 0).map(SellerId)
        })?,
        site: site(query)?,
        name: query.get("name").map(str::to_owned),
    };
    let before: Option<Cursor> = parameter(query, "before", |text| text.parse().ok())?;
    let limit = parameter(query, "limit", |text| {
        number(text).filter(|limit| (1..=most).contains(limit))
    })?;
    Ok(Wanted {
        filter,
        before: before.map(|Cursor(rank)| rank),
        limit: limit.unwrap_or(USUAL),
    })
}

/// Reads the names of 1 to [`MOST`] orders.
///
/// # Errors
/// 400.
pub fn ids(query: &Query) -> Result<Vec<OrderId>, Answer> {
    let ids = parameter(query, "ids", |text| {
        let ids: Option<Vec<OrderId>> = text.split(',').map(|id| id.parse().ok()).collect();
        ids.filter(|ids| ids.len() <= MOST as usize)
    })?;
    ids.ok_or_else(|| bad("ids: 1 to 100 names of orders"))
}

fn number(text: &str) -> Option<u32> {
    u32::try_from(whole(text)?).ok()
}

fn site(query: &Query) -> Result<Option<Site>, Answer> {
    parameter(query, "site", |text| text.parse().ok())
}

fn parameter<T>(
    query: &Query,
    name: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Answer> {
    match query.get(name).map(read) {
        Some(None) => Err(bad(&format!("{name}: can't be read"))),
        read => Ok(read.flatten()),
    }
}

fn order_name(text: &str) -> Result<OrderId, Answer> {
    text.parse().map_err(|_| unknown("order"))
}

fn quote_name(text: &str) -> Result<QuoteId, Answer> {
    text.parse().map_err(|_| unknown("calculation"))
}

fn read_body<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Answer> {
    serde_json::from_slice(body).map_err(|error| bad(&format!("body: {error}")))
}

/// A page, as of the last change that was seen.
pub fn page(as_of: u64, page: &Page) -> Answer {
    Answer::ok(json!({"as_of": as_of, "orders": page.orders, "more": page.more}))
}

/// Orders by their names.
pub fn orders(as_of: u64, orders: &[Order]) -> Answer {
    Answer::ok(json!({"as_of": as_of, "orders": orders, "more": false}))
}

/// How many orders stand where.
pub fn counts(as_of: u64, counts: &Counts) -> Answer {
    Answer::ok(json!({"as_of": as_of, "counts": counts}))
}

/// Everything about an order, or 404.
pub fn detail(as_of: u64, detail: Option<&OrderDetail>) -> Answer {
    detail.map_or_else(
        || unknown("order"),
        |detail| Answer::ok(json!({"as_of": as_of, "order": detail})),
    )
}

/// What became of a change.
pub fn moved(moved: &Moved, to: Status) -> Answer {
    match moved {
        Moved::Made(order) => Answer::ok(json!({"order": order})),
        Moved::Lost(order) => Answer::json(StatusCode::CONFLICT, json!({"order": order})),
        Moved::NotAllowed(order) => refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            &format!(
                "status: nobody moves an order from {} to {to}",
                order.status
            ),
        ),
        Moved::UnknownOrder => unknown("order"),
    }
}

/// 201: a model was taken.
pub fn model(hash: &str, bytes: u64) -> Answer {
    Answer::json(StatusCode::CREATED, json!({"model": hash, "bytes": bytes}))
}

/// 404: there is no such thing.
pub fn unknown(what: &str) -> Answer {
    refused(StatusCode::NOT_FOUND, &format!("there is no such {what}"))
}

/// 401.
pub fn unauthorized() -> Answer {
    refused(StatusCode::UNAUTHORIZED, "a Bearer token is needed")
}

/// 400: the request can't be read.
pub fn bad(reason: &str) -> Answer {
    refused(StatusCode::BAD_REQUEST, reason)
}

/// An error with a reason.
pub fn refused(status: StatusCode, reason: &str) -> Answer {
    let body: Value = json!({"error": reason});
    Answer::json(status, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Wanted, Answer> {
        wanted(&Query::parse(query), MOST)
    }

    #[test]
    fn a_list_is_asked_for_by_what_is_left_in() {
        let all = read("").unwrap();
        assert_eq!(
            (all.filter.statuses, all.limit, all.before),
            (Statuses::ALL, USUAL, None)
        );
        let some =
            read("status=approved,started&site=MSK&seller=7&name=MSK-10&before=17.MSK-5&limit=3")
                .unwrap();
        assert_eq!(some.filter.statuses.to_string(), "approved,started");
        assert_eq!((some.filter.seller, some.limit), (Some(SellerId(7)), 3));
        assert_eq!(some.filter.name.as_deref(), Some("MSK-10"));
        assert_eq!(some.before.map(|rank| rank.created_at), Some(17));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (query, named) in [
            ("status=new", "status"),
            ("site=msk", "site"),
            ("seller=0", "seller"),
            ("before=5", "before"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
        ] {
            let answer = read(query).unwrap_err();
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert!(
                format!("{:?}", answer.body).contains(named),
                "{query}: {answer:?}"
            );
        }
        let many = vec!["MSK-5"; 101].join(",");
        for ids_asked in ["", "MSK-05", "MSK-5,", &many] {
            assert!(
                ids(&Query::parse(&format!("ids={ids_asked}"))).is_err(),
                "{ids_asked}"
            );
        }
    }
}
