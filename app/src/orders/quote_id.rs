//! The name of a quote, which is known before the model is sent: of the model's bytes and of all else that decides the price.

use domain::orders::{QuoteId, QuoteRequest};
use js_sys::{Reflect, Uint8Array};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Crypto, SubtleCrypto};

/// The name of the quote for this model; nothing where the browser has no means to tell, or the file can't be read.
pub async fn of(model: &Blob, wanted: &QuoteRequest) -> Option<QuoteId> {
    let bytes = JsFuture::from(model.array_buffer()).await.ok()?;
    let mut name = sha256(bytes.unchecked_ref()).await?.to_vec();
    name.extend(wanted.canonical().bytes());
    let name = sha256(&Uint8Array::from(name.as_slice())).await?;
    Some(QuoteId(name))
}

async fn sha256(bytes: &js_sys::Object) -> Option<[u8; 32]> {
    let crypto: Crypto = window().crypto().ok()?;
    // Pages that came over plain HTTP have none.
    let subtle = Reflect::get(&crypto, &JsValue::from_str("subtle")).ok()?;
    let subtle: SubtleCrypto = subtle.is_object().then(|| subtle.unchecked_into())?;
    let digest = subtle.digest_with_str_and_buffer_source("SHA-256", bytes);
    let hash = JsFuture::from(digest.ok()?).await.ok()?;
    Uint8Array::new(&hash).to_vec().try_into().ok()
}
