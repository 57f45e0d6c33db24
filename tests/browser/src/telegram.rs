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

#[wasm_bindgen(inline_js = r#"
let handlers, calls;
// One object for all tests, as in Telegram: the app may keep it.
const app = (globalThis.telegramsApp ??= {});
export function place_script() {
  const script = document.createElement("script");
  script.id = "telegram-web-app";
  script.type = "text/plain";
  document.head.append(script);
}
export function script_comes(version) {
  handlers = {};
  calls = [];
  const atLeast = (wanted) => version.split(".").map(Number).reduce((a, b) => a * 100 + b) >= wanted.split(".").map(Number).reduce((a, b) => a * 100 + b);
  const since = (wanted, name) => () => {
    if (!atLeast(wanted)) throw new Error("WebAppMethodUnsupported");
    calls.push(name);
  };
  window.Telegram = {
    WebApp: Object.assign(app, {
      colorScheme: "dark",
      isActive: atLeast("8.0") ? true : undefined,
      isVersionAtLeast: atLeast,
      ready: since("6.0", "ready"),
      expand: since("6.0", "expand"),
      setHeaderColor: since("6.1", "setHeaderColor"),
      onEvent: (name, handler) => (handlers[name] ??= []).push(handler),
      HapticFeedback: { impactOccurred: since("6.1", "impactOccurred") },
    }),
  };
  document.getElementById("telegram-web-app").dispatchEvent(new Event("load"));
}
export function tell(name, state) {
  Object.assign(window.Telegram.WebApp, state);
  for (const handler of handlers[name] ?? []) handler();
}
export function called() { return calls.join(" "); }
export function activate(active) { tell(active ? "activated" : "deactivated", { isActive: active }); }
export function change_theme(scheme) { tell("themeChanged", { colorScheme: scheme }); }
export function as_it_was() {
  delete window.Telegram;
  document.getElementById("telegram-web-app")?.remove();
  document.documentElement.removeAttribute("style");
  document.documentElement.removeAttribute("data-scheme");
}
"#)]
extern "C" {
    fn place_script();
    fn script_comes(version: &str);
    fn called() -> String;
    fn activate(active: bool);
    fn change_theme(scheme: &str);
    fn as_it_was();
}

/// A page without Telegram, before the test and after it.
struct Page;

impl Page {
    fn plain() -> Self {
        as_it_was();
        clear_storage();
        Self
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        as_it_was();
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
