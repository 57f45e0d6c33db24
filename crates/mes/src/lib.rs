//! Client of the factory's system (MES): lists of orders, changes of their status, models and calculations of prices.
//!
//! It makes exactly the calls it is asked for: no retry, no cache, no policy. Those are the caller's decisions. What
//! arrives is believed only where it is what was asked for: see [`Snapshot`].

mod client;
pub mod decode;
mod error;
mod model;
mod request;
mod token;

pub use client::{Client, read_upload};
pub use decode::{Calculation, Change, Counted, Detailed, Snapshot, Uploaded};
pub use error::Error;
pub use model::{ModelHash, NotAModelHash};
pub use request::{ListRequest, MOST_IDS, StatusChange};
pub use token::Token;
