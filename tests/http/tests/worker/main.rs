//! Rules of the Worker, file by file; each is told by the name of its test.

mod breaker;
mod budget;
mod cargo;
mod dead_tokens;
mod deltas;
mod dictionaries;
mod history;
mod hostile_input;
mod invalidation;
mod list;
mod order_access;
mod order_changes;
mod order_hooks;
mod orders;
mod outages;
mod page;
mod parameters;
mod prices;
mod quotes;
mod routes;
mod sessions;
mod sight;
mod sign_in;
mod single_flight;
mod spoilt_answers;
mod watched;
