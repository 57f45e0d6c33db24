//! The languages that drivers read.

use std::convert::Infallible;

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Russian.
    Ru,
    /// English.
    En,
}

impl Lang {
    /// What a driver with this language understands best, by its IETF tag. Where Russian is the language of the road,
    /// that is Russian.
    pub fn for_tag(tag: &str) -> Self {
        const RUSSIAN_UNDERSTOOD: [&str; 8] = ["ru", "be", "uk", "kk", "ky", "uz", "tg", "hy"];
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        if RUSSIAN_UNDERSTOOD
            .iter()
            .any(|known| language.eq_ignore_ascii_case(known))
        {
            Self::Ru
        } else {
            Self::En
        }
    }

    /// The tag of the language itself.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Ru => Self::En,
            Self::En => Self::Ru,
        }
    }
}

impl std::str::FromStr for Lang {
    type Err = Infallible;

    fn from_str(tag: &str) -> Result<Self, Infallible> {
        Ok(Self::for_tag(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_leads_to_the_language_that_is_understood() {
        for tag in ["ru", "ru-RU", "RU", "kk", "uz-Latn"] {
            assert_eq!(Lang::for_tag(tag), Lang::Ru, "{tag}");
        }
        for tag in ["en", "en-US", "de", "zh-hans", ""] {
            assert_eq!(Lang::for_tag(tag), Lang::En, "{tag}");
        }
    }
}
