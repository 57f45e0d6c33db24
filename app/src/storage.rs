//! What is kept from visit to visit: in the browser's storage, and with Telegram, which brings it to the driver's other
//! devices and outlives a browser that forgets.

use std::rc::Rc;

use leptos::prelude::window;
use wasm_bindgen::prelude::*;

use crate::telegram::Platform;

/// The storage of one driver.
#[derive(Clone, Debug)]
pub struct Storage {
    platform: Platform,
    /// How all names of his begin.
    prefix: Rc<str>,
}

/// Something kept, and when: of two the later one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Unix milliseconds by the phone's clock.
    pub at: u64,
    /// It.
    pub value: String,
}

impl Kept {
    /// A value kept at that moment by this phone's clock, in place of another: it is the later one even where the other came
    /// from a phone whose clock is a day ahead.
    fn after(before: Option<&Self>, value: String, now: u64) -> Self {
        Self {
            at: before.map_or(now, |before| now.max(before.at + 1)),
            value,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (at, value) = text.split_once('|')?;
        Some(Self {
            at: at.parse().ok()?,
            value: value.to_owned(),
        })
    }

    fn to_text(&self) -> String {
        format!("{}|{}", self.at, self.value)
    }
}

impl Storage {
    /// The storage of the driver whom Telegram names, or of nobody in particular.
    pub fn of(platform: Platform) -> Self {
        let prefix = match platform.user() {
            Some(user) => format!("loadboard_{}_", user.id),
            None => "loadboard_".to_owned(),
        };
        Self {
            platform,
            prefix: prefix.into(),
        }
    }

    /// What this device knows, at once.
    pub fn get(&self, name: &str) -> Option<Kept> {
        Kept::parse(&local()?.get_item(&self.name(name)).ok()??)
    }

    /// Keeps a value here and with Telegram.
    pub fn put(&self, name: &str, value: String) {
        let now = js_sys::Date::now() as u64;
        let kept = Kept::after(self.get(name).as_ref(), value, now);
        self.put_here(name, &kept);
        self.platform.cloud_put(&self.name(name), &kept.to_text());
    }

    /// Calls `found` if Telegram knows a later value than this device, now or in a while; it is kept here then.
    pub fn catch_up(&self, name: &'static str, found: impl FnOnce(String) + 'static) {
        let this = self.clone();
        self.platform.cloud_get(
            self.name(name),
            Box::new(move |text| {
                let Some(theirs) = Kept::parse(&text) else {
                    return;
                };
                if this.get(name).is_none_or(|ours| ours.at < theirs.at) {
                    this.put_here(name, &theirs);
                    found(theirs.value);
                }
            }),
        );
    }

    fn put_here(&self, name: &str, kept: &Kept) {
        if let Some(storage) = local() {
            // Full, or forbidden: then it lasts as long as the page.
            let _ = storage.set_item(&self.name(name), &kept.to_text());
        }
    }

    /// Telegram takes letters, digits, `_` and `-`.
    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

fn local() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// What is told of a stored value, once it is known.
pub type Found = Box<dyn FnOnce(String)>;

/// Telegram's callback: an error or null, and the value.
pub fn told(found: Found) -> JsValue {
    Closure::once_into_js(move |_error: JsValue, value: JsValue| {
        if let Some(text) = value.as_string().filter(|text| !text.is_empty()) {
            found(text);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_back() {
        let kept = Kept {
            at: 5,
            value: "mode=all|x".to_owned(),
        };
        assert_eq!(Kept::parse(&kept.to_text()), Some(kept));
        for text in ["", "5", "x|y", "|", "-5|x"] {
            assert_eq!(Kept::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_kept_last_is_later_whatever_the_clocks_say() {
        let kept = |at| Kept {
            at,
            value: String::new(),
        };
        assert_eq!(Kept::after(None, String::new(), 5), kept(5));
        assert_eq!(Kept::after(Some(&kept(4)), String::new(), 5), kept(5));
        assert_eq!(Kept::after(Some(&kept(5)), String::new(), 5), kept(6));
        assert_eq!(Kept::after(Some(&kept(99)), String::new(), 5), kept(100));
    }
}
