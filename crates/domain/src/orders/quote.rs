//! What making a part would cost.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::id::as_text;
use crate::{
    Kopecks,
    query::{FieldError, Parameters},
};

/// How many parts, `1..=Quantity::MOST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Quantity(u32);

impl Quantity {
    /// More than any machine makes of one model.
    pub const MOST: u32 = 100_000;

    /// `None` outside `1..=MOST`.
    pub const fn new(quantity: u32) -> Option<Self> {
        if quantity >= 1 && quantity <= Self::MOST {
            Some(Self(quantity))
        } else {
            None
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let quantity = u32::deserialize(deserializer)?;
        Self::new(quantity).ok_or_else(|| serde::de::Error::custom("no quantity"))
    }
}

/// What besides the model decides the price: the query of `POST /api/quotes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteRequest {
    /// Of what it is made, such as `PA12`.
    pub material: String,
    /// How many.
    pub quantity: Quantity,
}

impl QuoteRequest {
    /// The longest name of a material, in bytes.
    const LONGEST_MATERIAL: usize = 40;

    /// Reads `material=PA12&quantity=4`.
    ///
    /// # Errors
    /// Everything that is wrong or missing, by name.
    pub fn parse(query: &str) -> Result<Self, Vec<FieldError>> {
        let mut parameters = Parameters::new(query);
        let material = parameters.take("material", |text| {
            let is_name = text.len() <= Self::LONGEST_MATERIAL
                && text
                    .chars()
                    .all(|c| c.is_alphanumeric() || " -+.".contains(c));
            is_name
                .then(|| text.trim().to_uppercase())
                .ok_or("expected the name of a material, such as PA12")
        });
        let quantity = parameters
            .number("quantity", 1..=Quantity::MOST)
            .and_then(Quantity::new);
        for (field, is_missing) in [
            ("material", material.is_none()),
            ("quantity", quantity.is_none()),
        ] {
            if is_missing {
                parameters.require(field);
            }
        }
        match (material, quantity) {
            (Some(material), Some(quantity)) => parameters.finish(Self { material, quantity }),
            _ => parameters.finish(Self {
                material: String::new(),
                quantity: Quantity(1),
            }),
        }
    }

    /// The text whose hash, after the model's, is the quote's name: equal requests have one.
    pub fn canonical(&self) -> String {
        format!("\n{}\n{}", self.material, self.quantity.0)
    }
}

/// A quote's name: SHA-256 of the model's own SHA-256 and of what else decides the price. 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuoteId(pub [u8; 32]);

/// Why a text is no quote's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a quote's name is 64 hexadecimal digits")]
pub struct NotAQuoteId;

impl fmt::Display for QuoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for QuoteId {
    type Err = NotAQuoteId;

    fn from_str(text: &str) -> Result<Self, NotAQuoteId> {
        let is_hex =
            text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !is_hex {
            return Err(NotAQuoteId);
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| NotAQuoteId)?;
        }
        Ok(Self(bytes))
    }
}

as_text!(QuoteId, "a quote's name of 64 hexadecimal digits");

/// What the factory calculated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quoted {
    /// The price of all parts.
    pub price_kopecks: Kopecks,
    /// How many working days they take.
    pub days: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_material_and_quantity() {
        let request = QuoteRequest::parse("material=pa12&quantity=4").unwrap();
        assert_eq!(
            (request.material.as_str(), request.quantity.get()),
            ("PA12", 4)
        );
        assert_eq!(request.canonical(), "\nPA12\n4");
        let fields = |query| -> Vec<String> {
            QuoteRequest::parse(query)
                .unwrap_err()
                .into_iter()
                .map(|error| error.field)
                .collect()
        };
        assert_eq!(fields(""), ["material", "quantity"]);
        assert_eq!(
            fields("material=a%0Ab&quantity=0"),
            ["material", "quantity"]
        );
        assert_eq!(fields("material=PA12&quantity=100001"), ["quantity"]);
    }

    #[test]
    fn a_quotes_name_has_one_spelling() {
        let id = QuoteId([0xab; 32]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in [
            "",
            "ab",
            &"AB".repeat(32),
            &"g0".repeat(32),
            &"ab".repeat(33),
        ] {
            assert_eq!(wrong.parse::<QuoteId>(), Err(NotAQuoteId), "{wrong}");
        }
    }
}
