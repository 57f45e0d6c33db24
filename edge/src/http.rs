//! Requests and responses as the routes see them.

use std::time::Duration;

use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Request, Response};

use crate::problem::Failure;

#[wasm_bindgen(module = "/src/border.js")]
extern "C" {
    fn describe(request: &Request) -> String;
    fn respond(status: u16, body: &[u8], headers: &str) -> Response;
    #[wasm_bindgen(js_name = readText)]
    fn read_text(request: &Request, most: u32, within_ms: u32) -> js_sys::Promise;
}

/// What an answer depends on besides its address: who asks, and from which site.
const VARY: &str = "authorization, origin";
/// The same where there are fragments of HTML too.
pub const VARY_WITH_FRAGMENTS: &str = "authorization, accept, hx-request, origin";

/// Five hundred `seen_ids` and all filters take six kilobytes; Telegram's initData less than four.
const LONGEST_URL: usize = 8 * 1_024;
/// Of all headers that are looked at, together.
const LONGEST_HEADERS: usize = 16 * 1_024;

/// What a route may want to know of a request.
pub struct Described {
    text: String,
    /// Ends of the method and of the URL, the start of the path, the start of the query, ends of `Authorization`,
    /// `If-None-Match`, `HX-Request`, and of `Accept`.
    method: usize,
    url: usize,
    path: usize,
    query: usize,
    authorization: usize,
    if_none_match: usize,
    hx_request: usize,
    accept: usize,
}

impl Described {
    /// Reads a request.
    pub fn of(request: &Request) -> Self {
        Self::from_lines(describe(request))
    }

    /// `method \n url \n Authorization \n If-None-Match \n HX-Request \n Accept \n Origin`.
    fn from_lines(text: String) -> Self {
        let end_of_line = |start: usize| text[start..].find('\n').map_or(text.len(), |i| start + i);
        let end_of_next = |end: usize| end_of_line((end + 1).min(text.len()));
        let method = end_of_line(0);
        let url_start = (method + 1).min(text.len());
        let url = end_of_line(url_start);
        let authorization = end_of_next(url);
        let if_none_match = end_of_next(authorization);
        let hx_request = end_of_next(if_none_match);
        let accept = end_of_next(hx_request);
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
            if_none_match,
            hx_request,
            accept,
            text,
        }
    }

    /// Whether this is more than anybody has to say.
    ///
    /// # Errors
    /// [`Failure::UriTooLong`] or [`Failure::HeadersTooLarge`].
    pub fn require_measure(&self) -> Result<(), Failure> {
        if self.url - self.method > LONGEST_URL {
            return Err(Failure::UriTooLong);
        }
        if self.text.len() - self.url > LONGEST_HEADERS {
            return Err(Failure::HeadersTooLarge);
        }
        Ok(())
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
        self.line(self.authorization, self.if_none_match)
    }

    /// Whether the client shows fragments of HTML: it is htmx, or its `Accept` prefers HTML.
    pub fn wants_html(&self) -> bool {
        self.line(self.if_none_match, self.hx_request) == "true"
            || prefers_html(self.line(self.hx_request, self.accept))
    }

    /// The header `Origin`, which browsers send when a page of another site asks; empty if there is none.
    pub fn origin(&self) -> &str {
        self.text.get(self.accept + 1..).unwrap_or("")
    }

    fn line(&self, before: usize, end: usize) -> &str {
        self.text.get(before + 1..end).unwrap_or("")
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

/// Whether an `Accept` header gives HTML a higher quality than JSON (RFC 9110, 12.5.1).
fn prefers_html(accept: &str) -> bool {
    // Nearly all say `*/*` or nothing.
    if !accept.contains("text/html") {
        return false;
    }
    let quality = |kind: &str, group: &str| {
        let ranges = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next()?;
            let exactness = [kind, group, "*/*"]
                .iter()
                .position(|known| name.eq_ignore_ascii_case(known))?;
            let quality = parts
                .find_map(|parameter| parameter.strip_prefix("q="))
                .map_or(1.0, |quality| quality.parse().unwrap_or(0.0));
            Some((exactness, quality))
        });
        // The most exact range counts.
        ranges
            .min_by_key(|(exactness, _)| *exactness)
            .map_or(0.0, |(_, quality)| quality)
    };
    quality("text/html", "text/*") > quality("application/json", "application/*")
}

/// How long a body may take: phones are slow, and none of these is longer than some kilobytes.
pub const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// The body as text, empty if there is none.
///
/// # Errors
/// [`Failure::TooLarge`] if it has more than `longest` bytes, [`Failure::TooSlow`] if it takes longer than ten seconds, and
/// [`Failure::Invalid`] if it breaks off or is no UTF-8.
pub async fn body(request: &Request, longest: u32) -> Result<String, Failure> {
    let read = JsFuture::from(read_text(
        request,
        longest,
        BODY_DEADLINE.as_millis() as u32,
    ))
    .await;
    let read = read.ok().and_then(|read| read.as_string());
    let read = read.as_deref().unwrap_or("-unreadable");
    match (read.strip_prefix('+'), read) {
        (Some(text), _) => Ok(text.to_owned()),
        (None, "-too_large") => Err(Failure::TooLarge {
            most: longest.into(),
        }),
        (None, "-too_slow") => Err(Failure::TooSlow),
        (None, _) => Err(Failure::of_field("body", "it can't be read".to_owned())),
    }
}

/// The same where whoever asks is to prove something by it: what can't be read proves nothing.
///
/// # Errors
/// [`Failure::TooLarge`] and [`Failure::TooSlow`] as of [`body`]; [`Failure::Unauthorized`].
pub async fn proof(request: &Request, longest: u32) -> Result<String, Failure> {
    body(request, longest)
        .await
        .map_err(|failure| match failure {
            Failure::Invalid(_) => Failure::Unauthorized,
            other => other,
        })
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

    /// A fragment of HTML.
    pub fn html(body: String) -> Self {
        Self::bytes(200, "text/html; charset=utf-8", body.into_bytes())
    }

    /// An answer with a body of the given type.
    pub fn bytes(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            body,
            headers: format!("vary\n{VARY}\ncontent-type\n{content_type}"),
        }
    }

    /// 304: what the client has is still right.
    pub fn not_modified() -> Self {
        Self::empty(304)
    }

    /// An answer without a body: a client's cache must not store the type of what is not there.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            body: Vec::new(),
            headers: format!("vary\n{VARY}"),
        }
    }

    /// Adds a header, in place of an earlier one of that name. Names are lower-case literals, values are ours: neither holds
    /// a line break.
    pub fn header(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        use std::fmt::Write;
        let _ = write!(self.headers, "\n{name}\n{value}");
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
        let request = described(
            "GET\nhttps://host:8787/api/cargos/?limit=5&a=/b?c\nBearer abc.def\n\"tag\"\n\n*/*\nhttps://other",
        );
        assert_eq!(request.method(), "GET");
        assert_eq!(request.path(), "/api/cargos/");
        assert_eq!(request.query(), "limit=5&a=/b?c");
        assert_eq!(request.bearer(), Some("abc.def"));
        assert_eq!(request.init_data(), None);
        assert_eq!(request.if_none_match(), "\"tag\"");
        assert_eq!(request.origin(), "https://other");
        assert!(!request.wants_html());
    }

    #[test]
    fn fragments_are_for_htmx_and_for_whoever_prefers_html() {
        let wants = |hx: &str, accept: &str| {
            described(&format!("GET\nhttps://host/\n\n\n{hx}\n{accept}\n")).wants_html()
        };
        assert!(wants("true", "*/*"));
        assert!(wants(
            "",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        ));
        assert!(wants("", "text/html"));
        assert!(wants(
            "",
            "text/*;q=0.1, text/html;q=0.5, application/json;q=0.4"
        ));
        for accept in [
            "",
            "*/*",
            "application/json",
            "application/json, text/html",
            "text/html;q=0.5, application/json",
            "text/html;q=0, */*",
            "text/html;q=x",
        ] {
            assert!(!wants("", accept), "{accept}");
            assert!(!wants("false", accept), "{accept}");
        }
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
        assert_eq!(
            (empty.status, empty.headers.as_str()),
            (304, "vary\nauthorization, origin\na\n1\nb\n2")
        );
        let json = Answer::json(200, &5).header("a", 1);
        assert_eq!(
            json.headers,
            "vary\nauthorization, origin\ncontent-type\napplication/json\na\n1"
        );
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
    fn nobody_has_so_much_to_say() {
        let of = |url: usize, header: usize| {
            described(&format!(
                "GET\nhttps://host/?{}\n{}\n",
                "a".repeat(url),
                "b".repeat(header)
            ))
            .require_measure()
        };
        assert!(of(8_000, 16_000).is_ok());
        assert!(matches!(of(8_192, 0), Err(Failure::UriTooLong)));
        assert!(matches!(of(0, 16_384), Err(Failure::HeadersTooLarge)));
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
                request.wants_html(),
                request.origin(),
            );
        }
    }
}
