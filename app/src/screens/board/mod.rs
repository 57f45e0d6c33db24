//! The load board: the list of cargos and their live prices.

#[expect(
    clippy::module_inception,
    reason = "the screen's own component, beside its parts"
)]
mod board;
pub mod card;
mod more;
mod notice;
mod presence;
pub mod price;
mod ready_text;
mod rows;
pub mod status;

pub use board::Board;
