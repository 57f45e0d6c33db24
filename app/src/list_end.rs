//! The end of a list: more is loaded when it comes near the window.

use leptos::prelude::untrack;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use crate::reactive::{at_end, effect};

/// How far below the window the next rows are fetched.
const AHEAD: &str = "800px";

/// Calls `load` whenever `end` is in the window, or soon will be, and `is_more`. It looks anew after every load, when the new
/// rows have their places: a short page may leave the end in view.
pub fn watch(end: Element, is_more: impl Fn() -> bool + Copy + 'static, load: impl Fn() + 'static) {
    let seen = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let last: IntersectionObserverEntry = entries.pop().unchecked_into();
        if last.is_intersecting() && untrack(is_more) {
            load();
        }
    });
    let options = IntersectionObserverInit::new();
    options.set_root_margin(AHEAD);
    let Ok(observer) =
        IntersectionObserver::new_with_options(seen.as_ref().unchecked_ref(), &options)
    else {
        return;
    };
    let watching = observer.clone();
    effect(move || {
        if is_more() {
            watching.unobserve(&end);
            watching.observe(&end);
        }
    });
    at_end(move || {
        observer.disconnect();
        drop(seen);
    });
}
