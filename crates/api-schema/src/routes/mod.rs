//! What may be done where.

mod cargos;
mod dictionaries;
mod operation;
mod orders;
mod quotes;
mod session;

use domain::messages::ProblemKind::{
    self, Forbidden, NotFound, TooLarge, TooManyRequests, TooSlow, Unauthorized,
};
use serde_json::Value;

use crate::{
    openapi::{InOrder, Map, MediaType, Operation, RequestBody},
    schemas::{Schemas, examples},
};

/// JSON's media type.
const JSON: &str = "application/json";

/// How reading what a driver may see fails.
const DRIVERS_FAIL: &[ProblemKind] = &[Unauthorized, TooManyRequests];
/// How reading a body fails.
const BODIES_FAIL: &[ProblemKind] = &[TooLarge, TooSlow];
/// How anything that has to do with orders fails.
const FACTORY_FAILS: &[ProblemKind] = &[Unauthorized, Forbidden, NotFound, TooManyRequests];

/// All operations, by their paths and methods.
pub fn paths(schemas: &mut Schemas) -> InOrder<Map<Operation>> {
    let all = [
        ("/api/auth/telegram", "post", session::sign_in(schemas)),
        ("/api/cargos/", "get", cargos::list(schemas)),
        ("/api/cargos/prices/", "get", cargos::prices(schemas)),
        ("/api/cargos/{id}/", "get", cargos::cargo(schemas)),
        ("/api/cargos/{id}/history", "get", cargos::history(schemas)),
        (
            "/api/dictionaries/points",
            "get",
            dictionaries::points(schemas),
        ),
        (
            "/api/dictionaries/load_types",
            "get",
            dictionaries::load_types(schemas),
        ),
        (
            "/api/dictionaries/truck_types",
            "get",
            dictionaries::truck_types(schemas),
        ),
        ("/api/orders/", "get", orders::orders(schemas)),
        ("/api/orders/{id}/", "get", orders::order(schemas)),
        (
            "/api/orders/{id}/status",
            "post",
            orders::order_status(schemas),
        ),
        ("/api/quotes", "post", quotes::ask_quote(schemas)),
        ("/api/quotes/{id}", "get", quotes::quote(schemas)),
        ("/api/hooks/orders", "post", operation::order_hook(schemas)),
        (
            "/api/internal/invalidate",
            "post",
            operation::invalidate(schemas),
        ),
        ("/api/schema/", "get", operation::schema()),
        ("/health/live", "get", operation::live(schemas)),
        ("/health/ready", "get", operation::ready(schemas)),
        ("/metrics", "get", operation::metrics()),
    ];
    let mut paths: InOrder<Map<Operation>> = InOrder::new();
    for (path, method, operation) in all {
        let methods = paths.entry(path.to_owned()).or_default();
        methods.insert(method.to_owned(), operation);
    }
    paths
}

/// A body of JSON that has to be sent.
fn json_body(description: &'static str, schema: Value, example: Value) -> RequestBody {
    let body = MediaType {
        schema,
        examples: examples([("request", example)]),
    };
    RequestBody {
        description,
        required: true,
        content: [(JSON.to_owned(), body)].into(),
    }
}
