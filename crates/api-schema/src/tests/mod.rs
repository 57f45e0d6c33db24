//! That the document says what the code does: each of its parts is held against the types and functions that it speaks of.

mod messages;
mod parameters;
mod whole;

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The document, as whoever reads it has it.
static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&super::document()).unwrap());

/// Whatever a value of these schemas may hold that they do not speak of, they refuse. Clients have to bear it; tests have not.
fn strict(schema: &mut Value, is_whole: bool) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    for (keyword, part) in object.iter_mut() {
        match (keyword.as_str(), part) {
            ("properties", Value::Object(properties)) => {
                properties
                    .values_mut()
                    .for_each(|schema| strict(schema, true));
            }
            ("prefixItems", Value::Array(items)) => {
                items.iter_mut().for_each(|schema| strict(schema, true));
            }
            ("items" | "additionalProperties", part) => strict(part, true),
            // Parts of one and the same value.
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => {
                parts.iter_mut().for_each(|schema| strict(schema, false));
            }
            _ => {}
        }
    }
    let speaks_of_members = ["properties", "oneOf"]
        .iter()
        .any(|keyword| object.contains_key(*keyword));
    if is_whole && speaks_of_members {
        object.insert("unevaluatedProperties".to_owned(), false.into());
    }
}

/// Of a schema of `document`.
fn validator(document: &Value, schema: &Value) -> Validator {
    let mut components = document["components"].clone();
    for schema in components["schemas"].as_object_mut().unwrap().values_mut() {
        strict(schema, true);
    }
    let root = json!({"components": components, "allOf": [schema]});
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    options.build(&root).unwrap()
}

#[track_caller]
fn expect_valid(schema: &Value, value: &Value) {
    expect_valid_by(&DOCUMENT, schema, value);
}

#[track_caller]
fn expect_valid_by(document: &Value, schema: &Value, value: &Value) {
    let validator = validator(document, schema);
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{schema}\n{value}");
}

/// What a reference stands for; anything else stands for itself.
fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(to) => {
            let found = to.strip_prefix('#').and_then(|to| DOCUMENT.pointer(to));
            resolved(found.unwrap_or_else(|| panic!("{to} leads nowhere")))
        }
        None => value,
    }
}

/// Every operation, with its method and path.
fn operations() -> impl Iterator<Item = (String, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}
