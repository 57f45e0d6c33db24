//! Prices as JavaScript strings, put together from ready pieces.
//!
//! A string that crosses from wasm is decoded by the browser's `TextDecoder`, at over a microsecond each: more than
//! anything else that a changed price costs. So what changes often is joined on the other side, from pieces that have
//! crossed once.

use std::cell::OnceCell;

use cards::text;
use domain::{Kopecks, money::price_text};
use js_sys::JsString;
use wasm_bindgen::prelude::*;

/// A JavaScript string for each number below a thousand, made when it is first needed and kept as long as the page.
struct Pieces([OnceCell<JsString>; 1000]);

impl Pieces {
    const fn new() -> Self {
        Self([const { OnceCell::new() }; 1000])
    }

    fn get(&self, number: u32, spell: impl FnOnce() -> String) -> &JsString {
        self.0[number as usize].get_or_init(|| spell().into())
    }
}

thread_local! {
    /// `13` of `13 500 ₽`.
    static THOUSANDS: Pieces = const { Pieces::new() };
    /// ` 500 ₽` of `13 500 ₽`.
    static UNITS: Pieces = const { Pieces::new() };
    /// `165 ₽/км`.
    static PER_KM: Pieces = const { Pieces::new() };
}

/// [`price_text`], on JavaScript's side.
pub fn price(price: Option<Kopecks>) -> JsString {
    match price.map(Kopecks::get) {
        // Whole roubles from a thousand up to a million: nearly every price there is.
        Some(kopecks @ 100_000..100_000_000) if kopecks % 100 == 0 => {
            let roubles = (kopecks / 100) as u32;
            let (thousands, units) = (roubles / 1000, roubles % 1000);
            let joined = THOUSANDS.with(|pieces| {
                let thousands: &JsValue = pieces.get(thousands, || thousands.to_string());
                UNITS.with(|pieces| {
                    let units: &JsValue = pieces.get(units, || format!("\u{a0}{units:03}\u{a0}₽"));
                    thousands + units
                })
            });
            // Two strings added are a string.
            joined.unchecked_into()
        }
        _ => price_text(price).into(),
    }
}

/// [`text::per_km`], on JavaScript's side.
pub fn per_km(price: Option<Kopecks>) -> JsString {
    match price {
        Some(known) if known.get() < 99_950 => PER_KM.with(|pieces| {
            let roubles = (known.get() as u32 + 50) / 100;
            pieces.get(roubles, || text::per_km(price)).clone()
        }),
        _ => text::per_km(price).into(),
    }
}
