//! An order is moved: shown at once, asked of the factory once, and whatever the factory says counts.

use domain::orders::{OrderId, Status};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Event;

use super::{
    Shared,
    pending::{Note, Outcome, Standing},
    row::moment,
    text,
};
use crate::{clock, dom::touched, reactive::Signal, telegram::Feel};

/// The move that a button stands for, if one was touched.
pub fn touched_move(event: &Event) -> Option<Status> {
    let button = touched(event, ".moves button")?;
    button.get_attribute("data-to")?.parse().ok()
}

/// Moves an order, if it may be moved there now. Calls `ended` when that has ended, with whether a read would tell more than is
/// known.
pub fn move_to(
    shared: Shared,
    id: OrderId,
    standing: Signal<Standing>,
    to: Status,
    ended: impl FnOnce(bool) + 'static,
) {
    let ended: Box<dyn FnOnce(bool)> = Box::new(ended);
    let mut change = None;
    standing.update(|standing| change = standing.tap(to, clock::now()));
    let Some(change) = change else { return };
    shared.platform.feel(Feel::Tap);
    let api = shared.api();
    // To its end, also when the operator has gone elsewhere.
    spawn_local(async move {
        let outcome = api.change(id, &change).await;
        let is_made = matches!(outcome, Outcome::Made(_));
        let tells = !matches!(outcome, Outcome::Refused(_));
        standing.update(|standing| standing.end(outcome));
        if !is_made {
            shared.platform.feel(Feel::Refusal);
        }
        standing.with_untracked(|standing| shared.spoken.set(told(shared, standing)));
        shared.feed.count();
        if tells {
            // The counts are others now; and where nobody knows what became of it, this read tells.
            shared.feed.poll_now();
        }
        ended(tells);
    });
}

/// What is read out once it has ended.
fn told(shared: Shared, standing: &Standing) -> String {
    let order = &standing.order;
    let now = untrack(|| shared.lens.now());
    let (line, about) = text::standing(standing, false, 0, moment(order.changed_at, now));
    match standing.note {
        None | Some(Note::NotMade) => format!("{}: {line}", order.id),
        Some(_) => format!("{}: {line}. {about}", order.id),
    }
}
