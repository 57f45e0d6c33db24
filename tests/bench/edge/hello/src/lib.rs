//! A Worker that says hello, written as the documentation of `worker` shows it.

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(_request: Request, _env: Env, _context: Context) -> Result<Response> {
    Response::ok("Hello from the edge!")
}
