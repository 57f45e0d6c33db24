//! `GET /api/schema/`: what this API takes and answers, as an OpenAPI document. The build makes it from the messages' own
//! types, so all that the Worker carries of it is its text.

use domain::Etag;

use crate::http::{Answer, Described};

/// The document.
pub const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// So long anybody may keep it, in seconds: it changes when the Worker does.
const KEPT_FOR: u32 = 300;

thread_local! {
    static ETAG: Etag = Etag::of_parts([DOCUMENT]);
}

/// The answer: 304 if the client has it already.
pub fn answer(request: &Described) -> Answer {
    ETAG.with(|etag| {
        let answer = if etag.is_in(request.if_none_match()) {
            Answer::not_modified()
        } else {
            Answer::bytes(200, "application/json", DOCUMENT.as_bytes().to_vec())
        };
        answer
            .header("etag", etag)
            .header("cache-control", format_args!("public, max-age={KEPT_FOR}"))
    })
}
