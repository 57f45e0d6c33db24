//! The list: tabs with counts, the search, and the orders.

mod more;
mod notice;
mod tabs;

pub use notice::words_for;

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement, HtmlInputElement, KeyboardEvent, MouseEvent};

use super::{
    Shared,
    address::{Screen, searched},
    api::OrdersError,
    feed::Phase,
    mover::{move_to, touched_move},
    row::id_of,
    text,
    words::words,
};
use crate::{
    dom::{find, find_as, on, show_class, show_text, touched},
    language,
    reactive::{Signal, effect, follow},
    status,
    telegram::Feel,
};

/// Who types is not interrupted before he has paused for so long, in milliseconds.
const PAUSE_MS: u32 = 350;
/// What is seen of an order to come, as in orders.html.
const BONES: &str = "<div class=\"card bones\"><i></i><i></i><i></i><i></i></div>";

/// Fills `screen` with it.
pub fn show(screen: &Element, shared: Shared) {
    screen.set_inner_html(&template());
    let Shared {
        platform,
        router,
        feed,
        ..
    } = shared;
    let is_shown = move || router.screen.with(Option::is_none);
    show_class(screen.clone(), move || {
        let forbidden = Phase::Failed(OrdersError::Forbidden);
        match is_shown() {
            false => "none",
            true if feed.phase.with(|phase| *phase == forbidden) => "board barred",
            true => "board",
        }
    });
    let connection = move || feed.connection.get();
    status::show(screen, connection, text::status_line);
    tabs::show(&find(screen, ".tabs"), shared);
    search(screen, shared);
    on(&find(screen, ".quote"), "click", move |_| {
        platform.feel(Feel::Tap);
        router.open_quote();
    });
    on(&find(screen, ".language"), "click", move |_| {
        language::change(&shared.storage.get_untracked());
    });

    let pill = find(screen, ".pill");
    show_text(pill.clone(), move || {
        let (left, new) = feed.left_and_new.get();
        text::pill(left, new)
    });
    show_class(find(screen, ".pill-place"), move || {
        match feed.left_and_new.get() {
            (0, 0) => "pill-place none",
            _ => "pill-place",
        }
    });
    let list: HtmlElement = find_as(screen, "ul");
    let top = list.clone();
    on(&pill, "click", move |_| {
        platform.feel(Feel::Tap);
        let top = top.clone();
        feed.tidy(move || {
            window().scroll_to_with_x_and_y(0.0, 0.0);
            // The button is gone: a keyboard goes on at the top.
            request_animation_frame(move || {
                if let Ok(Some(first)) = top.query_selector("a.open") {
                    let _ = first.unchecked_into::<HtmlElement>().focus();
                }
            });
        });
    });

    show_class(find(screen, "[role=img]"), move || {
        let loading = feed.phase.with(|phase| *phase == Phase::Loading);
        if loading { "cards" } else { "none" }
    });
    notice::show(&find(screen, ".notice"), shared);
    more::show(&find(screen, ".more"), feed);
    show_class(list.clone().into(), move || {
        let loaded = feed.phase.with(|phase| *phase == Phase::Loaded);
        if loaded { "cards" } else { "none" }
    });
    let place = list.clone();
    effect(move || {
        feed.turned.track();
        untrack(|| arrange(&place, feed.rows().into_iter().map(|row| row.element)));
    });
    on(&list, "click", move |event| {
        let Some(id) = touched(&event, "a, button").and_then(|touched| id_of(&touched)) else {
            return;
        };
        if let Some(to) = touched_move(&event) {
            if let Some(row) = feed.row(id) {
                // The row is there as long as its move is on its way.
                move_to(shared, id, row.standing, to, move || drop(row));
            }
        } else if is_plain(&event) {
            event.prevent_default();
            router.open(id);
        }
    });
    keep_place(list, shared);
}

/// Brings the children of a list into this order. Those that are there already, and where they should be, are not touched.
fn arrange(list: &Element, rows: impl Iterator<Item = Element>) {
    let mut next = list.first_element_child();
    for row in rows {
        if next.as_ref() == Some(&row) {
            next = row.next_element_sibling();
        } else {
            let _ = list.insert_before(&row, next.as_deref());
        }
    }
    while let Some(left) = next {
        next = left.next_element_sibling();
        left.remove();
    }
}

/// Whoever wants a link in another tab gets it there.
fn is_plain(event: &web_sys::Event) -> bool {
    let tap = event.dyn_ref::<MouseEvent>();
    tap.is_some_and(|tap| !tap.ctrl_key() && !tap.meta_key() && !tap.shift_key())
}

/// The place in the list, and the focus, are found again on return.
fn keep_place(list: HtmlElement, shared: Shared) {
    let top = Signal::new(0.0);
    let opened = Signal::new(None);
    on(&window(), "scroll", move |_| {
        if shared.router.screen.with_untracked(Option::is_none) {
            top.update_untracked(|top| *top = window().scroll_y().unwrap_or(0.0));
        }
    });
    let screen = shared.router.screen;
    follow(
        move || screen.get(),
        move |screen| {
            let was = opened.get_untracked();
            opened.set(screen.clone());
            let list = list.clone();
            request_animation_frame(move || {
                if screen.is_some() {
                    return window().scroll_to_with_x_and_y(0.0, 0.0);
                }
                if was.is_none() {
                    return;
                }
                window().scroll_to_with_x_and_y(0.0, top.get_untracked());
                let selector = match was {
                    Some(Screen::Order(id)) => format!("[data-id=\"{id}\"] .open"),
                    _ => String::new(),
                };
                let within: Element = list.clone().into();
                let from = match selector.as_str() {
                    "" => document().query_selector(".quote"),
                    selector => within.query_selector(selector),
                };
                if let Ok(Some(from)) = from {
                    let options = FocusOptions::new();
                    options.set_prevent_scroll(true);
                    let _ = from
                        .unchecked_into::<HtmlElement>()
                        .focus_with_options(&options);
                }
            });
        },
    );
}

fn search(screen: &Element, shared: Shared) {
    let router = shared.router;
    let field: HtmlInputElement = find_as(screen, ".search input");
    field.set_value(&router.number.get_untracked());
    let typed = Signal::new(field.value());
    let pause = Signal::new(None::<Timeout>);
    let is_typing = Signal::new(false);
    // The tab on which that was begun.
    let typed_on = Signal::new(router.status.get_untracked());
    let look = field.clone();
    on(&field, "input", move |_| {
        typed.set(look.value());
        let number = searched(&look.value());
        let search = move || {
            is_typing.set(false);
            router.search(number);
        };
        is_typing.set(true);
        typed_on.set(router.status.get_untracked());
        pause.set(Some(Timeout::new(PAUSE_MS, search)));
    });
    let look = field.clone();
    let clear = move || {
        pause.set(None);
        is_typing.set(false);
        look.set_value("");
        typed.set(String::new());
        router.search(String::new());
        let _ = look.focus();
    };
    let cleared = clear.clone();
    on(&find(screen, ".clear"), "click", move |_| cleared());
    let look = field.clone();
    on(&field, "keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        match event.key().as_str() {
            "Escape" if !look.value().is_empty() => clear(),
            // What is being typed is meant now.
            "Enter" => {
                pause.set(None);
                is_typing.set(false);
                router.search(searched(&look.value()));
                let _ = look.blur();
            }
            _ => {}
        }
    });
    // A tab forgets what was searched for, and what was about to be.
    follow(
        move || (router.status.get(), router.number.with(String::is_empty)),
        move |(_, is_empty)| {
            let is_same_tab = is_typing.get_untracked()
                && is_empty
                && typed_on.get_untracked() == router.status.get_untracked();
            if is_empty && !is_same_tab {
                pause.set(None);
                is_typing.set(false);
                field.set_value("");
                typed.set(String::new());
            }
        },
    );
    show_class(find(screen, ".clear"), move || {
        if typed.with(String::is_empty) {
            "icon clear none"
        } else {
            "icon clear"
        }
    });
}

fn template() -> String {
    let words = words();
    format!(
        "<header class=\"bar\"><h1 class=\"spoken\">{orders}</h1>\
         <label class=\"search\"><span class=\"spoken\">{search}</span><input type=\"search\" inputmode=\"search\" enterkeyhint=\"search\" \
         autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" maxlength=\"40\" placeholder=\"{search}\">\
         <button type=\"button\" class=\"icon clear none\" aria-label=\"{clear}\"></button></label>\
         <button type=\"button\" class=\"icon quote\" aria-label=\"{quote}\"></button>\
         <div class=\"tabs\" role=\"tablist\" aria-label=\"{orders}\">{tabs}</div>{line}</header>\
         <div class=\"pill-place none\"><button type=\"button\" class=\"pill\"></button></div>\
         <main><section id=\"orders\" role=\"tabpanel\" aria-label=\"{orders}\"><div role=\"img\" aria-label=\"{loading}\">{bones}</div>\
         <div class=\"notice none\"></div><ul></ul><div class=\"more\"></div></section>\
         <p class=\"aside\"><button type=\"button\" class=\"language\" lang=\"{other}\">{other_language}</button></p></main>",
        orders = words.orders,
        search = words.search,
        clear = words.clear,
        quote = words.quote,
        tabs = tabs::html(),
        line = status::LINE,
        loading = words.loading,
        bones = BONES.repeat(5),
        other = cards::text::lang::spoken().other().tag(),
        other_language = words.other_language,
    )
}
