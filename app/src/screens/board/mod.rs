//! The load board: the list of cargos and their live prices, and those that are watched.

mod card_list;
mod chips;
mod more;
mod notice;

use cards::text::{self, words};
use domain::filters::Mode;
use leptos::prelude::*;
use web_sys::{Element, HtmlSelectElement};

use self::notice::Whose;
use super::Shared;
use crate::{
    dom::{find, find_as, on, show_class, show_flag, show_html, show_text, touched},
    feed::Phase,
    status,
    telegram::Feel,
    view::Sort,
};

/// Fills `screen` with it.
pub fn show(screen: &Element, shared: Shared) {
    screen.set_inner_html(&template());
    let Shared {
        platform,
        router,
        list,
        watched,
        ..
    } = shared;
    let is_watched = move || router.watched.get();
    show_class(screen.clone(), move || match router.cargo.get() {
        Some(_) => "none",
        None => "board",
    });

    let connection = move || {
        let feed = if is_watched() { watched } else { list };
        feed.connection.get()
    };
    status::show(screen, connection, status::text_of);
    show_text(find(screen, ".all .count"), move || {
        let is_loaded = list.phase.with(|phase| *phase == Phase::Loaded);
        counted(list.total.get(), is_loaded)
    });
    show_text(find(screen, ".starred .count"), move || {
        let stars = shared.watch_list.with(|list| list.ids().len());
        counted(stars as u32, stars > 0)
    });
    show_text(find(screen, ".filters .count"), move || {
        let on = router.view.with(chips::count);
        counted(on as u32, on > 0)
    });
    for (tab, watched) in [(".all", false), (".starred", true)] {
        let tab = find(screen, tab);
        show_flag(tab.clone(), "aria-selected", move || {
            is_watched() == watched
        });
        on(&tab, "click", move |_| {
            if router.watched.get_untracked() == watched {
                window().scroll_to_with_x_and_y(0.0, 0.0);
            } else {
                platform.feel(Feel::Choice);
                router.show_watched(watched);
            }
        });
    }
    on(&find(screen, ".filters"), "click", move |_| {
        platform.feel(Feel::Tap);
        shared.filters_open.set(true);
    });

    let pill = find(screen, ".pill");
    show_text(pill.clone(), move || text::new_cargos(list.new.get()));
    show_class(find(screen, ".pill-place"), move || match list.new.get() {
        0 => "pill-place none",
        _ if is_watched() => "pill-place none",
        _ => "pill-place",
    });
    on(&pill, "click", move |_| {
        platform.feel(Feel::Tap);
        list.bring_in_new(|| window().scroll_to_with_x_and_y(0.0, 0.0));
    });

    let sort: HtmlSelectElement = find_as(screen, ".sort select");
    on(&sort.clone(), "change", move |_| {
        platform.feel(Feel::Choice);
        let mut view = router.view.get_untracked();
        view.sort = Sort::of_name(&sort.value()).unwrap_or_default();
        shared.apply(view);
    });
    let sort: HtmlSelectElement = find_as(screen, ".sort select");
    crate::reactive::effect(move || sort.set_value(router.view.with(|view| view.sort.name())));
    let mode = find(screen, ".mode");
    show_text(find(&mode, ".said"), move || {
        let all = router.view.with(|view| view.filters.mode == Mode::All);
        (if all {
            words().everybodys
        } else {
            words().mine
        })
        .to_owned()
    });
    on(&mode, "click", move |_| {
        platform.feel(Feel::Choice);
        let mut view = router.view.get_untracked();
        view.filters.mode = match view.filters.mode {
            Mode::All => Mode::My,
            Mode::My => Mode::All,
        };
        shared.apply(view);
    });
    let on_chips = find(screen, ".chips");
    show_html(on_chips.clone(), move || router.view.with(chips::html));
    on(&on_chips, "click", move |event| {
        let chip = touched(&event, "button").and_then(|chip| chip.get_attribute("data-filter"));
        let Some(filter) = chip.and_then(|chip| chips::Filter::of_number(&chip)) else {
            return;
        };
        platform.feel(Feel::Choice);
        let mut view = router.view.get_untracked();
        filter.reset(&mut view);
        shared.apply(view);
    });

    let of_list = find(screen, ".of-list");
    show_class(of_list.clone(), move || {
        if is_watched() {
            "of-list none"
        } else {
            "of-list"
        }
    });
    card_list::show(&find(&of_list, ".list"), shared, Whose::List);
    let of_watched = find(screen, ".of-watched");
    show_class(of_watched.clone(), move || {
        if is_watched() {
            "of-watched"
        } else {
            "of-watched none"
        }
    });
    card_list::show(&find(&of_watched, ".list"), shared, Whose::Watched);
}

fn counted(count: u32, is_known: bool) -> String {
    if is_known {
        text::grouped(count.into())
    } else {
        String::new()
    }
}

fn template() -> String {
    let words = words();
    let sorts = Sort::ALL.iter().zip(words.sorts);
    let sorts: String = sorts
        .map(|((_, name), said)| format!("<option value=\"{name}\">{said}</option>"))
        .collect();
    format!(
        "<header class=\"bar\"><h1 class=\"spoken\">{board}</h1><div class=\"tabs\" role=\"tablist\">\
         <button type=\"button\" role=\"tab\" class=\"tab all\">{board} <span class=\"count\"></span></button>\
         <button type=\"button\" role=\"tab\" class=\"tab starred\">{watched} <span class=\"count\"></span></button></div>\
         <button type=\"button\" class=\"icon filters\"><span class=\"spoken\">{filters}</span> <span class=\"count\"></span></button>{line}</header>\
         <div class=\"pill-place none\"><button type=\"button\" class=\"pill\"></button></div>\
         <main><section class=\"of-list\" aria-label=\"{board}\"><div class=\"choices\">\
         <label class=\"sort\"><span class=\"spoken\">{sort}</span><select>{sorts}</select></label>\
         <button type=\"button\" class=\"chip mode\"><span class=\"spoken\">{whose}: </span><span class=\"said\"></span></button><div class=\"chips\"></div></div>\
         <div class=\"list\"></div></section>\
         <section class=\"of-watched\" aria-label=\"{watched}\"><div class=\"list\"></div></section></main>",
        board = words.board,
        watched = words.watched,
        filters = words.filters,
        whose = words.whose,
        sort = words.sort,
        line = status::LINE,
    )
}
