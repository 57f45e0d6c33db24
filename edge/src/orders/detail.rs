//! `GET /api/orders/{id}/`.

use domain::{
    messages::{EPOCH_HEADER, STALE_HEADER},
    orders::{OrderId, messages::OrderAnswer},
};
use serde_json::json;
use worker::Env;

use super::{
    OrdersConfig,
    access::Viewer,
    board::{self, DetailTold, Message, Told, What},
    counted,
};
use crate::{
    clock,
    http::Answer,
    log::{self, Level, RequestId},
    metrics::Family,
    problem::Failure,
    tally,
};

/// Answers with everything about an order, if the reader may see it.
///
/// # Errors
/// No such order, or none that he may see; neither the board nor the MES answers.
pub async fn answer(
    order: OrderId,
    env: &Env,
    config: &OrdersConfig,
    viewer: &Viewer,
    id: &RequestId,
) -> Result<Answer, Failure> {
    let told = read(order, env, config, id).await?;
    // Whether there is an order that he may not see is none of his business.
    let detail = told
        .order
        .filter(|detail| viewer.sees(&detail.order))
        .ok_or(Failure::NotFound)?;
    let age_ms = clock::now().since(told.read_at);
    let (epoch, stale) = (told.epoch, told.stale);
    let answer = OrderAnswer {
        order: detail,
        epoch,
        age_ms,
        stale,
    };
    Ok(Answer::json(200, &answer)
        .header("cache-control", "private, no-cache")
        .header("age", age_ms / 1000)
        .header(EPOCH_HEADER, epoch)
        .header(STALE_HEADER, u8::from(stale)))
}

async fn read(
    order: OrderId,
    env: &Env,
    config: &OrdersConfig,
    id: &RequestId,
) -> Result<DetailTold, Failure> {
    let message = |wait| Message {
        site: config.board_of(order),
        what: What::Detail { id: order, wait },
    };
    let mut told: worker::Result<Told<DetailTold>> =
        board::tell(env, &message(false), config.patience).await;
    let mut how = "board";
    if matches!(told, Ok(Told::Wait)) {
        how = "wait";
        told = board::tell(env, &message(true), config.read_deadline()).await;
    }
    match told {
        Ok(Told::Here(detail)) => {
            tally::count(Family::OrderReads, ["detail", how]);
            return Ok(detail);
        }
        Ok(Told::Nothing { retry_after_ms }) => {
            return Err(Failure::Unavailable { retry_after_ms });
        }
        Ok(Told::Wait) => {}
        Err(error) => {
            let detail = json!({"error": error.to_string()});
            log::write(Level::Warn, "board_unreachable", id.as_str(), detail);
        }
    }
    tally::count(Family::OrderReads, ["detail", "mes"]);
    let detailed =
        counted("detail", config.mes().detail(order).await).map_err(super::unavailable)?;
    Ok(DetailTold {
        order: detailed.map(|detailed| detailed.order),
        epoch: 0,
        read_at: clock::now(),
        stale: false,
    })
}
