//! One order of the list: made once, and from then on only what has changed of it is touched.

use cards::html::Escaped;
use domain::{
    money::price_text,
    orders::{Order, OrderId, Status, Statuses},
};
use leptos::prelude::*;
use wasm_bindgen::UnwrapThrowExt;
use web_sys::{Element, FocusOptions, HtmlElement};

use super::{
    order_book::OrderCell,
    pending::Standing,
    text::{self, Moment},
    words::words,
};
use crate::{
    clock,
    dom::{find, find_as},
    reactive::{Signal, effect},
};

/// What all rows are shown by. Copies are the same.
#[derive(Clone, Copy)]
pub struct Lens {
    /// Which statuses are looked at: an order in another one has left.
    pub statuses: Signal<Statuses>,
    /// So far the edge's clock is ahead of [`clock::now`], in milliseconds.
    pub ahead: Signal<f64>,
    /// Changes when ages are to be told anew.
    pub ticked: Signal<f64>,
}

impl Lens {
    /// This moment by the edge's clock, Unix milliseconds; and again when ages are to be told anew.
    pub fn now(self) -> f64 {
        self.ticked.track();
        self.ahead.get_untracked() + clock::now()
    }

    /// Whether it is not in the list any more.
    pub fn is_away(self, standing: &Standing) -> bool {
        let looked_at = self
            .statuses
            .with_untracked(|statuses| statuses.contains(standing.status()));
        standing.is_missing || (!standing.is_saving() && !looked_at)
    }
}

/// An order of the list, in the page. Copies are the same; it ends with the last of them.
#[derive(Clone)]
pub struct Row {
    /// Its state, which the page follows.
    pub standing: Signal<Standing>,
    /// Its place in the page.
    pub element: Element,
    _owner: Owner,
}

impl Row {
    /// Shows an order, nowhere yet.
    pub fn new(order: &Order, lens: Lens) -> Self {
        let element = document()
            .create_element("li")
            .expect_throw("a page has lists");
        let owner = Owner::new();
        let standing = owner.with(|| {
            let standing = Signal::new(Standing::new(order.clone()));
            fill(&element, order);
            show(element.clone(), standing, lens);
            standing
        });
        Self {
            standing,
            element,
            _owner: owner,
        }
    }
}

impl OrderCell for Row {
    fn take(&self, order: &Order) {
        update_if(self.standing, |standing| standing.take(order));
    }

    fn miss(&self) -> bool {
        update_if(self.standing, Standing::miss)
    }
}

/// Changes it, and tells who follows if `change` says that it has. Whether it has.
pub fn update_if(standing: Signal<Standing>, change: impl FnOnce(&mut Standing) -> bool) -> bool {
    let mut has_changed = false;
    let is_there = standing.update_untracked(|standing| has_changed = change(standing));
    if is_there && has_changed {
        standing.update(|_| {});
    }
    has_changed
}

/// The order whose row holds this element.
pub fn id_of(element: &Element) -> Option<OrderId> {
    let row = element.closest("li.order").ok()??;
    row.get_attribute("data-id")?.parse().ok()
}

/// How many of the five steps of an order's way are done.
pub fn steps(status: Status) -> usize {
    match status {
        Status::Submitted | Status::PriceCalculated | Status::Cancelled => 0,
        Status::Approved => 1,
        Status::Started => 2,
        Status::Completed => 3,
        Status::Packaging => 4,
        Status::Shipped | Status::Closed => 5,
    }
}

/// The way of an order, as a template has it: [`show_track`] fills it.
pub const TRACK: &str =
    "<div class=\"track\" aria-hidden=\"true\"><i></i><i></i><i></i><i></i><i></i></div>";

/// The buttons that move an order, as a template has them; [`show_moves`] fills them.
pub fn moves_html(id: OrderId) -> String {
    format!(
        "<div class=\"moves\"><button type=\"button\" class=\"undo none\"><span></span><span class=\"spoken\"> {id}</span></button>\
         <button type=\"button\" class=\"step none\"><span></span><span class=\"spoken\"> {id}</span></button></div>"
    )
}

fn fill(row: &Element, order: &Order) {
    let words = words();
    let id = order.id;
    put(row, "data-id", &id.to_string());
    row.set_inner_html(&format!(
        "<article aria-labelledby=\"n-{id}\"><a class=\"open\" href=\"?order={id}\" aria-labelledby=\"n-{id}\"></a>\
         <div class=\"top\"><h2 class=\"number\" id=\"n-{id}\">{id}</h2><span class=\"cost\"></span></div>\
         <p class=\"part\">{part}</p><p class=\"of\">{material} · {quantity}\u{a0}{pieces} · {seller}\u{a0}{number}</p>{TRACK}\
         <div class=\"foot\"><p class=\"where\"><b></b> <span></span></p>{moves}</div></article>",
        part = Escaped(&order.part),
        material = Escaped(&order.material),
        quantity = cards::text::grouped(order.quantity.into()),
        pieces = words.pieces,
        seller = words.seller,
        number = order.seller.0,
        moves = moves_html(id),
    ));
}

fn show(row: Element, standing: Signal<Standing>, lens: Lens) {
    let cost = find(&row, ".cost");
    let (line, about) = (find(&row, ".where b"), find(&row, ".where span"));
    let track = find(&row, ".track");
    let moves = find(&row, ".moves");
    let open: HtmlElement = find_as(&row, ".open");
    effect(move || {
        let standing = standing.get();
        let order = &standing.order;
        let is_away = lens.is_away(&standing);
        say(
            &cost,
            &order
                .price_kopecks
                .map_or_else(String::new, |price| price_text(Some(price))),
        );
        tell(&line, &about, &standing, is_away, lens.now());
        show_track(&track, &standing);
        show_moves(&moves, &standing, is_away, &open);
        let class = match (is_away, standing.note) {
            (_, Some(_)) => "card order noted",
            (true, None) => "card order away",
            (false, None) => "card order",
        };
        put(&row, "class", class);
        put(&row, "aria-busy", crate::dom::flag(standing.is_saving()));
    });
}

/// Tells where an order stands, or what became of it, and for how long and by whom.
pub fn tell(line: &Element, about: &Element, standing: &Standing, is_away: bool, now: f64) {
    let at = standing.order.changed_at;
    let age_ms = (now - at as f64).max(0.0) as u64;
    let (said, rest) = text::standing(standing, is_away, age_ms, moment(at, now));
    say(line, &said);
    say(about, &rest);
}

/// Shows how far an order is, and the step that is being saved.
pub fn show_track(track: &Element, standing: &Standing) {
    let done = steps(standing.status());
    put(track, "data-done", &done.to_string());
    put(
        track,
        "class",
        if standing.is_saving() {
            "track saving"
        } else {
            "track"
        },
    );
}

/// Shows what may be done with an order. Of what has left only one's own move can be taken back.
pub fn show_moves(moves: &Element, standing: &Standing, is_away: bool, open: &HtmlElement) {
    let from = standing.order.status;
    let mut may = standing.moves();
    if is_away {
        may.on = None;
        may.back = may
            .back
            .filter(|_| standing.is_own() && !standing.is_missing);
    }
    for (class, to) in [("undo", may.back), ("step", may.on)] {
        let button: HtmlElement = find_as(moves, &format!(".{class}"));
        let is_focused = || document().active_element().as_ref() == Some(button.as_ref());
        match to {
            Some(to) => {
                say(&find(&button, "span"), text::verb(from, to));
                put(&button, "data-to", to.name());
                put(&button, "class", class);
            }
            None => {
                if is_focused() {
                    // A keyboard goes on from here.
                    let options = FocusOptions::new();
                    options.set_prevent_scroll(true);
                    let _ = open.focus_with_options(&options);
                }
                put(
                    &button,
                    "class",
                    if class == "undo" {
                        "undo none"
                    } else {
                        "step none"
                    },
                );
            }
        }
    }
}

/// Puts a text in place of another one; touches the page only if it is another.
pub fn say(element: &Element, text: &str) {
    if element.text_content().as_deref() == Some(text) {
        return;
    }
    match element.first_child() {
        Some(node) => node.set_node_value(Some(text)),
        None => element.set_text_content(Some(text)),
    }
}

/// The same for an attribute.
pub fn put(element: &Element, name: &str, value: &str) {
    if element.get_attribute(name).as_deref() != Some(value) {
        let _ = element.set_attribute(name, value);
    }
}

/// When that was, where the operator is.
pub fn moment(at: u64, now: f64) -> Moment {
    let date = |at: f64| js_sys::Date::new(&at.into());
    let (at, now) = (date(at as f64), date(now));
    let day = |date: &js_sys::Date| (date.get_full_year(), date.get_month(), date.get_date());
    Moment {
        month: at.get_month() + 1,
        day: at.get_date(),
        hour: at.get_hours(),
        minute: at.get_minutes(),
        is_today: day(&at) == day(&now),
    }
}
