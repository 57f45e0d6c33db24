//! Requests and responses as the routes see them.

use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Request, Response};

#[wasm_bindgen(module = "/src/border.js")]
extern "C" {
    fn describe(request: &Request) -> String;
    fn respond(status: u16, body: &[u8], headers: &str) -> Response;
}

/// What a route may want to know of a request.
pub struct Described {
    text: String,
    /// Ends of the method and of the URL, the start of the path, the start of the query, the end of `Authorization`.
    method: usize,
    url: usize,
    path: usize,
    query: usize,
    authorization: usize,
}

impl Described {
    /// Reads a request.
    pub fn of(request: &Request) -> Self {
        Self::from_lines(describe(request))
    }

    /// `method \n url \n Authorization \n If-None-Match`.
    fn from_lines(text: String) -> Self {
        let end_of_line = |start: usize| text[start..].find('\n').map_or(text.len(), |i| start + i);
        let method = end_of_line(0);
        let url_start = (method + 1).min(text.len());
        let url = end_of_line(url_start);
        let authorization = end_of_line((url + 1).min(text.len()));
        // https://host/path?query: the path begins at the third slash. URLs are normalized by the platform.
        let path = text[url_start..url]
            .match_indices('/')
            .nth(2)
            .map_or(url, |(i, _)| url_start + i);
        let fragment = text[path..url].find('#').map_or(url, |i| path + i);
        let query = text[path..fragment]
            .find('?')
            .map_or(fragment, |i| path + i);
        Self {
            method,
            url: fragment,
            path,
            query,
            authorization,
            text,
        }
    }

    /// `GET`, `POST` and so on.
    pub fn method(&self) -> &str {
        &self.text[..self.method]
    }

    /// The path, with its leading slash.
    pub fn path(&self) -> &str {
        &self.text[self.path..self.query]
    }

    /// What follows the question mark; empty if there is none.
    pub fn query(&self) -> &str {
        self.text.get(self.query + 1..self.url).unwrap_or("")
    }

    /// The token of `Authorization: Bearer`.
    pub fn bearer(&self) -> Option<&str> {
        self.authorization("bearer")
    }

    /// Telegram's initData in `Authorization: tma`.
    pub fn init_data(&self) -> Option<&str> {
        self.authorization("tma")
    }

    fn authorization(&self, wanted: &str) -> Option<&str> {
        let start = self.text[self.url..].find('\n').map(|i| self.url + i + 1)?;
        let (scheme, proof) = self.text.get(start..self.authorization)?.split_once(' ')?;
        scheme.eq_ignore_ascii_case(wanted).then(|| proof.trim())
    }

    /// The header `If-None-Match`; empty if there is none.
    pub fn if_none_match(&self) -> &str {
        self.text.get(self.authorization + 1..).unwrap_or("")
    }
}

/// Whether the body is JSON, or may be: it says so, or says nothing.
pub fn may_be_json(request: &Request) -> bool {
    let declared = request.headers().get("content-type").ok().flatten();
    declared.is_none_or(|declared| is_json(&declared))
}

/// `application/json`, with parameters or without.
fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

/// The body as text, unless there is none or it is longer than `longest` bytes.
pub async fn body(request: &Request, longest: usize) -> Option<String> {
    let declared = request.headers().get("content-length").ok().flatten();
    if declared.is_some_and(|length| {
        length
            .parse()
            .map_or(true, |length: usize| length > longest)
    }) {
        return None;
    }
    let body = JsFuture::from(request.text().ok()?)
        .await
        .ok()?
        .as_string()?;
    (body.len() <= longest).then_some(body)
}

/// An answer being made. Bodies are bytes: a stream would cost more than everything else.
pub struct Answer {
    status: u16,
    body: Vec<u8>,
    headers: String,
}

impl Answer {
    /// An answer with a JSON body.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self::bytes(
            status,
            "application/json",
            serde_json::to_vec(body).expect("messages have only string keys"),
        )
    }

    /// An answer with a body of the given type.
    pub fn bytes(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            body,
            headers: format!("content-type\n{content_type}"),
        }
    }

    /// 304: what the client has is still right.
    pub fn not_modified() -> Self {
        Self::empty(304)
    }

    /// An answer without a body, and so without the type of one.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            body: Vec::new(),
            headers: String::new(),
        }
    }

    /// Adds a header. Names are lower-case literals, values are ours: neither holds a line break.
    pub fn header(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        use std::fmt::Write;
        let between = if self.headers.is_empty() { "" } else { "\n" };
        let _ = write!(self.headers, "{between}{name}\n{value}");
        self
    }

    /// Adds a header if there is something to say.
    pub fn header_if(self, name: &str, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The platform's response.
    pub fn into_response(self) -> Response {
        respond(self.status, &self.body, &self.headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(lines: &str) -> Described {
        Described::from_lines(lines.to_owned())
    }

    #[test]
    fn a_request_falls_into_its_parts() {
        let request =
            described("GET\nhttps://host:8787/api/cargos/?limit=5&a=/b?c\nBearer abc.def\n\"tag\"");
        assert_eq!(request.method(), "GET");
        assert_eq!(request.path(), "/api/cargos/");
        assert_eq!(request.query(), "limit=5&a=/b?c");
        assert_eq!(request.bearer(), Some("abc.def"));
        assert_eq!(request.init_data(), None);
        assert_eq!(request.if_none_match(), "\"tag\"");
    }

    #[test]
    fn a_proof_is_known_by_its_scheme() {
        let request = described("GET\nhttps://host/\ntma user=5&hash=6\n");
        assert_eq!(request.init_data(), Some("user=5&hash=6"));
        assert_eq!(request.bearer(), None);
    }

    #[test]
    fn headers_are_pairs_of_lines_with_a_body_or_without() {
        let empty = Answer::not_modified()
            .header("a", 1)
            .header_if("b", Some(2));
        assert_eq!((empty.status, empty.headers.as_str()), (304, "a\n1\nb\n2"));
        let json = Answer::json(200, &5).header("a", 1);
        assert_eq!(json.headers, "content-type\napplication/json\na\n1");
    }

    #[test]
    fn json_is_known_by_its_media_type() {
        for json in [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON ;x=y",
        ] {
            assert!(is_json(json), "{json}");
        }
        for other in [
            "",
            ";",
            "text/plain",
            "application/jsonp",
            "application/json/x",
        ] {
            assert!(!is_json(other), "{other}");
        }
    }

    #[test]
    fn what_is_absent_is_empty() {
        let request = described("POST\nhttps://host/\n\n");
        assert_eq!((request.path(), request.query()), ("/", ""));
        assert_eq!((request.bearer(), request.if_none_match()), (None, ""));
        let request = described("GET\nhttps://host/x?#f\nBasic abc\n");
        assert_eq!(
            (request.path(), request.query(), request.bearer()),
            ("/x", "", None)
        );
    }

    #[test]
    fn nothing_that_arrives_panics() {
        for lines in [
            "",
            "\n",
            "\n\n\n\n",
            "GET",
            "GET\nnonsense",
            "я\nя://я/я?я\nя я\nя",
        ] {
            let request = described(lines);
            let _ = (
                request.method(),
                request.path(),
                request.query(),
                request.bearer(),
                request.init_data(),
                request.if_none_match(),
            );
        }
    }
}
