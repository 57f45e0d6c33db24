use std::{fmt, time::Duration};

use domain::messages::{
    CargoList, Invalidated, POLL_AFTER_HEADER, Prices, Problem, SESSION_HEADER, STALE_HEADER,
    Session,
};
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use crate::{until::excerpt, windows};

/// What the Worker answered, and what must be true of it.
#[derive(Clone)]
pub struct Reply {
    /// The request, for messages.
    pub request: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
    /// From the request to the last byte of the body.
    pub took: Duration,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            request,
            status,
            headers,
            body,
            took,
        } = self;
        // A page of cargos would bury the first line of a failure.
        let body: String = body.chars().take(400).collect();
        write!(f, "{request} -> {status} in {took:?}, {headers:?}, {body}")
    }
}

impl Reply {
    /// The value of a header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The value of a header that must be there.
    #[track_caller]
    pub fn expect_header(&self, name: &str) -> &str {
        match self.header(name) {
            Some(value) => value,
            None => panic!("no {name} in {self:?}"),
        }
    }

    /// The number in a header that must be there.
    #[track_caller]
    pub fn number(&self, name: &str) -> u64 {
        let text = self.expect_header(name);
        match text.parse() {
            Ok(number) => number,
            Err(_) => panic!("{name}: {text} is no number"),
        }
    }

    /// Expects what every answer has, whoever asked for whatever: nothing that a browser is to remember by itself, and headers by
    /// which it neither guesses what this is nor tells others where it was.
    #[track_caller]
    pub(crate) fn expect_safe(&self) {
        assert_eq!(self.header("set-cookie"), None, "{self:?}");
        if self.request.contains("/api/plugs") {
            // No part of what ships.
            return;
        }
        let is_of_worker = ["/api", "/health", "/metrics"]
            .iter()
            .any(|path| self.request.contains(path));
        let policy = self.expect_header("content-security-policy");
        assert!(
            !is_of_worker || policy == "default-src 'none'; frame-ancestors 'none'",
            "{self:?}"
        );
        assert_eq!(self.expect_header("x-content-type-options"), "nosniff");
        assert_eq!(self.expect_header("referrer-policy"), "no-referrer");
        self.expect_header("strict-transport-security");
    }

    /// Expects this status.
    #[track_caller]
    pub fn expect_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Expects that nobody waited for upstream.
    #[track_caller]
    pub fn expect_at_once(&self) -> &Self {
        assert!(self.took < windows::AT_ONCE, "waited: {self:?}");
        self
    }

    /// The JSON of the body.
    #[track_caller]
    fn decoded<T: DeserializeOwned>(&self, content_type: &str) -> T {
        assert_eq!(self.expect_header("content-type"), content_type, "{self:?}");
        assert_eq!(self.expect_header("x-content-type-options"), "nosniff");
        match serde_json::from_str(&self.body) {
            Ok(message) => message,
            Err(error) => panic!("{error} in {self:?}"),
        }
    }

    /// What a good answer says.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        self.expect_status(200).decoded("application/json")
    }

    /// A session, from a good sign-in.
    #[track_caller]
    pub fn session(&self) -> Session {
        self.expect_status(200);
        assert_eq!(self.expect_header("cache-control"), "no-store");
        self.decoded("application/json")
    }

    /// What was invalidated, from a good answer.
    #[track_caller]
    pub fn invalidated(&self) -> Invalidated {
        self.json()
    }

    /// Rows of a list, from a good answer that contradicts neither itself nor its headers.
    #[track_caller]
    pub fn list(&self) -> CargoList {
        let list: CargoList = self.json();
        assert_eq!(self.expect_header("cache-control"), "private, no-cache");
        if let Some(next) = list.next_offset {
            assert!(
                list.offset < next && next < list.total,
                "{}",
                excerpt(&list)
            );
        }
        list
    }

    /// Prices, from a good answer that contradicts neither itself nor its headers.
    #[track_caller]
    pub fn prices(&self) -> Prices {
        let prices: Prices = self.json();
        let about = format!("{self:?}");
        assert_eq!(prices.etag.as_str(), self.expect_header("etag"), "{about}");
        self.expect_age(prices.age_ms, prices.stale);
        assert_eq!(
            self.number(POLL_AFTER_HEADER),
            prices.poll_after_ms,
            "{about}"
        );
        prices
    }

    /// Expects a 304: no body, and in the headers what may change while the prices do not. Whether it was stale.
    #[track_caller]
    pub fn expect_not_modified(&self) -> bool {
        self.expect_status(304);
        assert_eq!(self.body, "", "{self:?}");
        assert_eq!(self.header("content-type"), None);
        assert!(
            self.expect_header("etag").starts_with('"'),
            "a strong tag: {self:?}"
        );
        assert!(self.number(POLL_AFTER_HEADER) > 0);
        self.number("age");
        self.number(STALE_HEADER) == 1
    }

    /// Expects headers that tell this age, and staleness when it is beyond what is fresh: for some copies that is up to a
    /// tenth less than for others.
    #[track_caller]
    fn expect_age(&self, age_ms: u64, stale: bool) {
        let about = format!("{self:?}");
        assert_eq!(self.expect_header("cache-control"), "private, no-cache");
        assert_eq!(self.number("age"), age_ms / 1_000, "{about}");
        assert_eq!(self.number(STALE_HEADER), u64::from(stale), "{about}");
        let is_of_watched = ["?ids=", "&ids="]
            .iter()
            .any(|ids| self.request.contains(ids));
        let fresh = if is_of_watched {
            windows::WATCHED_FRESH.as_millis()
        } else {
            windows::PRICES_FRESH.as_millis()
        };
        let range = if stale {
            fresh * 9 / 10..u128::MAX
        } else {
            0..fresh
        };
        assert!(range.contains(&age_ms.into()), "{about}");
    }

    /// Expects problem+json of this status and kind, which nobody stores.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, kind: &str) -> Problem {
        self.expect_status(status);
        let problem: Problem = self.decoded("application/problem+json");
        assert_eq!(problem.kind, format!("/problems/{kind}"));
        assert_eq!(problem.status, status);
        assert!(!problem.title.is_empty());
        assert_eq!(self.expect_header("cache-control"), "no-store");
        problem
    }

    /// Expects the 401 that asks for a session.
    #[track_caller]
    pub fn expect_unauthorized(&self) {
        self.expect_problem(401, "unauthorized");
        assert_eq!(self.expect_header("www-authenticate"), "Bearer");
    }

    /// Expects an answer by the time that the app would give it up.
    #[track_caller]
    pub fn expect_in_time(&self) -> &Self {
        assert!(
            self.took < windows::READ_DEADLINE + windows::SLACK,
            "too late: {self:?}"
        );
        self
    }

    /// Expects the 503 of a reader who has no copy: it says when to come back.
    #[track_caller]
    pub fn expect_honest_503(&self) {
        self.expect_problem(503, "upstream-unavailable");
        assert!((1..=60).contains(&self.number("retry-after")), "{self:?}");
    }

    /// Expects 422 with one entry for each of these fields, in any order, and says nothing of others.
    #[track_caller]
    pub fn expect_invalid(&self, fields: &[&str]) {
        let problem = self.expect_problem(422, "invalid-parameters");
        let mut named: Vec<&str> = problem
            .errors
            .iter()
            .map(|error| error.field.as_str())
            .collect();
        let mut expected = fields.to_vec();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected, "{self:?}");
        assert!(problem.errors.iter().all(|error| !error.message.is_empty()));
    }

    /// The renewed session token, if there is one.
    pub fn renewed_token(&self) -> Option<&str> {
        self.header(SESSION_HEADER)
    }

    /// Status, body and the headers that the Worker decides: what a client could tell two answers apart by.
    pub fn face(&self) -> (u16, String, Vec<(String, String)>) {
        let mut headers: Vec<(String, String)> = self
            .headers
            .iter()
            // These differ whatever was asked.
            .filter(|(name, _)| *name != "date" && *name != "x-request-id")
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        headers.sort();
        (self.status, self.body.clone(), headers)
    }
}
