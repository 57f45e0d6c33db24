//! A cargo as a driver reads it: words in his language, numbers between them, HTML around them.
//!
//! The edge renders cards and details; the app shows them, and keeps alive what moves in them. Both use these same words. What
//! a text depends on comes in as arguments, but for the language: whoever renders says it first, see [`text::lang::speak`].

pub mod card;
pub mod facts;
pub mod fragments;
pub mod html;
pub mod text;
