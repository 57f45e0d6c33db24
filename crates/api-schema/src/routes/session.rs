//! Signing in.

use domain::messages::{
    ProblemKind::{TooManyRequests, Unauthorized, UnsupportedMediaType},
    SignIn,
};

use super::{BODIES_FAIL, JSON, json_body};
use crate::{
    headers::Header,
    openapi::{Operation, Response},
    samples,
    schemas::{Schemas, value},
};

pub fn sign_in(schemas: &mut Schemas) -> Operation {
    let body = json_body(
        "What Telegram gave the app, at most 16 KiB.",
        schemas.read::<SignIn>(),
        value(&samples::sign_in()),
    );
    let session = schemas.answer(&samples::session());
    Operation::new("sign_in", "session", "A session for what Telegram has signed")
        .described(
            "Whatever is wrong with the body, the answer is the same 401. initData is taken for a day after it was signed. A client that \
             has something to ask besides need not come here first: see the security scheme `initData`.",
        )
        .reads(body)
        .answers(
            200,
            Response::of("A session.", JSON, session).always(&[Header::NO_STORE]),
        )
        .fails(BODIES_FAIL)
        .fails(&[TooManyRequests, Unauthorized, UnsupportedMediaType])
}
