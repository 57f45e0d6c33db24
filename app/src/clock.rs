//! Time since the page was opened. A phone's wall clock may be a day off and may be set back; this one only goes on.

/// Milliseconds since the page was opened.
pub fn now() -> f64 {
    leptos::prelude::window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

/// A number in `0.0..1.0`.
pub fn random() -> f64 {
    js_sys::Math::random()
}
