//! Which language is spoken: the driver's choice, else Telegram's, else the browser's.

use std::cell::Cell;

use super::words::{EN, RU, Words};

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Russian.
    Ru,
    /// English.
    En,
}

thread_local! {
    static SPOKEN: Cell<Lang> = const { Cell::new(Lang::Ru) };
}

/// The language that is spoken: Russian until [`speak`] is called.
pub fn spoken() -> Lang {
    SPOKEN.get()
}

/// Speaks this language from now on. What is shown already stays as it is.
pub fn speak(lang: Lang) {
    SPOKEN.set(lang);
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

    /// Its words.
    pub fn words(self) -> &'static Words {
        match self {
            Self::Ru => &RU,
            Self::En => &EN,
        }
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
