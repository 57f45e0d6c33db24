//! Parameters: the document lets through what the code takes, whatever it is.

use std::sync::LazyLock;

use domain::{
    CargoId, FieldError, ListQuery, PricesQuery,
    orders::{OrderId, OrdersQuery, QuoteId, QuoteRequest},
    query::{CargoQuery, PointsQuery},
};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{DOCUMENT, resolved, validator};

/// Reads what stands in a query as the document says that it is written there.
fn read_parameter(schema: &'static Value, text: &str) -> Value {
    let schema = resolved(schema);
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if schema["type"] == "array" {
        let items = text.split(',');
        return items
            .map(|item| read_parameter(&schema["items"], item))
            .collect();
    }
    match text.parse::<u64>() {
        Ok(number) if is_number && schema["type"] == "integer" => number.into(),
        _ => text.into(),
    }
}

/// A query's reader: the names of the fields that it found wrong.
type Reader = fn(&str) -> Vec<String>;

fn fields<T>(result: Result<T, Vec<FieldError>>) -> Vec<String> {
    let errors = result.err().unwrap_or_default();
    errors.into_iter().map(|error| error.field).collect()
}

const READERS: [(&str, &str, Reader); 6] = [
    ("/api/cargos/", "get", |query| {
        fields(ListQuery::parse(query))
    }),
    ("/api/cargos/prices/", "get", |query| {
        fields(PricesQuery::parse(query))
    }),
    ("/api/cargos/{id}/", "get", |query| {
        fields(CargoQuery::parse(query))
    }),
    ("/api/dictionaries/points", "get", |query| {
        fields(PointsQuery::parse(query))
    }),
    ("/api/orders/", "get", |query| {
        fields(OrdersQuery::parse(query))
    }),
    ("/api/quotes", "post", |query| {
        fields(QuoteRequest::parse(query))
    }),
];

/// The parameters of queries, by the operation, with a validator of each.
struct Queries(Vec<(String, &'static Value, Validator, Reader)>);

static QUERIES: LazyLock<Queries> = LazyLock::new(Queries::new);

impl Queries {
    fn new() -> Self {
        let mut all = Vec::new();
        for (path, method, reader) in READERS {
            let operation = &DOCUMENT["paths"][path][method];
            for parameter in operation["parameters"].as_array().unwrap() {
                let parameter = resolved(parameter);
                if parameter["in"] == "query" {
                    let schema = &parameter["schema"];
                    let validator = validator(&DOCUMENT, schema);
                    let name = parameter["name"].as_str().unwrap();
                    all.push((name.to_owned(), parameter, validator, reader));
                }
            }
        }
        Self(all)
    }

    /// Whether the document and the code agree on this value, wherever it may stand.
    #[track_caller]
    fn agree_on(&self, text: &str) {
        for (name, parameter, validator, reader) in &self.0 {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair(name, text)
                .finish();
            let is_taken = !reader(&query).contains(name);
            let value = read_parameter(&parameter["schema"], text);
            let may_be_empty = text.is_empty() && parameter["allowEmptyValue"] == true;
            let is_valid = may_be_empty || validator.is_valid(&value);
            // That the lower bound comes first, and how great either may be, no schema says.
            let says_too_little = parameter["schema"]["format"] == "range";
            if is_valid != is_taken && !(says_too_little && is_valid) {
                panic!("{name}={text:?}: valid: {is_valid}, taken: {is_taken}");
            }
        }
    }
}

/// What may stand where an id, a number, a name, a date or a list is expected; and what nearly may.
#[rustfmt::skip]
const TEXTS: [&str; 101] = [
    "", " ", "0", "1", "-1", "+1", "1.5", "1e3", "05", "007", "20", "50", "51", "100", "101", "500", "501", "1000",
    "1001", "100000", "100001", "4294967295", "4294967296", "999999999999999", "1000000000000000",
    "18446744073709551615", "18446744073709551616", "my", "all", "MY", "any", "ru", "en-US", "approved",
    "approved,started", "approved,approved", "approved,", ",", "new", "1,2", "1,,2", "1, 2", "2,1", "0,", ",0",
    "00100,500", "1,2,3", "2026-11-20", "2026-02-29", "2024-02-29", "1899-12-31", "1900-01-01", "2999-12-31",
    "3000-01-01", "2026-1-5", "2026-11-20T00:00", "20.11.2026", "7.5-45", "1.50-9.0", "0.1-0.1", "0.10-0.1", "0.09-9",
    "0.999-9", "00.5-9", "1000-200", "1000.000-200.000", "1000.1-9", "20-200.1", "20-0.09", "20-83-5", "1.-2", ".5-2",
    "1.2345-9", "0-9", "MSK", "M", "MOSCO", "msk", "MSK-5", "msk-5", " msk-5 ", "m\tsk", "MSK-999999999999999",
    "17.MSK-5", "0.MSK-5", "017.MSK-5", "999999999999999.MSK-5", "1000000000000000.MSK-5", "17.MSK-05",
    "17.MSK-1000000000000000", "PA12", "PA12-GF", "TPU 95A", "пластик", "a/b", "a\nb", "m\u{17f}k",
    "\"6f2d1c0b9a887766\"", "9999999999999999999", "10000000000000000000", "Моск",
];

#[test]
fn what_a_query_may_hold_is_what_the_document_says() {
    for (_, parameter, ..) in &QUERIES.0 {
        let example = &parameter["example"];
        let text = match example {
            Value::Array(items) => {
                let texts = items.iter().map(|item| match item {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                });
                texts.collect::<Vec<_>>().join(",")
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        QUERIES.agree_on(&text);
    }
    let many = |item: &str, count| vec![item; count].join(",");
    for text in TEXTS {
        QUERIES.agree_on(text);
    }
    for text in [
        &"a".repeat(24),
        &"a".repeat(25),
        &"a".repeat(40),
        &"a".repeat(41),
        &"я".repeat(40),
        &"я".repeat(50),
        &"я".repeat(51),
        &many("7", 50),
        &many("7", 51),
        &many("7", 100),
        &many("7", 101),
        &many("closed", 200),
    ] {
        QUERIES.agree_on(text);
    }
}

#[test]
fn ids_in_paths_are_what_the_document_says() {
    let validator = |name: &str| {
        let schema = json!({"$ref": format!("#/components/schemas/{name}")});
        validator(&DOCUMENT, &schema)
    };
    let (cargo, order, quote) = (
        validator("CargoId"),
        validator("OrderId"),
        validator("QuoteId"),
    );
    for text in [
        "",
        "0",
        "1",
        "007",
        "+5",
        "6236980507",
        "9999999999999999999",
        "10000000000000000000",
        "MSK-1",
        "MSK-0",
        "MSK-05",
        "M-1",
        "MOSC-1",
        "MOSCO-1",
        "MSK-999999999999999",
        "MSK-1000000000000000",
        "msk-1",
        "МСК-1",
        "MSK-1 ",
        "5 ",
        &"ab".repeat(32),
        &"AB".repeat(32),
        &"ab".repeat(33),
        &"g0".repeat(32),
    ] {
        let value = json!(text);
        assert_eq!(
            cargo.is_valid(&value),
            text.parse::<CargoId>().is_ok(),
            "{text}"
        );
        assert_eq!(
            order.is_valid(&value),
            text.parse::<OrderId>().is_ok(),
            "{text}"
        );
        assert_eq!(
            quote.is_valid(&value),
            text.parse::<QuoteId>().is_ok(),
            "{text}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_query_whatever_finds_them_apart(texts in proptest::collection::vec("[0-9a-zA-Zя,. +:-]{0,12}", 40)) {
            for text in texts {
            QUERIES.agree_on(&text);
        }
    }
}
