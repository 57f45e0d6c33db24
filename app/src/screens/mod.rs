//! The screens.

pub mod board;
