//! When the board polls: the real screen, loop and timers, with a clock that the tests move and a network they play.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    fake_clock::FakeClock,
    fake_server::{FakeServer, Reply},
    page::Host,
};

#[wasm_bindgen(module = "/src/played.js")]
extern "C" {
    fn set_hidden(hidden: bool);
    fn set_online(online: bool);
    fn leave_phone();
}

/// The board with two cargos, after its first list and its first poll.
struct Scene {
    host: Host,
    server: FakeServer,
    clock: FakeClock,
}

impl Scene {
    async fn begin() -> Self {
        leave_phone();
        let clock = FakeClock::install();
        let server = FakeServer::install(&[(2, 2_000_000), (1, 1_000_000)]);
        let host = Host::board();
        clock.settle().await;
        assert_eq!(host.all("li.card").len(), 2);
        assert_eq!(server.polls(), 1, "the first poll follows the first list");
        Self {
            host,
            server,
            clock,
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        leave_phone();
    }
}

const HOUR: u32 = 3_600_000;

#[wasm_bindgen_test]
async fn the_board_polls_at_the_pace_of_the_edge() {
    let scene = Scene::begin().await;
    scene.clock.advance(9_900).await;
    assert_eq!(scene.server.polls(), 1);
    scene.clock.advance(1_200).await;
    assert_eq!(scene.server.polls(), 2);
    scene.server.set_pace(1_500);
    // When exactly the third comes is up to its jitter.
    while scene.server.polls() < 3 {
        scene.clock.advance(100).await;
    }
    scene.clock.advance(1_300).await;
    assert_eq!(scene.server.polls(), 3);
    scene.clock.advance(400).await;
    assert_eq!(scene.server.polls(), 4);
}

#[wasm_bindgen_test]
async fn a_change_appears_and_nothing_else_moves() {
    let scene = Scene::begin().await;
    scene.server.set_rows(&[(2, 2_100_000), (1, 1_000_000)]);
    scene.clock.advance(11_000).await;
    assert_eq!(scene.host.price(2), "21 000 ₽");
    assert_eq!(scene.host.price(1), "10 000 ₽");
}

/// Ages are told by the edge, and paces need no date.
#[wasm_bindgen_test]
async fn a_phone_whose_date_is_a_day_off_shows_what_any_other_does() {
    for days in [-1.0, 1.0] {
        let scene = Scene::begin().await;
        scene.clock.set_date(days);
        scene.clock.advance(11_000).await;
        assert_eq!(scene.server.polls(), 2);
        assert!(scene.host.says("Цены обновлены"));
        assert!(!scene.host.says("дн назад") && !scene.host.says("ч назад"));
        scene.server.set_rows(&[(2, 2_100_000), (1, 1_000_000)]);
        scene.clock.advance(11_000).await;
        assert_eq!(scene.host.price(2), "21 000 ₽");
        assert!(scene.host.says("▲ 1 000 ₽, только что"));
    }
}

#[wasm_bindgen_test]
async fn an_unchanged_answer_is_asked_for_by_its_tag() {
    let scene = Scene::begin().await;
    scene.clock.advance(11_000).await;
    let polls: Vec<_> = scene
        .server
        .calls()
        .into_iter()
        .filter(|call| call.is_poll())
        .collect();
    assert!(!polls[0].headers.contains_key("if-none-match"));
    assert!(polls[1].headers.contains_key("if-none-match"));
    // The answer was a 304 and carried the pace.
    scene.clock.advance(11_000).await;
    assert_eq!(scene.server.polls(), 3);
}

#[wasm_bindgen_test]
async fn a_hidden_board_rests_and_polls_at_once_on_return() {
    let scene = Scene::begin().await;
    scene.clock.advance(5_000).await;
    set_hidden(true);
    scene.clock.advance(HOUR).await;
    assert_eq!(scene.server.polls(), 1);
    set_hidden(false);
    scene.clock.settle().await;
    assert_eq!(scene.server.polls(), 2);
}

#[wasm_bindgen_test]
async fn a_board_without_network_rests_and_polls_at_once_on_return() {
    let scene = Scene::begin().await;
    set_online(false);
    scene.clock.advance(600_000).await;
    assert_eq!(scene.server.polls(), 1);
    assert!(scene.host.says("Нет сети"));
    set_online(true);
    scene.clock.settle().await;
    assert_eq!(scene.server.polls(), 2);
    assert!(!scene.host.says("Нет сети"));
}

#[wasm_bindgen_test]
async fn hiding_gives_up_the_poll_under_way() {
    let scene = Scene::begin().await;
    scene
        .server
        .answer_with(|call| call.is_poll().then(Reply::hangs));
    scene.clock.advance(11_000).await;
    assert_eq!((scene.server.polls(), scene.server.gave_up()), (2, 0));
    set_hidden(true);
    scene.clock.settle().await;
    assert_eq!(scene.server.gave_up(), 1);
    // Given up by us: no trouble to tell of.
    assert!(!scene.host.says("Нет связи"));
}

#[wasm_bindgen_test]
async fn two_polls_are_never_under_way() {
    let scene = Scene::begin().await;
    scene
        .server
        .answer_with(|call| call.is_poll().then(Reply::hangs));
    scene.clock.advance(11_000).await;
    assert_eq!(scene.server.polls(), 2);
    // All that could start another one.
    for _ in 0..3 {
        set_hidden(false);
        set_online(true);
        window()
            .dispatch_event(&web_sys::Event::new("pageshow").unwrap())
            .unwrap();
        scene.clock.advance(1_000).await;
    }
    assert_eq!((scene.server.polls(), scene.server.gave_up()), (2, 0));
    // It is given up after ten seconds, and the next one comes after a pause.
    scene.clock.advance(7_000).await;
    assert_eq!((scene.server.polls(), scene.server.gave_up()), (2, 1));
    scene.clock.advance(2_000).await;
    assert_eq!((scene.server.polls(), scene.server.gave_up()), (3, 1));
}

#[wasm_bindgen_test]
async fn failures_slow_the_polls_down_and_an_answer_forgives_them() {
    let scene = Scene::begin().await;
    scene
        .server
        .answer_with(|call| call.is_poll().then(Reply::fails));
    scene.clock.advance(11_000).await;
    assert_eq!(scene.server.polls(), 2);
    // Pauses of 1 to 2 s, 2 to 4, 4 to 8, 8 to 16, 16 to 32: five more polls in 31 to 62 seconds.
    scene.clock.advance(30_000).await;
    assert!(scene.server.polls() <= 7, "{} polls", scene.server.polls());
    scene.clock.advance(33_000).await;
    assert!(scene.server.polls() >= 7, "{} polls", scene.server.polls());
    let before = scene.server.polls();
    scene.server.answer_well();
    scene.clock.advance(61_000).await;
    let after = scene.server.polls();
    assert!(after > before);
    scene.clock.advance(11_000).await;
    assert!(scene.server.polls() > after, "back at the pace of the edge");
}

#[wasm_bindgen_test]
async fn the_edge_may_ask_for_a_longer_pause() {
    let scene = Scene::begin().await;
    scene.server.answer_with(|call| {
        call.is_poll()
            .then(|| Reply::status(503).header("retry-after", 30))
    });
    scene.clock.advance(11_000).await;
    assert_eq!(scene.server.polls(), 2);
    scene.clock.advance(28_000).await;
    assert_eq!(scene.server.polls(), 2);
    scene.clock.advance(3_000).await;
    assert_eq!(scene.server.polls(), 3);
}
