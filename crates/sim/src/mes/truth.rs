//! `GET /_orders`: what is true of the MES's orders, at once and uncounted, for whoever checks what others show.

use super::api::{ids, wanted};
use super::store::{by_ids, history, list};
use crate::api::answer::Answer;
use crate::api::query::Query;
use crate::server::{Sim, plain_response};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use domain::orders::{Change, OrderId};
use serde_json::json;
use std::collections::BTreeMap;

/// The most rows of one list; nobody waits for them.
const MOST: u32 = 10_000;

/// `?ids=MSK-1,MSK-2` or the parameters of the MES's list, with a `limit` of up to 10,000; `&ever=1` adds the whole
/// history of each order.
pub async fn orders(State(sim): State<Sim>, RawQuery(query): RawQuery) -> Response {
    let query = Query::parse(&query.unwrap_or_default());
    let answer = truth(&sim, &query).await;
    plain_response(answer.unwrap_or_else(|refusal| refusal))
}

async fn truth(sim: &Sim, query: &Query) -> Result<Answer, Answer> {
    let ids = match query.get("ids") {
        Some(_) => Some(ids(query)?),
        None => None,
    };
    let wanted = wanted(query, MOST)?;
    let ever = query.get("ever").is_some_and(|ever| ever != "0");
    sim.read_store(move |db| {
        let (orders, more) = match &ids {
            Some(ids) => (by_ids(db, ids)?, false),
            None => {
                let page = list(db, &wanted)?;
                (page.orders, page.more)
            }
        };
        let mut histories: BTreeMap<OrderId, Vec<Change>> = BTreeMap::new();
        for order in orders.iter().filter(|_| ever) {
            histories.insert(order.id, history(db, order.id)?);
        }
        Ok((orders, more, histories))
    })
    .await
    .map(|(as_of, (orders, more, histories))| {
        let mut truth = json!({"as_of": as_of, "orders": orders, "more": more});
        if ever {
            truth["ever"] = json!(histories);
        }
        Answer::ok(truth)
    })
}
