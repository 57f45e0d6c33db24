//! `POST /v1/auth/login` and `GET /v1/me`.

use super::answer::{Answer, FieldErrors};
use crate::account::{ACCOUNT_ID, Account, LoginError};
use serde_json::{Value, json};

/// Logs in with the JSON of a body.
pub fn login(account: &mut Account, body: &[u8]) -> Answer {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut errors = FieldErrors::default();
    let phone = text(&body, "phone", &mut errors);
    let password = text(&body, "password", &mut errors);
    if !matches!(body["remember"], Value::Null | Value::Bool(_)) {
        errors.add("remember", "The remember field must be true or false.");
    }
    if let Err(answer) = errors.into_result() {
        return answer;
    }
    match account.login(phone, password) {
        Ok(token) => Answer::ok(json!({"data": {"token": token}})),
        Err(LoginError::Suspended) => Answer::suspended(),
        Err(LoginError::WrongCredentials) => {
            let mut errors = FieldErrors::default();
            errors.add("phone", "These credentials do not match our records.");
            Answer::unprocessable(errors)
        }
    }
}

/// A required text of the body; empty with a complaint when there is none.
fn text<'a>(body: &'a Value, field: &str, errors: &mut FieldErrors) -> &'a str {
    match &body[field] {
        Value::String(text) if !text.is_empty() => return text,
        Value::String(_) | Value::Null => {
            errors.add(field, format!("The {field} field is required."))
        }
        _ => errors.add(field, format!("The {field} must be a string.")),
    }
    ""
}

/// Who a live token belongs to.
pub fn me() -> Answer {
    Answer::ok(json!({"data": {"id": ACCOUNT_ID, "name": "Loadboard"}}))
}
