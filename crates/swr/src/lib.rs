//! A cache as pure logic (RFC 5861, RFC 9111), of two temperaments: stale-while-revalidate for what may be a little old,
//! and, in [`board`], cache-aside for what must be right the moment it changes.
//!
//! Nothing here performs I/O, reads a clock or draws a random number: time and randomness are arguments, and what
//! must be done is returned to the caller, who does it. Readers ask the [`HotCopies`] of their place, which judge by a
//! [`Policy`]; the one place that may fetch a key runs a [`Flight`]; whoever talks to upstream asks a [`Budget`] and a
//! [`Breaker`] first.

mod backoff;
pub mod board;
mod bounded;
mod breaker;
mod budget;
mod fence;
mod flight;
mod hot_copies;
mod job;
mod pace;
mod policy;
mod store_copy;
mod time;

pub use backoff::Backoff;
pub use bounded::Bounded;
pub use breaker::{Breaker, BreakerPolicy, BreakerState, Pass, Permit};
pub use budget::{Budget, Class, Grant, Place};
pub use fence::{Epoch, Fence, Refused, Stamp, Ticket};
pub use flight::{Ask, Flight, FlightPolicy, Landing, Outcome, Wish};
pub use hot_copies::{Asking, Demand, Found, HotCopies, Look, Settled, Stamped};
pub use job::{Job, JobAsk, JobPolicy};
pub use pace::Pace;
pub use policy::{Policy, Verdict};
pub use store_copy::{StoreCopy, StorePolicy};
pub use time::UnixMillis;
