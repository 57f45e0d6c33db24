//! Money in kopecks, and the way a driver reads it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// A price in kopecks, `1..=Kopecks::MAX`. A missing, zero, negative or absurd price is no `Kopecks` at all.
///
/// `Display` writes it as drivers read it, with no-break spaces: `13 500 ₽`, `352,50 ₽`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Kopecks(i64);

/// Shown where there is no price.
pub const NO_PRICE: &str = "—";

const NO_BREAK_SPACE: char = '\u{a0}';

impl Kopecks {
    /// Ten billion roubles. More than any haul costs, and exact in JavaScript's numbers.
    pub const MAX: i64 = 1_000_000_000_000;

    /// `None` outside `1..=MAX`.
    pub const fn new(kopecks: i64) -> Option<Self> {
        if kopecks >= 1 && kopecks <= Self::MAX {
            Some(Self(kopecks))
        } else {
            None
        }
    }

    /// The number of kopecks.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// The price of a cargo: what the carrier gets if that is a price, else the cargo's own price if that is one, else none.
pub fn price_of(price_carrier: Option<i64>, price: Option<i64>) -> Option<Kopecks> {
    price_carrier
        .and_then(Kopecks::new)
        .or_else(|| price.and_then(Kopecks::new))
}

/// The text of a price that may be absent.
pub fn price_text(price: Option<Kopecks>) -> String {
    price.map_or_else(|| NO_PRICE.to_owned(), |price| price.to_string())
}

impl fmt::Display for Kopecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;

        let (roubles, kopecks) = (self.0 / 100, self.0 % 100);
        // Groups of three from the left; a million million kopecks has four groups.
        let mut divisor = 1;
        while roubles / divisor >= 1000 {
            divisor *= 1000;
        }
        write!(f, "{}", roubles / divisor)?;
        while divisor > 1 {
            divisor /= 1000;
            write!(f, "{NO_BREAK_SPACE}{:03}", roubles / divisor % 1000)?;
        }
        if kopecks != 0 {
            write!(f, ",{kopecks:02}")?;
        }
        f.write_char(NO_BREAK_SPACE)?;
        f.write_char('₽')
    }
}

impl<'de> Deserialize<'de> for Kopecks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kopecks = i64::deserialize(deserializer)?;
        Self::new(kopecks).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "a price is 1 to {} kopecks, not {kopecks}",
                Self::MAX
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kopecks: i64) -> String {
        price_text(Kopecks::new(kopecks))
    }

    #[test]
    fn a_price_reads_as_drivers_write_it() {
        assert_eq!(text(1_350_000), "13\u{a0}500\u{a0}₽");
        assert_eq!(text(352_500), "3\u{a0}525\u{a0}₽");
        assert_eq!(text(35_250), "352,50\u{a0}₽");
        assert_eq!(text(35_205), "352,05\u{a0}₽");
        assert_eq!(text(5), "0,05\u{a0}₽");
        assert_eq!(text(100_000), "1\u{a0}000\u{a0}₽");
        assert_eq!(text(99_999), "999,99\u{a0}₽");
        assert_eq!(text(100_000_500), "1\u{a0}000\u{a0}005\u{a0}₽");
        assert_eq!(text(Kopecks::MAX), "10\u{a0}000\u{a0}000\u{a0}000\u{a0}₽");
    }

    #[test]
    fn what_is_no_price_shows_as_a_dash() {
        for kopecks in [0, -1, i64::MIN, Kopecks::MAX + 1, i64::MAX] {
            assert_eq!(text(kopecks), "—");
        }
    }

    #[test]
    fn the_carriers_price_comes_first_and_only_if_it_is_a_price() {
        assert_eq!(price_of(Some(7), Some(9)), Kopecks::new(7));
        for no_price in [None, Some(0), Some(-5), Some(i64::MAX)] {
            assert_eq!(price_of(no_price, Some(9)), Kopecks::new(9));
            assert_eq!(price_of(no_price, no_price), None);
        }
    }

    #[test]
    fn a_price_out_of_range_is_not_read() {
        assert!(serde_json::from_str::<Kopecks>("0").is_err());
        assert!(serde_json::from_str::<Kopecks>("1.5").is_err());
        assert_eq!(
            serde_json::from_str::<Kopecks>("150").ok(),
            Kopecks::new(150)
        );
    }
}
