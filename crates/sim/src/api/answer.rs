//! Answers, and the bodies of the errors.

use axum::http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An answer of the API before it becomes bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// What it says.
    pub body: Body,
    /// For a 429: seconds to wait, for `X-RateLimit-Reset-After` and `Retry-After`.
    pub reset_after_s: Option<u64>,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// JSON.
    Json(Value),
    /// Text that claims to be JSON and isn't.
    Malformed(String),
    /// A page.
    Html(&'static str),
}

/// What is wrong with the parameters of a call, by parameter, in Laravel's notation: `filter.mode`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// Adds a complaint about a parameter.
    pub fn add(&mut self, field: &str, complaint: impl Into<String>) {
        self.0
            .entry(field.to_owned())
            .or_default()
            .push(complaint.into());
    }

    /// Nothing when there is no complaint.
    ///
    /// # Errors
    /// The 422 with the complaints.
    pub fn into_result(self) -> Result<(), Answer> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Answer::unprocessable(self))
        }
    }
}

impl Answer {
    /// JSON with this status.
    pub fn json(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            body: Body::Json(body),
            reset_after_s: None,
        }
    }

    /// 200 with this JSON.
    pub fn ok(body: Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// Sanctum's answer to a missing or dead token.
    pub fn unauthenticated() -> Self {
        Self::json(
            StatusCode::UNAUTHORIZED,
            json!({"message": "Unauthenticated."}),
        )
    }

    /// The answer to the login of a suspended account.
    pub fn suspended() -> Self {
        Self::json(StatusCode::FORBIDDEN, json!({"error": "Account suspended"}))
    }

    /// Parameters or credentials that won't do.
    pub fn unprocessable(errors: FieldErrors) -> Self {
        Self::json(
            StatusCode::UNPROCESSABLE_ENTITY,
            json!({"errors": errors.0}),
        )
    }

    /// No such cargo or path.
    pub fn not_found() -> Self {
        Self::json(StatusCode::NOT_FOUND, json!({"message": "Not Found"}))
    }

    /// Too many calls.
    pub fn rate_limited(reset_after_s: u64) -> Self {
        let body = json!({"error": "Rate limit exceeded"});
        Self {
            reset_after_s: Some(reset_after_s),
            ..Self::json(StatusCode::TOO_MANY_REQUESTS, body)
        }
    }

    /// Laravel's answer when it fell over.
    pub fn server_error() -> Self {
        Self::json(
            StatusCode::INTERNAL_SERVER_ERROR,
            json!({"message": "Server Error"}),
        )
    }

    /// Overload or maintenance.
    pub fn unavailable() -> Self {
        Self::json(
            StatusCode::SERVICE_UNAVAILABLE,
            json!({"error": "Service temporarily unavailable"}),
        )
    }

    /// 200 with a page, as proxies in front of an API have it.
    pub fn page() -> Self {
        const PAGE: &str = "<!DOCTYPE html>\n<html lang=\"ru\"><head><title>Технические работы</title></head>\
            <body><h1>Ведутся технические работы</h1><p>Мы скоро вернёмся.</p></body></html>\n";
        Self {
            status: StatusCode::OK,
            body: Body::Html(PAGE),
            reset_after_s: None,
        }
    }

    /// The same answer, cut off after two thirds of its JSON.
    pub fn cut_off(self) -> Self {
        let Body::Json(body) = &self.body else {
            return self;
        };
        let text = body.to_string();
        let end = text.floor_char_boundary(text.len() * 2 / 3);
        Self {
            body: Body::Malformed(text[..end].to_owned()),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_off_answer_is_not_json_whatever_letters_it_ends_in() {
        for name in ["Я", "ЯЯ", "ЯЯЯ", "aЯЯЯЯ"] {
            let Body::Malformed(text) = Answer::ok(json!({"data": name})).cut_off().body else {
                panic!("still well-formed");
            };
            assert!(serde_json::from_str::<Value>(&text).is_err(), "{text}");
        }
    }
}
