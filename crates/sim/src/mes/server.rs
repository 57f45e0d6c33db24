//! The MES on a socket: routes, waiting, queueing.

use super::api::{self, Task};
use super::calculator::NotBegun;
use super::call::Kind;
use super::hooks::hex;
use super::stats::Visit;
use super::store::{Move, Moved, Store, by_ids, change, counts, detail, list};
use super::weather::Sky;
use crate::api::answer::Answer;
use crate::api::query::Query;
use crate::server::{Sim, bearer_token, plain_response};
use crate::stats::CLIENT_LEFT;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use http_body_util::BodyExt;
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Longest body but that of a model.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// Longest model.
const MAX_MODEL_BYTES: u64 = 60 * 1024 * 1024;

/// What of the MES waits and has resources.
#[derive(Debug)]
pub(crate) struct Mes {
    store: OnceCell<Arc<Store>>,
    /// Database connections for lists.
    connections: Arc<Semaphore>,
    /// Told whenever the MES's weather is replaced: whatever hangs goes on then.
    pub(crate) weather_turns: watch::Sender<()>,
    /// Sends webhooks.
    pub(crate) http: reqwest::Client,
}

impl Mes {
    /// Of so many connections, at least one.
    pub(crate) fn new(connections: u32) -> Self {
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        Self {
            store: OnceCell::new(),
            connections: Arc::new(Semaphore::new(connections.clamp(1, Semaphore::MAX_PERMITS))),
            weather_turns: watch::Sender::new(()),
            // Receivers are here or next door: no proxy stands between.
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .unwrap_or_default(),
        }
    }
}

/// The routes, to be nested under `/mes`.
pub(crate) fn routes() -> Router<Sim> {
    let at = |kind| {
        move |State(sim): State<Sim>, request: Request| async move { sim.mes_call(kind, request).await }
    };
    let orders = move |State(sim): State<Sim>, request: Request| async move {
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let kind = if query.has("ids") {
            Kind::Ids
        } else {
            Kind::List
        };
        sim.mes_call(kind, request).await
    };
    let unknown = || async { plain_response(api::unknown("path")) };
    Router::new()
        .route("/v1/orders", get(orders))
        .route("/v1/orders/counts", get(at(Kind::Counts)))
        .route("/v1/orders/{id}", get(at(Kind::Detail)))
        .route("/v1/orders/{id}/status", post(at(Kind::StatusChange)))
        .route("/v1/models", post(at(Kind::Model)))
        .route(
            "/v1/calculations/{id}",
            get(at(Kind::CalculationGet)).put(at(Kind::CalculationPut)),
        )
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
}

/// Counts a call as over when it is dropped.
struct InFlight {
    sim: Sim,
    visit: Option<Visit>,
    status: u16,
}

impl InFlight {
    fn end(mut self, status: StatusCode) {
        self.status = status.as_u16();
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(visit) = self.visit.take() {
            let now = self.sim.now_ms();
            self.sim.lock().mes.stats.leave(visit, self.status, now);
        }
    }
}

impl Sim {
    /// The database, made or opened by whoever needs it first.
    pub(crate) async fn store(&self) -> Result<Arc<Store>, String> {
        let open = || async {
            let (config, seed, start) = {
                let simulation = self.lock();
                let config = simulation.config();
                (config.mes.clone(), config.seed, config.start)
            };
            let start = u64::try_from(start.timestamp_millis()).unwrap_or_default();
            spawn_blocking(move || Store::open(&config, seed, start).map(Arc::new))
                .await
                .map_err(|error| error.to_string())?
                .map_err(|error| error.to_string())
        };
        self.mes().store.get_or_try_init(open).await.cloned()
    }

    /// How many orders there are, if the database is open.
    pub(crate) async fn rows(&self) -> Option<u64> {
        let store = self.mes().store.get().cloned()?;
        spawn_blocking(move || store.rows().ok()).await.ok()?
    }

    /// What `read` finds in the database, and the number of the last change at that moment.
    pub(crate) async fn read_store<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<(u64, T), Answer> {
        let store = self.store().await.map_err(broken)?;
        let read = spawn_blocking(move || store.read(read)).await;
        read.map_err(broken)?.map_err(broken)
    }

    /// One call, from its arrival to its answer.
    async fn mes_call(&self, kind: Kind, request: Request) -> Response {
        let now = self.now_ms();
        let visit = self.lock().mes.stats.enter(kind, now);
        let in_flight = InFlight {
            sim: self.clone(),
            visit: Some(visit),
            status: CLIENT_LEFT,
        };
        let (parts, body) = request.into_parts();
        let is_known = bearer_token(&parts.headers)
            .is_some_and(|token| token == self.lock().mes.config().token);
        let task = if !is_known {
            Err(api::unauthorized())
        } else if kind == Kind::Model {
            read_model(body).await
        } else {
            // A body too long or cut off is as good as none: the call is refused for what it lacks.
            let body = to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default();
            let query = Query::parse(parts.uri.query().unwrap_or_default());
            api::task(kind, name_in(parts.uri.path()), &query, &body)
        };
        plain_response(self.in_the_weather(kind, task, in_flight).await)
    }

    async fn in_the_weather(
        &self,
        kind: Kind,
        task: Result<Task, Answer>,
        in_flight: InFlight,
    ) -> Answer {
        let mut turns = self.mes().weather_turns.subscribe();
        let sky = loop {
            // Seen before the weather is asked, so that no turn in between is missed.
            turns.mark_unchanged();
            let sky = self.lock().mes.weather.strike(kind);
            if sky != Sky::Hang {
                break sky;
            }
            tokio::select! {
                // The sender lives as long as `self`, so this is always a turn.
                _ = turns.changed() => {}
                () = self.closed() => break Sky::Error503,
            }
        };
        if sky == Sky::Error503 {
            in_flight.end(StatusCode::SERVICE_UNAVAILABLE);
            return Answer::unavailable();
        }
        // A task of its own: a factory's database knows nothing of clients that leave, and finishes what it began.
        let sim = self.clone();
        let done = tokio::spawn(async move {
            let answer = match task {
                Ok(task) => sim.perform(task).await.unwrap_or_else(|broken| broken),
                Err(refusal) => refusal,
            };
            in_flight.end(answer.status);
            answer
        });
        let answer = done.await.unwrap_or_else(broken);
        match sky {
            Sky::Malformed => answer.cut_off(),
            Sky::Mute => {
                tokio::select! {
                    _ = turns.changed() => {}
                    () = self.closed() => {}
                }
                answer
            }
            Sky::Ok | Sky::Hang | Sky::Error503 => answer,
        }
    }

    /// Does what a call asks for. An answer that takes long tells what was true when the call was taken up.
    async fn perform(&self, task: Task) -> Result<Answer, Answer> {
        match task {
            Task::List(wanted) => {
                self.look_through(
                    move |db| list(db, &wanted),
                    |as_of, page| api::page(as_of, &page),
                )
                .await
            }
            Task::Counts(site) => {
                self.look_through(
                    move |db| counts(db, site),
                    |as_of, counted| api::counts(as_of, &counted),
                )
                .await
            }
            Task::Ids(ids) => {
                let (as_of, orders) = self.read_store(move |db| by_ids(db, &ids)).await?;
                let takes = self.lock().mes.read_takes();
                self.take(takes).await;
                Ok(api::orders(as_of, &orders))
            }
            Task::Detail(id) => {
                let (as_of, found) = self.read_store(move |db| detail(db, id)).await?;
                let takes = self.lock().mes.read_takes();
                self.take(takes).await;
                Ok(api::detail(as_of, found.as_ref()))
            }
            Task::Change(id, told) => {
                let wanted = Move {
                    id,
                    status: told.status,
                    expected_version: Some(told.expected_version),
                    by: told.by,
                    at: self.now_ms(),
                };
                let store = self.store().await.map_err(broken)?;
                let write = move || store.write(|transaction| change(transaction, &wanted));
                let moved = spawn_blocking(write).await.map_err(broken)?;
                let moved = moved.map_err(|error: rusqlite::Error| broken(error))?;
                if let Moved::Made(order) = &moved {
                    self.tell_of(vec![order.clone()]);
                }
                let takes = self.lock().mes.write_takes();
                self.take(takes).await;
                Ok(api::moved(&moved, told.status))
            }
            Task::Model(hash, bytes) => {
                self.lock().mes.calculator.take_model(hash.clone(), bytes);
                let takes = self.lock().mes.write_takes();
                self.take(takes).await;
                Ok(api::model(&hash, bytes))
            }
            Task::Calculate(id, told) => {
                let now = self.now_ms();
                let put = self
                    .lock()
                    .mes
                    .calculator
                    .put(id, &told.model, &told.request, now);
                let takes = self.lock().mes.write_takes();
                self.take(takes).await;
                Ok(put.map_or_else(not_begun, |progress| {
                    Answer::ok(serde_json::json!(progress))
                }))
            }
            Task::Calculation(id) => {
                let progress = self.lock().mes.calculator.progress(id, self.now_ms());
                let takes = self.lock().mes.read_takes();
                self.take(takes).await;
                let progress = progress.ok_or_else(|| api::unknown("calculation"))?;
                Ok(Answer::ok(serde_json::json!(progress)))
            }
        }
    }

    /// Looks through the whole table, over one of the few connections, which nobody else has meanwhile.
    async fn look_through<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        answer: impl FnOnce(u64, T) -> Answer,
    ) -> Result<Answer, Answer> {
        let connections = Arc::clone(&self.mes().connections);
        let _connection = connections.acquire_owned().await.map_err(broken)?;
        let (as_of, found) = self.read_store(read).await?;
        let rows = self.rows().await.unwrap_or_default();
        let takes = self.lock().mes.list_takes(rows);
        self.take(takes).await;
        Ok(answer(as_of, found))
    }

    /// Lets so much time go by.
    async fn take(&self, time: Duration) {
        if time.is_zero() {
            return;
        }
        tokio::select! {
            () = sleep(time) => {}
            () = self.closed() => {}
        }
    }
}

/// The name in a path: what follows the collection.
fn name_in(path: &str) -> &str {
    path.split('/').nth(3).unwrap_or_default()
}

/// Reads a model without keeping it.
async fn read_model(mut body: Body) -> Result<Task, Answer> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| api::bad("the body was cut off"))?;
        if let Ok(data) = frame.into_data() {
            bytes += data.len() as u64;
            if bytes > MAX_MODEL_BYTES {
                let reason = "a model is 60 MB at most";
                return Err(api::refused(StatusCode::PAYLOAD_TOO_LARGE, reason));
            }
            hash.update(&data);
        }
    }
    Ok(Task::Model(hex(&hash.finalize()), bytes))
}

fn not_begun(reason: NotBegun) -> Answer {
    let status = match reason {
        NotBegun::UnknownModel => StatusCode::UNPROCESSABLE_ENTITY,
        NotBegun::AnotherRequest => StatusCode::CONFLICT,
    };
    api::refused(status, &reason.to_string())
}

/// 500: the simulator itself is in trouble, and says what it is.
fn broken(error: impl ToString) -> Answer {
    api::refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
}
