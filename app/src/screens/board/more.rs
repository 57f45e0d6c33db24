//! What stands below the last card: it loads the next rows when it comes near.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use super::board::{BONES, Below};
use crate::{
    reactive::{class, effect, tap, words},
    text,
};

/// How far below the window the next rows are fetched.
const AHEAD: &str = "800px";

/// The end of the list.
#[component]
pub fn More(
    /// Where the rows below stand.
    below: RwSignal<Below>,
    /// Loads them.
    load_more: impl Fn() + Copy + Send + Sync + 'static,
    /// Whether there is any card above.
    some: impl Fn() -> bool + Copy + Send + 'static,
) -> impl IntoView {
    let look = class(move || match below.get() {
        Below::At(_) | Below::Loading => "more loading",
        Below::Failed(_) => "more failed",
        Below::Nothing => "more",
    });
    let said = words(move || match below.get() {
        Below::Failed(_) => text::MORE_FAILED.to_owned(),
        Below::Nothing if some() => text::END_OF_LIST.to_owned(),
        _ => String::new(),
    });
    let come_near = Callback::new(move |()| {
        if matches!(below.get_untracked(), Below::At(_)) {
            load_more();
        }
    });
    view! {
        <div class=look use:watch=End { below, come_near }>
            <div class="card bones" inner_html=BONES></div>
            <p>{said}</p>
            <button type="button" on:click=tap(move |_| load_more())>
                {text::RETRY}
            </button>
        </div>
    }
}

/// What [`watch`] tells of.
#[derive(Clone)]
struct End {
    below: RwSignal<Below>,
    come_near: Callback<()>,
}

/// A directive: tells whenever the end of the list is in the window, or soon will be, and there are rows below. It looks
/// anew after every load, when the new cards have their places: a short page may leave the end in view.
fn watch(element: Element, End { below, come_near }: End) {
    let seen = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let last: IntersectionObserverEntry = entries.pop().unchecked_into();
        if last.is_intersecting() {
            come_near.run(());
        }
    });
    let options = IntersectionObserverInit::new();
    options.set_root_margin(AHEAD);
    let Ok(observer) =
        IntersectionObserver::new_with_options(seen.as_ref().unchecked_ref(), &options)
    else {
        return;
    };
    let observer = StoredValue::new_local(Some((observer, seen)));
    effect(move || {
        if matches!(below.get(), Below::At(_)) {
            observer.with_value(|observer| {
                if let Some((observer, _)) = observer {
                    observer.unobserve(&element);
                    observer.observe(&element);
                }
            });
        }
    });
    on_cleanup(move || {
        if let Some((observer, _)) = observer.try_update_value(Option::take).flatten() {
            observer.disconnect();
        }
    });
}
