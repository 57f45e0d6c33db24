//! The line that tells how old the prices are.

use std::rc::Rc;

use cards::text::{span, words};
use web_sys::Element;

use crate::{
    api::Freshness,
    clock,
    dom::{every, find, show_class, show_text},
    reactive::Signal,
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

/// Stale answers over so many milliseconds say that upstream is silent. One alone says that nobody has read this list for a
/// while: it has been refreshed by the next poll.
const SILENT_MS: f64 = 5_000.0;

/// How old the prices were when the last answer came, and when that was by [`clock::now`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answered {
    /// The age, as the edge told it.
    pub freshness: Freshness,
    /// When it did.
    pub at: f64,
    /// When the first of the stale answers came that this one is the last of.
    pub stale_since: Option<f64>,
}

impl Answered {
    /// An answer that came then, after another.
    pub fn after(before: Option<Self>, freshness: Freshness, at: f64) -> Self {
        let stale_since = || before?.stale_since;
        Self {
            freshness,
            at,
            stale_since: freshness.stale.then(|| stale_since().unwrap_or(at)),
        }
    }

    /// Whether upstream does not answer, as far as this tells.
    fn is_silent(&self, now: f64) -> bool {
        let stale_for = self.stale_since.map_or(0.0, |since| self.at - since);
        stale_for >= SILENT_MS && self.age_ms(now) > OLD_MS
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
            (Trouble::None, Some(answered)) if answered.is_silent(now) => Status::Stale,
            (Trouble::None, Some(_)) => Status::Live,
        }
    }
}

/// The status line: how old the prices are, and what is wrong if anything is. Without an age, only what is wrong.
pub fn text_of(status: Status, age_ms: Option<u64>) -> String {
    let wrong = match status {
        Status::Live => {
            let [before, behind] = words().updated;
            return match age_ms {
                None => String::new(),
                Some(..2_000) => words().updated_now.to_owned(),
                Some(age_ms) => format!("{before}{}{behind}", span(age_ms)),
            };
        }
        Status::Waiting => return String::new(),
        Status::Stale => words().upstream_silent,
        Status::Offline => words().offline,
        Status::Unreachable => words().no_answer,
        Status::Busy => words().busy.0,
        Status::SignedOut => words().signed_out.0,
    };
    let [before, behind] = words().prices_of;
    match age_ms {
        Some(age_ms) => format!("{wrong}{before}{}{behind}", span(age_ms)),
        None => wrong.to_owned(),
    }
}

/// What [`show`] fills.
pub const LINE: &str = "<p class=\"status\" role=\"status\" aria-live=\"off\"></p><p class=\"spoken told\" aria-live=\"polite\"></p>";

/// Tells it in the [`LINE`] of a template, in the words of `text_of`. Once a second its one text node changes, if its text does.
pub fn show(
    within: &Element,
    connection: impl Fn() -> Connection + 'static,
    text_of: impl Fn(Status, Option<u64>) -> String + Copy + 'static,
) {
    let ticked = Signal::new(clock::now());
    every(1_000, move || ticked.set(clock::now()));
    let connection: Box<dyn Fn() -> Connection> = Box::new(connection);
    let status: Rc<dyn Fn() -> (Status, Option<u64>)> = Rc::new(move || {
        let connection = connection();
        // An answer may be younger than the last tick.
        let now = ticked
            .get()
            .max(connection.answered.map_or(0.0, |answered| answered.at));
        (connection.status(now), connection.age_ms(now))
    });
    let line = find(within, ".status");
    let told = status.clone();
    show_text(line.clone(), move || {
        let (status, age_ms) = told();
        text_of(status, age_ms)
    });
    let told = status.clone();
    show_class(line, move || match told().0 {
        Status::Waiting => "status",
        Status::Live => "status live",
        Status::Stale => "status stale",
        Status::Offline | Status::Unreachable | Status::Busy | Status::SignedOut => "status lost",
    });
    // Read out when the state changes, not each second.
    show_text(find(within, ".told"), move || match status().0 {
        Status::Live => String::new(),
        status => text_of(status, None),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(trouble: Trouble, age_ms: u64, stale: bool) -> Connection {
        let freshness = Freshness { age_ms, stale };
        let before = Answered::after(None, freshness, 1_000.0 - SILENT_MS);
        Connection {
            answered: Some(Answered::after(Some(before), freshness, 1_000.0)),
            trouble,
        }
    }

    #[test]
    fn a_list_that_nobody_has_read_for_a_while_is_not_upstreams_silence() {
        let stale = Freshness {
            age_ms: 120_000,
            stale: true,
        };
        let status = |answered| Connection {
            answered: Some(answered),
            trouble: Trouble::None,
        };
        let first = Answered::after(None, stale, 0.0);
        assert_eq!(status(first).status(60_000.0), Status::Live);
        let second = Answered::after(Some(first), stale, 900.0);
        assert_eq!(status(second).status(900.0), Status::Live);
        let third = Answered::after(Some(second), stale, 10_900.0);
        assert_eq!(status(third).status(10_900.0), Status::Stale);
        let fresh = Freshness::default();
        let fourth = Answered::after(Some(third), fresh, 20_900.0);
        assert_eq!(status(fourth).status(20_900.0), Status::Live);
        let fifth = Answered::after(Some(fourth), stale, 30_900.0);
        assert_eq!(status(fifth).status(30_900.0), Status::Live);
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

    #[test]
    fn the_status_tells_age_and_trouble() {
        let line = |is, age_ms| text_of(is, age_ms).replace('\u{a0}', "_");
        assert_eq!(line(Status::Live, None), "");
        assert_eq!(line(Status::Live, Some(1_999)), "Цены обновлены только что");
        assert_eq!(line(Status::Live, Some(5_000)), "Цены обновлены 5_с назад");
        assert!(line(Status::Stale, Some(180_000)).starts_with("CargoTech не отвечает"));
        assert!(line(Status::Stale, Some(180_000)).contains("3_мин"));
        assert_eq!(line(Status::Offline, None), "Нет сети");
    }
}
