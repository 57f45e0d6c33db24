//! The dictionaries that filters are chosen from.

use serde::{Deserialize, Serialize};

/// A place with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NamedPoint {
    /// Its id.
    pub id: u32,
    /// Its type, which a filter by this place must repeat.
    #[serde(rename = "type")]
    pub kind: u32,
    /// Its name.
    pub name: String,
}

/// A way to load, or a kind of truck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FreightType {
    /// Its id.
    pub id: u32,
    /// Its name: "рефрижератор".
    pub name: String,
    /// As cards show it: "реф.".
    pub short_name: String,
}

/// The longest text that is looked up, in characters.
pub const LONGEST_NAME: usize = 50;

/// The text that a place is looked up by, in the one form that equal searches share: lower case, single spaces, no
/// longer than [`LONGEST_NAME`].
pub fn search_text(typed: &str) -> String {
    let words: Vec<&str> = typed.split_whitespace().collect();
    let lower = words.join(" ").to_lowercase();
    lower.chars().take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_searches_have_one_form() {
        for typed in ["Нижний Новгород", "  нижний\t  НОВГОРОД "] {
            assert_eq!(search_text(typed), "нижний новгород");
        }
        assert_eq!(search_text(" \n"), "");
        assert_eq!(search_text(&"Я".repeat(500)), "я".repeat(50));
    }
}
