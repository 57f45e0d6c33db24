//! Whether anybody can see the board, and whether it has a network.

use leptos::{leptos_dom::helpers::window_event_listener, prelude::*};
use web_sys::VisibilityState;

use crate::telegram::Platform;

/// What the page knows of the driver's presence. Follows the browser and Telegram for as long as its owner lives.
#[derive(Clone, Copy)]
pub struct Presence {
    in_front: RwSignal<bool>,
    online: RwSignal<bool>,
}

impl Presence {
    /// Begins to follow.
    pub fn follow(platform: Platform) -> Self {
        let this = Self {
            in_front: RwSignal::new(in_front(platform)),
            online: RwSignal::new(window().navigator().on_line()),
        };
        let look = move || {
            set(this.in_front, in_front(platform));
            set(this.online, window().navigator().on_line());
        };
        let handles = ["online", "offline", "pageshow", "visibilitychange"]
            // `visibilitychange` bubbles from the document to the window.
            .map(|event| {
                window_event_listener(
                    leptos::ev::Custom::<web_sys::Event>::new(event),
                    move |_| look(),
                )
            });
        on_cleanup(move || handles.into_iter().for_each(WindowListenerHandle::remove));
        platform.on_activity(look);
        this
    }

    /// Whether the phone has a network.
    pub fn is_online(self) -> bool {
        self.online.get()
    }

    /// Whether polling makes sense: somebody can see the answer, and it can come.
    pub fn is_present(self) -> bool {
        self.in_front.get() && self.online.get()
    }
}

fn in_front(platform: Platform) -> bool {
    document().visibility_state() == VisibilityState::Visible && platform.is_active()
}

fn set(signal: RwSignal<bool>, value: bool) {
    // After the owner is gone Telegram may still call.
    if signal.try_get_untracked().is_some_and(|old| old != value) {
        signal.set(value);
    }
}
