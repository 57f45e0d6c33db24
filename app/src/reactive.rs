//! What a screen is put together from, each in one form for the whole app.
//!
//! Leptos compiles its machinery anew for every closure type that a view or an effect is made of, some hundred bytes of
//! wasm to a kilobyte each, on a phone on 3G. A boxed closure is one type, however many there are.

use std::{future::Future, pin::Pin};

use leptos::{prelude::*, reactive::spawn_local_scoped_with_cancellation};

/// A `class` attribute that follows signals.
pub fn class(
    class: impl FnMut() -> &'static str + Send + 'static,
) -> Box<dyn FnMut() -> &'static str + Send> {
    Box::new(class)
}

/// Runs `act`, and again whenever a signal that it read has changed.
pub fn effect(act: impl FnMut() + 'static) {
    boxed_effect(Box::new(act));
}

fn boxed_effect(act: Box<dyn FnMut()>) {
    Effect::new(act);
}

/// Runs `task` to its end, or until `owner`, whose signals it uses, is gone.
pub fn spawn(owner: &Owner, task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    owner.with(|| spawn_local_scoped_with_cancellation(task));
}
