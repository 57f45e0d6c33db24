use swr::UnixMillis;

/// The platform's clock. In a Worker it stands still between I/O.
pub fn now() -> UnixMillis {
    UnixMillis(js_sys::Date::now() as u64)
}

/// A number in `0.0..1.0`.
pub fn random() -> f64 {
    js_sys::Math::random()
}
