//! An order is moved: shown at once, asked of the factory once, and whatever the factory says counts.

use domain::orders::{OrderId, Status};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Event;

use super::{
    Shared,
    pending::{Note, Outcome, SETTLES_MS, Standing},
    row::moment,
    text,
};
use crate::{clock, dom::touched, reactive::Signal, telegram::Feel};

/// The move that a button stands for, if one was touched.
pub fn touched_move(event: &Event) -> Option<Status> {
    let button = touched(event, ".moves button")?;
    button.get_attribute("data-to")?.parse().ok()
}

/// Moves an order, if it may be moved there now. Calls `read` when that has ended and a read would tell more than is known.
pub fn move_to(
    shared: Shared,
    id: OrderId,
    standing: Signal<Standing>,
    to: Status,
    read: impl FnOnce() + 'static,
) {
    let read: Box<dyn FnOnce()> = Box::new(read);
    let mut change = None;
    standing.update(|standing| change = standing.tap(to, clock::now()));
    let Some(change) = change else { return };
    shared.platform.feel(Feel::Tap);
    let api = shared.api();
    // To its end, also when the operator has gone elsewhere.
    spawn_local(async move {
        let outcome = api.change(id, &change).await;
        let is_made = matches!(outcome, Outcome::Made(_));
        // When a read would tell more than is known: the counts are others now, or nobody knows what became of it.
        let read_after = match outcome {
            Outcome::Made(_) | Outcome::Lost(_) => Some(0.0),
            Outcome::Unknown => Some(SETTLES_MS),
            Outcome::Refused(_) => None,
        };
        standing.update(|standing| standing.end(outcome, clock::now()));
        if !is_made {
            shared.platform.feel(Feel::Refusal);
        }
        standing.with_untracked(|standing| shared.spoken.set(told(shared, standing)));
        shared.feed.count();
        if let Some(ms) = read_after {
            if ms > 0.0 {
                // A little later: timers may ring a moment early.
                TimeoutFuture::new(ms as u32 + 50).await;
            }
            shared.feed.poll_now();
            read();
        }
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
