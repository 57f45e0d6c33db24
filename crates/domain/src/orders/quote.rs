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
    /// The longest name of a material, in characters.
    pub const LONGEST_MATERIAL: usize = 40;

    /// The name of a material, in capitals and without spaces around it; `None` for what is no such name. It is made of Latin
    /// and Russian letters, digits, spaces and `-+.`.
    pub fn material(text: &str) -> Option<String> {
        let may_be = |c: char| {
            c.is_ascii_alphanumeric() || matches!(c, 'А'..='я' | 'Ё' | 'ё' | ' ' | '-' | '+' | '.')
        };
        let name = text.trim_matches(' ');
        let is_name = text.chars().count() <= Self::LONGEST_MATERIAL
            && !name.is_empty()
            && name.chars().all(may_be);
        is_name.then(|| name.chars().map(capital).collect())
    }

    /// Reads `material=PA12&quantity=4`.
    ///
    /// # Errors
    /// Everything that is wrong or missing, by name.
    pub fn parse(query: &str) -> Result<Self, Vec<FieldError>> {
        let mut parameters = Parameters::new(query);
        let material = parameters.take("material", |text| {
            Self::material(text).ok_or("expected the name of a material, such as PA12")
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

/// The capital of a letter that a material may have: the tables of all others would be a burden to the app.
fn capital(letter: char) -> char {
    match letter {
        'а'..='я' => char::from_u32(letter as u32 - 0x20).unwrap_or(letter),
        'ё' => 'Ё',
        other => other.to_ascii_uppercase(),
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
        assert_eq!(fields("material=%20&quantity=1"), ["material"]);
    }

    #[test]
    fn a_material_has_one_spelling() {
        for (text, material) in [
            ("PA12", "PA12"),
            (" aisi 316l ", "AISI 316L"),
            ("tpu-95a+.", "TPU-95A+."),
            ("чёрный абя", "ЧЁРНЫЙ АБЯ"),
        ] {
            assert_eq!(QuoteRequest::material(text).as_deref(), Some(material));
        }
        let longest = "я".repeat(QuoteRequest::LONGEST_MATERIAL);
        assert!(QuoteRequest::material(&longest).is_some());
        for none in [
            "",
            "  ",
            "a/b",
            "a\nb",
            "\ta",
            "ß",
            "m\u{17f}k",
            "٣",
            &format!("{longest}я"),
        ] {
            assert_eq!(QuoteRequest::material(none), None, "{none}");
        }
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
