//! Dictionaries.

use domain::messages::ProblemKind::InvalidParameters;

use super::{DRIVERS_FAIL, JSON};
use crate::{
    headers::Header,
    openapi::{MediaType, Operation, Response},
    samples,
    schemas::Schemas,
    security,
};

pub fn points(schemas: &mut Schemas) -> Operation {
    let body = schemas.answer(&samples::points());
    dictionary("points", "Places whose name holds a text", body)
        .takes(&["filter.name"])
        .fails(&[InvalidParameters])
}

pub fn load_types(schemas: &mut Schemas) -> Operation {
    let body = schemas.answer(&samples::types());
    dictionary("load_types", "All ways to load", body)
}

pub fn truck_types(schemas: &mut Schemas) -> Operation {
    let body = schemas.answer(&samples::types());
    dictionary("truck_types", "All kinds of trucks", body)
}

fn dictionary(id: &'static str, summary: &'static str, body: MediaType) -> Operation {
    Operation::new(id, "dictionaries", summary)
        .for_whom(security::DRIVERS)
        .answers(
            200,
            Response::of("The entries, in CargoTech's order.", JSON, body)
                .always(&[Header::FOR_AN_HOUR, Header::AGE, Header::CACHE_STATUS])
                .at_times(&[Header::SERVER_TIMING, Header::SESSION]),
        )
        .fails(DRIVERS_FAIL)
}
