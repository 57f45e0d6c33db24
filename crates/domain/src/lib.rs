//! What both sides of Loadboard speak: money, cargo, filters, the price book and the API's messages.
//!
//! Nothing here performs I/O, reads a clock or draws a random number, so every rule is a function that tests can call.

pub mod cargo;
pub mod date;
pub mod detail;
pub mod dictionary;
pub mod etag;
pub mod exact;
pub mod filters;
pub mod health;
pub mod invalidation;
pub mod lang;
pub mod messages;
pub mod money;
pub mod orders;
pub mod price_book;
pub mod price_delta;
pub mod price_history;
pub mod problem;
pub mod query;
#[cfg(feature = "schema")]
mod schema;

pub use cargo::{Cargo, CargoId, Page, Place};
pub use date::{Date, LoadingTime};
pub use detail::CargoDetail;
pub use dictionary::{FreightType, NamedPoint};
pub use etag::Etag;
pub use filters::{Filters, Mode};
pub use lang::Lang;
pub use money::Kopecks;
pub use price_delta::PriceDelta;
pub use price_history::{PriceChange, PriceHistory};
pub use query::{FieldError, ListQuery, PricesQuery, Window};

/// Rows in one page of a list, upstream and in the cache: the most that CargoTech is asked for at once.
pub const PAGE_ROWS: u32 = 100;
