//! The line that tells how old the prices are.

use leptos::prelude::*;
use web_sys::Element;

use crate::{
    api::Freshness,
    clock,
    dom::{every, find, show_class, show_text},
    text,
};

/// Prices older than this are called old; younger ones are merely on their way to be renewed.
const OLD_MS: u64 = 20_000;

/// What stands between the driver and new prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// The phone has no network.
    Offline,
    /// Our own service does not answer.
    Unreachable,
    /// CargoTech does not answer, and there is nothing older.
    Upstream,
    /// Our own service asks to be asked less.
    Busy,
    /// The session is over.
    SignedOut,
}

/// How old the prices were when the last answer came, and when that was by [`clock::now`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answered {
    /// The age, as the edge told it.
    pub freshness: Freshness,
    /// When it did.
    pub at: f64,
}

impl Answered {
    /// An answer that came this moment.
    pub fn now(freshness: Freshness) -> Self {
        Self {
            freshness,
            at: clock::now(),
        }
    }

    /// How old the prices are by now, in milliseconds.
    fn age_ms(&self, now: f64) -> u64 {
        self.freshness.age_ms + (now - self.at).max(0.0) as u64
    }
}

/// All that the line depends on, besides the time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Connection {
    /// The last answer; none before the first.
    pub answered: Option<Answered>,
    /// What is wrong now.
    pub trouble: Trouble,
}

/// What the line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing is known yet.
    Waiting,
    /// Prices as they should be.
    Live,
    /// CargoTech does not answer.
    Stale,
    /// See [`Trouble`].
    Offline,
    /// See [`Trouble`].
    Unreachable,
    /// See [`Trouble`].
    Busy,
    /// See [`Trouble`].
    SignedOut,
}

impl Connection {
    /// How old the prices are, in milliseconds; `None` before the first.
    fn age_ms(&self, now: f64) -> Option<u64> {
        self.answered.map(|answered| answered.age_ms(now))
    }

    /// What there is to tell.
    fn status(&self, now: f64) -> Status {
        match (self.trouble, self.answered) {
            (Trouble::Offline, _) => Status::Offline,
            (Trouble::Unreachable, _) => Status::Unreachable,
            (Trouble::Upstream, _) => Status::Stale,
            (Trouble::Busy, _) => Status::Busy,
            (Trouble::SignedOut, _) => Status::SignedOut,
            (Trouble::None, None) => Status::Waiting,
            // A copy is refreshed before it is stale: only one that stays so is news.
            (Trouble::None, Some(answered))
                if answered.freshness.stale && answered.age_ms(now) > OLD_MS =>
            {
                Status::Stale
            }
            (Trouble::None, Some(_)) => Status::Live,
        }
    }
}

/// What [`show`] fills.
pub const LINE: &str = "<p class=\"status\" role=\"status\" aria-live=\"off\"></p><p class=\"spoken told\" aria-live=\"polite\"></p>";

/// Tells it in the [`LINE`] of a template. Once a second its one text node changes, if its text does.
pub fn show(within: &Element, connection: Signal<Connection>) {
    let ticked = RwSignal::new(clock::now());
    every(1_000, move || ticked.set(clock::now()));
    let status = move || {
        let connection = connection.get();
        // An answer may be younger than the last tick.
        let now = ticked
            .get()
            .max(connection.answered.map_or(0.0, |answered| answered.at));
        (connection.status(now), connection.age_ms(now))
    };
    let line = find(within, ".status");
    show_text(line.clone(), move || {
        let (status, age_ms) = status();
        text::status(status, age_ms)
    });
    show_class(line, move || match status().0 {
        Status::Waiting => "status",
        Status::Live => "status live",
        Status::Stale => "status stale",
        Status::Offline | Status::Unreachable | Status::Busy | Status::SignedOut => "status lost",
    });
    // Read out when the state changes, not each second.
    show_text(find(within, ".told"), move || match status().0 {
        Status::Live => String::new(),
        status => text::status(status, None),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(trouble: Trouble, age_ms: u64, stale: bool) -> Connection {
        let freshness = Freshness { age_ms, stale };
        Connection {
            answered: Some(Answered {
                freshness,
                at: 1_000.0,
            }),
            trouble,
        }
    }

    #[test]
    fn a_copy_that_has_just_gone_stale_is_no_news() {
        let status = |age_ms, stale| with(Trouble::None, age_ms, stale).status(1_000.0);
        assert_eq!(status(20_000, true), Status::Live);
        assert_eq!(status(20_001, true), Status::Stale);
        assert_eq!(status(50_000, false), Status::Live);
    }

    #[test]
    fn ones_own_network_comes_before_the_others_troubles() {
        assert_eq!(
            with(Trouble::Offline, 99_000, true).status(1_000.0),
            Status::Offline
        );
    }

    #[test]
    fn before_the_first_answer_nothing_is_called_live() {
        assert_eq!(Connection::default().status(0.0), Status::Waiting);
        assert_eq!(Connection::default().age_ms(0.0), None);
    }

    #[test]
    fn age_goes_on_between_answers() {
        let connection = with(Trouble::None, 4_000, false);
        assert_eq!(connection.age_ms(3_500.0), Some(6_500));
        assert_eq!(connection.age_ms(0.0), Some(4_000));
    }
}
