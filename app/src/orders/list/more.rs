//! What stands below the last order: it loads the next ones when it comes near.

use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use super::BONES;
use crate::{
    dom::{find, on, show_class, show_text},
    orders::{
        feed::{Below, OrderFeed, Phase},
        words::words,
    },
    reactive::{at_end, effect},
};

/// How far below the window the next rows are fetched.
const AHEAD: &str = "800px";

/// Fills `end` with it.
pub fn show(end: &Element, feed: OrderFeed) {
    let retry = words().retry;
    end.set_inner_html(&format!(
        "{BONES}<p></p><button type=\"button\">{retry}</button>"
    ));
    let below = feed.below;
    show_class(end.clone(), move || match below.get() {
        Below::At(_) | Below::Loading => "more loading",
        Below::Failed(_) => "more failed",
        Below::Nothing => "more",
    });
    show_text(find(end, "p"), move || {
        feed.turned.track();
        let is_loaded = feed.phase.with(|phase| *phase == Phase::Loaded);
        match below.get() {
            Below::Failed(_) => words().more_failed,
            Below::Nothing if is_loaded && !feed.rows().is_empty() => words().end_of_list,
            _ => "",
        }
        .to_owned()
    });
    on(&find(end, "button"), "click", move |_| feed.load_more());
    watch(end.clone(), feed);
}

/// Loads more whenever the end of the list is in the window, or soon will be, and there are rows below. It looks anew after
/// every load: a short page may leave the end in view.
fn watch(end: Element, feed: OrderFeed) {
    let seen = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let last: IntersectionObserverEntry = entries.pop().unchecked_into();
        if last.is_intersecting() && matches!(feed.below.get_untracked(), Below::At(_)) {
            feed.load_more();
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
        if matches!(feed.below.get(), Below::At(_)) {
            watching.unobserve(&end);
            watching.observe(&end);
        }
    });
    at_end(move || {
        observer.disconnect();
        drop(seen);
    });
}
