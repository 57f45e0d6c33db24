//! The one way to talk to Durable Objects: a message there, a reply back, both JSON.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use worker::{Env, Error, Method, Request, RequestInit, Response, Result};

use crate::tally::{self, Counts};

/// A reply, and what its sender has counted meanwhile: so counts travel to whoever can hand them over.
#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    reply: T,
    counts: Counts,
}

/// Sends a message to the object `name` and reads its reply.
///
/// # Errors
/// If the object can't be reached, fails, or replies with something else.
pub async fn send<T: DeserializeOwned>(
    env: &Env,
    binding: &str,
    name: &str,
    message: &impl Serialize,
) -> Result<T> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_body(Some(serde_json::to_string(message)?.into()));
    let request = Request::new_with_init("https://object/", &init)?;
    let mut response = env
        .durable_object(binding)?
        .get_by_name(name)?
        .fetch_with_request(request)
        .await?;
    match response.status_code() {
        200 => {
            let Envelope { reply, counts } = response.json().await?;
            tally::add(counts);
            Ok(reply)
        }
        status => Err(Error::RustError(format!("{binding} answered {status}"))),
    }
}

/// An object's reply.
///
/// # Errors
/// If it can't be written as JSON.
pub fn reply(reply: &impl Serialize) -> Result<Response> {
    let counts = tally::take();
    Response::from_json(&Envelope { reply, counts })
}
