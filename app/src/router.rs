//! Where the driver is: follows the address and the browser's history, and changes them.
//!
//! Telegram owns the fragment, so the query tells everything and the fragment stays as it is.

use domain::CargoId;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::{
    dom::on,
    reactive::Signal,
    view::{Address, View},
};

/// The signals that screens follow.
#[derive(Clone, Copy)]
pub struct Router {
    /// Which cards the list shows: what was applied last.
    pub view: Signal<View>,
    /// Whether the cards that are watched are shown.
    pub watched: Signal<bool>,
    /// The cargo whose screen is open.
    pub cargo: Signal<Option<CargoId>>,
}

impl Router {
    /// Begins where the address says.
    pub fn start(address: Address) -> Self {
        let this = Self {
            view: Signal::new(address.view),
            watched: Signal::new(address.watched),
            cargo: Signal::new(address.cargo),
        };
        on(&window(), "popstate", move |_| {
            let address = Address::parse(&query());
            // Only the cargo is a step of its own: the list keeps what was applied last.
            this.cargo.change(address.cargo);
            this.write(Step::Same);
        });
        this.write(Step::Same);
        this
    }

    /// Opens the screen of a cargo.
    pub fn open(self, cargo: CargoId) {
        if self.cargo.get_untracked() != Some(cargo) {
            self.cargo.set(Some(cargo));
            self.write(Step::Next);
        }
    }

    /// Leaves the screen of a cargo, to where it was opened from.
    pub fn back(self) {
        if depth() > 0 {
            // The rest follows from the event that this makes.
            go_back();
        } else {
            self.cargo.set(None);
            self.write(Step::Same);
        }
    }

    /// Shows these cards.
    pub fn apply(self, view: View) {
        self.view.set(view);
        self.write(Step::Same);
    }

    /// Shows the list, or what is watched.
    pub fn show_watched(self, watched: bool) {
        if self.watched.get_untracked() != watched {
            self.watched.set(watched);
            self.write(Step::Same);
        }
    }

    fn write(self, step: Step) {
        let address = Address {
            view: self.view.get_untracked(),
            watched: self.watched.get_untracked(),
            cargo: self.cargo.get_untracked(),
        };
        write(&address.to_query(), step);
    }
}

/// Whether an address is a step that one can go back from.
pub(crate) enum Step {
    Same,
    Next,
}

/// Puts a query into the address.
pub(crate) fn write(query: &str, step: Step) {
    let Some(history) = history() else { return };
    let fragment = window().location().hash().unwrap_or_default();
    let url = format!("?{query}{fragment}");
    let state = |depth: u32| JsValue::from_f64(depth.into());
    // A browser that refuses, because there were too many, shows an old address and nothing worse.
    let _ = match step {
        Step::Same => history.replace_state_with_url(&state(depth()), "", Some(&url)),
        Step::Next => history.push_state_with_url(&state(depth() + 1), "", Some(&url)),
    };
}

/// Goes a step back, as with the browser's own button.
pub(crate) fn go_back() {
    let _ = history().and_then(|history| history.back().ok());
}

/// How many steps were taken in this app before the present one.
pub(crate) fn depth() -> u32 {
    let state = history().and_then(|history| history.state().ok());
    state
        .and_then(|state| state.as_f64())
        .map_or(0, |depth| depth as u32)
}

/// The query of the address, without the question mark.
pub fn query() -> String {
    let query = window().location().search().unwrap_or_default();
    query.trim_start_matches('?').to_owned()
}

fn history() -> Option<web_sys::History> {
    window().history().ok()
}
