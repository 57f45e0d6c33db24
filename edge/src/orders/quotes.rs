//! `POST /api/quotes` and `GET /api/quotes/{id}`: what a part would cost, calculated once however many ask.

use std::pin::pin;

use domain::orders::{
    QuoteId, QuoteRequest,
    messages::{Quote, QuoteState},
};
use futures_util::future::{Either, select};
use mes::ModelHash;
use sha2::{Digest, Sha256};
use worker::{Delay, Env};

use super::{OrdersConfig, upload};
use crate::{
    http::{Answer, Described},
    log::RequestId,
    metrics::Family,
    problem::Failure,
    quote_do::{self, Order},
    tally,
};

/// Takes a model, and answers with its quote or with where that is going to be.
///
/// # Errors
/// Wrong parameters; a model that is none; the MES does not take it.
pub async fn ask(
    request: &Described,
    env: &Env,
    config: &OrdersConfig,
    id: &RequestId,
) -> Result<Answer, Failure> {
    let wanted = QuoteRequest::parse(request.query()).map_err(Failure::Invalid)?;
    let model = upload::model(id.request(), config).await?;
    let quote = id_of(&model, &wanted);
    let order = Order {
        model: model.to_string(),
        wanted,
    };
    let state = state_of(quote, Some(order), env, config).await?;
    answer("asked", quote, state)
}

/// How far a quote is that somebody has asked for.
///
/// # Errors
/// Nobody has, or it is too long ago.
pub async fn look(quote: QuoteId, env: &Env, config: &OrdersConfig) -> Result<Answer, Failure> {
    let state = state_of(quote, None, env, config).await?;
    answer("looked", quote, state)
}

/// What the quote's object says, which is waited for no longer than the MES.
async fn state_of(
    quote: QuoteId,
    order: Option<Order>,
    env: &Env,
    config: &OrdersConfig,
) -> Result<QuoteState, Failure> {
    let asked = pin!(quote_do::ask(env, quote, order));
    match select(asked, pin!(Delay::from(config.read_deadline()))).await {
        Either::Left((state, _)) => state?.ok_or(Failure::NotFound),
        Either::Right(_) => Err(Failure::Unavailable {
            retry_after_ms: 2_000,
        }),
    }
}

fn answer(what: &'static str, id: QuoteId, state: QuoteState) -> Result<Answer, Failure> {
    let (status, how) = match &state {
        QuoteState::Calculating { .. } => (202, "calculating"),
        QuoteState::Ready { .. } => (200, "ready"),
        QuoteState::Failed { .. } => (200, "failed"),
    };
    tally::count(Family::Quotes, [what, how]);
    let retry_after = match &state {
        QuoteState::Calculating { poll_after_ms, .. } => Some(poll_after_ms.div_ceil(1_000)),
        QuoteState::Failed { retry_after_ms, .. } => Some(retry_after_ms.div_ceil(1_000)),
        QuoteState::Ready { .. } => None,
    };
    Ok(Answer::json(status, &Quote { id, state })
        .header("cache-control", "no-store")
        .header("location", format_args!("/api/quotes/{id}"))
        .header_if("retry-after", retry_after))
}

/// The name of the quote for this model: of the model's bytes and of all else that decides the price.
fn id_of(model: &ModelHash, wanted: &QuoteRequest) -> QuoteId {
    let mut hash = Sha256::new();
    hash.update(model.0);
    hash.update(wanted.canonical());
    QuoteId(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_requests_have_one_name_and_others_have_others() {
        let id = |model: u8, query: &str| {
            id_of(
                &ModelHash([model; 32]),
                &QuoteRequest::parse(query).unwrap(),
            )
        };
        let first = id(1, "material=PA12&quantity=4");
        assert_eq!(first, id(1, "quantity=4&material=pa12"));
        for other in [
            id(2, "material=PA12&quantity=4"),
            id(1, "material=PA12&quantity=5"),
            id(1, "material=PA1&quantity=24"),
        ] {
            assert_ne!(first, other);
        }
    }
}
