//! The app in a real browser. `cargo xtask test --only browser` runs it.
#![cfg(all(test, target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "all of it is tests")]

mod board;
mod fake_clock;
mod fake_server;
mod orders;
mod page;
mod polling;
mod prices;
mod session;
mod storage;
mod telegram;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
