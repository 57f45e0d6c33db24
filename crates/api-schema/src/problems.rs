//! The answers that are errors.

use domain::{
    FieldError,
    messages::{Problem, ProblemKind},
    orders::messages::LostRace,
};

use crate::{
    headers::Header,
    openapi::{Map, Response},
    samples,
    schemas::{Schemas, examples, value},
};

/// What any operation may end with.
pub const ANYWHERE: &[ProblemKind] = &[
    ProblemKind::Internal,
    ProblemKind::UpstreamUnavailable,
    ProblemKind::UriTooLong,
    ProblemKind::HeadersTooLarge,
];
/// What answers a request that is none of an operation's.
pub const ELSEWHERE: &[ProblemKind] = &[ProblemKind::MethodNotAllowed];

/// Problem+json's media type.
const MEDIA_TYPE: &str = "application/problem+json";

/// All of them, by the names of their kinds.
pub fn components(schemas: &mut Schemas) -> Map<Response> {
    // Of two kinds with one status and one meaning for clients the second is told with the first.
    let kinds = ProblemKind::ALL.into_iter();
    kinds
        .filter(|kind| *kind != ProblemKind::Misconfigured)
        .map(|kind| (kind.name().to_owned(), response(kind, schemas)))
        .collect()
}

fn response(kind: ProblemKind, schemas: &mut Schemas) -> Response {
    let problem = kind.problem();
    let body = match kind {
        ProblemKind::LostRace => {
            let lost = LostRace {
                problem,
                order: samples::order(),
            };
            let schema = schemas.written::<LostRace>();
            schemas.problem(schema, &[kind], examples([("answer", value(&lost))]))
        }
        ProblemKind::Internal => {
            let misconfigured = Problem {
                detail: Some("SESSION_SECRET must be at least 32 bytes long.".to_owned()),
                ..ProblemKind::Misconfigured.problem()
            };
            let both = examples([
                ("internal", value(&problem)),
                ("misconfigured", value(&misconfigured)),
            ]);
            let schema = schemas.written::<Problem>();
            schemas.problem(schema, &[kind, ProblemKind::Misconfigured], both)
        }
        _ => {
            let schema = schemas.written::<Problem>();
            let example = value(&with_details(kind, problem));
            schemas.problem(schema, &[kind], examples([("answer", example)]))
        }
    };
    let response = Response::of(description(kind), MEDIA_TYPE, body)
        .always(&[Header::NO_STORE, Header::REQUEST_ID])
        .at_times(&[Header::SESSION, Header::HX_RESWAP]);
    match kind {
        ProblemKind::MethodNotAllowed => response.always(&[Header::ALLOW]),
        ProblemKind::UnsupportedMediaType => response.always(&[Header::ACCEPT]),
        ProblemKind::Unauthorized => response.always(&[Header::WWW_AUTHENTICATE]),
        ProblemKind::TooManyRequests => response.always(&[Header::RETRY_AFTER]),
        ProblemKind::UpstreamUnavailable => {
            response.always(&[Header::RETRY_AFTER, Header::CACHE_MISS])
        }
        _ => response,
    }
}

fn with_details(kind: ProblemKind, problem: Problem) -> Problem {
    match kind {
        ProblemKind::InvalidParameters => Problem {
            errors: vec![FieldError {
                field: "limit".to_owned(),
                message: "expected a whole number from 1 to 100".to_owned(),
            }],
            ..problem
        },
        ProblemKind::TooLarge => Problem {
            detail: Some("At most 52428800 bytes are taken.".to_owned()),
            ..problem
        },
        ProblemKind::Conflict => Problem {
            detail: Some("This order was carried out before.".to_owned()),
            ..problem
        },
        _ => problem,
    }
}

fn description(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::NotFound => {
            "There is no such thing, or none that this client may see; or no factory, and so none of its addresses."
        }
        ProblemKind::MethodNotAllowed => {
            "Another method than this address knows. Any address may answer so."
        }
        ProblemKind::UnsupportedMediaType => {
            "`Content-Type` says that the body is something else than JSON. A body that says nothing is read as JSON."
        }
        ProblemKind::Unauthorized => "No valid proof of who asks, whatever is wrong with it.",
        ProblemKind::InvalidParameters => {
            "Parameters or a body that break their rules, each named in `errors` as far as that can be said."
        }
        ProblemKind::Forbidden => "This client is known, and may not do this.",
        ProblemKind::LostRace => {
            "Somebody else has changed the order since: here it is as it is now."
        }
        ProblemKind::Conflict => "It was done before.",
        ProblemKind::OutcomeUnknown => {
            "The factory does not answer: nobody knows whether it was done. Look before you try again."
        }
        ProblemKind::TooLarge => "A body of more bytes than are taken.",
        ProblemKind::TooSlow => {
            "A body that does not come within ten seconds, a model within two minutes."
        }
        ProblemKind::UriTooLong => "An address of more than 8 KiB.",
        ProblemKind::HeadersTooLarge => "Headers of more than 16 KiB, of those that are looked at.",
        ProblemKind::TooManyRequests => "More than this client may ask in so short a time.",
        ProblemKind::UpstreamUnavailable => {
            "The system behind this gives nothing in time, and there is no copy that could be shown."
        }
        ProblemKind::Misconfigured | ProblemKind::Internal => {
            "Something is wrong on our side. If it is a setting, `detail` names it."
        }
    }
}
