//! The line that tells how old the prices are.

use gloo_timers::callback::Interval;
use leptos::prelude::*;

use crate::{api::Freshness, clock, text};

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
    /// The session is over.
    SignedOut,
}

/// What the line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Prices as they should be.
    Live,
    /// CargoTech does not answer.
    Stale,
    /// See [`Trouble`].
    Offline,
    /// See [`Trouble`].
    Unreachable,
    /// See [`Trouble`].
    SignedOut,
}

impl Status {
    /// What there is to tell of prices this old.
    pub fn of(trouble: Trouble, stale: bool, age_ms: u64) -> Self {
        match trouble {
            Trouble::Offline => Self::Offline,
            Trouble::Unreachable => Self::Unreachable,
            Trouble::SignedOut => Self::SignedOut,
            // A copy is refreshed the moment it is found stale: only one that stays so is news.
            Trouble::None if stale && age_ms > OLD_MS => Self::Stale,
            Trouble::None => Self::Live,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Stale => "stale",
            Self::Offline | Self::Unreachable | Self::SignedOut => "lost",
        }
    }
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
    pub fn age_ms(&self, now: f64) -> u64 {
        self.freshness.age_ms + (now - self.at).max(0.0) as u64
    }
}

/// The line. Once a second its one text node changes, if its text does.
#[component]
pub fn StatusLine(
    /// The last answer; none before the first.
    #[prop(into)]
    answered: Signal<Option<Answered>>,
    /// What is wrong now.
    #[prop(into)]
    trouble: Signal<Trouble>,
) -> impl IntoView {
    let (now, set_now) = signal(clock::now());
    let tick = StoredValue::new_local(Some(Interval::new(1_000, move || {
        set_now.set(clock::now())
    })));
    on_cleanup(move || drop(tick.try_update_value(Option::take)));

    let age_ms = move || {
        answered
            .get()
            .map(|answered| answered.age_ms(now.get().max(answered.at)))
    };
    let status = Memo::new(move |_| {
        let stale = answered
            .get()
            .is_some_and(|answered| answered.freshness.stale);
        Status::of(trouble.get(), stale, age_ms().unwrap_or(0))
    });
    let line = Memo::new(move |_| text::status(status.get(), age_ms()));
    // Read out when the state changes, not each second.
    let spoken = Memo::new(move |_| match status.get() {
        Status::Live => String::new(),
        status => text::status(status, None),
    });

    view! {
        <p class=move || format!("status {}", status.get().class()) role="status" aria-live="off">
            {move || line.get()}
        </p>
        <p class="spoken" aria-live="polite">{move || spoken.get()}</p>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_has_just_gone_stale_is_no_news() {
        assert_eq!(Status::of(Trouble::None, true, 20_000), Status::Live);
        assert_eq!(Status::of(Trouble::None, true, 20_001), Status::Stale);
        assert_eq!(Status::of(Trouble::None, false, 50_000), Status::Live);
    }

    #[test]
    fn ones_own_network_comes_before_the_others_troubles() {
        assert_eq!(Status::of(Trouble::Offline, true, 99_000), Status::Offline);
    }

    #[test]
    fn age_goes_on_between_answers() {
        let freshness = Freshness {
            age_ms: 4_000,
            stale: false,
        };
        let answered = Answered {
            freshness,
            at: 1_000.0,
        };
        assert_eq!(answered.age_ms(3_500.0), 6_500);
        assert_eq!(answered.age_ms(0.0), 4_000);
    }
}
