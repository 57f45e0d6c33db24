//! Whole numbers that everybody reads alike: JavaScript, and whatever else takes numbers for doubles, confuses those above 2^53.

use serde::{Deserialize, Deserializer, de::Error};

/// The greatest of them, of 15 digits: a rule that a pattern can tell as well.
pub const MOST: u64 = 999_999_999_999_999;

/// Reads one, for members that come from outside: what is kept must be read again as it was written.
///
/// # Errors
/// A greater one, or what is no whole number.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number > MOST {
        return Err(D::Error::custom(
            "expected a whole number of at most 15 digits",
        ));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_a_double_may_not_hold_is_not_read() {
        let read = |text: &str| deserialize(&mut serde_json::Deserializer::from_str(text)).ok();
        assert_eq!(read("0"), Some(0));
        assert_eq!(read("999999999999999"), Some(MOST));
        for wrong in [
            "1000000000000000",
            "18446744073709551615",
            "-1",
            "1.0",
            "\"1\"",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(MOST as f64 as u64, MOST);
    }
}
