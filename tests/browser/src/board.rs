//! The screen: what comes, what goes, what stays where it is.

use std::{cell::Cell, rc::Rc};

use leptos::{leptos_dom::helpers::window_event_listener, prelude::*};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    fake_clock::FakeClock,
    fake_server::{FakeServer, Reply},
    page::{Host, Watch, plain, text},
};

fn rows(ids: impl IntoIterator<Item = u64>) -> Vec<(u64, i64)> {
    ids.into_iter()
        .map(|id| (id, 1_000_000 + id as i64 * 1_000))
        .collect()
}

async fn begin(ids: impl IntoIterator<Item = u64>) -> (FakeClock, FakeServer, Host) {
    let clock = FakeClock::install();
    let server = FakeServer::install(&rows(ids));
    let host = Host::board();
    clock.settle().await;
    (clock, server, host)
}

fn ids(host: &Host) -> Vec<String> {
    host.all("li.card").iter().map(|card| card.id()).collect()
}

#[wasm_bindgen_test]
async fn what_has_changed_since_the_last_poll_is_enough() {
    let (clock, server, host) = begin([3, 2, 1]).await;
    let price = async |kopecks| {
        server.set_rows(&[(3, 1_000_000), (2, kopecks), (1, 3_000_000)]);
        clock.advance(11_000).await;
        host.price(2)
    };
    assert_eq!(price(5_500_000).await, "55 000 ₽");
    assert_eq!(price(6_600_000).await, "66 000 ₽");
    assert!(server.deltas() >= 1, "told as a change");
    let deltas = server.deltas();
    server.forget();
    assert_eq!(price(7_700_000).await, "77 000 ₽", "told in full");
    assert_eq!(server.deltas(), deltas);
    server.set_rows(&[(4, 4_400_000), (2, 8_800_000), (1, 3_000_000)]);
    clock.advance(11_000).await;
    assert_eq!(host.price(2), "88 000 ₽");
    assert!(
        host.card(3).class_list().contains("gone"),
        "told by the order"
    );
    assert_eq!(server.deltas(), deltas + 1);
}

#[wasm_bindgen_test]
async fn changes_of_another_state_are_not_taken_in() {
    let (clock, server, host) = begin([2, 1]).await;
    clock.advance(11_000).await;
    let before = host.price(2);
    let mut times = 0;
    server.answer_with(move |call| {
        times += 1;
        (call.is_poll() && times == 1).then(|| {
            let change = r#"{"etag":"\"b\"","as_of":0,"age_ms":0,"stale":false,"coherent":true,"total":2,
                "poll_after_ms":1000,"since":"\"a\"","prices":[["2",1]]}"#;
            Reply::text(change)
        })
    });
    clock.advance(11_000).await;
    assert_eq!(host.price(2), before);
    server.set_rows(&[(2, 5_500_000), (1, 1_100_000)]);
    clock.advance(30_000).await;
    assert_eq!(host.price(2), "55 000 ₽", "asked for in full");
}

#[wasm_bindgen_test]
async fn a_vanished_cargo_is_marked_and_comes_back() {
    let (clock, server, host) = begin([3, 2, 1]).await;
    server.set_rows(&rows([3, 1]));
    clock.advance(11_000).await;
    assert_eq!(ids(&host).len(), 3, "nothing is taken from under a thumb");
    assert!(host.card(2).class_list().contains("gone"));
    assert!(text(&host.card(2)).contains("Груз снят"));
    assert!(!host.card(1).class_list().contains("gone"));

    server.set_rows(&rows([3, 2, 1]));
    clock.advance(11_000).await;
    assert!(!host.card(2).class_list().contains("gone"));
    assert!(!text(&host.card(2)).contains("Груз снят"));
}

#[wasm_bindgen_test]
async fn a_vanished_cargo_is_dismissed_by_hand() {
    let (clock, server, host) = begin([3, 2, 1]).await;
    server.set_rows(&rows([3, 1]));
    clock.advance(11_000).await;
    host.one("#cargo-2 .dismiss").click();
    clock.settle().await;
    assert_eq!(ids(&host), ["cargo-3", "cargo-1"]);
    // The others are still live.
    server.set_rows(&[(3, 9_900_000), (1, 8_800_000)]);
    clock.advance(11_000).await;
    assert_eq!(
        (host.price(3), host.price(1)),
        ("99 000 ₽".into(), "88 000 ₽".into())
    );
}

#[wasm_bindgen_test]
async fn an_answer_read_at_different_moments_is_no_evidence() {
    let (clock, server, host) = begin([3, 2, 1]).await;
    server.set_coherent(false);
    server.set_rows(&rows([3, 1]));
    clock.advance(11_000).await;
    assert!(host.all(".gone").is_empty());
}

#[wasm_bindgen_test]
async fn a_vanished_cargo_stays_marked_while_answers_do_not_reach_it() {
    let (clock, server, host) = begin(1..=20).await;
    let without = |gone: u64| rows((1..=20).filter(move |&id| id != gone));
    server.set_rows(&without(19));
    clock.advance(11_000).await;
    assert!(host.card(19).class_list().contains("gone"));
    // So many new ones that the end of the loaded cards is pushed out of the answer.
    let mut pushed = rows(100..130);
    pushed.extend(without(19));
    server.set_rows(&pushed);
    clock.advance(11_000).await;
    assert!(host.card(19).class_list().contains("gone"));
}

#[wasm_bindgen_test]
async fn new_cargos_are_counted_without_moving_the_list() {
    let (clock, server, host) = begin(1..=20).await;
    window().scroll_to_with_x_and_y(0.0, 300.0);
    let top = host.card(5).get_bounding_client_rect().top();
    let watch = Watch::text_and_nodes(&host.one("ul.cards"));
    server.set_rows(&rows((101..=103).chain(1..=20)));
    clock.advance(11_000).await;
    assert_eq!(plain(&text(&host.one(".pill"))), "3 новых груза");
    assert_eq!(host.card(5).get_bounding_client_rect().top(), top);
    assert!(watch.changes().is_empty());

    let before = host.card(5);
    host.one(".pill").click();
    clock.settle().await;
    let expected: Vec<_> = (101..=103)
        .chain(1..=20)
        .map(|id| format!("cargo-{id}"))
        .collect();
    assert_eq!(ids(&host), expected);
    assert!(
        before.is_same_node(Some(&host.card(5))),
        "a card that stays keeps its nodes"
    );
    assert!(host.all(".pill").is_empty());
    assert_eq!(window().scroll_y().unwrap(), 0.0);
}

#[wasm_bindgen_test]
async fn bringing_in_new_cargos_takes_no_price_back() {
    let (clock, server, host) = begin([2, 1]).await;
    // The polls know of a price that the list, which may be a minute old, does not.
    server.set_rows(&[(3, 3_000_000), (2, 9_900_000), (1, 1_000_000)]);
    clock.advance(11_000).await;
    assert_eq!(host.price(2), "99 000 ₽");
    server.answer_with(|call| {
        let old = [(3, 3_000_000), (2, 2_000_000), (1, 1_000_000)];
        call.is_list().then(|| list(&old))
    });
    host.one(".pill").click();
    clock.settle().await;
    assert_eq!(host.price(2), "99 000 ₽");
}

#[wasm_bindgen_test]
async fn a_failed_poll_changes_nothing_but_the_status_line() {
    let (clock, server, host) = begin([2, 1]).await;
    let watch = Watch::everything(&host.one("main"));
    server.answer_with(|call| call.is_poll().then(Reply::fails));
    clock.advance(11_000).await;
    assert!(watch.changes().is_empty());
    assert!(plain(&text(&host.one(".status"))).contains("Нет связи"));
    // The next cycle goes on.
    server.answer_well();
    clock.advance(61_000).await;
    assert!(plain(&text(&host.one(".status"))).contains("Цены обновлены"));
    assert!(watch.changes().is_empty());
}

#[wasm_bindgen_test]
async fn the_age_of_the_prices_ticks_in_one_text_node() {
    let (clock, _server, host) = begin([2, 1]).await;
    let status = host.one(".status");
    clock.advance(2_000).await;
    assert_eq!(plain(&text(&status)), "Цены обновлены 3 с назад");
    let watch = Watch::everything(&host.element);
    clock.advance(1_000).await;
    assert_eq!(plain(&text(&status)), "Цены обновлены 4 с назад");
    let changes = watch.changes();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].type_(), "characterData");
}

#[wasm_bindgen_test]
async fn a_first_load_that_fails_says_so_and_tries_again_by_itself() {
    let clock = FakeClock::install();
    let server = FakeServer::install(&rows([2, 1]));
    server.answer_with(|call| (!call.is_sign_in()).then(|| Reply::status(503)));
    let host = Host::board();
    clock.settle().await;
    assert!(host.says("Покажем грузы, как только он ответит"));
    assert!(host.one(".status").class_list().contains("stale"));
    assert_eq!(plain(&text(&host.one(".notice button"))), "Повторить");
    server.answer_well();
    clock.advance(5_000).await;
    assert_eq!(ids(&host).len(), 2);
}

#[wasm_bindgen_test]
async fn a_first_load_that_hangs_does_not_load_for_ever() {
    let clock = FakeClock::install();
    let server = FakeServer::install(&rows([2, 1]));
    server.answer_with(|call| call.is_list().then(Reply::hangs));
    let host = Host::board();
    clock.advance(30_000).await;
    server.answer_well();
    clock.advance(60_000).await;
    assert_eq!(ids(&host).len(), 2);
}

#[wasm_bindgen_test]
async fn an_empty_list_says_so() {
    let (_clock, _server, host) = begin([]).await;
    assert!(host.says("Сейчас грузов нет"));
}

#[wasm_bindgen_test]
async fn scrolling_down_loads_each_cargo_once() {
    let (clock, server, host) = begin(1..=50).await;
    // The list has moved by two since: the next page begins with cards that are there already.
    server.set_rows(&rows((101..=102).chain(1..=50)));
    for _ in 0..6 {
        window().scroll_to_with_x_and_y(0.0, 1e6);
        clock.paint().await;
    }
    let mut shown = ids(&host);
    assert_eq!(shown.len(), 50);
    shown.sort();
    shown.dedup();
    assert_eq!(shown.len(), 50);
    assert!(host.says("Это все грузы"));
}

/// Those that have left the list have pulled up the rows below: the next page begins where the cards end, not where the
/// last page said.
#[wasm_bindgen_test]
async fn a_row_that_moved_up_is_not_skipped() {
    let (clock, server, host) = begin(1..=60).await;
    clock.paint().await;
    let loaded = ids(&host).len() as u64;
    assert!((20..60).contains(&loaded), "{loaded}");
    server.set_rows(&rows((1..=60).filter(|id| !(2..=4).contains(id))));
    clock.advance(11_000).await;
    host.one("#cargo-3 .dismiss").click();
    for _ in 0..6 {
        window().scroll_to_with_x_and_y(0.0, 1e6);
        clock.paint().await;
    }
    let mut expected: Vec<_> = (1..=60).map(|id| format!("cargo-{id}")).collect();
    expected.remove(2);
    assert_eq!(ids(&host), expected);
}

/// The tag names the prices of the answer before: new cards may never have had them.
#[wasm_bindgen_test]
async fn the_first_poll_after_new_cards_asks_for_everything() {
    let (clock, server, host) = begin(1..=30).await;
    clock.advance(11_000).await;
    let tag = |server: &FakeServer| {
        let calls = server.calls();
        let poll = calls.iter().rfind(|call| call.is_poll()).unwrap();
        poll.headers.get("if-none-match").cloned()
    };
    assert!(tag(&server).is_some(), "{:?}", tag(&server));
    let polls = server.polls();
    while ids(&host).len() < 30 {
        window().scroll_to_with_x_and_y(0.0, 1e6);
        clock.paint().await;
    }
    assert_eq!(server.polls(), polls);
    clock.advance(11_000).await;
    assert_eq!(tag(&server), None);
}

/// A driver may leave at any moment: what was under way then must not trip over what is gone.
#[wasm_bindgen_test]
async fn leaving_in_the_middle_of_a_request_is_no_fault() {
    let tripped = Rc::new(Cell::new(false));
    let trips = {
        let tripped = Rc::clone(&tripped);
        window_event_listener(leptos::ev::error, move |_| tripped.set(true))
    };
    for is_first in [true, false] {
        let clock = FakeClock::install();
        let server = FakeServer::install(&rows(1..=30));
        let hang = |server: &FakeServer| {
            server.answer_with(|call| (!call.is_sign_in()).then(Reply::hangs));
        };
        if is_first {
            hang(&server);
        }
        let host = Host::board();
        clock.settle().await;
        hang(&server);
        clock.advance(11_000).await;
        drop(host);
        // All patience ends.
        clock.advance(60_000).await;
        assert!(!tripped.get());
    }
    trips.remove();
}

/// A list answer of these rows.
fn list(rows: &[(u64, i64)]) -> Reply {
    Reply::json(&domain::messages::CargoList {
        total: rows.len() as u32,
        offset: 0,
        next_offset: None,
        as_of: 0,
        stale: false,
        left_out: 0,
        cargos: rows
            .iter()
            .map(|&(card, kopecks)| crate::fake_server::row(card, kopecks))
            .collect(),
    })
}
