//! What stands below the last card: it loads the next rows when it comes near.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use super::board::Below;
use crate::text;

/// How far below the window the next rows are fetched.
const AHEAD: &str = "800px";

/// The end of the list.
#[component]
pub fn More(
    /// Where the rows below stand.
    below: RwSignal<Below>,
    /// Loads them.
    load_more: Callback<()>,
    /// Whether there is any card above.
    #[prop(into)]
    some: Signal<bool>,
) -> impl IntoView {
    let end = NodeRef::<html::Div>::new();
    let (near, set_near) = signal(false);

    Effect::new(move |_| {
        let Some(end) = end.get() else { return };
        let seen = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let last: IntersectionObserverEntry = entries.pop().unchecked_into();
            set_near.set(last.is_intersecting());
        });
        let options = IntersectionObserverInit::new();
        options.set_root_margin(AHEAD);
        let Ok(observer) =
            IntersectionObserver::new_with_options(seen.as_ref().unchecked_ref(), &options)
        else {
            return;
        };
        observer.observe(&end);
        let kept = StoredValue::new_local(Some((observer, seen)));
        on_cleanup(move || {
            if let Some((observer, _)) = kept.try_update_value(Option::take).flatten() {
                observer.disconnect();
            }
        });
    });
    // A short page may leave the end in view: as long as it is near, go on.
    Effect::new(move |_| {
        if near.get() && matches!(below.get(), Below::At(_)) {
            load_more.run(());
        }
    });

    view! {
        <div class="more" node_ref=end>
            {move || match below.get() {
                Below::At(_) | Below::Loading => {
                    view! { <div class="card bones"><i></i><i></i><i></i><i></i></div> }.into_any()
                }
                Below::Failed(_) => {
                    view! {
                        <p>{text::MORE_FAILED}</p>
                        <button type="button" on:click=move |_| load_more.run(())>
                            {text::RETRY}
                        </button>
                    }
                        .into_any()
                }
                Below::Nothing => some.get().then(|| view! { <p>{text::END_OF_LIST}</p> }).into_any(),
            }}
        </div>
    }
}
