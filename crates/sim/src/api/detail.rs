//! `GET /v1/carrier/cargos/{id}`: everything about one cargo.

use super::answer::Answer;
use super::query::whole;
use crate::world::World;
use crate::world::cargo::{Cargo, CargoId};

/// The cargo of a path segment.
///
/// # Errors
/// 404 when there is no such cargo.
pub fn cargo<'a>(world: &'a World, id: Option<&str>) -> Result<&'a Cargo, Answer> {
    id.and_then(whole)
        .and_then(|id| world.cargo(CargoId(id)))
        .ok_or_else(Answer::not_found)
}
