//! What the HTTP API takes and answers, as an OpenAPI 3.1 document. Whatever can be read off the messages' own types and
//! constants is; the rest (which route answers what, and when) is written down here and held to the Worker by tests.

mod headers;
mod openapi;
mod parameters;
mod problems;
mod routes;
mod samples;
mod schemas;
mod security;

use std::collections::BTreeSet;

use serde_json::Value;

use openapi::{Components, Document, Info, License, Server, Tag};
use schemas::Schemas;

/// The document, as JSON without spaces.
///
/// # Panics
/// Never: it has only string keys.
pub fn document() -> String {
    let mut document = schemas::value(&whole());
    leave_out_unused(&mut document);
    document.to_string()
}

fn whole() -> Document {
    let mut schemas = Schemas::new();
    let paths = routes::paths(&mut schemas);
    let parameters = parameters::components(&mut schemas);
    let responses = problems::components(&mut schemas);
    let tag = |name, description| Tag { name, description };
    Document {
        openapi: "3.1.0",
        info: Info {
            title: "Loadboard",
            version: env!("CARGO_PKG_VERSION"),
            description: ABOUT,
            license: License {
                name: "MIT",
                identifier: "MIT",
            },
        },
        servers: vec![Server {
            url: "/",
            description: "Where this document is.",
        }],
        tags: vec![
            tag("session", "Who asks."),
            tag("cargos", "The load board: cargos, and how their prices go."),
            tag("dictionaries", "What filters are chosen from."),
            tag("orders", "The factory's order board."),
            tag("quotes", "What making a part would cost."),
            tag(
                "operation",
                "For those who run it, and for the factory's own system.",
            ),
        ],
        paths,
        components: Components {
            schemas: schemas.components(),
            parameters,
            headers: headers::components(),
            responses,
            security_schemes: security::components(),
        },
    }
}

const ABOUT: &str = "\
A live load board of CargoTech's cargos, and the order board of a factory, from one cache.

Every path under `/api/` is also under `/api/v1/`, `/api/v2/` and `/api/v3/`, with or without a slash at its end. `GET` may be \
`HEAD`. Another method is answered with 405 and `Allow`.

Times are Unix milliseconds, money is kopecks. In a query an empty value counts as none, an unknown parameter is ignored, and one \
that stands twice is an error. Clients ignore members that they do not know.

Whatever is polled says when to ask again (`poll_after_ms`, `X-Poll-After-Ms`). Ask with the last `ETag` in `If-None-Match`: while \
nothing has changed the answer is 304. Prices also take it as `since`, and then tell only what has changed.

Any error is `application/problem+json` (RFC 9457), whose `type` tells programs what it is.";

/// Components that nothing refers to, but the answers that are no operation's.
fn leave_out_unused(document: &mut Value) {
    let kept = problems::ELSEWHERE.iter();
    let kept = kept.map(|kind| format!("#/components/responses/{}", kind.name()));
    let kept: BTreeSet<String> = kept.collect();
    // What was used by something unused falls with the next round.
    loop {
        let mut used = kept.clone();
        collect_references(document, &mut used);
        let mut left_out = false;
        let components = document["components"].as_object_mut();
        for (kind, components) in components.into_iter().flatten() {
            // Schemes are referred to by their names.
            if let Value::Object(components) = components
                && kind != "securitySchemes"
            {
                let before = components.len();
                components.retain(|name, _| used.contains(&format!("#/components/{kind}/{name}")));
                left_out |= components.len() < before;
            }
        }
        if !left_out {
            return;
        }
    }
}

fn collect_references(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(to) if name == "$ref" => {
                        references.insert(to.clone());
                    }
                    _ => collect_references(member, references),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                collect_references(item, references);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
