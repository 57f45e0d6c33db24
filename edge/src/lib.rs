//! The Worker. It only wires: what a copy is good for is decided in `swr`, what a query means in `domain`.

mod auth;
mod cache_status;
mod cargos;
mod clock;
mod config;
mod health;
mod http;
mod keys;
mod prices;
mod problem;
mod reader;
mod record;
mod refresher_do;
mod routes;
mod session;
mod upstream_guard_do;

use worker::{Context, Env, event};

#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    Ok(routes::answer(request, env, context).await)
}
