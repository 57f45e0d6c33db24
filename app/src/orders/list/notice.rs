//! Words in place of orders: what is the matter, and what happens next.

use leptos::prelude::*;
use web_sys::Element;

use crate::{
    api::ApiError,
    dom::{find, on, show_class, show_text},
    orders::{
        Shared,
        api::OrdersError,
        feed::Phase,
        words::{Said, words},
    },
};

/// What a button offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    Nothing,
    /// To try again.
    Retry,
    /// To go where drivers are.
    Cargos,
    /// To take the search off.
    Clear,
}

/// What there is to say, if anything.
fn said(phase: &Phase, is_online: bool, is_empty: bool, is_search: bool) -> Option<(Said, Offer)> {
    let words = words();
    Some(match phase {
        Phase::Failed(error) => of_error(error, is_online),
        Phase::Loaded if is_empty && is_search => (words.nothing_found, Offer::Clear),
        Phase::Loaded if is_empty => (words.empty, Offer::Nothing),
        Phase::Loading | Phase::Loaded => return None,
    })
}

fn of_error(error: &OrdersError, is_online: bool) -> (Said, Offer) {
    let words = words();
    match error {
        OrdersError::Forbidden => (words.forbidden, Offer::Cargos),
        OrdersError::Api(ApiError::SignedOut) => (words.signed_out, Offer::Nothing),
        _ if !is_online => (words.no_network, Offer::Retry),
        OrdersError::Api(ApiError::UpstreamDown { .. }) => (words.factory_down, Offer::Retry),
        OrdersError::Api(ApiError::Busy { .. }) => (words.busy, Offer::Nothing),
        OrdersError::Api(_) => (words.unreachable, Offer::Retry),
    }
}

/// The words for an error.
pub fn words_for(error: &OrdersError, is_online: bool) -> Said {
    of_error(error, is_online).0
}

/// Fills `notice` with the words, and a button where one helps. It takes no room while there is nothing to say.
pub fn show(notice: &Element, shared: Shared) {
    notice
        .set_inner_html("<h2></h2><p></p><button type=\"button\"></button><a class=\"main\"></a>");
    let Shared { feed, router, .. } = shared;
    let said = move || {
        let is_search = router.number.with(|number| !number.is_empty());
        let is_online = shared.presence.is_online();
        feed.turned.track();
        let is_empty = feed.rows().is_empty();
        feed.phase
            .with(|phase| said(phase, is_online, is_empty, is_search))
    };
    show_class(notice.clone(), move || match said() {
        None => "notice none",
        Some((_, Offer::Nothing)) => "notice final",
        Some((_, Offer::Cargos)) => "notice final leads",
        Some(_) => "notice",
    });
    let told = move || said().map_or(("", ""), |(said, _)| said);
    show_text(find(notice, "h2"), move || told().0.to_owned());
    show_text(find(notice, "p"), move || told().1.to_owned());
    let button = find(notice, "button");
    show_text(button.clone(), move || {
        let words = words();
        match said() {
            Some((_, Offer::Clear)) => words.clear,
            _ => words.retry,
        }
        .to_owned()
    });
    on(&button, "click", move |_| match untrack(said) {
        Some((_, Offer::Clear)) => router.search(String::new()),
        _ => feed.load(),
    });
    let link = find(notice, "a");
    link.set_text_content(Some(words().to_cargos));
    // The drivers' page leads here whoever Telegram sent for the orders; who comes from here stays there.
    let fragment = window().location().hash().unwrap_or_default();
    let _ = link.set_attribute("href", &format!("/?cargos{fragment}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_has_its_own_words() {
        let words = words();
        let failed = |error| Phase::Failed(error);
        let down = ApiError::UpstreamDown {
            retry_after_ms: None,
        };
        for (phase, is_online, expected) in [
            (
                failed(OrdersError::Forbidden),
                true,
                (words.forbidden, Offer::Cargos),
            ),
            (
                failed(ApiError::SignedOut.into()),
                false,
                (words.signed_out, Offer::Nothing),
            ),
            (
                failed(down.clone().into()),
                true,
                (words.factory_down, Offer::Retry),
            ),
            (failed(down.into()), false, (words.no_network, Offer::Retry)),
            (
                failed(ApiError::NoAnswer.into()),
                true,
                (words.unreachable, Offer::Retry),
            ),
        ] {
            assert_eq!(said(&phase, is_online, true, false), Some(expected));
        }
    }

    #[test]
    fn nothing_is_said_beside_orders() {
        assert_eq!(said(&Phase::Loaded, true, false, true), None);
        assert_eq!(said(&Phase::Loading, true, true, true), None);
        let nothing = said(&Phase::Loaded, true, true, true).map(|(said, _)| said);
        assert_eq!(nothing, Some(words().nothing_found));
    }
}
