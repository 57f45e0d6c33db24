//! The orders of a factory: what they are, which way they may go, and how lists of them are asked for.

pub mod delivery;
pub mod id;
pub mod list_query;
pub mod messages;
pub mod order;
pub mod quote;
pub mod status;

pub use delivery::DeliveryName;
pub use id::{NotAnOrderId, OrderId, SellerId, Site};
pub use list_query::{Cursor, Filter, OrdersQuery};
pub use order::{Change, ModelFile, Order, OrderDetail, Rank};
pub use quote::{Quantity, QuoteId, QuoteRequest, Quoted};
pub use status::{Counts, Mover, Status, Statuses, mover_of};
