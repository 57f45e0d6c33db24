//! Telegram around the app, or a plain browser.
//!
//! The fragment of the URL brings everything that is needed to start, so nothing waits for telegram-web-app.js. When
//! that has come, its functions are used as far as the client's version has them; each may throw, and none may matter.

use leptos::prelude::{document, window};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use crate::storage::{self, Found};

#[wasm_bindgen]
extern "C" {
    type WebApp;

    #[wasm_bindgen(thread_local_v2, js_namespace = ["window", "Telegram"], js_name = WebApp)]
    static WEB_APP: Option<WebApp>;

    #[wasm_bindgen(method, catch)]
    fn ready(this: &WebApp) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn expand(this: &WebApp) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = isVersionAtLeast)]
    fn is_version_at_least(this: &WebApp, version: &str) -> Result<bool, JsValue>;
    #[wasm_bindgen(method, catch, js_name = setHeaderColor)]
    fn set_header_color(this: &WebApp, color: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = onEvent)]
    fn on_event(this: &WebApp, name: &str, handler: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, getter, js_name = isActive)]
    fn is_active(this: &WebApp) -> Result<Option<bool>, JsValue>;
    #[wasm_bindgen(method, catch, getter, js_name = colorScheme)]
    fn color_scheme(this: &WebApp) -> Result<Option<String>, JsValue>;
    #[wasm_bindgen(method, catch, getter, js_name = HapticFeedback)]
    fn haptic_feedback(this: &WebApp) -> Result<HapticFeedback, JsValue>;

    type HapticFeedback;

    #[wasm_bindgen(method, catch, js_name = impactOccurred)]
    fn impact_occurred(this: &HapticFeedback, style: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = selectionChanged)]
    fn selection_changed(this: &HapticFeedback) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = notificationOccurred)]
    fn notification_occurred(this: &HapticFeedback, kind: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, getter, js_name = BackButton)]
    fn back_button(this: &WebApp) -> Result<BackButton, JsValue>;

    type BackButton;

    #[wasm_bindgen(method, catch)]
    fn show(this: &BackButton) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn hide(this: &BackButton) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = onClick)]
    fn on_click(this: &BackButton, handler: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, getter, js_name = CloudStorage)]
    fn cloud_storage(this: &WebApp) -> Result<CloudStorage, JsValue>;

    type CloudStorage;

    #[wasm_bindgen(method, catch, js_name = getItem)]
    fn get_item(this: &CloudStorage, key: &str, told: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = setItem)]
    fn set_item(this: &CloudStorage, key: &str, value: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = enableClosingConfirmation)]
    fn enable_closing_confirmation(this: &WebApp) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = disableClosingConfirmation)]
    fn disable_closing_confirmation(this: &WebApp) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = openTelegramLink)]
    fn open_telegram_link(this: &WebApp, url: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = openLink)]
    fn open_link(this: &WebApp, url: &str) -> Result<(), JsValue>;
}

/// The script that brings Telegram's functions; see index.html.
const SCRIPT: &str = "telegram-web-app";
/// Where initData is kept for reloads: the fragment is lost when the client reloads the bare address.
const INIT_DATA: &str = "loadboard.init_data";

/// Where the parameter of a deep link is kept for reloads.
const START_PARAMETER: &str = "loadboard.start_param";

/// What the app knows of the place it runs in.
#[derive(Clone, Copy, Debug)]
pub struct Platform;

/// Who opened the app, by Telegram's word. Not verified here: good for names of what is kept, and for the language.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    /// The Telegram user id.
    pub id: i64,
    /// IETF tag of the language that Telegram speaks to him.
    pub language_code: Option<String>,
}

/// What a tap is felt as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feel {
    /// Something was done.
    Tap,
    /// Another choice.
    Choice,
    /// That can't be.
    Refusal,
}

impl Platform {
    /// Takes in the launch parameters and hooks up with Telegram, now or when its script has come.
    pub fn start() -> Self {
        if let Some(init_data) = launch_parameter("tgWebAppData").filter(|data| !data.is_empty()) {
            keep_init_data(&init_data);
        }
        when_here(hook_up);
        Self
    }

    /// Telegram's proof of who the driver is, if the app was opened from Telegram.
    pub fn init_data(self) -> Option<String> {
        session_storage()?.get_item(INIT_DATA).ok().flatten()
    }

    /// Whether the app is in front: always, before Telegram could tell (version 8.0).
    pub fn is_active(self) -> bool {
        web_app(|app| app.is_active().ok().flatten())
            .flatten()
            .unwrap_or(true)
    }

    /// Who opened the app, if it was opened from Telegram.
    pub fn user(self) -> Option<User> {
        let init_data = self.init_data()?;
        let parameters = web_sys::UrlSearchParams::new_with_str(&init_data).ok()?;
        serde_json::from_str(&parameters.get("user")?).ok()
    }

    /// The parameter of the deep link that the app was opened with, once for each time that it is: after a reload the
    /// address tells more.
    pub fn take_start_parameter(self) -> Option<String> {
        let init_data = self.init_data()?;
        let parameter = launch_parameter("tgWebAppStartParam").or_else(|| {
            let parameters = web_sys::UrlSearchParams::new_with_str(&init_data).ok()?;
            parameters.get("start_param")
        })?;
        let storage = session_storage()?;
        let opened = format!("{parameter} {init_data}");
        let taken = storage.get_item(START_PARAMETER).ok().flatten();
        let _ = storage.set_item(START_PARAMETER, &opened);
        (taken.as_ref() != Some(&opened)).then_some(parameter)
    }

    /// Telegram's button to go back tells of taps from now on. One listener, for the life of the page.
    pub fn on_back(self, act: impl Fn() + 'static) {
        let act = Closure::<dyn Fn()>::new(act).into_js_value();
        when_here(move || {
            since("6.1", |app| {
                let _ = app.back_button().and_then(|button| button.on_click(&act));
            });
        });
    }

    /// Shows Telegram's button to go back, or hides it. Whether there is one.
    pub fn show_back(self, shown: bool) -> bool {
        let done = since("6.1", |app| {
            let button = app.back_button()?;
            if shown { button.show() } else { button.hide() }
        });
        matches!(done, Some(Ok(())))
    }

    /// Asks before the app is closed, or no longer.
    pub fn confirm_closing(self, confirm: bool) {
        since("6.2", |app| {
            if confirm {
                app.enable_closing_confirmation()
            } else {
                app.disable_closing_confirmation()
            }
        });
    }

    /// Opens Telegram's choice of a chat to send a link to. Whether there is one.
    pub fn share(self, url: &str, text: &str) -> bool {
        let encoded = |text: &str| String::from(js_sys::encode_uri_component(text));
        let link = format!(
            "https://t.me/share/url?url={}&text={}",
            encoded(url),
            encoded(text)
        );
        let opened = since("6.1", |app| app.open_telegram_link(&link));
        matches!(opened, Some(Ok(())))
    }

    /// Opens a page outside of the app.
    pub fn open(self, url: &str) {
        let opened = since("6.1", |app| app.open_link(url));
        if !matches!(opened, Some(Ok(()))) {
            let _ = window().open_with_url_and_target(url, "_blank");
        }
    }

    /// Calls a number: links do not in some clients.
    pub fn call(self, phone: &str) {
        let _ = window().open_with_url_and_target(&format!("tel:{phone}"), "_blank");
    }

    /// Keeps a value with Telegram, where it can.
    pub fn cloud_put(self, name: &str, value: &str) {
        since("6.9", |app| {
            let _ = app
                .cloud_storage()
                .and_then(|storage| storage.set_item(name, value));
        });
    }

    /// Asks Telegram for a value, now or when its script has come.
    pub fn cloud_get(self, name: String, found: Found) {
        let told = storage::told(found);
        when_here(move || {
            since("6.9", |app| {
                let _ = app
                    .cloud_storage()
                    .and_then(|storage| storage.get_item(&name, &told));
            });
        });
    }

    /// Calls `changed` whenever the app comes to the front or leaves it.
    pub fn on_activity(self, changed: impl Fn() + 'static) {
        // One closure for the life of the page: Telegram's list of handlers has no owner to clean up for.
        let changed = Closure::<dyn Fn()>::new(changed).into_js_value();
        when_here(move || {
            web_app(|app| {
                for event in ["activated", "deactivated"] {
                    let _ = app.on_event(event, &changed);
                }
            });
        });
    }

    /// Lets the phone be felt, where it can.
    pub fn feel(self, feel: Feel) {
        since("6.1", |app| {
            let haptic = app.haptic_feedback()?;
            match feel {
                Feel::Tap => haptic.impact_occurred("light"),
                Feel::Choice => haptic.selection_changed(),
                Feel::Refusal => haptic.notification_occurred("error"),
            }
        });
    }
}

/// Session storage, unless the browser refuses it.
pub fn session_storage() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}

/// Runs `with` on Telegram's object, if its script has come.
fn web_app<T>(with: impl FnOnce(&WebApp) -> T) -> Option<T> {
    // Reading the property of an absent namespace throws, so look before.
    let telegram = js_sys::Reflect::get(&window(), &"Telegram".into()).ok()?;
    if !telegram.is_object() {
        return None;
    }
    WEB_APP.with(|app| app.as_ref().map(with))
}

/// Runs `with` on Telegram's object, if the client is of this version or later.
fn since<T>(version: &str, with: impl FnOnce(&WebApp) -> T) -> Option<T> {
    web_app(|app| {
        let is_there = app.is_version_at_least(version).unwrap_or(false);
        is_there.then(|| with(app))
    })
    .flatten()
}

/// Runs `act` now if Telegram's script has come, else when it comes, if ever.
fn when_here(act: impl FnOnce() + 'static) {
    if web_app(|_| ()).is_some() {
        act();
    } else if let Some(script) = document().get_element_by_id(SCRIPT) {
        let act = Closure::once_into_js(act);
        let _ = script.add_event_listener_with_callback("load", act.unchecked_ref());
    }
}

fn hook_up() {
    web_app(|app| {
        let _ = app.ready();
        let _ = app.expand();
        follow_theme(app);
        let follow = Closure::<dyn Fn()>::new(|| {
            web_app(follow_theme);
        });
        let _ = app.on_event("themeChanged", &follow.into_js_value());
    });
}

/// The colours themselves are kept by index.html at first and by Telegram's script from then on; what is left is the
/// scheme and the header.
fn follow_theme(app: &WebApp) {
    if let Ok(Some(scheme)) = app.color_scheme() {
        set_scheme(&scheme);
    }
    since("6.1", |app| app.set_header_color("secondary_bg_color"));
}

fn set_scheme(scheme: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-scheme", scheme);
    }
}

/// A parameter of the URL's fragment, percent-decoded once.
fn launch_parameter(name: &str) -> Option<String> {
    let fragment = window().location().hash().ok()?;
    let parameters = web_sys::UrlSearchParams::new_with_str(fragment.trim_start_matches('#'));
    parameters.ok()?.get(name)
}

/// Keeps new initData; a session that was signed in with other data is over.
fn keep_init_data(init_data: &str) {
    let Some(storage) = session_storage() else {
        return;
    };
    let kept = storage.get_item(INIT_DATA).ok().flatten();
    if kept.as_deref() != Some(init_data) {
        let _ = storage.set_item(INIT_DATA, init_data);
        crate::session::forget_stored();
    }
}
