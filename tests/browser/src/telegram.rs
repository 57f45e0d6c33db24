//! Telegram around the board: its colours, its script whenever that comes, and what it tells of the driver's presence.

use app::telegram::{Feel, Platform};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    fake_clock::FakeClock,
    fake_server::FakeServer,
    page::{Host, clear_storage, open_with},
};

#[wasm_bindgen(module = "/src/played.js")]
extern "C" {
    fn place_script();
    fn script_comes(version: &str);
    fn called() -> String;
    fn activate(active: bool);
    fn change_theme(scheme: &str);
    fn leave_telegram();
}

/// A page without Telegram, before the test and after it.
struct Page;

impl Page {
    fn plain() -> Self {
        leave_telegram();
        clear_storage();
        Self
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        leave_telegram();
    }
}

fn scheme() -> Option<String> {
    document()
        .document_element()
        .unwrap()
        .get_attribute("data-scheme")
}

#[wasm_bindgen_test]
fn a_plain_browser_keeps_its_own_colours() {
    let _page = Page::plain();
    open_with("");
    Platform::start();
    assert_eq!(scheme(), None);
    assert_eq!(Platform.init_data(), None);
    assert!(Platform.is_active());
    Platform.feel(Feel::Tap);
}

#[wasm_bindgen_test]
async fn a_script_that_comes_late_is_hooked_up() {
    let _page = Page::plain();
    let clock = FakeClock::install();
    let server = FakeServer::install(&[(1, 1_000_000)]);
    place_script();
    let host = Host::board();
    clock.settle().await;
    assert_eq!(host.all("li.card").len(), 1, "nothing waited for it");
    script_comes("8.0");
    assert_eq!(called(), "ready expand setHeaderColor");
    assert_eq!(scheme().as_deref(), Some("dark"));
    change_theme("light");
    assert_eq!(scheme().as_deref(), Some("light"));

    let polls = server.polls();
    activate(false);
    clock.advance(600_000).await;
    assert_eq!(server.polls(), polls, "an inactive app rests");
    activate(true);
    clock.settle().await;
    assert_eq!(
        server.polls(),
        polls + 1,
        "and polls at once when it is active again"
    );
}

#[wasm_bindgen_test]
async fn an_old_client_that_throws_does_no_harm() {
    let _page = Page::plain();
    let clock = FakeClock::install();
    let server = FakeServer::install(&[(1, 1_000_000)]);
    place_script();
    let host = Host::board();
    clock.settle().await;
    script_comes("6.0");
    assert_eq!(called(), "ready expand");
    Platform.feel(Feel::Tap);
    clock.advance(11_000).await;
    assert!(server.polls() > 1);
    assert_eq!(host.all("li.card").len(), 1);
}
