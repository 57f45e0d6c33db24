//! Quotes.

use domain::{
    messages::ProblemKind::{InvalidParameters, TooLarge, TooSlow},
    orders::messages::Quote,
};
use serde_json::json;

use super::{FACTORY_FAILS, JSON};
use crate::{
    headers::Header,
    openapi::{Link, MediaType, Operation, RequestBody, Response},
    samples,
    schemas::{Schemas, examples, value},
    security,
};

pub fn ask_quote(schemas: &mut Schemas) -> Operation {
    let model = MediaType {
        schema: json!({"type": "string", "format": "binary", "minLength": 1}),
        ..MediaType::default()
    };
    let operation = Operation::new("ask_quote", "quotes", "What making a model would cost")
        .described(
            "The body is the model's file. It is calculated once however many ask, and goes on whoever leaves. The name of the quote \
             follows from the model, the material and the quantity, so whoever has the model can look for its quote before he sends it.",
        )
        .for_whom(security::FACTORY)
        .takes(&["material", "quantity"])
        .reads(RequestBody {
            description: "The model, 1 byte to 50 MiB, whatever `Content-Type` says.",
            required: true,
            content: [("application/octet-stream".to_owned(), model)].into(),
        });
    answered(operation, schemas).fails(&[InvalidParameters, TooLarge, TooSlow])
}

pub fn quote(schemas: &mut Schemas) -> Operation {
    let operation = Operation::new("quote", "quotes", "How far a quote is")
        .described("Of one that nobody has asked for within a day there is nothing.")
        .for_whom(security::FACTORY)
        .takes(&["id.quote"]);
    answered(operation, schemas)
}

fn answered(operation: Operation, schemas: &mut Schemas) -> Operation {
    let mut body = |examples| MediaType {
        schema: schemas.written::<Quote>(),
        examples,
    };
    let done = body(examples([
        ("ready", value(&samples::quote_ready())),
        ("failed", value(&samples::quote_failed())),
    ]));
    let calculating = body(examples([(
        "calculating",
        value(&samples::quote_calculating()),
    )]));
    let look = || Link::to("quote", "How far it is.", [("id", "$response.body#/id")]);
    operation
        .answers(
            200,
            Response::of("It is calculated, or can't be.", JSON, done)
                .always(&[Header::NO_STORE, Header::LOCATION])
                .at_times(&[Header::RETRY_AFTER, Header::SESSION])
                .leads_to("look", look()),
        )
        .answers(
            202,
            Response::of("It is being calculated.", JSON, calculating)
                .always(&[Header::NO_STORE, Header::LOCATION, Header::RETRY_AFTER])
                .at_times(&[Header::SESSION])
                .leads_to("look", look()),
        )
        .fails(FACTORY_FAILS)
}
