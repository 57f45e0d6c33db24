//! The one way to talk to Durable Objects: a message there, a reply back, both JSON.
//!
//! The two may be of different versions of the Worker: for as long as a new one is being deployed, isolates of either talk to
//! objects of either. So messages and replies only ever grow. A field that is new may be missing, one that is not known is
//! passed over, and the name of a message is its version: another meaning has another name. An object refuses what it does not
//! know, a reply that can't be read is none, and either way whoever asked goes on as if the object were not there.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use worker::{Env, Error, Method, Request, RequestInit, Response, Result};

use crate::{
    log::{self, Level},
    tally::{self, Counts},
};

/// The status of an answer to a message that the object does not know.
const UNKNOWN: u16 = 501;

/// A reply, and what its sender has counted meanwhile: so counts travel to whoever can hand them over.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope<T> {
    pub reply: T,
    #[serde(default)]
    pub counts: Counts,
}

/// Sends a message to the object `name` and reads its reply.
///
/// # Errors
/// If the object can't be reached, fails, does not know the message, or replies with something else.
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
        UNKNOWN => Err(Error::RustError(format!(
            "{binding} is of another version, and does not know the message"
        ))),
        status => Err(Error::RustError(format!("{binding} answered {status}"))),
    }
}

/// What an object answers to a request: what `act` makes of the message, or that it does not know it.
///
/// # Errors
/// Those of `act`; or the request can't be read at all.
pub async fn answer<M: DeserializeOwned>(
    mut request: Request,
    act: impl AsyncFnOnce(M) -> Result<Response>,
) -> Result<Response> {
    match serde_json::from_str(&request.text().await?) {
        Ok(message) => act(message).await,
        Err(error) => {
            let detail = json!({"error": error.to_string()});
            log::write(Level::Warn, "message_unknown", "", detail);
            Response::error("unknown message", UNKNOWN)
        }
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
