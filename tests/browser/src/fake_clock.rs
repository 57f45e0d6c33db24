//! Time that a test moves by hand. Everything real stays in the loop: gloo's timers, the app's clock.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/played.js")]
extern "C" {
    fn stop_time();
    fn let_time_run();
    async fn settle();
    async fn paint();
    async fn advance(ms: f64);
    fn set_date(days: f64);
}

/// The page's time, until dropped.
pub struct FakeClock;

impl FakeClock {
    /// Stops the page's time.
    pub fn install() -> Self {
        stop_time();
        Self
    }

    /// Lets this many milliseconds pass.
    pub async fn advance(&self, ms: u32) {
        advance(f64::from(ms)).await;
    }

    /// Sets the phone's date, which nothing else follows, so many days off.
    pub fn set_date(&self, days: f64) {
        set_date(days);
    }

    /// Lets the browser paint, which is when it tells what came into view.
    pub async fn paint(&self) {
        paint().await;
    }

    /// Lets no time pass, but everything that is due happen.
    pub async fn settle(&self) {
        settle().await;
    }
}

impl Drop for FakeClock {
    fn drop(&mut self) {
        let_time_run();
    }
}
