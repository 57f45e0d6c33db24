//! Where the operator is: follows the address and the browser's history, and changes them. Telegram owns the fragment.

use domain::orders::{OrderId, QuoteId, Status};
use leptos::prelude::*;

use super::address::{Address, Screen};
use crate::{
    dom::on,
    reactive::Signal,
    router::{self, Step},
};

/// The signals that screens follow.
#[derive(Clone, Copy)]
pub struct Router {
    /// Which tab.
    pub status: Signal<Status>,
    /// What is searched for; empty where nothing is.
    pub number: Signal<String>,
    /// What lies over the list.
    pub screen: Signal<Option<Screen>>,
}

impl Router {
    /// Begins where the address says.
    pub fn start() -> Self {
        let address = Address::parse(&router::query());
        let this = Self {
            status: Signal::new(address.status),
            number: Signal::new(address.number),
            screen: Signal::new(address.screen),
        };
        on(&window(), "popstate", move |_| {
            // Only a screen is a step of its own: the list keeps what was looked at last.
            this.screen.change(Address::parse(&router::query()).screen);
            this.write(Step::Same);
        });
        this.write(Step::Same);
        this
    }

    /// Shows a tab; what was searched for is forgotten.
    pub fn show(self, status: Status) {
        self.number.change(String::new());
        self.status.change(status);
        self.write(Step::Same);
    }

    /// Searches for a number, or no longer.
    pub fn search(self, number: String) {
        self.number.change(number);
        self.write(Step::Same);
    }

    /// Opens an order.
    pub fn open(self, id: OrderId) {
        self.lay(Screen::Order(id));
    }

    /// Opens the calculation of prices.
    pub fn open_quote(self) {
        self.lay(Screen::Quote(None));
    }

    /// The calculation has this name from now on.
    pub fn name_quote(self, id: Option<QuoteId>) {
        // Whoever shows the screen knows already.
        self.screen
            .update_untracked(|screen| *screen = Some(Screen::Quote(id)));
        self.write(Step::Same);
    }

    /// Goes back to the list.
    pub fn back(self) {
        if router::depth() > 0 {
            // The rest follows from the event that this makes.
            router::go_back();
        } else {
            self.screen.set(None);
            self.write(Step::Same);
        }
    }

    fn lay(self, screen: Screen) {
        let screen = Some(screen);
        if self.screen.with_untracked(|is| *is != screen) {
            self.screen.set(screen);
            self.write(Step::Next);
        }
    }

    fn write(self, step: Step) {
        let address = Address {
            status: self.status.get_untracked(),
            number: self.number.get_untracked(),
            screen: self.screen.get_untracked(),
        };
        router::write(&address.to_query(), step);
    }
}
