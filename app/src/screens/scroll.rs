//! The place on each screen: found again on return, and after a reload.

use domain::CargoId;
use leptos::prelude::*;
use web_sys::{Element, FocusOptions, HtmlElement};

use super::Shared;
use crate::{
    card::{in_view, of_list, of_watched},
    dom::{find_as, on},
    feed::{Below, Feed, Phase},
    reactive::{Signal, effect},
    telegram::session_storage,
};

/// Where the place in the list is kept for reloads: how many cards are loaded, which is in the middle of the window, and how
/// far down its top is.
const PLACE: &str = "loadboard.place";

/// What is scrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Screen {
    List,
    Watched,
    Cargo,
}

/// A card and where it stands in the window. Not how far down the page is: cards out of view have no height of their own yet.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Mark {
    cargo: CargoId,
    top: i32,
}

impl Mark {
    /// The card in the middle of the window, unless the list is at its beginning.
    fn now() -> Option<Self> {
        let cargo = in_view().filter(|_| scroll_y() > 0.0)?;
        let top = of_list(cargo)?.get_bounding_client_rect().top() as i32;
        Some(Self { cargo, top })
    }

    /// Brings the card back to where it stood. Twice: what comes into view takes its own height only then.
    fn find_again(self) {
        let scroll = move || {
            if let Some(card) = of_list(self.cargo) {
                let by = card.get_bounding_client_rect().top() - f64::from(self.top);
                window().scroll_by_with_x_and_y(0.0, by);
            }
        };
        request_animation_frame(move || {
            scroll();
            request_animation_frame(scroll);
        });
    }
}

/// Keeps it.
pub fn keep(shared: Shared) {
    let router = shared.router;
    let screen = move || screen_of(router.cargo.get().is_some(), router.watched.get());
    let shown = Signal::new(untrack(screen));
    let opened = Signal::new(router.cargo.get_untracked());
    let mark = Signal::new(None::<Mark>);
    effect(move || {
        let now = screen();
        let before = shown.get_untracked();
        if before == now {
            return;
        }
        shown.set(now);
        // What is left is still there: the page changes after this.
        if before == Screen::List {
            mark.set(Mark::now());
        }
        // A keyboard goes on from where it left.
        match (opened.get_untracked(), now) {
            (Some(cargo), Screen::List) => focus(of_list(cargo)),
            (Some(cargo), Screen::Watched) => focus(of_watched(cargo)),
            _ => {}
        }
        opened.set(router.cargo.get_untracked());
        match mark.get_untracked() {
            Some(mark) if now == Screen::List => mark.find_again(),
            _ => request_animation_frame(|| window().scroll_to_with_x_and_y(0.0, 0.0)),
        }
    });

    on(&window(), "pagehide", move |_| {
        if shown.get_untracked() == Screen::List {
            mark.set(Mark::now());
        }
        let mark = mark.get_untracked();
        if let (Some(storage), Some(Mark { cargo, top })) = (session_storage(), mark) {
            let place = format!("{},{cargo},{top}", shared.list.rows.len());
            let _ = storage.set_item(PLACE, &place);
        }
    });
    come_back(shared.list, move |found| {
        mark.set(Some(found));
        if shown.get_untracked() == Screen::List {
            found.find_again();
        }
    });
}

/// After a reload loads as many cards as there were, and tells where the window was.
fn come_back(list: Feed, there: impl Fn(Mark) + 'static) {
    let kept = session_storage().and_then(|storage| {
        let kept = storage.get_item(PLACE).ok()??;
        let _ = storage.remove_item(PLACE);
        let mut parts = kept.split(',');
        let rows: u32 = parts.next()?.parse().ok()?;
        let cargo = parts.next()?.parse().ok()?;
        let top = parts.next()?.parse().ok()?;
        Some((rows, Mark { cargo, top }))
    });
    let Some((rows, mark)) = kept else {
        return;
    };
    let mut is_done = false;
    let mut has_begun = false;
    effect(move || {
        let loaded = list.phase.with(|phase| *phase == Phase::Loaded);
        let below = list.below.get();
        if !loaded || is_done {
            return;
        }
        let nothing_more = matches!(below, Below::Nothing | Below::Failed(_));
        if list.rows.len() >= rows || nothing_more {
            is_done = true;
            there(mark);
        } else if !has_begun {
            has_begun = true;
            list.load_up_to(rows);
        }
    });
}

/// Gives the focus to a card, once its screen is there.
fn focus(card: Option<Element>) {
    let link = card.map(|card| find_as::<HtmlElement>(&card, ".open"));
    request_animation_frame(move || {
        let options = FocusOptions::new();
        // Where the window is comes back by itself.
        options.set_prevent_scroll(true);
        if let Some(link) = link {
            let _ = link.focus_with_options(&options);
        }
    });
}

fn screen_of(has_cargo: bool, is_watched: bool) -> Screen {
    match (has_cargo, is_watched) {
        (true, _) => Screen::Cargo,
        (false, true) => Screen::Watched,
        (false, false) => Screen::List,
    }
}

fn scroll_y() -> f64 {
    window().scroll_y().unwrap_or(0.0)
}
