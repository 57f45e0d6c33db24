//! `GET /api/orders/{id}/`.

use domain::{
    messages::{EPOCH_HEADER, STALE_HEADER},
    orders::{OrderId, messages::OrderAnswer},
};
use worker::Env;

use super::{
    OrdersConfig,
    access::Viewer,
    board::{self, DetailTold, What},
    counted,
};
use crate::{clock, http::Answer, log::RequestId, problem::Failure};

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
    let site = config.board_of(order);
    let what = |until| What::Detail { id: order, until };
    if let Some(detail) = board::read(env, config, site, what, "detail", id).await? {
        return Ok(detail);
    }
    let detailed =
        counted("detail", config.mes().detail(order).await).map_err(super::unavailable)?;
    Ok(DetailTold {
        order: detailed.map(|detailed| detailed.order),
        epoch: 0,
        read_at: clock::now(),
        stale: false,
    })
}
