//! The simulator on a socket: routes, waiting, and what moves the world.

use crate::access_log;
use crate::api::answer::{Answer, Body};
use crate::api::query::Query;
use crate::api::{Call, Endpoint};
use crate::config::Config;
use crate::control;
use crate::mes;
use crate::mes::server::Mes;
use crate::rate_limit::Standing;
use crate::simulation::{Arrival, Course, Pace, Simulation};
use crate::stats::{CLIENT_LEFT, Visit};
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use chrono::{DateTime, TimeDelta, Utc};
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// Longest body of a call; a login needs a hundredth of it.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// A simulator. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Sim {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    simulation: Mutex<Simulation>,
    start: DateTime<Utc>,
    started: Instant,
    quiet: bool,
    pace: watch::Sender<Pace>,
    /// Told whenever the weather is replaced: whatever hangs asks again then.
    weather_turns: watch::Sender<()>,
    /// True once the simulator goes down: nothing waits any longer.
    closing: watch::Sender<bool>,
    mes: Mes,
}

/// Plays the API on a listener until the returned future is dropped.
///
/// # Errors
/// When the listener fails.
pub async fn serve(config: Config, listener: TcpListener) -> io::Result<()> {
    Sim::new(config).serve(listener, pending()).await
}

impl Sim {
    /// A simulator at its start. Its clock runs from now on, its world only while it is served.
    pub fn new(config: Config) -> Self {
        let (start, quiet) = (config.start, config.quiet);
        let mes = Mes::new(config.mes.connections);
        let simulation = Simulation::new(config);
        let inner = Inner {
            start,
            started: Instant::now(),
            quiet,
            pace: watch::Sender::new(simulation.pace),
            weather_turns: watch::Sender::new(()),
            closing: watch::Sender::new(false),
            simulation: Mutex::new(simulation),
            mes,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Opens the MES's database, or makes it, which takes some seconds for a million orders. Whoever does not call
    /// this waits for it at the first call that needs it.
    ///
    /// # Errors
    /// When there is no such database to be had.
    pub async fn open(&self) -> io::Result<()> {
        self.store().await.map(drop).map_err(io::Error::other)
    }

    /// Plays the API on a listener until `shutdown`, or until the returned future is dropped. Meanwhile prices walk,
    /// and cargos come and go.
    ///
    /// # Errors
    /// When the listener fails, or the MES's database can't be opened.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        self.open().await?;
        // Also when this future is dropped: what serves the connections are tasks of their own.
        let _closing = Closing(&self);
        let sim = self.clone();
        let server = axum::serve(listener, self.router())
            .with_graceful_shutdown(async move { sim.closed().await });
        let close = async {
            shutdown.await;
            drop(Closing(&self));
            pending::<Infallible>().await
        };
        let walk = self.keep_doing(
            |pace| pace.walk_ms,
            |simulation, _| {
                simulation.world.walk();
            },
        );
        let churn = self.keep_doing(
            |pace| pace.churn_ms,
            |simulation, now| {
                simulation.world.churn(now);
            },
        );
        tokio::select! {
            served = server.into_future() => served,
            never = close => match never {},
            never = walk => match never {},
            never = churn => match never {},
        }
    }

    /// The routes, for tests that need no socket. The world stands still unless it is told to move.
    pub fn router(&self) -> Router {
        let at = |endpoint| {
            move |State(sim): State<Sim>, request: Request| async move {
                sim.call(endpoint, request).await
            }
        };
        let router = Router::new()
            .route("/v1/auth/login", post(at(Endpoint::Login)))
            .route("/v1/me", get(at(Endpoint::Me)))
            .route("/v2/cargos/views", get(at(Endpoint::List)))
            .route("/v1/carrier/cargos/{id}", get(at(Endpoint::Detail)))
            .route("/v1/dictionaries/points", get(at(Endpoint::Points)))
            .route(
                "/v1/dictionaries/truck_types",
                get(at(Endpoint::TruckTypes)),
            )
            .route("/v1/dictionaries/load_types", get(at(Endpoint::LoadTypes)))
            .fallback(at(Endpoint::Unknown))
            .method_not_allowed_fallback(at(Endpoint::Unknown))
            .nest("/mes", mes::server::routes())
            .merge(control::server::routes())
            .with_state(self.clone());
        if self.inner.quiet {
            router
        } else {
            router.layer(middleware::from_fn(access_log::log))
        }
    }

    /// Tells what hangs that the weather is another.
    pub(crate) fn turn_weather(&self) {
        self.inner.weather_turns.send_replace(());
    }

    /// Lets the world move at this pace from now on.
    pub(crate) fn keep_pace(&self, pace: Pace) {
        self.inner
            .pace
            .send_if_modified(|old| std::mem::replace(old, pace) != pace);
    }

    /// The simulator's clock: its start and the time since.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.start + TimeDelta::from_std(self.inner.started.elapsed()).unwrap_or_default()
    }

    /// The same in Unix milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.now().timestamp_millis()).unwrap_or_default()
    }

    pub(crate) fn mes(&self) -> &Mes {
        &self.inner.mes
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Simulation> {
        self.inner
            .simulation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// One call of the API, from its arrival to the last millisecond of its latency.
    async fn call(&self, endpoint: Endpoint, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let call = Call {
            endpoint,
            id: parts.uri.path().rsplit('/').next().map(str::to_owned),
            query: Query::parse(parts.uri.query().unwrap_or_default()),
            token: bearer_token(&parts.headers),
            // A body too long or cut off is as good as none: the call is refused for what it lacks.
            body: to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default(),
        };
        let Arrival { visit, standing } = self.lock().arrive(&call, self.now());
        let mut in_flight = InFlight {
            sim: self,
            visit: Some(visit),
            status: CLIENT_LEFT,
        };
        let answer = self.answer(&call, standing).await;
        in_flight.status = answer.status.as_u16();
        response(answer, standing)
    }

    /// The answer, once the weather and the latency let it through.
    async fn answer(&self, call: &Call, standing: Standing) -> Answer {
        let mut weather_turns = self.inner.weather_turns.subscribe();
        loop {
            // Seen before the weather is asked, so that no turn in between is missed.
            weather_turns.mark_unchanged();
            let course = self.lock().course(call, standing);
            match course {
                Course::Answered {
                    answer,
                    delay_ms: 0,
                } => return answer,
                Course::Answered { answer, delay_ms } => {
                    tokio::select! {
                        () = sleep(Duration::from_millis(delay_ms)) => return answer,
                        () = self.closed() => return answer,
                    }
                }
                Course::Hanging => {
                    tokio::select! {
                        // The sender lives as long as `self`, so this is always a turn.
                        _ = weather_turns.changed() => {}
                        () = self.closed() => return Answer::unavailable(),
                    }
                }
            }
        }
    }

    /// Ends when the simulator goes down.
    pub(crate) async fn closed(&self) {
        // An error would mean that the sender is gone, which lives as long as `self`.
        let _ = self
            .inner
            .closing
            .subscribe()
            .wait_for(|closing| *closing)
            .await;
    }

    /// Takes a step whenever the interval of the present pace is over.
    async fn keep_doing(
        &self,
        interval_ms: fn(&Pace) -> u64,
        step: fn(&mut Simulation, DateTime<Utc>),
    ) -> Infallible {
        let mut pace = self.inner.pace.subscribe();
        loop {
            let interval_ms = interval_ms(&pace.borrow_and_update());
            let due = async {
                match interval_ms {
                    0 => pending().await,
                    _ => sleep(Duration::from_millis(interval_ms)).await,
                }
            };
            tokio::select! {
                () = due => step(&mut self.lock(), self.now()),
                // The sender lives as long as `self`, so this is always a new pace.
                _ = pace.changed() => {}
            }
        }
    }
}

/// Ends all waiting when it is dropped.
struct Closing<'a>(&'a Sim);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.inner.closing.send_replace(true);
    }
}

/// Counts a call as ended when it is dropped, be it answered or left by its client.
struct InFlight<'a> {
    sim: &'a Sim,
    visit: Option<Visit>,
    status: u16,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(visit) = self.visit.take() {
            self.sim.lock().stats.leave(visit, self.status);
        }
    }
}

pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value
        .strip_prefix("Bearer ")
        .map(|token| token.trim().to_owned())
}

/// An answer with no more than its content type.
pub(crate) fn plain_response(answer: Answer) -> Response {
    let json = HeaderValue::from_static("application/json");
    let (content_type, body) = match answer.body {
        Body::Json(body) => (json, body.to_string()),
        Body::Malformed(body) => (json, body),
        Body::Html(body) => (
            HeaderValue::from_static("text/html; charset=utf-8"),
            body.to_owned(),
        ),
    };
    let mut response = (answer.status, body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}

/// An answer with what CargoTech says about its limit.
fn response(answer: Answer, standing: Standing) -> Response {
    let reset_after_s = answer.reset_after_s;
    let mut response = plain_response(answer);
    let headers = response.headers_mut();
    headers.insert("X-RateLimit-Limit", standing.limit.into());
    let remaining = if reset_after_s.is_some() {
        0
    } else {
        standing.remaining
    };
    headers.insert("X-RateLimit-Remaining", remaining.into());
    if let Some(seconds) = reset_after_s {
        headers.insert("X-RateLimit-Reset-After", seconds.into());
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
