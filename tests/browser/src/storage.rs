//! What is kept from visit to visit, in the browser and with Telegram, whatever the phones' clocks say.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use app::{storage::Storage, telegram::Platform};

use crate::{
    fake_clock::FakeClock,
    fake_server::FakeServer,
    page::{Host, RUSSIAN, clear_storage, open_with},
};

#[wasm_bindgen(module = "/src/played.js")]
extern "C" {
    fn join_cloud();
    fn in_cloud(name: &str) -> String;
    fn leave_telegram();
    fn fill_storage();
    fn make_room();
}

/// A phone of the driver with nothing on it.
fn new_phone() -> Storage {
    clear_storage();
    open_with(RUSSIAN);
    Storage::of(Platform::start())
}

/// The value that a phone knows once Telegram has told it.
fn caught_up(storage: &Storage) -> Option<String> {
    storage.catch_up("view", |_| {});
    storage.get("view").map(|kept| kept.value)
}

#[wasm_bindgen_test]
fn the_last_choice_counts_though_one_phone_is_a_day_ahead() {
    join_cloud();
    let clock = FakeClock::install();
    let first = new_phone();
    clock.set_date(1.0);
    first.put("view", "of the first".into());

    let second = new_phone();
    clock.set_date(0.0);
    assert_eq!(caught_up(&second).as_deref(), Some("of the first"));
    second.put("view", "of the second".into());
    let kept_by_second = window().local_storage().unwrap().unwrap();
    let kept_by_second = kept_by_second.get_item("loadboard_5_view").unwrap();

    // The first again, with what it knew.
    let first = new_phone();
    clock.set_date(1.0);
    assert_eq!(caught_up(&first).as_deref(), Some("of the second"));
    assert_eq!(kept_by_second, Some(in_cloud("loadboard_5_view")));
    leave_telegram();
}

#[wasm_bindgen_test]
fn what_the_phone_knows_later_is_not_undone_by_telegram() {
    join_cloud();
    let phone = new_phone();
    phone.put("view", "mode=my".into());
    // Telegram is a choice behind, as when it was not there.
    leave_telegram();
    phone.put("view", "mode=all".into());
    join_cloud();
    assert_eq!(caught_up(&phone).as_deref(), Some("mode=all"));
    leave_telegram();
}

#[wasm_bindgen_test]
async fn a_storage_that_is_full_or_forbidden_does_no_harm() {
    let clock = FakeClock::install();
    let _server = FakeServer::install(&[(1, 1_000_000)]);
    clear_storage();
    open_with(RUSSIAN);
    // The proof is kept before.
    let platform = Platform::start();
    fill_storage();
    let host = Host::mount(move || view! { <app::screens::App platform /> });
    clock.settle().await;
    host.one(".star").click();
    clock.settle().await;
    assert_eq!(
        host.one(".star").get_attribute("aria-pressed").as_deref(),
        Some("true")
    );
    make_room();
}
