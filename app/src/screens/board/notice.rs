//! Words in place of cards: what is the matter, and what happens next.

use cards::text::{self, words::Said};
use domain::Filters;
use leptos::prelude::*;
use web_sys::Element;

use crate::{
    api::ApiError,
    dom::{find, on, show_class, show_text},
    feed::{Feed, Phase},
    screens::Shared,
};

/// Whose cards would be here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those that match the filters.
    List,
    /// Those that are watched.
    Watched,
}

/// What a button offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    Nothing,
    /// To try again.
    Retry,
    /// To take the filters off.
    Widen,
}

/// What there is to say, if anything.
fn said(
    phase: &Phase,
    is_online: bool,
    is_empty: bool,
    whose: Whose,
    is_filtered: bool,
) -> Option<(Said, Offer)> {
    let words = text::words();
    Some(match phase {
        Phase::Failed(ApiError::SignedOut) => (words.signed_out, Offer::Nothing),
        Phase::Failed(_) if !is_online => (words.no_network, Offer::Retry),
        Phase::Failed(ApiError::UpstreamDown { .. }) => (words.upstream_down, Offer::Retry),
        Phase::Failed(ApiError::Busy { .. }) => (words.busy, Offer::Nothing),
        Phase::Failed(_) => (words.unreachable, Offer::Retry),
        Phase::Loaded if is_empty => match whose {
            Whose::Watched => (words.nothing_watched, Offer::Nothing),
            Whose::List if is_filtered => (words.nothing_matches, Offer::Widen),
            Whose::List => (words.empty, Offer::Nothing),
        },
        Phase::Loading | Phase::Loaded => return None,
    })
}

/// Fills `notice` with the words, and a button where one helps. It takes no room while there is nothing to say.
pub fn show(notice: &Element, shared: Shared, feed: Feed, whose: Whose) {
    notice.set_inner_html("<h2></h2><p></p><button type=\"button\"></button>");
    let view = shared.router.view;
    let said = move || {
        let is_filtered = view.with(|view| view.filters != Filters::default());
        let is_empty = feed.rows.is_empty();
        let is_online = shared.presence.is_online();
        feed.phase
            .with(|phase| said(phase, is_online, is_empty, whose, is_filtered))
    };
    show_class(notice.clone(), move || match said() {
        None => "notice none",
        Some((_, Offer::Nothing)) => "notice final",
        Some(_) => "notice",
    });
    let words = move || said().map_or(("", ""), |(said, _)| said);
    show_text(find(notice, "h2"), move || words().0.to_owned());
    show_text(find(notice, "p"), move || words().1.to_owned());
    let button = find(notice, "button");
    show_text(button.clone(), move || {
        let words = text::words();
        match said() {
            Some((_, Offer::Widen)) => words.reset_all.to_owned(),
            _ => words.retry.to_owned(),
        }
    });
    on(&button, "click", move |_| match untrack(said) {
        Some((_, Offer::Widen)) => {
            let mut view = view.get_untracked();
            view.filters = Filters {
                mode: view.filters.mode,
                ..Filters::default()
            };
            view.forget_unused_names();
            shared.apply(view);
        }
        _ => feed.load(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_list(phase: &Phase, is_online: bool, is_empty: bool) -> Option<(Said, Offer)> {
        said(phase, is_online, is_empty, Whose::List, false)
    }

    #[test]
    fn while_cards_come_or_are_there_nothing_is_said() {
        assert_eq!(of_list(&Phase::Loading, false, true), None);
        assert_eq!(of_list(&Phase::Loaded, false, false), None);
    }

    #[test]
    fn each_trouble_has_its_own_words() {
        let words = text::words();
        for (error, is_online, expected) in [
            (ApiError::NoAnswer, true, (words.unreachable, Offer::Retry)),
            (ApiError::NoAnswer, false, (words.no_network, Offer::Retry)),
            (
                ApiError::SignedOut,
                false,
                (words.signed_out, Offer::Nothing),
            ),
            (
                ApiError::UpstreamDown {
                    retry_after_ms: None,
                },
                true,
                (words.upstream_down, Offer::Retry),
            ),
            (
                ApiError::Busy {
                    retry_after_ms: None,
                },
                true,
                (words.busy, Offer::Nothing),
            ),
        ] {
            let said = of_list(&Phase::Failed(error), is_online, true);
            assert_eq!(said, Some(expected));
        }
    }

    #[test]
    fn an_empty_list_is_told_by_its_reason() {
        let words = text::words();
        let said = |whose, is_filtered| said(&Phase::Loaded, true, true, whose, is_filtered);
        assert_eq!(
            said(Whose::List, false),
            Some((words.empty, Offer::Nothing))
        );
        let widen = Some((words.nothing_matches, Offer::Widen));
        assert_eq!(said(Whose::List, true), widen);
        let none = Some((words.nothing_watched, Offer::Nothing));
        assert_eq!(said(Whose::Watched, true), none);
    }
}
