//! The orders' HTTP API, typed, under the same session as the drivers'.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::{
    messages::{BUILD_HEADER, EPOCH_HEADER, POLL_AFTER_HEADER},
    orders::{
        Cursor, Order, OrderDetail, OrderId, QuoteId, Statuses,
        messages::{ChangeStatus, Changed, OrderList, Quote},
    },
};
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use web_sys::{AbortSignal, RequestInit};

use super::{
    pending::{Outcome, Why},
    wire,
};
use crate::{
    api::{Answer, ApiError, Freshness, Patience, under_session},
    session::Session,
};

/// The factory's lists take seconds, and the edge waits for them; no answer of ours takes longer.
const PATIENCE_MS: u32 = 30_000;

/// Why there is no answer. Each is something that the screen acts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrdersError {
    /// He is no operator.
    Forbidden,
    /// As for drivers.
    Api(ApiError),
}

impl From<ApiError> for OrdersError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl OrdersError {
    /// When the edge asked to come back, in milliseconds.
    pub fn retry_after_ms(&self) -> Option<u32> {
        match self {
            Self::Forbidden => None,
            Self::Api(error) => error.retry_after_ms(),
        }
    }

    /// Whether asking again can't help.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Forbidden | Self::Api(ApiError::SignedOut))
    }
}

/// Which orders are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Those in one of these statuses.
    pub statuses: Statuses,
    /// Those whose name holds this; empty for all.
    pub number: String,
}

/// What a read brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Read<T> {
    /// The answer, unless it is what it was.
    pub answer: Option<T>,
    /// Its name.
    pub etag: Option<String>,
    /// How old it is.
    pub freshness: Freshness,
    /// When to ask again, in milliseconds, if the edge said so.
    pub poll_after_ms: Option<u32>,
    /// The edge's time when it answered, Unix milliseconds, if it said so.
    pub now: Option<f64>,
}

/// The API, as one operator uses it. Copies know the same.
#[derive(Clone)]
pub struct OrdersApi {
    session: Session,
    /// The newest state of the board that was shown: no older one will do.
    epoch: Rc<Cell<u64>>,
    /// The builds that the edge serves now, as it last said.
    build: Rc<RefCell<Option<String>>>,
}

impl OrdersApi {
    /// The API under a session.
    pub fn new(session: Session) -> Self {
        Self {
            session,
            epoch: Rc::default(),
            build: Rc::default(),
        }
    }

    /// The builds that the edge serves now, if it has said so.
    pub fn build(&self) -> Option<String> {
        self.build.borrow().clone()
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Orders, newest first, unless they are those named by `known`.
    ///
    /// # Errors
    /// See [`OrdersError`]; [`ApiError::NoAnswer`] also when given up through `signal`.
    pub async fn list(
        &self,
        asked: &Asked,
        below: Option<Cursor>,
        limit: usize,
        known: Option<&str>,
        signal: &AbortSignal,
    ) -> Result<Read<OrderList>, OrdersError> {
        let mut path = format!("/api/orders/?limit={limit}");
        if asked.statuses != Statuses::ALL {
            path += &format!("&status={}", asked.statuses);
        }
        if !asked.number.is_empty() {
            path += &format!("&number={}", asked.number);
        }
        if let Some(below) = below {
            path += &format!("&cursor={below}");
        }
        if self.epoch.get() > 0 {
            path += &format!("&min_epoch={}", self.epoch.get());
        }
        let init = RequestInit::new();
        init.set_signal(Some(signal));
        let answer = self.ask(&path, &init, known).await?;
        if let Some(build) = answer.header(BUILD_HEADER) {
            self.build.replace(Some(build));
        }
        let list: Option<OrderList> = (answer.status == 200).then(|| answer.json()).transpose()?;
        let mut read = read(&answer);
        if let Some(list) = &list {
            read.freshness = Freshness {
                age_ms: list.age_ms,
                stale: list.stale,
            };
        }
        read.answer = list;
        Ok(read)
    }

    /// The same, waited for as long as the factory may take.
    ///
    /// # Errors
    /// See [`OrdersError`].
    pub async fn page(
        &self,
        asked: &Asked,
        below: Option<Cursor>,
        limit: usize,
    ) -> Result<Read<OrderList>, OrdersError> {
        let patience = Patience::of(PATIENCE_MS);
        self.list(asked, below, limit, None, patience.signal())
            .await
    }

    /// Everything about an order.
    ///
    /// # Errors
    /// See [`OrdersError`].
    pub async fn detail(
        &self,
        id: OrderId,
        signal: Option<&AbortSignal>,
    ) -> Result<Read<OrderDetail>, OrdersError> {
        let patience = Patience::of(PATIENCE_MS);
        let init = RequestInit::new();
        init.set_signal(Some(signal.unwrap_or(patience.signal())));
        let answer = self.ask(&format!("/api/orders/{id}/"), &init, None).await?;
        let (detail, freshness) = wire::detail(&answer)?;
        Ok(Read {
            freshness,
            answer: Some(detail),
            ..read(&answer)
        })
    }

    /// Moves an order. Never asked twice: what became of it is told as far as it is known.
    pub async fn change(&self, id: OrderId, change: &ChangeStatus) -> Outcome {
        /// What the app needs of [`domain::orders::messages::LostRace`].
        #[derive(Deserialize)]
        struct Lost {
            order: Order,
        }
        let patience = Patience::of(PATIENCE_MS);
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_signal(Some(patience.signal()));
        init.set_body(&serde_json::to_string(change).unwrap_or_default().into());
        let json = Some(("content-type", "application/json"));
        let path = format!("/api/orders/{id}/status");
        let answer = match under_session(&self.session, &path, &init, json).await {
            Ok(answer) => answer,
            Err(ApiError::SignedOut) => return Outcome::Refused(Why::SignedOut),
            Err(_) => return Outcome::Unknown,
        };
        self.saw(&answer);
        match answer.status {
            // Made, but nobody can say what: the next read can.
            200 => answer
                .json::<Changed>()
                .map_or(Outcome::Unknown, |changed| Outcome::Made(changed.order)),
            409 => answer
                .json::<Lost>()
                .map_or(Outcome::Unknown, |lost| Outcome::Lost(lost.order)),
            401 => Outcome::Refused(Why::SignedOut),
            403 => Outcome::Refused(Why::Forbidden),
            404 | 422 => Outcome::Refused(Why::NotAllowed),
            429 => Outcome::Refused(Why::Busy),
            503 => Outcome::Refused(Why::FactoryDown),
            500 => Outcome::Refused(Why::OurFault),
            // 504 says so; of others it is not known either.
            _ => Outcome::Unknown,
        }
    }

    /// How far a quote is; nothing if nobody has asked for it.
    ///
    /// # Errors
    /// See [`OrdersError`].
    pub async fn quote(&self, id: QuoteId) -> Result<Option<Quote>, OrdersError> {
        let patience = Patience::of(PATIENCE_MS);
        let init = RequestInit::new();
        init.set_signal(Some(patience.signal()));
        match self.ask(&format!("/api/quotes/{id}"), &init, None).await {
            Ok(answer) => Ok(Some(wire::quote(&answer.body)?)),
            Err(OrdersError::Api(ApiError::NotFound)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A good answer. Boxed: what awaits it would else hold it whole, each in a copy of its own.
    fn ask<'a>(
        &'a self,
        path: &'a str,
        init: &'a RequestInit,
        known: Option<&'a str>,
    ) -> LocalBoxFuture<'a, Result<Answer, OrdersError>> {
        Box::pin(async move {
            let known = known.map(|tag| ("if-none-match", tag));
            let answer = under_session(&self.session, path, init, known).await?;
            self.saw(&answer);
            match answer.status {
                202 => Ok(answer),
                403 => Err(OrdersError::Forbidden),
                _ => Ok(answer.expect_good()?),
            }
        })
    }

    /// Every answer tells the state of the board.
    fn saw(&self, answer: &Answer) {
        let epoch = answer.header(EPOCH_HEADER);
        let epoch = epoch.and_then(|epoch| epoch.parse().ok()).unwrap_or(0);
        self.epoch.set(self.epoch.get().max(epoch));
    }
}

fn read<T>(answer: &Answer) -> Read<T> {
    let date = answer.header("date").map(|date| js_sys::Date::parse(&date));
    Read {
        answer: None,
        etag: answer.header("etag"),
        freshness: answer.freshness(),
        poll_after_ms: answer.number(POLL_AFTER_HEADER),
        now: date.filter(|date| date.is_finite()),
    }
}
