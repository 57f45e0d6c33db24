//! A model on its way to the MES: streamed through, and hashed on the way.

use std::time::Duration;

use mes::ModelHash;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use web_sys::Request;

use super::{OrdersConfig, counted};
use crate::problem::Failure;

#[wasm_bindgen(module = "/src/orders/upload.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = sendOn)]
    async fn send_on(
        request: &Request,
        url: &str,
        authorization: &str,
        most: f64,
        timeout: f64,
        patience: f64,
    ) -> Result<JsValue, JsValue>;
}

/// The longest model, in bytes.
const LONGEST_MODEL: u64 = 50 * 1024 * 1024;
/// The longest that sending one may take: 50 MB over a poor line.
pub const DEADLINE: Duration = Duration::from_secs(600);

/// Sends the request's body to the MES. Its hash.
///
/// # Errors
/// No body, or one that is too long or was cut off; the MES did not take it, or says that it got something else.
pub async fn model(request: &Request, config: &OrdersConfig) -> Result<ModelHash, Failure> {
    let empty = || Failure::of_field("body", "expected a model file".to_owned());
    if request.body().is_none() {
        return Err(empty());
    }
    let declared = request.headers().get("content-length").ok().flatten();
    if declared.is_some_and(|length| {
        length
            .parse()
            .is_ok_and(|length: u64| length > LONGEST_MODEL)
    }) {
        return Err(Failure::TooLarge {
            most: LONGEST_MODEL,
        });
    }
    let url = config.mes().models_url();
    let authorization = format!("Bearer {}", config.mes_token);
    let sent = send_on(
        request,
        &url,
        &authorization,
        LONGEST_MODEL as f64,
        DEADLINE.as_millis() as f64,
        config.mes_timeout.as_millis() as f64,
    );
    let sent = sent
        .await
        .ok()
        .and_then(|sent| sent.as_string())
        .unwrap_or_default();
    match sent.split_once('\n') {
        Some(("error", "too_long")) => Err(Failure::TooLarge {
            most: LONGEST_MODEL,
        }),
        Some(("error", "empty")) => Err(empty()),
        Some(("error", "cut_off")) => Err(Failure::of_field("body", "it was cut off".to_owned())),
        Some((status, rest)) if status != "error" => {
            counted("model", taken(status, rest)).map_err(super::unavailable)
        }
        _ => counted("model", Err(mes::Error::NoAnswer)).map_err(super::unavailable),
    }
}

/// The hash of what was sent, if that is what the MES got.
fn taken(status: &str, rest: &str) -> Result<ModelHash, mes::Error> {
    let malformed = |reason: &str| mes::Error::Malformed {
        reason: reason.to_owned(),
    };
    let mut lines = rest.splitn(3, '\n');
    let (hash, bytes, text) = (lines.next(), lines.next(), lines.next());
    let hash: ModelHash = hash
        .and_then(|hash| hash.parse().ok())
        .ok_or_else(|| malformed("no hash"))?;
    let bytes = bytes
        .and_then(|bytes| bytes.parse().ok())
        .ok_or_else(|| malformed("no length"))?;
    let status = status.parse().map_err(|_| malformed("no status"))?;
    let uploaded = mes::read_upload(status, text.unwrap_or_default().as_bytes(), bytes)?;
    if uploaded.model != hash {
        return Err(malformed("model: another than was sent"));
    }
    Ok(hash)
}
