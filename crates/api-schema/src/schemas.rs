//! JSON Schemas of the messages.

use domain::{exact, messages::ProblemKind};
use schemars::{
    JsonSchema, Schema, SchemaGenerator,
    generate::{Contract, SchemaSettings},
    transform::{Transform, transform_subschemas},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::openapi::{Example, InOrder, Map, MediaType};

/// The schemas of messages, as they are asked for.
#[derive(Debug)]
pub struct Schemas {
    written: SchemaGenerator,
    read: SchemaGenerator,
}

impl Schemas {
    /// None yet.
    pub fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            settings.contract = Contract::Serialize;
        });
        Self {
            written: settings.clone().into_generator(),
            // A message may be read with less than it is written with. What is read is put where it is read, so that no name
            // means both.
            read: settings
                .with(|settings| {
                    settings.contract = Contract::Deserialize;
                    settings.inline_subschemas = true;
                })
                .into_generator(),
        }
    }

    /// Of what the Worker writes: a reference to the component of that name.
    pub fn written<T: JsonSchema>(&mut self) -> Value {
        value(&self.written.subschema_for::<T>())
    }

    /// Of what the Worker reads.
    pub fn read<T: JsonSchema>(&mut self) -> Value {
        let mut schema = self.read.subschema_for::<T>();
        Tidy::Read.transform(&mut schema);
        value(&schema)
    }

    /// An answer's body, and a real one.
    pub fn answer<T: JsonSchema + Serialize>(&mut self, example: &T) -> MediaType {
        MediaType {
            schema: self.written::<T>(),
            examples: examples([("answer", value(example))]),
        }
    }

    /// The body of a problem of these kinds, which one status stands for; and real ones.
    pub fn problem(
        &mut self,
        schema: Value,
        kinds: &[ProblemKind],
        examples: InOrder<Example>,
    ) -> MediaType {
        let types: Vec<String> = kinds.iter().map(|kind| kind.uri()).collect();
        let status = kinds.first().map(|kind| kind.status());
        MediaType {
            schema: json!({
                "allOf": [schema],
                "properties": {"type": {"enum": types}, "status": {"const": status}},
            }),
            examples,
        }
    }

    /// All that was referred to.
    pub fn components(mut self) -> Map<Value> {
        let definitions = self.written.take_definitions(false);
        let tidied = definitions.into_iter().map(|(name, schema)| {
            let mut schema = Schema::try_from(schema).unwrap_or_default();
            Tidy::Written.transform(&mut schema);
            (name, value(&schema))
        });
        tidied.collect()
    }
}

/// Examples by their names.
pub fn examples<const N: usize>(examples: [(&str, Value); N]) -> InOrder<Example> {
    let examples = examples.map(|(name, value)| (name.to_owned(), Example { value }));
    examples.into()
}

/// A message as it is written.
///
/// # Panics
/// Never: messages have only string keys.
pub fn value(message: &impl Serialize) -> Value {
    serde_json::to_value(message).expect("messages have only string keys")
}

/// Says of a schema what its types mean to others than Rust.
#[derive(Clone, Copy, Debug)]
enum Tidy {
    /// How wide a variable has to be.
    Written,
    /// How great a number may be.
    Read,
}

impl Transform for Tidy {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let number = schema.get("format").and_then(Value::as_str);
        if let Some(number) = number.and_then(whole_number) {
            let schema = schema.ensure_object();
            match self {
                Self::Written => {
                    schema.insert("format".to_owned(), number.format.into());
                }
                Self::Read => {
                    schema.shift_remove("format");
                    schema.entry("minimum").or_insert(number.least);
                    schema.entry("maximum").or_insert(number.most);
                }
            }
        }
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = for_others(text);
        }
    }
}

/// What is known of a whole number by its type in Rust.
struct WholeNumber {
    /// The narrowest of OpenAPI's formats that holds whatever is written.
    format: &'static str,
    least: Value,
    most: Value,
}

fn whole_number(format: &str) -> Option<WholeNumber> {
    let (format, least, most) = match format {
        "uint8" => ("int32", 0, u8::MAX.into()),
        "uint16" => ("int32", 0, u16::MAX.into()),
        "uint32" => ("int64", 0, u32::MAX.into()),
        "uint64" => ("int64", 0, exact::MOST),
        "int64" => ("int64", i64::MIN, i64::MAX as u64),
        _ => return None,
    };
    Some(WholeNumber {
        format,
        least: least.into(),
        most: most.into(),
    })
}

/// A description as it is read outside of Rust: in one line, without links into its documentation, and `None` is none.
fn for_others(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|lines| lines.replace('\n', " "));
    let text = paragraphs.collect::<Vec<_>>().join("\n\n");
    without_links(&text).replace("`None`", "none")
}

/// Text whose links lead into the documentation of Rust, without them: ``[`Cargo`]`` is `` `Cargo` ``.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        plain.push_str(before);
        let Some((name, after)) = link.split_once("`]") else {
            plain.push_str("[`");
            rest = link;
            continue;
        };
        plain.push('`');
        plain.push_str(name);
        plain.push('`');
        let target = after
            .strip_prefix('(')
            .and_then(|target| target.split_once(')'));
        rest = target.map_or(after, |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_speaks_to_others_than_rust() {
        let text = "The [`Next`]\none; `None` at\nthe end.\n\nMore.";
        assert_eq!(
            for_others(text),
            "The `Next` one; none at the end.\n\nMore."
        );
    }

    #[test]
    fn links_into_rust_lead_nowhere_else() {
        for (text, plain) in [
            ("See [`Cargo`].", "See `Cargo`."),
            ("[`A::B`](crate::a::B), [`C`]", "`A::B`, `C`"),
            ("`[1763600000000, 1350000]`", "`[1763600000000, 1350000]`"),
            ("[`open", "[`open"),
            ("[a](b)", "[a](b)"),
        ] {
            assert_eq!(without_links(text), plain);
        }
    }
}
