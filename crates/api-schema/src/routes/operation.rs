//! For those who run it, and for the factory's own system.

use domain::{
    messages::{
        Health, Invalidate,
        ProblemKind::{Conflict, InvalidParameters, NotFound, Unauthorized, UnsupportedMediaType},
    },
    orders::messages::OrderHook,
};
use serde_json::json;

use super::{BODIES_FAIL, JSON, json_body};
use crate::{
    headers::Header,
    openapi::{Link, MediaType, Operation, Response},
    samples,
    schemas::{Schemas, examples, value},
    security,
};

pub fn order_hook(schemas: &mut Schemas) -> Operation {
    let body = json_body(
        "A delivery, at most 16 KiB, sent within the last five minutes.",
        schemas.read::<OrderHook>(),
        value(&samples::order_hook()),
    );
    Operation::new("order_hook", "operation", "The factory tells of a change")
        .described("Signed with `MES_WEBHOOK_SECRET`. What is answered with 503 should come again, under the same name.")
        .for_whom(&[security::SIGNATURE])
        .reads(body)
        .fails(BODIES_FAIL)
        .answers(
            204,
            Response::empty("It was taken.").always(&[Header::NO_STORE]),
        )
        .fails(&[
            Unauthorized,
            NotFound,
            Conflict,
            UnsupportedMediaType,
            InvalidParameters,
        ])
}

pub fn invalidate(schemas: &mut Schemas) -> Operation {
    let body = json_body(
        "An order, at most 4 KiB, given within the last minute. It is carried out once.",
        schemas.read::<Invalidate>(),
        value(&samples::invalidate()),
    );
    let invalidated = schemas.answer(&samples::invalidated());
    Operation::new("invalidate", "operation", "Forgets what was read")
        .described(
            "Signed with `INTERNAL_SECRET`. From the answer on nothing that was fetched before is stored, nor served to whoever demands \
             its `epoch` with `min_epoch`.",
        )
        .for_whom(&[security::SIGNATURE])
        .reads(body)
        .fails(BODIES_FAIL)
        .answers(
            200,
            Response::of("It is forgotten.", JSON, invalidated)
                .always(&[Header::NO_STORE])
                .leads_to(
                    "list",
                    Link::to(
                        "list",
                        "Nothing older.",
                        [("min_epoch", "$response.body#/epoch")],
                    ),
                ),
        )
        .fails(&[
            Unauthorized,
            NotFound,
            Conflict,
            UnsupportedMediaType,
            InvalidParameters,
        ])
}

pub fn schema() -> Operation {
    let body = MediaType {
        schema: json!({
            "type": "object",
            "properties": {"openapi": {"const": "3.1.0"}},
            "required": ["openapi", "info", "paths", "components"],
        }),
        ..MediaType::default()
    };
    let headers = &[Header::FOR_ANYBODY, Header::ETAG];
    Operation::new("schema", "operation", "This document")
        .takes(&["If-None-Match"])
        .answers(
            200,
            Response::of("An OpenAPI 3.1 document.", JSON, body).always(headers),
        )
        .answers(
            304,
            Response::empty("The client has it already.").always(headers),
        )
        .fails(&[])
}

pub fn live(schemas: &mut Schemas) -> Operation {
    let body = health(schemas, &samples::live());
    Operation::new("live", "operation", "Whether it runs").answers(
        200,
        Response::of("It runs.", JSON, body).always(&[Header::NO_STORE]),
    )
}

pub fn ready(schemas: &mut Schemas) -> Operation {
    let body = health(schemas, &samples::ready());
    Operation::new(
        "ready",
        "operation",
        "Whether it is configured and its stores answer",
    )
    .described("CargoTech is no part of it: without it drivers still see the last good prices.")
    .answers(
        200,
        Response::of("It is ready.", JSON, body).always(&[Header::NO_STORE]),
    )
    .fails(&[])
}

/// The one of the healths that this is.
fn health(schemas: &mut Schemas, health: &Health) -> MediaType {
    let example = value(health);
    MediaType {
        schema: json!({
            "allOf": [schemas.written::<Health>()],
            "properties": {"status": {"const": example["status"]}},
        }),
        examples: examples([("answer", example)]),
    }
}

pub fn metrics() -> Operation {
    let body = MediaType {
        schema: json!({"type": "string"}),
        examples: examples([(
            "answer",
            "# TYPE loadboard_answers_total counter\nloadboard_answers_total{route=\"prices\",status=\"200\"} 5\n".into(),
        )]),
    };
    Operation::new(
        "metrics",
        "operation",
        "Counters and gauges, in Prometheus' text format",
    )
    .for_whom(&[security::METRICS_TOKEN])
    .answers(
        200,
        Response::of("All that was counted.", "text/plain", body).always(&[Header::NO_STORE]),
    )
    .fails(&[Unauthorized])
}
