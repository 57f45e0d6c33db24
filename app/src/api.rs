//! The HTTP API, typed. A dead session is renewed once, silently.

use std::pin::pin;

use domain::{
    Etag, Filters,
    messages::{
        CargoList, POLL_AFTER_HEADER, Prices, SESSION_HEADER, STALE_HEADER, Session as SignedIn,
        SignIn,
    },
};
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::window;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

use crate::session::Session;

/// A sign-in or a list that takes longer is given up. The poller has a deadline of its own.
const PATIENCE_MS: u32 = 15_000;

/// Why there is no answer. Each is something that the screen acts on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Only opening the app from Telegram again helps.
    #[error("the session is over")]
    SignedOut,
    /// The edge has nothing to show, or is itself in trouble.
    #[error("the service is unavailable")]
    Unavailable {
        /// When it asked to come back, in milliseconds.
        retry_after_ms: Option<u32>,
    },
    /// No answer at all: no network, or given up.
    #[error("no answer")]
    NoAnswer,
}

/// How old an answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// Its age when it arrived, in milliseconds.
    pub age_ms: u64,
    /// Whether that is older than it should be.
    pub stale: bool,
}

/// What a poll brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Polled {
    /// The prices, unless they are what they were.
    pub prices: Option<Prices>,
    /// How old they are.
    pub freshness: Freshness,
    /// When to poll again, in milliseconds, if the edge said so.
    pub poll_after_ms: Option<u32>,
}

/// The API, as one driver uses it.
#[derive(Clone)]
pub struct Api {
    session: Session,
}

impl Api {
    /// The API under a session.
    pub fn new(session: Session) -> Self {
        Self { session }
    }

    /// Rows of the list, and how old they are.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn list(
        &self,
        filters: &Filters,
        offset: u32,
        limit: u32,
    ) -> Result<(CargoList, Freshness), ApiError> {
        let path = path(
            "/api/cargos/",
            filters,
            &format!("limit={limit}&offset={offset}"),
        );
        let (response, list) = within_patience(async {
            let response = self.get(&path, None, None).await?;
            let list: CargoList = json(&response).await?;
            Ok((response, list))
        })
        .await?;
        let freshness = Freshness {
            stale: list.stale,
            ..freshness(&response)
        };
        Ok((list, freshness))
    }

    /// The prices of the first `limit` rows, unless they are those named by `known`.
    ///
    /// # Errors
    /// See [`ApiError`]; [`ApiError::NoAnswer`] also when given up through `signal`.
    pub async fn prices(
        &self,
        filters: &Filters,
        limit: u32,
        known: Option<&Etag>,
        signal: &AbortSignal,
    ) -> Result<Polled, ApiError> {
        let path = path("/api/cargos/prices/", filters, &format!("limit={limit}"));
        let response = self.get(&path, known, Some(signal)).await?;
        let prices = match response.status() {
            304 => None,
            _ => Some(json::<Prices>(&response).await?),
        };
        Ok(Polled {
            freshness: match &prices {
                Some(prices) => Freshness {
                    age_ms: prices.age_ms,
                    stale: prices.stale,
                },
                None => freshness(&response),
            },
            poll_after_ms: number(&response, POLL_AFTER_HEADER),
            prices,
        })
    }

    /// A 200 or 304 under the session; a session found dead is renewed once.
    async fn get(
        &self,
        path: &str,
        known: Option<&Etag>,
        signal: Option<&AbortSignal>,
    ) -> Result<Response, ApiError> {
        let token = self.session.token(None).await?;
        let mut response = get(path, &token, known, signal).await?;
        if response.status() == 401 {
            let token = self.session.token(Some(&token)).await?;
            response = get(path, &token, known, signal).await?;
        }
        if let Ok(Some(renewed)) = response.headers().get(SESSION_HEADER) {
            self.session.renew(renewed);
        }
        match response.status() {
            200 | 304 => Ok(response),
            401 => Err(ApiError::SignedOut),
            _ => Err(ApiError::Unavailable {
                retry_after_ms: number(&response, "retry-after")
                    .map(|seconds: u32| seconds.saturating_mul(1000)),
            }),
        }
    }
}

/// `POST /api/auth/telegram`.
///
/// # Errors
/// [`ApiError::SignedOut`] if the edge does not take the proof.
pub async fn sign_in(sign_in: &SignIn) -> Result<SignedIn, ApiError> {
    let body = serde_json::to_string(sign_in).map_err(|_| ApiError::SignedOut)?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&body.into());
    within_patience(async {
        let headers = [("content-type", "application/json")];
        let response = send("/api/auth/telegram", &init, &headers).await?;
        match response.status() {
            200 => json(&response).await,
            401 => Err(ApiError::SignedOut),
            _ => Err(ApiError::Unavailable {
                retry_after_ms: None,
            }),
        }
    })
    .await
}

/// What the request brings, or [`ApiError::NoAnswer`] after [`PATIENCE_MS`]: nobody waits for ever.
async fn within_patience<T>(
    request: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    match select(pin!(request), TimeoutFuture::new(PATIENCE_MS)).await {
        Either::Left((result, _)) => result,
        Either::Right(((), _)) => Err(ApiError::NoAnswer),
    }
}

async fn get(
    path: &str,
    token: &str,
    known: Option<&Etag>,
    signal: Option<&AbortSignal>,
) -> Result<Response, ApiError> {
    let init = RequestInit::new();
    init.set_signal(signal);
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str())];
    // Set by hand, so that the 304 comes through to us.
    headers.extend(known.map(|tag| ("if-none-match", tag.as_str())));
    send(path, &init, &headers).await
}

async fn send(
    path: &str,
    init: &RequestInit,
    headers: &[(&str, &str)],
) -> Result<Response, ApiError> {
    let list = js_sys::Object::new();
    for (name, value) in headers {
        // Setting a property of a plain object does not fail.
        let _ = js_sys::Reflect::set(&list, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    init.set_headers(&list);
    JsFuture::from(window().fetch_with_str_and_init(path, init))
        .await
        .map(JsCast::unchecked_into)
        .map_err(|_| ApiError::NoAnswer)
}

async fn json<T: DeserializeOwned>(response: &Response) -> Result<T, ApiError> {
    let text = response.text().map_err(|_| ApiError::NoAnswer)?;
    let text = JsFuture::from(text).await.map_err(|_| ApiError::NoAnswer)?;
    let text = text.as_string().unwrap_or_default();
    serde_json::from_str(&text).map_err(|_| ApiError::Unavailable {
        retry_after_ms: None,
    })
}

fn path(route: &str, filters: &Filters, window: &str) -> String {
    let filters = filters.to_query();
    match filters.as_str() {
        "" => format!("{route}?{window}"),
        _ => format!("{route}?{filters}&{window}"),
    }
}

fn freshness(response: &Response) -> Freshness {
    Freshness {
        age_ms: number::<u64>(response, "age").unwrap_or(0) * 1000,
        stale: number::<u8>(response, STALE_HEADER) == Some(1),
    }
}

fn number<T: std::str::FromStr>(response: &Response, header: &str) -> Option<T> {
    response.headers().get(header).ok().flatten()?.parse().ok()
}
