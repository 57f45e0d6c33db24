//! The HTTP API, typed. A dead session is renewed once, silently.

use std::{cell::RefCell, rc::Rc};

use cards::text::lang;
use domain::{
    CargoId, Etag, Filters, Window,
    messages::{
        BUILD_HEADER, CardRow, CargoList, Detail, DetailPage, Dictionary, History,
        POLL_AFTER_HEADER, Prices, SESSION_HEADER, STALE_HEADER, SignIn,
    },
};
use futures_util::future::LocalBoxFuture;
use gloo_timers::callback::Timeout;
use leptos::prelude::window;
use serde::{Deserialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, Headers, RequestInit};

use crate::{early, session::Session};

/// A sign-in or a list that takes longer is given up. The poller has a deadline of its own.
const PATIENCE_MS: u32 = 15_000;

/// Why there is no answer. Each is something that the screen acts on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Only opening the app from Telegram again helps.
    #[error("the session is over")]
    SignedOut,
    /// CargoTech does not answer, and the edge has nothing older to show.
    #[error("upstream does not answer")]
    UpstreamDown {
        /// When it asked to come back, in milliseconds.
        retry_after_ms: Option<u32>,
    },
    /// Too many requests.
    #[error("the service is busy")]
    Busy {
        /// When it asked to come back, in milliseconds.
        retry_after_ms: Option<u32>,
    },
    /// The edge is itself in trouble.
    #[error("the service is unavailable")]
    Unavailable,
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// No answer at all: no network, or given up.
    #[error("no answer")]
    NoAnswer,
}

impl ApiError {
    /// When the edge asked to come back, in milliseconds.
    pub fn retry_after_ms(&self) -> Option<u32> {
        match self {
            Self::UpstreamDown { retry_after_ms } | Self::Busy { retry_after_ms } => {
                *retry_after_ms
            }
            _ => None,
        }
    }
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
    /// The builds that the edge serves now, as it last said.
    build: Rc<RefCell<Option<String>>>,
}

impl Api {
    /// The API under a session.
    pub fn new(session: Session) -> Self {
        Self {
            session,
            build: Rc::default(),
        }
    }

    /// The builds that the edge serves now, if it has said so.
    pub fn build(&self) -> Option<String> {
        self.build.borrow().clone()
    }

    /// Rows of the list in the language that is spoken, and how old they are.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn list(
        &self,
        filters: &Filters,
        Window { offset, limit }: Window,
    ) -> Result<(CargoList<CardRow>, Freshness), ApiError> {
        let window = format!("limit={limit}&offset={offset}&{}", html());
        self.rows(&path("/api/cargos/", filters, &window)).await
    }

    /// These cargos, those that exist, and how old they are.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn cargos(
        &self,
        ids: &[CargoId],
    ) -> Result<(CargoList<CardRow>, Freshness), ApiError> {
        self.rows(&format!("/api/cargos/?{}&{}", named(ids), html()))
            .await
    }

    /// Everything about a cargo, in the language that is spoken.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn detail(&self, id: CargoId) -> Result<DetailPage, ApiError> {
        let path = format!("/api/cargos/{id}/?{}", html());
        let detail: Detail<DetailPage> = self.one(&path).await?;
        Ok(detail.cargo)
    }

    /// How the price of a cargo went.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn history(&self, id: CargoId) -> Result<History, ApiError> {
        self.one(&format!("/api/cargos/{id}/history")).await
    }

    /// An entry list: `points?filter[name]=...`, `load_types`, `truck_types`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn dictionary<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, ApiError> {
        let path = format!("/api/dictionaries/{name}");
        let dictionary: Dictionary<T> = self.one(&path).await?;
        Ok(dictionary.items)
    }

    async fn one<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        let patience = Patience::new();
        self.get(path, None, patience.signal()).await?.json()
    }

    async fn rows(&self, path: &str) -> Result<(CargoList<CardRow>, Freshness), ApiError> {
        let patience = Patience::new();
        let answer = self.get(path, None, patience.signal()).await?;
        let list: CargoList<CardRow> = answer.json()?;
        let freshness = Freshness {
            stale: list.stale,
            ..answer.freshness()
        };
        Ok((list, freshness))
    }

    /// The prices of these rows, unless they are those named by `known`; perhaps only what has changed since.
    ///
    /// # Errors
    /// See [`ApiError`]; [`ApiError::NoAnswer`] also when given up through `signal`.
    pub async fn prices(
        &self,
        filters: &Filters,
        Window { offset, limit }: Window,
        known: Option<&Etag>,
        signal: &AbortSignal,
    ) -> Result<Polled, ApiError> {
        let mut window = format!("limit={limit}");
        if offset > 0 {
            window += &format!("&offset={offset}");
        }
        let path = path("/api/cargos/prices/", filters, &window);
        self.poll(path, known, signal).await
    }

    /// The prices of these cargos, in the same way.
    ///
    /// # Errors
    /// As of [`Api::prices`].
    pub async fn prices_of(
        &self,
        ids: &[CargoId],
        known: Option<&Etag>,
        signal: &AbortSignal,
    ) -> Result<Polled, ApiError> {
        let path = format!("/api/cargos/prices/?{}", named(ids));
        self.poll(path, known, signal).await
    }

    async fn poll(
        &self,
        mut path: String,
        known: Option<&Etag>,
        signal: &AbortSignal,
    ) -> Result<Polled, ApiError> {
        if let Some(known) = known {
            path += "&since=";
            path += known.bare();
        }
        let answer = self.get(&path, known, signal).await?;
        if let Some(build) = answer.header(BUILD_HEADER) {
            self.build.replace(Some(build));
        }
        let prices = match answer.status {
            304 => None,
            _ => Some(answer.json::<Prices>()?),
        };
        Ok(Polled {
            freshness: match &prices {
                Some(prices) => Freshness {
                    age_ms: prices.age_ms,
                    stale: prices.stale,
                },
                None => answer.freshness(),
            },
            poll_after_ms: answer.number(POLL_AFTER_HEADER),
            prices,
        })
    }

    /// A 200 or 304 under the session; a session found dead is renewed once. Boxed: what awaits it would else hold it whole,
    /// each in a copy of its own.
    fn get<'a>(
        &'a self,
        path: &'a str,
        known: Option<&'a Etag>,
        signal: &'a AbortSignal,
    ) -> LocalBoxFuture<'a, Result<Answer, ApiError>> {
        Box::pin(self.get_whole(path, known, signal))
    }

    async fn get_whole(
        &self,
        path: &str,
        known: Option<&Etag>,
        signal: &AbortSignal,
    ) -> Result<Answer, ApiError> {
        let init = RequestInit::new();
        init.set_signal(Some(signal));
        // Set by hand, so that the 304 comes through to us.
        let known = known.map(|tag| ("if-none-match", tag.as_str()));
        let answer = under_session(&self.session, path, &init, known).await?;
        answer.expect_good()
    }
}

/// Any answer under the session; a session found dead is renewed once. `header` is sent along.
pub(crate) async fn under_session(
    session: &Session,
    path: &str,
    init: &RequestInit,
    header: Option<(&str, &str)>,
) -> Result<Answer, ApiError> {
    let token = session.token(None).await?;
    let mut answer = signed(path, &token, init, header).await?;
    if answer.status == 401 {
        let token = session.token(Some(&token)).await?;
        answer = signed(path, &token, init, header).await?;
    }
    if let Some(renewed) = answer.header(SESSION_HEADER) {
        session.renew(renewed);
    }
    Ok(answer)
}

/// `POST /api/auth/telegram`: the session's token.
///
/// # Errors
/// [`ApiError::SignedOut`] if the edge does not take the proof.
pub async fn sign_in(init_data: String) -> Result<String, ApiError> {
    /// What the app needs of [`domain::messages::Session`].
    #[derive(Deserialize)]
    struct SignedIn {
        session_token: String,
    }
    let body = serde_json::to_string(&SignIn { init_data }).map_err(|_| ApiError::SignedOut)?;
    let patience = Patience::new();
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&body.into());
    init.set_signal(Some(patience.signal()));
    let headers = [("content-type", "application/json")];
    let answer = send("/api/auth/telegram", &init, &headers).await?;
    let SignedIn { session_token } = answer.expect_good()?.json()?;
    Ok(session_token)
}

async fn signed(
    path: &str,
    token: &str,
    init: &RequestInit,
    header: Option<(&str, &str)>,
) -> Result<Answer, ApiError> {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend(header);
    send(path, init, &headers).await
}

async fn send(
    path: &str,
    init: &RequestInit,
    headers: &[(&str, &str)],
) -> Result<Answer, ApiError> {
    let list = js_sys::Object::new();
    for (name, value) in headers {
        // Setting a property of a plain object does not fail.
        let _ = js_sys::Reflect::set(&list, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    init.set_headers(&list);
    let response = match early::take_list(path) {
        Some(early) => resolved(early).await.unwrap_or_default(),
        None => JsValue::UNDEFINED,
    };
    let response = match response.dyn_into::<web_sys::Response>() {
        Ok(early) => early,
        Err(_) => resolved(window().fetch_with_str_and_init(path, init))
            .await?
            .unchecked_into(),
    };
    let body = match response.status() {
        304 => JsValue::UNDEFINED,
        _ => resolved(response.text().map_err(|_| ApiError::NoAnswer)?).await?,
    };
    Ok(Answer {
        status: response.status(),
        headers: response.headers(),
        body: body.as_string().unwrap_or_default(),
    })
}

/// What a promise of the network brings; nothing if it was given up.
async fn resolved(promise: js_sys::Promise) -> Result<JsValue, ApiError> {
    JsFuture::from(promise)
        .await
        .map_err(|_| ApiError::NoAnswer)
}

/// Gives a request up after a while, its body included: nobody waits for ever.
pub(crate) struct Patience {
    signal: AbortSignal,
    _timer: Timeout,
}

impl Patience {
    fn new() -> Self {
        Self::of(PATIENCE_MS)
    }

    /// So many milliseconds.
    pub(crate) fn of(ms: u32) -> Self {
        // Every browser that runs this program has AbortController.
        let controller = AbortController::new().unwrap_throw();
        Self {
            signal: controller.signal(),
            _timer: Timeout::new(ms, move || controller.abort()),
        }
    }

    pub(crate) fn signal(&self) -> &AbortSignal {
        &self.signal
    }
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Headers,
    /// Empty where there is none.
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn expect_good(self) -> Result<Self, ApiError> {
        match self.status {
            200 | 304 => Ok(self),
            401 => Err(ApiError::SignedOut),
            404 => Err(ApiError::NotFound),
            429 => Err(ApiError::Busy {
                retry_after_ms: self.retry_after_ms(),
            }),
            503 => Err(ApiError::UpstreamDown {
                retry_after_ms: self.retry_after_ms(),
            }),
            _ => Err(ApiError::Unavailable),
        }
    }

    pub(crate) fn retry_after_ms(&self) -> Option<u32> {
        let seconds = self.number("retry-after");
        seconds.map(|seconds| seconds.saturating_mul(1000))
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_str(&self.body).map_err(|_| ApiError::Unavailable)
    }

    pub(crate) fn freshness(&self) -> Freshness {
        Freshness {
            age_ms: self
                .number("age")
                .map_or(0, |seconds: u32| u64::from(seconds) * 1000),
            stale: self.number(STALE_HEADER) == Some(1),
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.header(name)?.parse().ok()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }
}

/// Asks for cards in the language that is spoken.
fn html() -> String {
    format!("html={}", lang::spoken().tag())
}

fn named(ids: &[CargoId]) -> String {
    let ids: Vec<String> = ids.iter().map(CargoId::to_string).collect();
    format!("ids={}", ids.join(","))
}

fn path(route: &str, filters: &Filters, window: &str) -> String {
    let filters = filters.to_query();
    match filters.as_str() {
        "" => format!("{route}?{window}"),
        _ => format!("{route}?{filters}&{window}"),
    }
}
