//! Which language is spoken: the one that was chosen here, else Telegram's, else the browser's.

use cards::text::lang;
use domain::Lang;
use leptos::prelude::{document, window};

use crate::{storage::Storage, telegram::Platform};

/// What it is kept as.
const LANGUAGE: &str = "language";

/// Chooses it, speaks it from now on, and tells the page.
pub fn choose(platform: Platform, storage: &Storage) -> Lang {
    let chosen = storage.get(LANGUAGE).map(|kept| kept.value);
    let telegrams = || platform.user().and_then(|user| user.language_code);
    let tag = chosen.or_else(telegrams);
    let tag = tag.or_else(|| window().navigator().language());
    let lang = tag.map_or(Lang::Ru, |tag| Lang::for_tag(&tag));
    lang::speak(lang);
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("lang", lang.tag());
    }
    lang
}

/// Speaks the other one from now on.
pub fn change(storage: &Storage) {
    storage.put(LANGUAGE, lang::spoken().other().tag().to_owned());
    // Nothing is lost: a reload brings everything back as it is.
    let _ = window().location().reload();
}
