use std::{fmt, str::FromStr};

/// A model's name at the MES: the SHA-256 of the file. Written in 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelHash(pub [u8; 32]);

/// Why a text is no model's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a model's name is 64 hexadecimal digits")]
pub struct NotAModelHash;

impl fmt::Display for ModelHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for ModelHash {
    type Err = NotAModelHash;

    fn from_str(text: &str) -> Result<Self, NotAModelHash> {
        let is_hex =
            text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !is_hex {
            return Err(NotAModelHash);
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| NotAModelHash)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_has_one_spelling() {
        let hash = ModelHash([0xab; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for wrong in [
            "",
            "ab",
            &"AB".repeat(32),
            &"g0".repeat(32),
            &"я".repeat(32),
        ] {
            assert_eq!(wrong.parse::<ModelHash>(), Err(NotAModelHash), "{wrong}");
        }
    }
}
