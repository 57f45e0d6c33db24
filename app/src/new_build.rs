//! A new build of the app: noticed from what the edge says, loaded when nobody minds.

use std::{cell::Cell, rc::Rc};

use leptos::prelude::*;
use web_sys::VisibilityState;

use crate::{
    clock,
    dom::{every, on},
    telegram,
};

/// How often it is looked after, in milliseconds.
const EVERY_MS: u32 = 30_000;
/// Whoever has not touched the screen for so long does not mind, in milliseconds.
const IDLE_MS: f64 = 120_000.0;
/// For which build the page was loaded anew: once, because a client may keep an old page whatever we do.
const LOADED_FOR: &str = "loadboard.loaded_for";

/// The name of this build: that of its program, with a hash in it.
fn own() -> Option<String> {
    let link = document()
        .query_selector("link[rel=modulepreload]")
        .ok()??;
    let href = link.get_attribute("href")?;
    let name = href.rsplit('/').next()?;
    Some(name.strip_suffix(".js")?.to_owned())
}

/// Loads the page anew once the edge serves other builds, whose names `served` tells, and nobody is using this one.
pub fn follow(served: impl Fn() -> Option<String> + 'static, is_busy: impl Fn() -> bool + 'static) {
    let touched = Rc::new(Cell::new(clock::now()));
    for event in ["pointerdown", "keydown", "scroll"] {
        let touched = touched.clone();
        on(&window(), event, move |_| touched.set(clock::now()));
    }
    every(EVERY_MS, move || {
        let hidden = document().visibility_state() == VisibilityState::Hidden;
        let idle = clock::now() - touched.get() > IDLE_MS && !is_busy();
        if (hidden || idle)
            && let Some(served) = served()
            && own().is_some_and(|own| !served.contains(&own))
        {
            load_once_for(&served);
        }
    });
}

fn load_once_for(build: &str) {
    let Some(storage) = telegram::session_storage() else {
        return;
    };
    let before = storage.get_item(LOADED_FOR).ok().flatten();
    if before.as_deref() != Some(build) && storage.set_item(LOADED_FOR, build).is_ok() {
        let _ = window().location().reload();
    }
}
