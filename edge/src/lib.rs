//! The Worker. It only wires: what a copy is good for is decided in `swr`, what a query means in `domain`.

mod auth;
mod cache_status;
mod cargo;
mod cargos;
mod clock;
mod config;
mod cors;
mod dictionaries;
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod formats;
mod guarded_keys;
mod health;
mod history;
mod htmx;
mod http;
mod invalidate;
mod keys;
mod limits;
mod log;
mod metrics;
mod metrics_do;
mod metrics_page;
mod objects;
mod order_board_do;
mod orders;
mod price_history_do;
mod prices;
mod problem;
mod quote_do;
mod reader;
pub mod record;
mod refresher_do;
mod resource;
mod routes;
mod schema;
mod seen_prices;
mod server_timing;
mod session;
mod signature;
mod tables;
mod tally;
mod upstream_guard_do;
mod watched;

use futures_util::FutureExt;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::future_to_promise;
use worker::{Context, Env, worker_sys};

/// The platform's entry: gives it a `Response`, or a promise of one if that takes I/O.
///
/// `#[event(fetch)]` would always make a promise, settled a microtask later. That alone costs as much as all that we
/// do for a hit.
#[wasm_bindgen]
pub fn fetch(request: web_sys::Request, env: Env, context: worker_sys::Context) -> JsValue {
    // Shared, because it goes from no task to a task: `worker::Delay` wakes only who polled it first.
    let answer = routes::answer(request, env, Context::new(context))
        .boxed_local()
        .shared();
    match answer.clone().now_or_never() {
        Some(response) => response.into(),
        None => future_to_promise(async { Ok(answer.await.into()) }).into(),
    }
}
