//! What the Worker tells its operator: one JSON object a line, which the platform's logs take apart. An everyday hit says
//! nothing; counters tell of those. No secret and no initData goes in.

use std::cell::OnceCell;

use serde_json::{Value, json};
use web_sys::Request;

use crate::clock;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Something went wrong, and was coped with.
    Warn,
    /// Somebody should look.
    Error,
}

/// The name of a request, by which all lines about it are found, whichever part wrote them: the platform's own, which the
/// client sees too (`CF-Ray`), or else a random one.
pub struct RequestId {
    request: Request,
    id: OnceCell<String>,
}

impl RequestId {
    /// The request itself.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The name of this request; not looked for before somebody asks.
    pub fn of(request: Request) -> Self {
        Self {
            request,
            id: OnceCell::new(),
        }
    }

    /// It.
    pub fn as_str(&self) -> &str {
        self.id.get_or_init(|| {
            let given = self.request.headers().get("cf-ray").ok().flatten();
            given.filter(|id| is_name(id)).unwrap_or_else(|| {
                let half = || (clock::random() * f64::from(u32::MAX)) as u32;
                format!("{:08x}{:08x}", half(), half())
            })
        })
    }
}

/// Whether a text is one that the platform gives: where it is not before us, anybody may send anything.
fn is_name(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=40).contains(&id.len()) && id.bytes().all(is_plain)
}

/// Writes a line: what happened, for which request (empty if for none), and what is known of it.
pub fn write(level: Level, event: &str, request: &str, detail: Value) {
    let text = line(level, event, request, detail);
    match level {
        Level::Info => worker::console_log!("{text}"),
        Level::Warn => worker::console_warn!("{text}"),
        Level::Error => worker::console_error!("{text}"),
    }
}

fn line(level: Level, event: &str, request: &str, detail: Value) -> String {
    let mut line = json!({
        "level": match level {
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        },
        "event": event,
    });
    if !request.is_empty() {
        line["request"] = request.into();
    }
    if let Value::Object(detail) = detail {
        for (name, value) in detail {
            line[name] = value;
        }
    }
    line.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_name_is_one() {
        assert!(is_name("8c2f0a1b2c3d4e5f-FRA"));
        for id in ["", "a b", "a\"b", "\u{e9}", "{}", &"a".repeat(41)] {
            assert!(!is_name(id), "{id}");
        }
    }

    #[test]
    fn a_line_is_one_json_object() {
        let detail = json!({"key": "account/cargos/0", "reason": "two\nlines \"quoted\""});
        let text = line(Level::Warn, "refresh_failed", "8c2f", detail);
        assert!(!text.contains('\n'));
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["level"], "warn");
        assert_eq!(value["event"], "refresh_failed");
        assert_eq!(value["request"], "8c2f");
        assert_eq!(value["reason"], "two\nlines \"quoted\"");
    }

    #[test]
    fn what_belongs_to_no_request_names_none() {
        let text = line(Level::Info, "recovered", "", Value::Null);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value, json!({"event": "recovered", "level": "info"}));
    }
}
