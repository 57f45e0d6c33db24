//! Signing in: once, silently again when the session dies, and an honest word when it can't be had.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    fake_clock::FakeClock,
    fake_server::{Call, FakeServer, Reply, session},
    page::{Host, RUSSIAN, clear_storage, open_with},
};

const ROWS: [(u64, i64); 2] = [(2, 2_000_000), (1, 1_000_000)];

fn sign_ins(server: &FakeServer) -> Vec<Call> {
    server
        .calls()
        .into_iter()
        .filter(Call::is_sign_in)
        .collect()
}

fn bearer(call: &Call) -> &str {
    call.headers.get("authorization").map_or("", String::as_str)
}

#[wasm_bindgen_test]
async fn the_proof_of_the_fragment_signs_in_without_telegrams_script() {
    let clock = FakeClock::install();
    let server = FakeServer::install(&ROWS);
    clear_storage();
    // Decoded once: what Telegram signed is itself percent-encoded.
    open_with(&format!("{RUSSIAN}&tgWebAppVersion=9.1"));
    let host = Host::reopened();
    clock.settle().await;
    assert_eq!(
        sign_ins(&server)[0].body,
        r#"{"init_data":"user=%7B%22id%22%3A5%2C%22language_code%22%3A%22ru%22%7D&hash=ab"}"#
    );
    assert_eq!(host.all("li.card").len(), 2);
    for call in server.calls().iter().filter(|call| !call.is_sign_in()) {
        assert_eq!(bearer(call), "Bearer token");
    }
}

#[wasm_bindgen_test]
async fn a_reload_without_the_fragment_needs_no_new_sign_in() {
    let clock = FakeClock::install();
    let server = FakeServer::install(&ROWS);
    let host = Host::board();
    clock.settle().await;
    drop(host);
    let before = sign_ins(&server).len();
    open_with("");
    let host = Host::reopened();
    clock.settle().await;
    assert_eq!(host.all("li.card").len(), 2);
    assert_eq!(sign_ins(&server).len(), before);
}

#[wasm_bindgen_test]
async fn a_dead_session_is_renewed_once_and_nobody_notices() {
    let clock = FakeClock::install();
    let server = FakeServer::install(&ROWS);
    let host = Host::board();
    clock.settle().await;
    server.answer_with(|call| match bearer(call) {
        "Bearer token" => Some(Reply::status(401)),
        _ => call.is_sign_in().then(|| Reply::json(&session("another"))),
    });
    server.set_rows(&[(2, 9_900_000), (1, 1_000_000)]);
    clock.advance(11_000).await;
    assert_eq!(host.price(2), "99 000 ₽");
    assert_eq!(sign_ins(&server).len(), 2);
    assert!(!host.says("заново"));
    clock.advance(11_000).await;
    assert_eq!(sign_ins(&server).len(), 2, "the new session is kept");
}

#[wasm_bindgen_test]
async fn a_session_that_can_not_be_renewed_asks_to_reopen_and_leaves_the_board() {
    let clock = FakeClock::install();
    let server = FakeServer::install(&ROWS);
    let host = Host::board();
    clock.settle().await;
    server.answer_with(|_| Some(Reply::status(401)));
    clock.advance(11_000).await;
    assert_eq!(sign_ins(&server).len(), 2, "one silent attempt");
    assert!(host.says("Откройте приложение из Telegram заново"));
    assert_eq!(host.all("li.card").len(), 2);
    let calls = server.calls().len();
    clock.advance(300_000).await;
    assert_eq!(server.calls().len(), calls, "nothing more to ask");
}

#[wasm_bindgen_test]
async fn a_new_session_that_is_refused_is_not_tried_for_ever() {
    let clock = FakeClock::install();
    let server = FakeServer::install(&ROWS);
    server.answer_with(|call| (!call.is_sign_in()).then(|| Reply::status(401)));
    let host = Host::board();
    clock.advance(300_000).await;
    assert_eq!(sign_ins(&server).len(), 2);
    assert!(host.says("Откройте приложение из Telegram заново"));
}

#[wasm_bindgen_test]
async fn without_telegrams_proof_the_board_asks_to_reopen() {
    let clock = FakeClock::install();
    let server = FakeServer::install(&ROWS);
    clear_storage();
    open_with("");
    let host = Host::reopened();
    clock.settle().await;
    assert!(host.says("Откройте приложение из Telegram заново"));
    assert!(server.calls().is_empty());
}

#[wasm_bindgen_test]
async fn a_renewed_token_is_used_from_then_on() {
    let clock = FakeClock::install();
    let server = FakeServer::install(&ROWS);
    let _host = Host::board();
    clock.settle().await;
    server.answer_with(|call| {
        call.is_poll()
            .then(|| Reply::status(304).header("x-session-token", "renewed"))
    });
    clock.advance(11_000).await;
    clock.advance(11_000).await;
    let calls = server.calls();
    assert_eq!(bearer(calls.last().unwrap()), "Bearer renewed");
}

#[wasm_bindgen_test]
async fn another_drivers_proof_does_not_inherit_the_session() {
    let clock = FakeClock::install();
    let server = FakeServer::install(&ROWS);
    drop({
        let host = Host::board();
        clock.settle().await;
        host
    });
    assert_eq!(sign_ins(&server).len(), 1);
    open_with("tgWebAppData=hash%3Dcd");
    let _host = Host::reopened();
    clock.settle().await;
    assert_eq!(sign_ins(&server).len(), 2);
}
