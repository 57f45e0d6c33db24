//! The simulator over HTTP, in process: what its clients may rely on.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod client;
mod faults;
mod lists;
mod logins;
mod mes;
mod observation;
mod socket;
