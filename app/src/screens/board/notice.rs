//! Words in place of cards: what is the matter, and what happens next.

use leptos::prelude::*;

use super::board::Phase;
use crate::{
    api::ApiError,
    reactive::{class, tap, words},
    text,
};

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    title: &'static str,
    next: &'static str,
    /// Whether trying again by hand makes sense.
    retry: bool,
}

/// What there is to say, if anything.
fn said(phase: &Phase, is_online: bool, is_empty: bool) -> Option<Said> {
    let ((title, next), retry) = match phase {
        Phase::Failed(ApiError::SignedOut) => (text::SIGNED_OUT, false),
        Phase::Failed(_) if is_online => (text::UNREACHABLE, true),
        Phase::Failed(_) => (text::NO_NETWORK, true),
        Phase::Loaded if is_empty => (text::EMPTY, false),
        Phase::Loading | Phase::Loaded => return None,
    };
    Some(Said { title, next, retry })
}

/// The words, and a button where one helps. Takes no room while there is nothing to say.
#[component]
pub fn Notice(
    phase: RwSignal<Phase>,
    /// Whether the phone has a network.
    is_online: impl Fn() -> bool + Copy + Send + 'static,
    /// Whether no card is loaded.
    is_empty: impl Fn() -> bool + Copy + Send + 'static,
    /// Tries again.
    retry: impl Fn() + 'static,
) -> impl IntoView {
    let said = move || phase.with(|phase| said(phase, is_online(), is_empty()));
    let look = class(move || match said() {
        None => "notice none",
        Some(said) if said.retry => "notice",
        Some(_) => "notice final",
    });
    let title = words(move || said().map_or("", |said| said.title).to_owned());
    let next = words(move || said().map_or("", |said| said.next).to_owned());
    view! {
        <div class=look>
            <h2>{title}</h2>
            <p>{next}</p>
            <button type="button" on:click=tap(move |_| retry())>
                {text::RETRY}
            </button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_cards_come_or_are_there_nothing_is_said() {
        assert_eq!(said(&Phase::Loading, false, true), None);
        assert_eq!(said(&Phase::Loaded, false, false), None);
    }

    #[test]
    fn trying_again_is_offered_where_it_may_help() {
        let retry = |error, is_online| {
            let said = said(&Phase::Failed(error), is_online, true);
            said.map(|said| (said.title, said.retry))
        };
        assert_eq!(
            retry(ApiError::NoAnswer, true),
            Some((text::UNREACHABLE.0, true))
        );
        assert_eq!(
            retry(ApiError::NoAnswer, false),
            Some((text::NO_NETWORK.0, true))
        );
        assert_eq!(
            retry(ApiError::SignedOut, false),
            Some((text::SIGNED_OUT.0, false))
        );
    }

    #[test]
    fn an_empty_list_is_told_from_one_that_did_not_come() {
        let title = said(&Phase::Loaded, true, true).map(|said| said.title);
        assert_eq!(title, Some(text::EMPTY.0));
    }
}
