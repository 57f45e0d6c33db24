//! Answers for pages of other sites (Fetch, "CORS protocol"): none by default, those that the settings name otherwise. Nobody is
//! known by a cookie here, so there are no credentials to allow.

use worker::Env;

use crate::{config, http::Answer};

/// What such a page may send: the proof of who asks, tags, and all that htmx 1 to 4 says of itself.
const ALLOWED_HEADERS: &str = "authorization, content-type, if-none-match, x-request-id, x-signature, hx-boosted, hx-current-url, \
    hx-history-restore-request, hx-prompt, hx-request, hx-request-type, hx-source, hx-target, hx-trigger, hx-trigger-name";

/// What it may read besides the body.
const EXPOSED_HEADERS: &str = "age, cache-status, etag, hx-reswap, location, retry-after, server-timing, x-build, x-epoch, \
    x-poll-after-ms, x-request-id, x-session-token, x-stale";

/// How long a browser may remember that, in seconds: the most that Chrome does.
const MAX_AGE: u32 = 7_200;

/// Whether pages of this origin may ask.
pub fn is_allowed(origin: &str, env: &Env) -> bool {
    // Nearly all requests name none.
    !origin.is_empty()
        && config::of(env).is_ok_and(|config| {
            let mut allowed = config.allowed_origins.iter();
            allowed.any(|allowed| allowed == origin)
        })
}

/// The answer, readable for pages of this origin, which is allowed.
pub fn readable(answer: Answer, origin: &str) -> Answer {
    answer
        .header("access-control-allow-origin", origin)
        .header("access-control-expose-headers", EXPOSED_HEADERS)
}

/// What a browser is told that asks, before a request, whether it may be made.
pub fn preflight() -> Answer {
    Answer::empty(204)
        .header("access-control-allow-methods", "GET, HEAD, POST")
        .header("access-control-allow-headers", ALLOWED_HEADERS)
        .header("access-control-max-age", MAX_AGE)
}
