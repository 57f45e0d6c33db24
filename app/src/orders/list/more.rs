//! What stands below the last order: it loads the next ones when it comes near.

use web_sys::Element;

use super::BONES;
use crate::{
    dom::{find, on, show_class, show_text},
    list_end,
    orders::{
        feed::{Below, OrderFeed, Phase},
        words::words,
    },
};

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
    let is_more = move || matches!(below.get(), Below::At(_));
    list_end::watch(end.clone(), is_more, move || feed.load_more());
}
