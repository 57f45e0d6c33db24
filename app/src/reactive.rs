//! What a screen is put together from, each in one form for the whole app.
//!
//! Leptos compiles its machinery anew for every type of value that a signal holds and for every closure that a view or an
//! effect is made of, from some hundred bytes of wasm to three kilobytes each, on a phone on 3G. What is boxed is of one type,
//! however many there are. The price of a card stays a signal of Leptos's own: it is what the app is for.

use std::{any::Any, cell::RefCell, future::Future, marker::PhantomData, pin::Pin, rc::Rc};

use leptos::{
    prelude::*,
    reactive::{signal::ArcTrigger, spawn_local_scoped_with_cancellation},
};
use send_wrapper::SendWrapper;
use wasm_bindgen::UnwrapThrowExt;

/// A value that others follow. Copies are the same signal; it ends with the owner under which it was made.
pub struct Signal<T> {
    slot: StoredValue<Rc<Slot<dyn Any>>, LocalStorage>,
    value: PhantomData<fn() -> T>,
}

struct Slot<V: ?Sized> {
    changed: ArcTrigger,
    value: RefCell<V>,
}

impl<T> Clone for Signal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Signal<T> {}

impl<T: Default + 'static> Default for Signal<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: 'static> Signal<T> {
    /// A signal with this value.
    pub fn new(value: T) -> Self {
        Self {
            slot: StoredValue::new_local(Rc::new(Slot {
                changed: ArcTrigger::new(),
                value: RefCell::new(value),
            })),
            value: PhantomData,
        }
    }

    /// Has whoever runs now run again when the value changes.
    pub fn track(self) {
        self.slot.get_value().changed.track();
    }

    /// Looks at the value, this moment.
    pub fn with_untracked<R>(self, look: impl FnOnce(&T) -> R) -> R {
        let slot = self.slot.get_value();
        let value = slot.value.borrow();
        look(value.downcast_ref().expect_throw("what it was made with"))
    }

    /// Looks at the value, and again when it changes.
    pub fn with<R>(self, look: impl FnOnce(&T) -> R) -> R {
        self.track();
        self.with_untracked(look)
    }

    /// Changes the value and tells who follows. Does nothing once the owner has ended: promises and Telegram may come later.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        if self.update_untracked(change) {
            self.slot.get_value().changed.notify();
        }
    }

    /// Changes the value and tells nobody. Whether there was one.
    pub fn update_untracked(self, change: impl FnOnce(&mut T)) -> bool {
        let slot = self.slot.try_get_value();
        if let Some(slot) = &slot {
            let mut value = slot.value.borrow_mut();
            change(value.downcast_mut().expect_throw("what it was made with"));
        }
        slot.is_some()
    }

    /// Puts another value in place and tells who follows.
    pub fn set(self, value: T) {
        self.update(|held| *held = value);
    }

    /// Puts a value in place, and tells who follows if it is another.
    pub fn change(self, value: T)
    where
        T: PartialEq,
    {
        let mut is_another = false;
        self.update_untracked(|held| {
            is_another = *held != value;
            *held = value;
        });
        if is_another {
            self.slot.get_value().changed.notify();
        }
    }
}

impl<T: Clone + 'static> Signal<T> {
    /// The value, and again when it changes.
    pub fn get(self) -> T {
        self.with(T::clone)
    }

    /// The value, this moment.
    pub fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }
}

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

/// Runs `act` with what `read` gives, and again whenever that has become another. What `act` reads is not followed.
pub fn follow<T: Clone + PartialEq + 'static>(
    read: impl Fn() -> T + 'static,
    act: impl Fn(T) + 'static,
) {
    let last = RefCell::new(None);
    effect(move || {
        let now = Some(read());
        if *last.borrow() != now {
            last.replace(now.clone());
            untrack(|| now.into_iter().for_each(&act));
        }
    });
}

/// Runs `act` when the present owner ends.
pub fn at_end(act: impl FnOnce() + 'static) {
    let act: SendWrapper<Box<dyn FnOnce()>> = SendWrapper::new(Box::new(act));
    on_cleanup(move || (act.take())());
}

/// Runs `task` to its end, or until `owner`, whose signals it uses, is gone.
pub fn spawn(owner: &Owner, task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    owner.with(|| spawn_local_scoped_with_cancellation(task));
}
