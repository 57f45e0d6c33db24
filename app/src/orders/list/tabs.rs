//! The statuses as tabs, with how many orders stand in each.

use domain::orders::Status;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use crate::{
    dom::{find_all, find_as, on, show_attribute, show_text, touched},
    orders::{Shared, address::TABS, text},
    reactive::effect,
    telegram::Feel,
};

/// All tabs.
pub fn html() -> String {
    let tab = |status: Status| {
        format!(
            "<button type=\"button\" role=\"tab\" class=\"tab\" id=\"tab-{status}\" aria-controls=\"orders\" data-status=\"{status}\">{} \
             <span class=\"count\"></span></button>",
            text::place(status),
        )
    };
    TABS.map(tab).concat()
}

/// Keeps them right, and listens to them.
pub fn show(tabs: &Element, shared: Shared) {
    let router = shared.router;
    // Nothing is chosen while a number is looked for wherever it stands.
    let chosen = move || {
        let is_search = router.number.with(|number| !number.is_empty());
        (!is_search).then(|| router.status.get())
    };
    for (tab, status) in find_all(tabs, ".tab").into_iter().zip(TABS) {
        let is_chosen = move || chosen() == Some(status);
        crate::dom::show_flag(tab.clone(), "aria-selected", is_chosen);
        // One of them is a stop for a keyboard; the arrows go to the others.
        show_attribute(tab.clone(), "tabindex", move || {
            let is_stop = router.status.get() == status;
            (if is_stop { "0" } else { "-1" }).to_owned()
        });
        let count = find_as(&tab, ".count");
        show_text(count, move || {
            shared.feed.counts.with(|counts| match counts.0.is_empty() {
                true => String::new(),
                false => cards::text::grouped(counts.of(status)),
            })
        });
    }
    let choose = move |status: Status| {
        if router.status.get_untracked() == status && router.number.with_untracked(String::is_empty)
        {
            window().scroll_to_with_x_and_y(0.0, 0.0);
        } else {
            shared.platform.feel(Feel::Choice);
            window().scroll_to_with_x_and_y(0.0, 0.0);
            router.show(status);
        }
    };
    on(tabs, "click", move |event| {
        let tab = touched(&event, ".tab");
        if let Some(status) = tab.and_then(|tab| status_of(&tab)) {
            choose(status);
        }
    });
    let place = tabs.clone();
    on(tabs, "keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        let from = touched(&event, ".tab").and_then(|tab| status_of(&tab));
        let Some(at) = from.and_then(|from| TABS.iter().position(|tab| *tab == from)) else {
            return;
        };
        let last = TABS.len() - 1;
        let to = match event.key().as_str() {
            "ArrowRight" => (at + 1) % TABS.len(),
            "ArrowLeft" => at.checked_sub(1).unwrap_or(last),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        choose(TABS[to]);
        if let Some(tab) = find_all(&place, ".tab").into_iter().nth(to) {
            let _ = tab.unchecked_into::<HtmlElement>().focus();
        }
    });
    // The chosen one is in view.
    let place: HtmlElement = tabs.clone().unchecked_into();
    effect(move || {
        let status = router.status.get();
        let tab: HtmlElement = find_as(&place, &format!("#tab-{status}"));
        let middle = (place.client_width() - tab.offset_width()) / 2;
        place.set_scroll_left(tab.offset_left() - place.offset_left() - middle);
    });
}

fn status_of(tab: &Element) -> Option<Status> {
    tab.get_attribute("data-status")?.parse().ok()
}
