//! Cargos and their prices.

use domain::{
    Cargo, CargoDetail,
    messages::{
        CardRow, CargoList, Detail, DetailPage,
        ProblemKind::{InvalidParameters, NotFound},
    },
};
use serde_json::json;

use super::{DRIVERS_FAIL, JSON};
use crate::{
    headers::Header,
    openapi::{Link, MediaType, Operation, Response},
    parameters::FILTERS,
    samples,
    schemas::{Schemas, examples, value},
    security,
};

/// What a page of htmx swaps in.
const HTML: &str = "text/html";
const LIST_FRAGMENT: &str = "<article id=\"cargo-card-6236980507\" class=\"cargo-card\">…</article>\
    <span id=\"cargo-count\" class=\"cargo-count\" hx-swap-oob=\"outerHTML\">1 из 1</span>";
const PRICES_FRAGMENT: &str = "<span id=\"cargo-price-6236980507\" class=\"cargo-price cargo-price-inline\" \
    hx-swap-oob=\"outerHTML\">13 500 ₽</span><div id=\"cargo-card-6236980508\" hx-swap-oob=\"delete\"></div>";
/// Where others get a 503, a page of htmx gets nothing to swap in.
const UNSERVABLE: &[Header] = &[Header::RETRY_AFTER, Header::HX_RESWAP];

fn fragment(example: &str) -> MediaType {
    MediaType {
        schema: json!({"type": "string"}),
        examples: examples([("fragment", example.into())]),
    }
}

pub fn list(schemas: &mut Schemas) -> Operation {
    let (cargos, cards) = (
        schemas.written::<CargoList<Cargo>>(),
        schemas.written::<CargoList<CardRow>>(),
    );
    let body = MediaType {
        schema: json!({"anyOf": [cargos, cards]}),
        examples: examples([
            ("cargos", value(&samples::cargo_list())),
            ("cards", value(&samples::card_list())),
        ]),
    };
    Operation::new("list", "cargos", "Rows of the list, newest first")
        .described("With `html` the rows are cards, ready to be shown. With `ids` they are these cargos, of which those are left out that no longer exist. To htmx, and to whoever prefers `text/html`, the \
            answer is a fragment of HTML; an empty one where others get a 503.")
        .for_whom(security::DRIVERS)
        .takes(FILTERS)
        .takes(&["ids", "limit.list", "offset", "after", "html", "min_epoch", "HX-Request"])
        .answers(
            200,
            Response::of("The rows.", JSON, body)
                .or(HTML, fragment(LIST_FRAGMENT))
                .at_times(UNSERVABLE)
                .always(&[Header::REVALIDATE, Header::AGE, Header::CACHE_STATUS])
                .at_times(&[Header::SERVER_TIMING, Header::SESSION])
                .leads_to(
                    "cargo",
                    Link::to(
                        "cargo",
                        "Everything about the first.",
                        [("id", "$response.body#/cargos/0/id")],
                    ),
                )
                .leads_to(
                    "history",
                    Link::to(
                        "history",
                        "How the price of the first went.",
                        [("id", "$response.body#/cargos/0/id")],
                    ),
                ),
        )
        .fails(DRIVERS_FAIL)
        .fails(&[InvalidParameters])
}

pub fn prices(schemas: &mut Schemas) -> Operation {
    let mut body = schemas.answer(&samples::prices());
    body.examples = examples([
        ("whole", value(&samples::prices())),
        ("changes", value(&samples::price_changes())),
    ]);
    let polled = &[
        Header::REVALIDATE,
        Header::ETAG,
        Header::AGE,
        Header::STALE,
        Header::POLL_AFTER,
    ];
    let at_times = &[
        // Watched cargos may all be known from lists.
        Header::CACHE_STATUS,
        Header::SERVER_TIMING,
        Header::BUILD,
        Header::SESSION,
    ];
    Operation::new("prices", "cargos", "Prices of the first rows")
        .described(
            "What is polled. Who names a state in `since` that is still known is told what has changed: `prices` holds only the rows that \
             are new or have another price, `since` repeats the tag, and `order` holds all ids in their order if that has changed. A state \
             that is not known any more is answered in full, without `since`. To htmx, and to whoever prefers `text/html`, the answer is a \
             fragment of HTML; an empty one where others get a 503.",
        )
        .for_whom(security::DRIVERS)
        .takes(FILTERS)
        .takes(&[
            "ids",
            "limit.prices",
            "offset",
            "since",
            "seen_ids",
            "min_epoch",
            "If-None-Match",
            "HX-Request",
        ])
        .answers(
            200,
            Response::of("The prices, whole or what has changed.", JSON, body)
                .or(HTML, fragment(PRICES_FRAGMENT))
                .at_times(UNSERVABLE)
                .always(polled)
                .at_times(at_times)
                .leads_to(
                    "next_poll",
                    Link::to(
                        "prices",
                        "What has changed since.",
                        [("query.since", "$response.body#/etag")],
                    ),
                ),
        )
        .answers(
            304,
            Response::empty("The client has them already.")
                .always(polled)
                .at_times(at_times),
        )
        .fails(DRIVERS_FAIL)
        .fails(&[InvalidParameters])
}

pub fn cargo(schemas: &mut Schemas) -> Operation {
    let (detail, page) = (
        schemas.written::<Detail<CargoDetail>>(),
        schemas.written::<Detail<DetailPage>>(),
    );
    let body = MediaType {
        schema: json!({"anyOf": [detail, page]}),
        examples: examples([
            ("cargo", value(&samples::detail())),
            ("page", value(&samples::detail_page())),
        ]),
    };
    Operation::new("cargo", "cargos", "Everything about one cargo")
        .described("With the newest price that a list has shown. With `html` ready to be shown.")
        .for_whom(security::DRIVERS)
        .takes(&["id.cargo", "html", "min_epoch"])
        .answers(
            200,
            Response::of("The cargo.", JSON, body)
                .always(&[Header::REVALIDATE, Header::AGE, Header::CACHE_STATUS])
                .at_times(&[Header::SERVER_TIMING, Header::SESSION]),
        )
        .fails(DRIVERS_FAIL)
        .fails(&[NotFound, InvalidParameters])
}

pub fn history(schemas: &mut Schemas) -> Operation {
    let body = schemas.answer(&samples::history());
    Operation::new("history", "cargos", "How the price of a cargo went")
        .described("The last 96 changes, oldest first; none of a cargo that no list has shown.")
        .for_whom(security::DRIVERS)
        .takes(&["id.cargo"])
        .answers(
            200,
            Response::of("The changes.", JSON, body)
                .always(&[Header::FOR_SECONDS])
                .at_times(&[Header::SESSION]),
        )
        .fails(DRIVERS_FAIL)
        .fails(&[NotFound])
}
