//! What index.html has asked for and shown while this program was on its way: the first rows of the list, and with them the
//! session. Each is taken over once, if it is what is wanted.

use js_sys::{Promise, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue};

/// Its name in the page.
const EARLY: &str = "loadboardEarly";

/// The session under way: brings its token, or nothing if there is none to be had so.
pub fn take_session() -> Option<Promise> {
    take("session")
}

/// The answer to a request of this path under way: brings a response, or nothing.
pub fn take_list(path: &str) -> Option<Promise> {
    let asked = early("path")?.as_string()?;
    // It has asked in the language that will be spoken.
    let rest = path.strip_prefix(&asked)?;
    if !rest.starts_with("&html=") {
        return None;
    }
    take("list")
}

/// Brings nothing, once it has shown those rows or has given up.
pub fn take_shown() -> Option<Promise> {
    take("shown")
}

/// What it shows where cards will be, as long as it is in the page.
pub fn cards() -> Option<String> {
    let cards = document().query_selector("#app > main > .cards").ok()??;
    Some(cards.inner_html())
}

fn early(name: &str) -> Option<JsValue> {
    let early = Reflect::get(&window(), &EARLY.into()).ok()?;
    // Else there is no such object, and what is not there has no fields.
    early
        .is_object()
        .then(|| Reflect::get(&early, &name.into()).ok())?
}

fn take(name: &str) -> Option<Promise> {
    let promise = early(name)?.dyn_into::<Promise>().ok()?;
    let early = Reflect::get(&window(), &EARLY.into()).ok()?;
    let early: &js_sys::Object = early.unchecked_ref();
    let _ = Reflect::delete_property(early, &JsValue::from_str(name));
    Some(promise)
}
