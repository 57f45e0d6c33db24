//! A model on its way to the factory, with how much of it has gone: `fetch` can't tell that, an older way can.

use domain::orders::{QuoteRequest, messages::Quote};
use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ProgressEvent, XmlHttpRequest};

use super::wire;
use crate::{api::ApiError, session::Session};

/// Why a model was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// He is no operator.
    Forbidden,
    /// The factory, or the edge, does not want this file or what is asked about it.
    Refused,
    /// As for other requests.
    Api(ApiError),
}

impl From<ApiError> for NotSent {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

/// Sends a model, and tells how many bytes of it have gone. Dropped, it is given up.
///
/// # Errors
/// See [`NotSent`].
pub async fn send(
    session: &Session,
    model: &Blob,
    wanted: &QuoteRequest,
    gone: impl Fn(f64) + 'static,
) -> Result<Quote, NotSent> {
    let material = String::from(js_sys::encode_uri_component(&wanted.material));
    let quantity = wanted.quantity.get();
    let path = format!("/api/quotes?material={material}&quantity={quantity}");
    let gone =
        Closure::<dyn Fn(ProgressEvent)>::new(move |event: ProgressEvent| gone(event.loaded()));
    let token = session.token(None).await?;
    let mut sent = send_once(&path, &token, model, &gone).await?;
    if sent.0 == 401 {
        let token = session.token(Some(&token)).await?;
        sent = send_once(&path, &token, model, &gone).await?;
    }
    let (status, text) = sent;
    match status {
        200 | 202 => Ok(wire::quote(&text)?),
        401 => Err(ApiError::SignedOut.into()),
        403 => Err(NotSent::Forbidden),
        413 | 422 => Err(NotSent::Refused),
        429 => Err(ApiError::Busy {
            retry_after_ms: None,
        }
        .into()),
        503 => Err(ApiError::UpstreamDown {
            retry_after_ms: None,
        }
        .into()),
        0 => Err(ApiError::NoAnswer.into()),
        _ => Err(ApiError::Unavailable.into()),
    }
}

/// Gives the request up when dropped.
struct Sending(XmlHttpRequest);

impl Drop for Sending {
    fn drop(&mut self) {
        let _ = self.0.abort();
    }
}

/// The status, 0 if no answer came, and the text.
async fn send_once(
    path: &str,
    token: &str,
    model: &Blob,
    gone: &Closure<dyn Fn(ProgressEvent)>,
) -> Result<(u16, String), ApiError> {
    let start = || -> Result<Sending, JsValue> {
        let request = XmlHttpRequest::new()?;
        request.open("POST", path)?;
        request.set_request_header("authorization", &format!("Bearer {token}"))?;
        request.set_request_header("content-type", "application/octet-stream")?;
        request
            .upload()?
            .set_onprogress(Some(gone.as_ref().unchecked_ref()));
        request.send_with_opt_blob(Some(model))?;
        Ok(Sending(request))
    };
    let sending = start().map_err(|_| ApiError::NoAnswer)?;
    let request = &sending.0;
    // Comes whatever happens.
    let ended = Promise::new(&mut |done, _| request.set_onloadend(Some(&done)));
    let _ = JsFuture::from(ended).await;
    let text = request.response_text().ok().flatten();
    Ok((request.status().unwrap_or(0), text.unwrap_or_default()))
}
