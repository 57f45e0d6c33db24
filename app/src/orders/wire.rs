//! Answers whose types are flattened or tagged, read in two passes or from one flat object: what serde does for those in general
//! holds every value in between, and costs a phone twelve kilobytes.

use domain::{
    Kopecks,
    orders::{
        Change, ModelFile, Order, OrderDetail, QuoteId, Quoted,
        messages::{Quote, QuoteState},
    },
};
use serde::Deserialize;

use crate::api::{Answer, ApiError, Freshness};

/// What of an order lists do not show.
#[derive(Deserialize)]
struct Rest {
    comment: Option<String>,
    model: Option<ModelFile>,
    history: Vec<Change>,
}

#[derive(Deserialize)]
struct First {
    order: Order,
    age_ms: u64,
    stale: bool,
}

#[derive(Deserialize)]
struct Second {
    order: Rest,
}

/// [`domain::orders::messages::OrderAnswer`].
pub fn detail(answer: &Answer) -> Result<(OrderDetail, Freshness), ApiError> {
    let First {
        order,
        age_ms,
        stale,
    } = answer.json()?;
    let Second { order: rest } = answer.json()?;
    let detail = OrderDetail {
        order,
        comment: rest.comment,
        model: rest.model,
        history: rest.history,
    };
    Ok((detail, Freshness { age_ms, stale }))
}

#[derive(Deserialize)]
struct Flat {
    id: QuoteId,
    state: String,
    percent: Option<u8>,
    poll_after_ms: Option<u64>,
    price_kopecks: Option<Kopecks>,
    days: Option<u32>,
    age_ms: Option<u64>,
    reason: Option<String>,
    retry_after_ms: Option<u64>,
}

/// [`Quote`].
pub fn quote(text: &str) -> Result<Quote, ApiError> {
    let flat = serde_json::from_str(text).ok().and_then(whole);
    flat.ok_or(ApiError::Unavailable)
}

fn whole(flat: Flat) -> Option<Quote> {
    let state = match flat.state.as_str() {
        "calculating" => QuoteState::Calculating {
            percent: flat.percent?,
            poll_after_ms: flat.poll_after_ms?,
        },
        "ready" => QuoteState::Ready {
            quoted: Quoted {
                price_kopecks: flat.price_kopecks?,
                days: flat.days?,
            },
            age_ms: flat.age_ms?,
        },
        "failed" => QuoteState::Failed {
            reason: flat.reason?,
            retry_after_ms: flat.retry_after_ms?,
        },
        _ => return None,
    };
    Some(Quote { id: flat.id, state })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_read_as_it_is_written() {
        let states = [
            QuoteState::Calculating {
                percent: 40,
                poll_after_ms: 500,
            },
            QuoteState::Ready {
                quoted: Quoted {
                    price_kopecks: Kopecks::new(5).expect("a price"),
                    days: 2,
                },
                age_ms: 7,
            },
            QuoteState::Failed {
                reason: "нет".into(),
                retry_after_ms: 0,
            },
        ];
        for state in states {
            let written = Quote {
                id: QuoteId([7; 32]),
                state,
            };
            let text = serde_json::to_string(&written).expect("a message");
            assert_eq!(quote(&text), Ok(written));
        }
        let without_a_price = format!(r#"{{"id":"{}","state":"ready"}}"#, QuoteId([7; 32]));
        assert_eq!(quote(&without_a_price), Err(ApiError::Unavailable));
    }
}
