//! A cargo's own screen.

mod chart;

use cards::text::{words, words::Said};
use domain::{CargoId, PriceHistory, messages::DetailPage, money::price_text};
use leptos::prelude::*;
use web_sys::{Element, HtmlElement};

use super::Shared;
use crate::{
    api::ApiError,
    card::Card,
    clock,
    dom::{find, find_as, on, show_class, show_flag, show_html, show_text, touched},
    feed::{Feed, Phase, Source},
    price::live_price,
    reactive::{Signal, effect, spawn},
    status,
    telegram::Feel,
};

/// Fills `screen` with the cargo that is open, if one is.
pub fn show(screen: Element, shared: Shared) {
    effect(move || {
        screen.set_inner_html("");
        if let Some(id) = shared.router.cargo.get() {
            untrack(|| open(&screen, shared, id));
        }
    });
}

/// How the price went, as the edge told it and as it has been seen to go on.
struct Told {
    changes: PriceHistory,
    /// So far the edge's clock is ahead of [`clock::now`], in milliseconds.
    ahead: f64,
}

impl Told {
    /// This moment, by the edge's clock.
    fn now(&self) -> u64 {
        (clock::now() + self.ahead) as u64
    }
}

/// Where the detail stands.
#[derive(Clone, Debug, PartialEq)]
enum State {
    Loading,
    Failed(ApiError),
    Loaded(DetailPage),
}

fn open(screen: &Element, shared: Shared, id: CargoId) {
    screen.set_inner_html(&template());
    // What is read out first, and where a keyboard goes on from.
    let _ = find_as::<HtmlElement>(screen, "h1").focus();
    let Shared {
        platform, router, ..
    } = shared;
    let state = Signal::new(State::Loading);
    let history = Signal::new(None::<Told>);
    let (card, feed) = card_of(shared, id);

    let owner = Signal::new(Owner::current().unwrap_or_default());
    let load = move || {
        let api = shared.api();
        state.set(State::Loading);
        let task = async move {
            match api.detail(id).await {
                Ok(detail) => state.set(State::Loaded(detail)),
                Err(error) => state.set(State::Failed(error)),
            }
            if let Ok(answer) = api.history(id).await {
                history.set(Some(Told {
                    changes: answer.changes,
                    ahead: answer.now as f64 - clock::now(),
                }));
            }
        };
        owner.with_untracked(|owner| spawn(owner, task));
    };
    load();

    status::show(screen, move || feed.connection.get(), status::text_of);
    show_text(find(screen, "h1"), move || {
        let of_card = card.with(|card| card.as_ref().map(|card| card.row.route.clone()));
        let of_detail = || match state.get() {
            State::Loaded(detail) => Some(detail.route),
            _ => None,
        };
        of_card
            .or_else(of_detail)
            .unwrap_or_else(|| words().cargo.to_owned())
    });
    let back = find(screen, ".back");
    show_class(back.clone(), move || {
        if shared.has_back_button.get() {
            "none"
        } else {
            "icon back"
        }
    });
    on(&back, "click", move |_| router.back());
    let star = find(screen, ".star");
    show_flag(star.clone(), "aria-pressed", move || {
        shared.watch_list.with(|list| list.contains(id))
    });
    on(&star, "click", move |_| shared.toggle_watched(id));
    on(&find(screen, ".share"), "click", move |_| {
        platform.feel(Feel::Tap);
        let said = card.with_untracked(|card| card.as_ref().map(said_of));
        let link = link_to(id);
        if !platform.share(&link, &said.unwrap_or_default()) {
            copy(&link);
            shared.toast.set(Some(words().link_copied));
        }
    });

    // The price, as soon as it is known.
    let place = find(screen, ".price-place");
    effect(move || {
        if let Some(card) = card.get() {
            untrack(|| show_price(&place, &card, history));
        }
    });
    show_class(find(screen, ".badge"), move || {
        let is_gone = card.with(|card| card.as_ref().is_some_and(|card| card.gone.get()));
        if is_gone { "badge" } else { "badge none" }
    });
    // The rest, and what is said in its place.
    show_class(find(screen, ".bones"), move || match state.get() {
        State::Loading => "card bones",
        _ => "bones none",
    });
    let notice = move || match state.get() {
        State::Failed(error) => Some(why(&error)),
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
    let rest = find(screen, ".rest");
    show_html(rest.clone(), move || match state.get() {
        State::Loaded(detail) => detail.html,
        _ => String::new(),
    });
    on(&rest, "click", move |event| {
        let Some(touched) = touched(&event, "a, button") else {
            return;
        };
        if let Some(phone) = touched.get_attribute("data-copy") {
            platform.feel(Feel::Tap);
            copy(&phone);
            shared.toast.set(Some(words().copied));
        } else if let Some(href) = touched.get_attribute("href") {
            event.prevent_default();
            // Links to numbers fail in some clients: those open a window for them.
            match href.strip_prefix("tel:") {
                Some(phone) => platform.call(phone),
                None => platform.open(&href),
            }
        }
    });
}

/// The card of the list that the cargo was opened from, which goes on being polled; else one of a feed of its own, as soon as
/// that has come.
fn card_of(shared: Shared, id: CargoId) -> (Signal<Option<Card>>, Feed) {
    let opened_from = [shared.list, shared.watched]
        .into_iter()
        .find_map(|feed| Some((feed.rows.card(id)?, feed)));
    if let Some((card, feed)) = opened_from {
        return (Signal::new(Some(card)), feed);
    }
    let own = Feed::new(shared.api(), shared.presence, || true);
    own.show(Source::Cargos([id].into()));
    let card = Signal::new(None);
    effect(move || {
        if own.phase.with(|phase| *phase == Phase::Loaded) {
            card.set(own.rows.card(id));
        }
    });
    (card, own)
}

fn show_price(place: &Element, card: &Card, history: Signal<Option<Told>>) {
    place.set_inner_html("<section class=\"card\"><p class=\"price\"></p><div></div></section>");
    live_price(find(place, ".price"), card.price_tag());
    // What moves while it is looked at goes on the chart at once.
    let price = card.price.signal().clone();
    effect(move || {
        let is = price.get();
        history.update(|told| {
            if let Some(told) = told {
                told.changes.note(told.now(), is);
            }
        });
    });
    show_html(find(place, "div"), move || {
        history.with(|told| {
            told.as_ref().map_or_else(String::new, |told| {
                chart::html(told.changes.changes(), told.now())
            })
        })
    });
}

fn template() -> String {
    let words = words();
    format!(
        "<header class=\"bar\"><button type=\"button\" class=\"icon back\" aria-label=\"{}\"></button><h1 tabindex=\"-1\"></h1>\
         <button type=\"button\" class=\"star\" aria-label=\"{}\"></button>\
         <button type=\"button\" class=\"icon share\" aria-label=\"{}\"></button>{}</header>\
         <main><div class=\"notice none\"><h2></h2><p></p><button type=\"button\">{}</button></div>\
         <div class=\"price-place\"></div><span class=\"badge none\">{}</span>\
         <div class=\"card bones\"><i></i><i></i><i></i><i></i></div><div class=\"rest\"></div></main>",
        words.back,
        words.watch,
        words.share,
        status::LINE,
        words.retry,
        words.gone,
    )
}

/// What is said of a cargo when it is shared.
fn said_of(card: &Card) -> String {
    let price = price_text(card.price.price_untracked());
    format!("{}, {price}", card.row.route)
}

fn why(error: &ApiError) -> Said {
    let words = words();
    match error {
        ApiError::NotFound => words.cargo_gone,
        ApiError::SignedOut => words.signed_out,
        ApiError::UpstreamDown { .. } => words.upstream_down,
        ApiError::Busy { .. } => words.busy,
        ApiError::NoAnswer if !window().navigator().on_line() => words.no_network,
        ApiError::NoAnswer | ApiError::Unavailable => words.unreachable,
    }
}

/// A link that opens this cargo.
fn link_to(id: CargoId) -> String {
    let origin = window().location().origin().unwrap_or_default();
    format!("{origin}/?cargo={id}")
}

/// Puts a text where the driver can paste it from.
fn copy(text: &str) {
    // Refused without a touch, which there was.
    let _ = window().navigator().clipboard().write_text(text);
}
