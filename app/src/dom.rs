//! The page under the app's hands: templates filled in, and what in them follows signals.
//!
//! Leptos compiles its machinery anew for every element of a view, some four kilobytes of wasm each: a list of live cards is
//! worth that, a form is not. So everything that is not a list is a template, and what moves in it is bound by the
//! functions here, each of which exists once. What they bind ends with the owner that they are called under.

use gloo_timers::callback::Interval;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, UnwrapThrowExt, prelude::Closure};
use web_sys::{Element, Event, EventTarget};

use crate::reactive::{at_end, effect};

/// What the template of `within` has there.
pub fn find(within: &Element, selector: &str) -> Element {
    let found = within.query_selector(selector).ok().flatten();
    found.expect_throw("our own template has it")
}

/// The same as an element of its own kind.
pub fn find_as<T: JsCast>(within: &Element, selector: &str) -> T {
    find(within, selector).unchecked_into()
}

/// All that it has there, this moment.
pub fn find_all(within: &Element, selector: &str) -> Vec<Element> {
    let found = within.query_selector_all(selector).ok();
    let found = found
        .into_iter()
        .flat_map(|found| (0..found.length()).filter_map(move |at| found.get(at)));
    found.map(JsCast::unchecked_into).collect()
}

/// Calls `act` at every such event.
pub fn on(target: &EventTarget, event: &'static str, act: impl FnMut(Event) + 'static) {
    listen(target, event, Box::new(act));
}

fn listen(target: &EventTarget, event: &'static str, act: Box<dyn FnMut(Event)>) {
    let act = Closure::wrap(act);
    let _ = target.add_event_listener_with_callback(event, act.as_ref().unchecked_ref());
    let target = target.clone();
    at_end(move || {
        let _ = target.remove_event_listener_with_callback(event, act.as_ref().unchecked_ref());
    });
}

/// Calls `act` again and again, after so many milliseconds each.
pub fn every(ms: u32, act: impl FnMut() + 'static) {
    let timer = Interval::new(ms, act);
    at_end(move || drop(timer));
}

/// Shows a text that follows signals, in one text node. The page is touched only when it changes.
pub fn show_text(element: Element, text: impl FnMut() -> String + 'static) {
    let node = document().create_text_node("");
    // In place of what the template has there.
    element.set_text_content(None);
    let _ = element.append_child(&node);
    show(Box::new(text), move |text| node.set_data(text));
}

/// Sets an attribute that follows signals.
pub fn show_attribute(
    element: Element,
    name: &'static str,
    value: impl FnMut() -> String + 'static,
) {
    show(Box::new(value), move |value| {
        let _ = element.set_attribute(name, value);
    });
}

/// The same for what is on or off.
pub fn show_flag(element: Element, name: &'static str, is: impl Fn() -> bool + 'static) {
    show_attribute(element, name, move || flag(is()).to_owned());
}

/// Sets the classes, which follow signals.
pub fn show_class(element: Element, class: impl FnMut() -> &'static str + 'static) {
    let mut class = class;
    show_attribute(element, "class", move || class().to_owned());
}

/// Fills an element with a template that follows signals. What it holds is bound by whoever listens to its events.
pub fn show_html(element: Element, html: impl FnMut() -> String + 'static) {
    show(Box::new(html), move |html| element.set_inner_html(html));
}

fn show(mut value: Box<dyn FnMut() -> String>, put: impl Fn(&str) + 'static) {
    let put: Box<dyn Fn(&str)> = Box::new(put);
    let mut shown = None;
    effect(move || {
        let value = value();
        if shown.as_ref() != Some(&value) {
            put(&value);
            shown = Some(value);
        }
    });
}

/// The value of an attribute that is on or off.
pub fn flag(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}

/// The element that was touched, or the next around it that the selector names.
pub fn touched(event: &Event, selector: &str) -> Option<Element> {
    let element: Element = event.target()?.dyn_into().ok()?;
    element.closest(selector).ok()?
}
