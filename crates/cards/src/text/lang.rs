//! Which language is spoken.

use std::cell::Cell;

use domain::Lang;

use super::words::{EN, RU, Words};

thread_local! {
    static SPOKEN: Cell<Lang> = const { Cell::new(Lang::Ru) };
}

/// The language that is spoken: Russian until [`speak`] is called.
pub fn spoken() -> Lang {
    SPOKEN.get()
}

/// Speaks this language from now on: until the end of the page in the app, until the end of an answer at the edge. What was
/// rendered before stays as it is.
pub fn speak(lang: Lang) {
    SPOKEN.set(lang);
}

/// The words of a language.
pub fn words_of(lang: Lang) -> &'static Words {
    match lang {
        Lang::Ru => &RU,
        Lang::En => &EN,
    }
}
