//! Calendar dates and loading times, without zones: a driver reads the clock of the place he drives to.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A calendar date, `YYYY-MM-DD`, years 1900 to 2999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// Why a text is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a date as YYYY-MM-DD")]
pub struct NotADate;

impl Date {
    /// `None` unless the day exists in the Gregorian calendar.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        ((1900..3000).contains(&year) && (1..=days).contains(&day)).then_some(Self {
            year,
            month,
            day,
        })
    }

    /// The year, 1900 to 2999.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }
}

/// The number in exactly as many ASCII digits as `text` has bytes.
fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

impl FromStr for Date {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let parse = || {
            let (year, rest) = text.split_once('-')?;
            let (month, day) = rest.split_once('-')?;
            if (year.len(), month.len(), day.len()) != (4, 2, 2) {
                return None;
            }
            Self::new(digits(year)?, digits(month)?, digits(day)?)
        };
        parse().ok_or(NotADate)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// When a cargo is loaded or unloaded: a date, and the clock time if one was given.
///
/// CargoTech writes `2026-01-15` or `2026-01-15T08:30:00Z`; the time is shown as written, the zone is not believed.
/// Here and on the wire: `2026-01-15` or `2026-01-15T08:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoadingTime {
    /// The day.
    pub date: Date,
    /// Hour (0 to 23) and minute (0 to 59).
    pub clock: Option<(u8, u8)>,
}

impl FromStr for LoadingTime {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let Some((date, time)) = text.split_once(['T', ' ']) else {
            return Ok(Self {
                date: text.parse()?,
                clock: None,
            });
        };
        let clock = || {
            let (hour, minute) = (time.get(0..2)?, time.get(3..5)?);
            let clock = (digits::<u8>(hour)?, digits::<u8>(minute)?);
            (time.get(2..3)? == ":" && clock.0 < 24 && clock.1 < 60).then_some(clock)
        };
        Ok(Self {
            date: date.parse()?,
            clock: clock(),
        })
    }
}

impl fmt::Display for LoadingTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date)?;
        match self.clock {
            Some((hour, minute)) => write!(f, "T{hour:02}:{minute:02}"),
            None => Ok(()),
        }
    }
}

macro_rules! as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

as_text!(Date);
as_text!(LoadingTime);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_exists_is_a_date() {
        for text in ["2026-01-15", "2024-02-29", "2000-02-29", "2026-12-31"] {
            assert_eq!(
                text.parse::<Date>().map(|date| date.to_string()),
                Ok(text.into())
            );
        }
    }

    #[test]
    fn a_day_that_does_not_exist_is_none() {
        for text in [
            "",
            "2026",
            "2026-1-5",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-04-31",
            "2026-00-10",
            "2026-01-00",
            "+026-01-01",
            "2026-01-15T00:00",
            "15.01.2026",
            "2026-01-1５",
            "0000-01-01",
        ] {
            assert_eq!(text.parse::<Date>(), Err(NotADate), "{text}");
        }
    }

    #[test]
    fn a_clock_time_is_kept_as_written() {
        let read = |text: &str| text.parse::<LoadingTime>().map(|time| time.to_string());
        assert_eq!(read("2026-01-15"), Ok("2026-01-15".into()));
        assert_eq!(read("2026-01-15T08:30:00Z"), Ok("2026-01-15T08:30".into()));
        assert_eq!(
            read("2026-01-15T23:59:59.000000Z"),
            Ok("2026-01-15T23:59".into())
        );
        assert_eq!(read("2026-01-15 08:30:00"), Ok("2026-01-15T08:30".into()));
        assert_eq!(
            read("2026-01-15T25:30"),
            Ok("2026-01-15".into()),
            "an odd time costs only itself"
        );
        assert_eq!(read("2026-01-15Tя"), Ok("2026-01-15".into()));
        assert_eq!(read("soon"), Err(NotADate));
    }
}
