//! Telegram around the app, or a plain browser.
//!
//! The fragment of the URL brings everything that is needed to start, so nothing waits for telegram-web-app.js. When
//! that has come, its functions are used as far as the client's version has them; each may throw, and none may matter.

use leptos::prelude::{document, window};
use wasm_bindgen::prelude::*;

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
}

/// The script that brings Telegram's functions; see index.html.
const SCRIPT: &str = "telegram-web-app";
/// Where initData is kept for reloads: the fragment is lost when the client reloads the bare address.
const INIT_DATA: &str = "loadboard.init_data";

/// What the app knows of the place it runs in.
#[derive(Clone, Copy, Debug)]
pub struct Platform;

impl Platform {
    /// Takes in the launch parameters and hooks up with Telegram, now or when its script has come.
    pub fn start() -> Self {
        if let Some(init_data) = launch_parameter("tgWebAppData").filter(|data| !data.is_empty()) {
            keep_init_data(&init_data);
        }
        if web_app(|_| ()).is_some() {
            hook_up();
        } else if let Some(script) = document().get_element_by_id(SCRIPT) {
            let hook_up = Closure::once_into_js(hook_up);
            let _ = script.add_event_listener_with_callback("load", hook_up.unchecked_ref());
        }
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

    /// Calls `changed` whenever the app comes to the front or leaves it.
    pub fn on_activity(self, changed: impl Fn() + 'static) {
        // One closure for the life of the page: Telegram's list of handlers has no owner to clean up for.
        let changed = Closure::<dyn Fn()>::new(changed).into_js_value();
        let listen = move || {
            web_app(|app| {
                for event in ["activated", "deactivated"] {
                    let _ = app.on_event(event, &changed);
                }
            });
        };
        if web_app(|_| ()).is_some() {
            listen();
        } else if let Some(script) = document().get_element_by_id(SCRIPT) {
            let listen = Closure::once_into_js(listen);
            let _ = script.add_event_listener_with_callback("load", listen.unchecked_ref());
        }
    }

    /// A light tap, where the phone can give one.
    pub fn tap(self) {
        web_app(|app| {
            if app.is_version_at_least("6.1").unwrap_or(false) {
                let _ = app
                    .haptic_feedback()
                    .and_then(|haptic| haptic.impact_occurred("light"));
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
    if app.is_version_at_least("6.1").unwrap_or(false) {
        let _ = app.set_header_color("secondary_bg_color");
    }
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
