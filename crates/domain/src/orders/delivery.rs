//! What the factory tells of changes, one delivery each.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::id::as_text;

/// The name of a delivery: `1..=DeliveryName::LONGEST` characters, whichever they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryName(String);

impl DeliveryName {
    /// The longest name, in characters.
    pub const LONGEST: usize = 100;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that can't be the name of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {} characters", DeliveryName::LONGEST)]
pub struct NotADeliveryName;

impl FromStr for DeliveryName {
    type Err = NotADeliveryName;

    fn from_str(text: &str) -> Result<Self, NotADeliveryName> {
        let is_name = (1..=Self::LONGEST).contains(&text.chars().count());
        is_name
            .then(|| Self(text.to_owned()))
            .ok_or(NotADeliveryName)
    }
}

impl fmt::Display for DeliveryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(DeliveryName, "the name of a delivery");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_neither_empty_nor_endless() {
        for name in ["d-52804", " ", &"я".repeat(100)] {
            let parsed: DeliveryName = name.parse().unwrap();
            assert_eq!(parsed.as_str(), name);
            let text = serde_json::to_string(&parsed).unwrap();
            assert_eq!(serde_json::from_str::<DeliveryName>(&text).unwrap(), parsed);
        }
        for wrong in ["", &"я".repeat(101)] {
            assert_eq!(wrong.parse::<DeliveryName>(), Err(NotADeliveryName));
        }
    }
}
