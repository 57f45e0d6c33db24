//! A stale-while-revalidate cache as pure logic (RFC 5861, RFC 9111).
//!
//! Nothing here performs I/O, reads a clock or draws a random number: time and randomness are arguments, and what
//! must be done is returned to the caller, who does it. A reader asks [`Policy::verdict`] what a copy is good for; the
//! one place that may fetch a key runs a [`Flight`]; whoever talks to upstream asks a [`Budget`] and a [`Breaker`] first.

mod backoff;
mod breaker;
mod budget;
mod fence;
mod flight;
mod hot_copies;
mod pace;
mod policy;
mod time;

pub use backoff::Backoff;
pub use breaker::{Breaker, BreakerPolicy, Permit};
pub use budget::{Budget, Class, Grant};
pub use fence::{Epoch, Fence, Refused, Stamp, Ticket};
pub use flight::{Ask, Flight, FlightPolicy, Landing, Outcome};
pub use hot_copies::{Asking, HotCopies};
pub use pace::Pace;
pub use policy::{Policy, Verdict};
pub use time::UnixMillis;
