//! Query parameters, read as PHP reads them.

use super::answer::FieldErrors;
use std::collections::BTreeMap;

/// A parsed query. Of a repeated parameter the last counts, and an empty one counts as missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    parameters: BTreeMap<String, String>,
}

impl Query {
    /// Parses the part of a URL after the `?`.
    pub fn parse(query: &str) -> Self {
        let parameters = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        Self { parameters }
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether a parameter is there, be it empty.
    pub fn has(&self, name: &str) -> bool {
        self.parameters.contains_key(name)
    }

    /// Whether contacts were asked for: `include` is a list of names.
    pub fn includes_contacts(&self) -> bool {
        self.get("include")
            .is_some_and(|names| names.split(',').any(|name| name == "contacts"))
    }

    /// The parameters in a fixed order and decoded, so that equal queries are equal texts.
    pub fn canonical(&self) -> String {
        let pairs: Vec<String> = self
            .parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    }

    /// The value of a parameter as `read` understands it. What it doesn't understand is a complaint that the
    /// parameter "must be" such as `rule` says.
    pub fn read<T>(
        &self,
        name: &str,
        rule: &str,
        errors: &mut FieldErrors,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.get(name)?;
        let value = read(text);
        if value.is_none() {
            errors.add(&field(name), format!("The {} must be {rule}.", field(name)));
        }
        value
    }

    /// As [`Query::read`], with a complaint when the parameter is missing.
    pub fn require<T>(
        &self,
        name: &str,
        rule: &str,
        errors: &mut FieldErrors,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        if self.get(name).is_none() {
            errors.add(
                &field(name),
                format!("The {} field is required.", field(name)),
            );
        }
        self.read(name, rule, errors, read)
    }
}

/// How Laravel names a parameter in its errors: `filter[mode]` is `filter.mode`.
pub fn field(parameter: &str) -> String {
    parameter.replace('[', ".").replace(']', "")
}

/// A whole number that is written in digits alone, as PHP's validation has it: no sign, no spaces.
pub fn whole(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_repeated_parameter_the_last_counts_and_an_empty_one_is_missing() {
        let query = Query::parse("limit=1&limit=2&offset=&filter%5Bmode%5D=my");
        assert_eq!(
            (
                query.get("limit"),
                query.get("offset"),
                query.get("filter[mode]")
            ),
            (Some("2"), None, Some("my"))
        );
    }

    #[test]
    fn equal_queries_are_equal_texts() {
        assert_eq!(
            Query::parse("a=%31&b[c]=2").canonical(),
            Query::parse("b%5Bc%5D=2&a=1").canonical()
        );
    }

    #[test]
    fn complaints_name_the_field_in_laravels_way() {
        let mut errors = FieldErrors::default();
        let query = Query::parse("limit=many");
        assert_eq!(
            query.require("filter[mode]", "my or all", &mut errors, whole),
            None
        );
        assert_eq!(query.read("limit", "an integer", &mut errors, whole), None);
        let mut expected = FieldErrors::default();
        expected.add("filter.mode", "The filter.mode field is required.");
        expected.add("limit", "The limit must be an integer.");
        assert_eq!(errors, expected);
    }
}
