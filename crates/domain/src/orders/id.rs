//! Names of orders, of sites and of sellers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::exact;

/// A site of the factory: 2 to 4 Latin capitals, such as `MSK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site([u8; 4]);

/// An order's name: the site that makes it, which never changes, and its number there, of 1 to 15 digits. Written
/// `MSK-104233`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId {
    number: u64,
    site: Site,
}

/// Who orders: the number of a seller in the factory's books, 1 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct SellerId(pub u32);

/// Why a text is no order's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order's name is its site and its number, such as MSK-104233")]
pub struct NotAnOrderId;

impl FromStr for Site {
    type Err = NotAnOrderId;

    fn from_str(text: &str) -> Result<Self, NotAnOrderId> {
        let mut letters = [0; 4];
        let is_site = (2..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase());
        if !is_site {
            return Err(NotAnOrderId);
        }
        letters[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self(letters))
    }
}

impl Site {
    /// Its letters.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|&b| b == 0).unwrap_or(4);
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl OrderId {
    /// `None` for 0 and for numbers of more than 15 digits.
    pub const fn new(site: Site, number: u64) -> Option<Self> {
        if number >= 1 && number <= exact::MOST {
            Some(Self { number, site })
        } else {
            None
        }
    }

    /// The site that makes it.
    pub fn site(self) -> Site {
        self.site
    }

    /// Its number there.
    pub fn number(self) -> u64 {
        self.number
    }
}

impl FromStr for OrderId {
    type Err = NotAnOrderId;

    fn from_str(text: &str) -> Result<Self, NotAnOrderId> {
        let (site, number) = text.split_once('-').ok_or(NotAnOrderId)?;
        // `u64::from_str` would also take "+5" and "007", which are other texts for the same order.
        if !number.starts_with(|first: char| ('1'..='9').contains(&first)) {
            return Err(NotAnOrderId);
        }
        let number = number.parse().map_err(|_| NotAnOrderId)?;
        Self::new(site.parse()?, number).ok_or(NotAnOrderId)
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.site, self.number)
    }
}

/// Serialization of what is written as text.
macro_rules! as_text {
    ($type:ty, $what:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Visitor)
            }
        }
    };
}
pub(super) use as_text;

as_text!(Site, "a site of 2 to 4 Latin capitals");
as_text!(OrderId, "an order's name, such as MSK-104233");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orders_name_has_one_spelling() {
        let id: OrderId = "MSK-104233".parse().unwrap();
        assert_eq!((id.site().as_str(), id.number()), ("MSK", 104_233));
        assert_eq!(id.to_string(), "MSK-104233");
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""MSK-104233""#);
        assert_eq!(
            serde_json::from_str::<OrderId>(r#""MSK-104233""#).unwrap(),
            id
        );
        for wrong in [
            "",
            "-",
            "MSK",
            "MSK-",
            "-5",
            "msk-5",
            "M-5",
            "MOSCO-5",
            "MSK-0",
            "MSK-05",
            "MSK-+5",
            "MSK-5 ",
            "MSK-1000000000000000",
            "МСК-5",
            "MSK--5",
        ] {
            assert_eq!(wrong.parse::<OrderId>(), Err(NotAnOrderId), "{wrong}");
        }
        assert!("SP-999999999999999".parse::<OrderId>().is_ok());
    }
}
