//! What only Telegram and the Worker sign, signed by tests.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use jwt_compact::{
    AlgorithmExt, Claims, Header,
    alg::{Hs256, Hs256Key},
};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::variable;

/// Seconds since 1970.
pub fn unix_seconds() -> i64 {
    i64::try_from(unix_millis() / 1_000).unwrap_or_default()
}

/// The present moment, as prices tell when they were read.
pub fn unix_millis() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or_default()
}

/// initData of a driver, good unless told otherwise.
#[derive(Clone, Debug)]
pub struct InitData {
    bot_token: String,
    fields: Vec<(&'static str, String)>,
}

impl InitData {
    /// What Telegram gives to the app when this driver opens it now.
    pub fn of(driver_id: i64) -> Self {
        let user = json!({
            "id": driver_id,
            "first_name": "Иван & Co",
            "username": "ivan",
            "language_code": "ru",
            "is_premium": true,
        });
        Self {
            bot_token: variable("LOADBOARD_BOT_TOKEN"),
            fields: vec![
                ("query_id", variable("LOADBOARD_CANARY")),
                ("user", user.to_string()),
                ("auth_date", unix_seconds().to_string()),
                ("signature", "c2lnbmF0dXJl".to_owned()),
            ],
        }
    }

    /// The same with one field set.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self = self.without(name);
        self.fields.push((name, value.to_string()));
        self
    }

    /// The same without one field.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(field, _)| *field != name);
        self
    }

    /// The same, signed for another bot.
    pub fn for_bot(mut self, bot_token: &str) -> Self {
        self.bot_token = bot_token.to_owned();
        self
    }

    /// The signed text.
    pub fn sign(&self) -> String {
        let fields: Vec<(&str, &str)> = self
            .fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        telegram::init_data::sign(&self.bot_token, &fields)
    }
}

/// A session token that the Worker did not issue, though it could have.
#[derive(Clone, Debug)]
pub struct SessionToken {
    driver_id: i64,
    ends_at: Option<i64>,
    secret: String,
}

impl SessionToken {
    /// The session of a driver that ends so many seconds from now.
    pub fn ending_in(driver_id: i64, seconds: i64) -> Self {
        Self {
            driver_id,
            ends_at: Some(unix_seconds() + seconds),
            secret: variable("LOADBOARD_SESSION_SECRET"),
        }
    }

    /// The same, signed with another secret.
    pub fn signed_with(mut self, secret: &str) -> Self {
        self.secret = secret.to_owned();
        self
    }

    /// The same, under the key that was used before.
    pub fn under_the_previous_key(self) -> Self {
        self.signed_with(&variable("LOADBOARD_PREVIOUS_SESSION_SECRET"))
    }

    /// The same without an end.
    pub fn endless(mut self) -> Self {
        self.ends_at = None;
        self
    }

    /// The token.
    ///
    /// # Panics
    /// If the end is no moment.
    pub fn sign(&self) -> String {
        let mut claims = Claims::new(json!({"sub": self.driver_id}));
        claims.expiration = self.ends_at.map(|seconds| {
            DateTime::<Utc>::from_timestamp(seconds, 0).expect("ends within some days of now")
        });
        Hs256
            .token(&Header::empty(), &claims, &Hs256Key::new(&self.secret))
            .expect("numbers and a moment always become JSON")
    }
}

/// An order to invalidate, given now and signed unless told otherwise.
#[derive(Clone, Debug)]
pub struct Order {
    timestamp: i64,
    target: Value,
    secret: String,
}

impl Order {
    /// To invalidate `target`.
    pub fn to_invalidate(target: Value) -> Self {
        Self {
            timestamp: i64::try_from(unix_millis()).unwrap_or_default(),
            target,
            secret: variable("LOADBOARD_INTERNAL_SECRET"),
        }
    }

    /// The same, given so many seconds ago.
    pub fn given_before(mut self, seconds: i64) -> Self {
        self.timestamp -= seconds * 1000;
        self
    }

    /// The same, signed with another secret.
    pub fn signed_with(mut self, secret: &str) -> Self {
        self.secret = secret.to_owned();
        self
    }

    /// The body and its signature.
    pub fn sign(&self) -> (String, String) {
        let body = json!({"timestamp": self.timestamp, "target": self.target}).to_string();
        let signature = signature(&self.secret, &body);
        (body, signature)
    }
}

/// What stands in `X-Signature`.
///
/// # Panics
/// Never: a secret of any length is a key.
pub fn signature(secret: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let mut mac = mac.expect("a key may have any length");
    mac.update(body.as_bytes());
    let signature = mac.finalize().into_bytes();
    signature.iter().map(|byte| format!("{byte:02x}")).collect()
}
