//! What the simulator is told and asked over a socket, besides the APIs that it plays.

use super::{Deeds, Orders, Refusal, State as ShownState};
use crate::api::query::Query;
use crate::mes::control::MesDeeds;
use crate::mes::stats::Report as MesReport;
use crate::mes::truth;
use crate::server::Sim;
use crate::stats::Report;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde::Serialize;
use serde_json::json;
use tokio::task::spawn_blocking;

/// The routes.
pub(crate) fn routes() -> Router<Sim> {
    Router::new()
        .route("/_control", get(state).post(control))
        .route("/_stats", get(stats))
        .route("/_prices", get(prices))
        .route("/_orders", get(truth::orders))
}

/// `GET /_control`: the state.
async fn state(State(sim): State<Sim>) -> impl IntoResponse {
    let rows = sim.rows().await;
    Json(ShownState::of(
        &sim.lock(),
        sim.now(),
        rows,
        Deeds::default(),
    ))
}

/// `POST /_control`: orders, answered by the state after them.
async fn control(State(sim): State<Sim>, body: Bytes) -> Result<impl IntoResponse, Refusal> {
    let orders = Orders::read(&body)?;
    let weather_turns = orders.turn_the_weather();
    let weather_of_the_mes_turns = orders.turn_the_weather_of_the_mes();
    let mut deeds = sim.follow(orders).await?;
    sim.tell_of(std::mem::take(&mut deeds.mes.to_tell));
    let rows = sim.rows().await;
    let (state, pace) = {
        let simulation = sim.lock();
        (
            ShownState::of(&simulation, sim.now(), rows, deeds),
            simulation.pace,
        )
    };
    if weather_turns {
        sim.turn_weather();
    }
    if weather_of_the_mes_turns {
        sim.mes().weather_turns.send_replace(());
    }
    sim.keep_pace(pace);
    Ok(Json(state))
}

impl Sim {
    /// Follows orders, all or none.
    async fn follow(&self, orders: Orders) -> Result<Deeds, Refusal> {
        if !orders.mes().touch_the_store() {
            return orders.follow(&mut self.lock(), self.now(), MesDeeds::default());
        }
        orders.mes().check()?;
        let store = self.store().await.map_err(Refusal::Broken)?;
        let (sim, now, at) = (self.clone(), self.now(), self.now_ms());
        let seed = self.lock().config().seed;
        let follow = move || {
            store.write(|transaction| {
                let done = orders.mes().follow_in_store(transaction, seed, at)?;
                // Within the transaction: if this can't be followed, that is not done either.
                orders.follow(&mut sim.lock(), now, done)
            })
        };
        let followed = spawn_blocking(follow).await;
        followed.map_err(|error| Refusal::Broken(error.to_string()))?
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotJson(_) => StatusCode::BAD_REQUEST,
            Self::NotAnOrder(_) | Self::Impossible(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(json!({"error": self.to_string()}))).into_response()
    }
}

/// `GET /_stats`: what was called.
async fn stats(State(sim): State<Sim>) -> impl IntoResponse {
    /// CargoTech's counts, and the MES's under their own name.
    #[derive(Serialize)]
    struct Both {
        #[serde(flatten)]
        cargotech: Report,
        mes: MesReport,
    }
    let rows = sim.rows().await;
    let simulation = sim.lock();
    Json(Both {
        cargotech: simulation.stats.report(sim.now()),
        mes: simulation.mes.report(rows, sim.now_ms()),
    })
}

/// `GET /_prices`, or `?ever=1`: what every price is, or ever was.
async fn prices(State(sim): State<Sim>, RawQuery(query): RawQuery) -> impl IntoResponse {
    let ever = Query::parse(&query.unwrap_or_default())
        .get("ever")
        .is_some_and(|ever| ever != "0");
    Json(sim.lock().prices(ever))
}
