//! Cards, one below the other, and what is said in their place or at their end.

use cards::text::words;
use leptos::{mount::mount_to, prelude::*};
use web_sys::Element;

use super::{
    more,
    notice::{self, Whose},
};
use crate::{
    card::{Card, CardView, Tapped, WATCHED, show_moves, show_stars, tapped},
    dom::{every, find, find_as, on, show_class},
    early,
    feed::Phase,
    reactive::{at_end, effect},
    screens::Shared,
    telegram::Feel,
    view::Sort,
};

/// What is seen of a card to come, as in index.html.
pub const BONES: &str = "<i></i><i></i><i></i><i></i>";
/// How often it is told anew how long ago prices moved, in milliseconds.
const MOVES_TOLD_EVERY: u32 = 20_000;

/// In place of cards that are on their way.
fn lay_bones(to_come: &Element) {
    let _ = to_come.set_attribute("role", "img");
    let _ = to_come.set_attribute("aria-label", words().loading);
    to_come.set_inner_html(&format!("<div class=\"card bones\">{BONES}</div>").repeat(5));
}

/// Fills `place` with it.
pub fn show(place: &Element, shared: Shared, whose: Whose) {
    let painted = match whose {
        // Nothing moves when the program takes over.
        Whose::List => early::cards(),
        Whose::Watched => None,
    };
    place.set_inner_html(
        "<div></div><div class=\"notice none\"></div><ul></ul><div class=\"more\"></div>",
    );
    let to_come = find(place, "div");
    match painted {
        Some(painted) => to_come.set_inner_html(&painted),
        None => lay_bones(&to_come),
    }
    let Shared {
        platform,
        router,
        watch_list,
        ..
    } = shared;
    let (feed, names) = match whose {
        Whose::List => (shared.list, ""),
        Whose::Watched => (shared.watched, WATCHED),
    };
    let sort = move || match whose {
        Whose::List => router.view.with(|view| view.sort),
        Whose::Watched => Sort::default(),
    };
    let rows = feed.rows;
    show_class(to_come.clone(), move || {
        let loading = feed.phase.with(|phase| *phase == Phase::Loading);
        if loading {
            return "cards";
        }
        // What was painted first is not what comes next.
        lay_bones(&to_come);
        "none"
    });
    notice::show(&find(place, ".notice"), shared, feed, whose);
    more::show(&find(place, ".more"), feed);

    let list: web_sys::HtmlElement = find_as(place, "ul");
    show_class(list.clone().into(), move || {
        let loaded = feed.phase.with(|phase| *phase == Phase::Loaded);
        if loaded { "cards" } else { "none" }
    });
    on(&list, "click", move |event| match tapped(&event) {
        Some(Tapped::Open(id)) => router.open(id),
        Some(Tapped::Star(id)) => shared.toggle_watched(id),
        Some(Tapped::Dismiss(id)) => {
            platform.feel(Feel::Tap);
            rows.dismiss(id);
        }
        None => {}
    });
    let view_of = move |card: Card| {
        let id = card.id();
        let watched = watch_list.with_untracked(|list| list.contains(id));
        view! { <CardView card watched list=names /> }
    };
    let cards = mount_to(list.clone(), move || {
        view! { <For each=move || rows.cards(sort()) key=Card::id children=view_of /> }
    });
    at_end(move || drop(cards));

    // Stars and moves: brought up to date in the page, so that no card has a subscription but its price.
    let stars: Element = list.into();
    effect(move || watch_list.with(|watched| show_stars(&stars, |id| watched.contains(id))));
    let tell_moves = move || show_moves(names, &rows.cards_untracked());
    every(MOVES_TOLD_EVERY, tell_moves);
    effect(move || {
        rows.follow_moves();
        tell_moves();
    });
}
