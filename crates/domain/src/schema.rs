//! JSON Schemas of what is written otherwise than its fields would say. The others are derived.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    CargoId, Date, Etag, Kopecks, LoadingTime,
    orders::{Cursor, DeliveryName, OrderId, QuoteId, Site},
};

macro_rules! schema {
    ($type:ident, $schema:tt) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn schema_id() -> Cow<'static, str> {
                concat!("domain::", stringify!($type)).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

schema!(Kopecks, {
    "description": "A price in kopecks. A missing, zero, negative or absurd price is none.",
    "type": "integer",
    "minimum": 1,
    "maximum": Kopecks::MAX,
});

schema!(CargoId, {
    "description": "A CargoTech cargo id: digits in a string, because JavaScript's numbers end at 2^53.",
    "type": "string",
    "pattern": "^[1-9][0-9]{0,18}$",
});

schema!(Etag, {
    "description": "The name of a state, as it stands in an `ETag` header, with its quotes (RFC 9110, 8.8.3).",
    "type": "string",
    "pattern": "^\"[0-9a-f]{16}\"$",
});

schema!(Date, {
    "description": "A calendar date of the years 1900 to 2999.",
    "type": "string",
    "format": "date",
    "pattern": "^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$",
});

schema!(LoadingTime, {
    "description": "A date, and the clock time of that place if one was given.",
    "type": "string",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?$",
});

schema!(Site, {
    "description": "A site of the factory.",
    "type": "string",
    "pattern": "^[A-Z]{2,4}$",
});

schema!(OrderId, {
    "description": "An order's name: the site that makes it and its number there.",
    "type": "string",
    "pattern": "^[A-Z]{2,4}-[1-9][0-9]{0,14}$",
});

schema!(Cursor, {
    "description": "Where a page ended: the next one begins below.",
    "type": "string",
    "pattern": "^(0|[1-9][0-9]{0,14})\\.[A-Z]{2,4}-[1-9][0-9]{0,14}$",
});

schema!(QuoteId, {
    "description": "A quote's name: SHA-256 of the model's SHA-256 and of `\\n{MATERIAL}\\n{quantity}`.",
    "type": "string",
    "pattern": "^[0-9a-f]{64}$",
});

schema!(DeliveryName, {
    "description": "The name of a delivery.",
    "type": "string",
    "minLength": 1,
    "maxLength": DeliveryName::LONGEST,
});
