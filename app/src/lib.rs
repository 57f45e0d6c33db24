//! The Mini App: the drivers' board, and the operators' ([`orders`]), each a program of its own.

pub mod api;
pub mod card;
pub mod clock;
pub mod dom;
mod early;
pub mod feed;
pub mod language;
mod list_end;
mod new_build;
pub mod orders;
pub mod poll_loop;
pub mod poll_window;
pub mod poller;
pub mod presence;
pub mod price;
pub mod price_book;
pub mod reactive;
mod ready_text;
pub mod router;
pub mod rows;
pub mod screens;
pub mod session;
pub mod status;
pub mod storage;
pub mod telegram;
pub mod view;
pub mod watch_list;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// A third of the size of the allocator that comes with std, and as fast.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Puts the app where index.html keeps a place for it.
pub fn start() {
    spawn_local(async {
        // To start takes an old phone longer than to show what has come.
        if let Some(shown) = early::take_shown() {
            let _ = JsFuture::from(shown).await;
        }
        take_over();
    });
}

fn take_over() {
    let Some(place) = document().get_element_by_id("app") else {
        return;
    };
    let place: web_sys::HtmlElement = place.unchecked_into();
    // What was painted while this program was on its way stays until the app, which begins with the same, is there.
    let painted = place.child_nodes();
    let painted: Vec<_> = (0..painted.length())
        .filter_map(|at| painted.get(at))
        .collect();
    let platform = telegram::Platform::start();
    mount_to(place.clone(), move || view! { <screens::App platform /> }).forget();
    for node in painted {
        let _ = place.remove_child(&node);
    }
}
