//! An order's own screen: what it is, the way it went, and the same moves as in the list.

use std::rc::Rc;

use cards::html::Escaped;
use domain::{
    money::price_text,
    orders::{OrderDetail, OrderId},
};
use leptos::prelude::*;
use web_sys::{AbortSignal, Element, HtmlElement};

use super::{
    Shared,
    api::OrdersError,
    list::words_for,
    mover::{move_to, touched_move},
    order_book::OrderCell,
    pending::Standing,
    row::{self, Row, TRACK, moment, moves_html, put, say, update_if},
    text,
    words::{Said, words},
};
use crate::{
    api::ApiError,
    clock,
    dom::{find, find_as, on, show_class, show_html, show_text},
    poll_loop::PollLoop,
    poller::Event,
    reactive::{Signal, at_end, effect, spawn},
    status,
};

/// How often an open order is asked for where the edge says nothing, in milliseconds.
const PACE_MS: u32 = 5_000;

/// Where the detail stands.
#[derive(Clone, Debug, PartialEq)]
enum State {
    Loading,
    Failed(OrdersError),
    Loaded(OrderDetail),
}

/// Fills `screen` with an order.
pub fn open(screen: &Element, shared: Shared, id: OrderId) {
    screen.set_inner_html(&template(id));
    // What is read out first, and where a keyboard goes on from.
    let title: HtmlElement = find_as(screen, "h1");
    let _ = title.focus();
    let state = Signal::new(State::Loading);
    // In the list it is shown already, and stays the same order there.
    let row = Signal::new(shared.feed.row(id));
    let owner = Signal::new(Owner::current().unwrap_or_default());

    let took_in = move |detail: OrderDetail, began: Option<f64>| {
        let known = row.get_untracked();
        let shown = known.unwrap_or_else(|| {
            let new =
                owner.with_untracked(|owner| owner.with(|| Row::new(&detail.order, shared.lens)));
            row.set(Some(new.clone()));
            new
        });
        shown.take(&detail.order);
        if let Some(began) = began {
            update_if(shown.standing, |standing| standing.look(began));
        }
        state.change(State::Loaded(detail));
    };
    let ask = move |signal: Option<AbortSignal>| {
        let api = shared.api();
        async move {
            let began = clock::now();
            let read = api.detail(id, signal.as_ref()).await?;
            let began = Some(began).filter(|_| !read.freshness.stale);
            shared.feed.set_clock(read.now, 0);
            shared.feed.answered(read.freshness);
            if let Some(detail) = read.answer {
                took_in(detail, began);
            }
            Ok(read.poll_after_ms)
        }
    };
    let polls = PollLoop::new(Box::new(move |signal| {
        Box::pin(async move {
            match ask(Some(signal)).await {
                Ok(pace) => Event::Answered(Some(pace.unwrap_or(PACE_MS))),
                Err(error) => {
                    shared.feed.failed(&error);
                    match error.is_final() {
                        true => Event::Stopped,
                        false => Event::Failed(error.retry_after_ms()),
                    }
                }
            }
        })
    }));
    let load = move || {
        state.set(State::Loading);
        let task = async move {
            if let Err(error) = ask(None).await {
                shared.feed.failed(&error);
                state.set(State::Failed(error));
            }
        };
        owner.with_untracked(|owner| spawn(owner, task));
    };
    load();
    let told = Rc::downgrade(&polls);
    effect(move || {
        let loaded = state.with(|state| matches!(state, State::Loaded(_)));
        let present = loaded && shared.presence.is_present();
        if let Some(polls) = told.upgrade() {
            polls.on(Event::Present(present));
        }
    });
    let told = Rc::downgrade(&polls);
    at_end(move || drop(polls));

    status::show(
        screen,
        move || shared.feed.connection.get(),
        text::status_line,
    );
    let back = find(screen, ".back");
    show_class(back.clone(), move || {
        if shared.has_back_button.get() {
            "none"
        } else {
            "icon back"
        }
    });
    on(&back, "click", move |_| shared.router.back());

    let card = find(screen, ".order");
    let on_card = card.clone();
    effect(move || {
        if let Some(row) = row.get() {
            untrack(|| show_order(&card, row.standing, shared, &title));
        }
    });
    on(&on_card, "click", move |event| {
        if let (Some(to), Some(row)) = (touched_move(&event), row.get_untracked()) {
            let told = told.clone();
            move_to(shared, id, row.standing, to, move || {
                if let Some(polls) = told.upgrade() {
                    polls.on(Event::Reloaded);
                }
                drop(row);
            });
        }
    });

    show_class(find(screen, ".bones"), move || match state.get() {
        State::Loading => "card bones",
        _ => "bones none",
    });
    let notice = move || match state.get() {
        State::Failed(error) => Some(why(&error, shared.presence.is_online())),
        _ => None,
    };
    show_class(find(screen, ".notice"), move || {
        if notice().is_some() {
            "notice"
        } else {
            "notice none"
        }
    });
    show_text(find(screen, ".notice h2"), move || {
        notice().map_or("", |said| said.0).to_owned()
    });
    show_text(find(screen, ".notice p"), move || {
        notice().map_or("", |said| said.1).to_owned()
    });
    on(&find(screen, ".notice button"), "click", move |_| load());
    show_html(find(screen, ".rest"), move || match state.get() {
        State::Loaded(detail) => rest(&detail, untrack(|| shared.lens.now())),
        _ => String::new(),
    });
}

/// What of it changes, and the moves.
fn show_order(card: &Element, standing: Signal<Standing>, shared: Shared, title: &HtmlElement) {
    let (line, about) = (find(card, ".where b"), find(card, ".where span"));
    let (track, moves) = (find(card, ".track"), find(card, ".moves"));
    let (part, of, cost) = (find(card, ".part"), find(card, ".of"), find(card, ".cost"));
    let (card, title) = (card.clone(), title.clone());
    effect(move || {
        let standing = standing.get();
        let order = &standing.order;
        say(&part, &order.part);
        say(&of, &of_what(order));
        let price = order.price_kopecks;
        say(
            &cost,
            &price.map_or_else(String::new, |price| price_text(Some(price))),
        );
        row::tell(&line, &about, &standing, false, shared.lens.now());
        row::show_track(&track, &standing);
        row::show_moves(&moves, &standing, false, &title);
        let is_noted = standing.note.is_some();
        put(
            &card,
            "class",
            if is_noted {
                "card order noted"
            } else {
                "card order"
            },
        );
        put(&card, "aria-busy", crate::dom::flag(standing.is_saving()));
    });
}

/// `PA12 · 4 шт · продавец 7`.
fn of_what(order: &domain::orders::Order) -> String {
    let words = words();
    format!(
        "{} · {}\u{a0}{} · {}\u{a0}{}",
        order.material,
        cards::text::grouped(order.quantity.into()),
        words.pieces,
        words.seller,
        order.seller.0,
    )
}

/// What does not change, and the way it went, the latest first.
fn rest(detail: &OrderDetail, now: f64) -> String {
    let words = words();
    let model = match &detail.model {
        Some(model) => format!("{}, {}", Escaped(&model.name), text::size(model.bytes)),
        None => words.no_model.to_owned(),
    };
    let fact = |name: &str, value: &str| format!("<div><dt>{name}</dt><dd>{value}</dd></div>");
    let sent = text::moment(moment(detail.order.created_at, now));
    let comment = detail.comment.as_deref().map(|comment| {
        let comment = Escaped(comment);
        format!(
            "<section class=\"card\"><h2>{}</h2><p class=\"note\">{comment}</p></section>",
            words.comment
        )
    });
    let history = detail.history.iter().rev().map(|change| {
        format!(
            "<li data-status=\"{}\"><b>{}</b> <span>{}</span> <time>{}</time></li>",
            change.status,
            text::place(change.status),
            Escaped(&change.by),
            text::moment(moment(change.at, now)),
        )
    });
    format!(
        "<section class=\"card\"><h2>{facts}</h2><dl class=\"facts\">{model}{sent}</dl></section>{comment}\
         <section class=\"card\"><h2>{title}</h2><ol class=\"way\" reversed>{history}</ol></section>",
        facts = words.facts,
        model = fact(words.model, &model),
        sent = fact(words.sent, &sent),
        comment = comment.unwrap_or_default(),
        title = words.history,
        history = history.collect::<String>(),
    )
}

fn template(id: OrderId) -> String {
    let words = words();
    format!(
        "<header class=\"bar\"><button type=\"button\" class=\"icon back\" aria-label=\"{back}\"></button>\
         <h1 tabindex=\"-1\"><span class=\"spoken\">{order} </span>{id}</h1>{line}</header>\
         <main><div class=\"notice none\"><h2></h2><p></p><button type=\"button\">{retry}</button></div>\
         <section class=\"order none\"><div class=\"top\"><h2 class=\"part\"></h2><span class=\"cost\"></span></div><p class=\"of\"></p>{TRACK}\
         <div class=\"foot\"><p class=\"where\"><b></b> <span></span></p>{moves}</div></section>\
         <div class=\"card bones\"><i></i><i></i><i></i><i></i></div><div class=\"rest\"></div></main>",
        back = words.back,
        order = words.order,
        line = status::LINE,
        retry = words.retry,
        moves = moves_html(id),
    )
}

fn why(error: &OrdersError, is_online: bool) -> Said {
    match error {
        OrdersError::Api(ApiError::NotFound) => words().order_gone,
        other => words_for(other, is_online),
    }
}
