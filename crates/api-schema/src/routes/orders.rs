//! Orders.

use domain::{
    messages::ProblemKind::{InvalidParameters, LostRace, OutcomeUnknown, UnsupportedMediaType},
    orders::messages::ChangeStatus,
};
use serde_json::json;

use super::{BODIES_FAIL, FACTORY_FAILS, JSON, json_body};
use crate::{
    headers::Header,
    openapi::{Link, Operation, Response},
    samples,
    schemas::{Schemas, value},
    security,
};

pub fn orders(schemas: &mut Schemas) -> Operation {
    let body = schemas.answer(&samples::orders());
    let polled = &[
        Header::REVALIDATE,
        Header::ETAG,
        Header::AGE,
        Header::EPOCH,
        Header::STALE,
        Header::POLL_AFTER,
    ];
    let at_times = &[Header::BUILD, Header::SESSION];
    Operation::new("orders", "orders", "Orders, newest first")
        .described("A seller sees his own, without counts, and may not name another in `seller`.")
        .for_whom(security::FACTORY)
        .takes(&[
            "status",
            "seller",
            "site",
            "number",
            "cursor",
            "limit.orders",
            "min_epoch.orders",
            "If-None-Match",
        ])
        .answers(
            200,
            Response::of("The orders.", JSON, body)
                .always(polled)
                .at_times(at_times)
                .leads_to(
                    "order",
                    Link::to(
                        "order",
                        "Everything about the first.",
                        [("id", "$response.body#/orders/0/id")],
                    ),
                )
                .leads_to(
                    "below",
                    Link::to(
                        "orders",
                        "Those below.",
                        [("query.cursor", "$response.body#/next")],
                    ),
                )
                .leads_to(
                    "move",
                    Link::to(
                        "order_status",
                        "Moves the first, as it was shown.",
                        [("id", "$response.body#/orders/0/id")],
                    )
                    .with_body(json!({
                        "status": "started",
                        "expected_version": "$response.body#/orders/0/version",
                    })),
                ),
        )
        .answers(
            304,
            Response::empty("The client has them already.")
                .always(polled)
                .at_times(at_times),
        )
        .fails(FACTORY_FAILS)
        .fails(&[InvalidParameters])
}

pub fn order(schemas: &mut Schemas) -> Operation {
    let body = schemas.answer(&samples::order_answer());
    Operation::new("order", "orders", "Everything about an order")
        .described("An order that the client may not see is not there for him.")
        .for_whom(security::FACTORY)
        .takes(&["id.order"])
        .answers(
            200,
            Response::of("The order.", JSON, body)
                .always(&[
                    Header::REVALIDATE,
                    Header::AGE,
                    Header::EPOCH,
                    Header::STALE,
                ])
                .at_times(&[Header::SESSION]),
        )
        .fails(FACTORY_FAILS)
        .fails(&[InvalidParameters])
}

pub fn order_status(schemas: &mut Schemas) -> Operation {
    let body = json_body(
        "Where it is to go, and the version that this was decided on; at most 1 KiB.",
        schemas.read::<ChangeStatus>(),
        value(&samples::change_status()),
    );
    let changed = schemas.answer(&samples::changed());
    Operation::new("order_status", "orders", "Moves an order")
        .described(
            "From the answer on every read shows it. Operators move orders from approved through started, completed and packaging to \
             shipped, and from started back to approved; the sales system from price_calculated to approved and from shipped to closed, and \
             cancels what is not started. A move that is somebody else's to make is 403; one that there is not is 422.",
        )
        .for_whom(security::FACTORY)
        .takes(&["id.order"])
        .reads(body)
        .answers(
            200,
            Response::of("What has become of it.", JSON, changed)
                .always(&[Header::NO_STORE, Header::EPOCH])
                .at_times(&[Header::SESSION])
                .leads_to(
                    "order",
                    Link::to(
                        "order",
                        "Shows it as it is now.",
                        [("id", "$response.body#/order/id")],
                    ),
                ),
        )
        .fails(FACTORY_FAILS)
        .fails(BODIES_FAIL)
        .fails(&[
            InvalidParameters,
            LostRace,
            OutcomeUnknown,
            UnsupportedMediaType,
        ])
}
