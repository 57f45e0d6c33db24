//! Whether anybody can see the board, and whether it has a network.

use leptos::prelude::*;
use web_sys::VisibilityState;

use crate::{dom::on, reactive::Signal, telegram::Platform};

/// What the page knows of the driver's presence. Follows the browser and Telegram for as long as its owner lives.
#[derive(Clone, Copy)]
pub struct Presence {
    in_front: Signal<bool>,
    online: Signal<bool>,
}

impl Presence {
    /// Begins to follow.
    pub fn follow(platform: Platform) -> Self {
        let this = Self {
            in_front: Signal::new(in_front(platform)),
            online: Signal::new(window().navigator().on_line()),
        };
        let look = move || {
            this.in_front.change(in_front(platform));
            this.online.change(window().navigator().on_line());
        };
        // `visibilitychange` bubbles from the document to the window.
        for event in ["online", "offline", "pageshow", "visibilitychange"] {
            on(&window(), event, move |_| look());
        }
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
