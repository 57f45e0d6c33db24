//! What stands below the last card: it loads the next rows when it comes near.

use cards::text::words;
use web_sys::Element;

use super::card_list::BONES;
use crate::{
    dom::{find, on, show_class, show_text},
    feed::{Below, Feed},
    list_end,
};

/// Fills `end` with it.
pub fn show(end: &Element, feed: Feed) {
    end.set_inner_html(&format!(
        "<div class=\"card bones\">{BONES}</div><p></p><button type=\"button\">{}</button>",
        words().retry,
    ));
    let below = feed.below;
    show_class(end.clone(), move || match below.get() {
        Below::At(_) | Below::Loading => "more loading",
        Below::Failed(_) => "more failed",
        Below::Nothing => "more",
    });
    show_text(find(end, "p"), move || match below.get() {
        Below::Failed(_) => words().more_failed.to_owned(),
        Below::Nothing if !feed.rows.is_empty() => words().end_of_list.to_owned(),
        _ => String::new(),
    });
    on(&find(end, "button"), "click", move |_| feed.load_more());
    let is_more = move || matches!(below.get(), Below::At(_));
    list_end::watch(end.clone(), is_more, move || feed.load_more());
}
