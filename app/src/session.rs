//! The session: a token got with Telegram's initData, kept in memory and for reloads.

use std::{cell::RefCell, rc::Rc};

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use crate::{
    api::{self, ApiError},
    early,
    telegram::{self, Platform},
};

const TOKEN: &str = "loadboard.session";

/// The driver's session.
#[derive(Clone)]
pub struct Session {
    platform: Platform,
    token: Rc<RefCell<Option<String>>>,
    /// The sign-in under way, which all who need one join: brings the token, or nothing if Telegram's proof won't do.
    signing_in: Rc<RefCell<Option<Promise>>>,
}

impl Session {
    /// The session that a reload left, or none yet.
    pub fn new(platform: Platform) -> Self {
        let stored =
            telegram::session_storage().and_then(|storage| storage.get_item(TOKEN).ok().flatten());
        Self {
            platform,
            token: Rc::new(RefCell::new(stored)),
            signing_in: Rc::default(),
        }
    }

    /// A token other than `refused`: the one held, or that of a sign-in.
    ///
    /// # Errors
    /// [`ApiError::SignedOut`] if Telegram's proof is missing or no longer taken; [`ApiError::NoAnswer`] if the sign-in
    /// failed for any other reason.
    pub async fn token(&self, refused: Option<&str>) -> Result<String, ApiError> {
        let held = self.token.borrow().clone();
        if let Some(held) = held.filter(|held| Some(held.as_str()) != refused) {
            return Ok(held);
        }
        let signing_in = self
            .signing_in
            .borrow_mut()
            .get_or_insert_with(|| future_to_promise(Box::pin(self.clone().sign_in())))
            .clone();
        match JsFuture::from(signing_in).await {
            Ok(token) => token.as_string().ok_or(ApiError::SignedOut),
            Err(_) => Err(ApiError::NoAnswer),
        }
    }

    /// Keeps a token that the edge has renewed.
    pub fn renew(&self, token: String) {
        if let Some(storage) = telegram::session_storage() {
            let _ = storage.set_item(TOKEN, &token);
        }
        self.token.replace(Some(token));
    }

    async fn sign_in(self) -> Result<JsValue, JsValue> {
        if let Some(session) = early::take_session()
            && let Ok(token) = JsFuture::from(session).await
            && let Some(token) = token.as_string()
        {
            self.signing_in.replace(None);
            self.renew(token.clone());
            return Ok(token.into());
        }
        let result = match self.platform.init_data() {
            Some(init_data) => api::sign_in(init_data).await,
            None => Err(ApiError::SignedOut),
        };
        self.signing_in.replace(None);
        match result {
            Ok(token) => {
                self.renew(token.clone());
                Ok(token.into())
            }
            Err(ApiError::SignedOut) => Ok(JsValue::UNDEFINED),
            Err(_) => Err(JsValue::UNDEFINED),
        }
    }
}

/// Forgets the token kept for reloads: somebody else has opened the app.
pub fn forget_stored() {
    if let Some(storage) = telegram::session_storage() {
        let _ = storage.remove_item(TOKEN);
    }
}
