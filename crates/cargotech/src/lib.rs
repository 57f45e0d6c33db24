//! Client of the CargoTech API: login, list pages, details and dictionaries.
//!
//! It makes exactly the calls it is asked for: no retry, no token kept, no budget. Those are the caller's decisions.

mod client;
pub mod decode;
mod error;
mod query;

pub use client::{Client, Credentials, Token};
pub use error::Error;
