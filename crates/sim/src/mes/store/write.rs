//! What is written, all or nothing.

use super::super::factory::{Sketch, advance};
use super::{fill::Insert, read};
use crate::world::dice::Dice;
use domain::orders::{Order, OrderId, Status, mover_of};
use rusqlite::{Transaction, params};

/// A change of an order's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Which order.
    pub id: OrderId,
    /// The status that it is to get.
    pub status: Status,
    /// The version that it must have; any if `None`.
    pub expected_version: Option<u64>,
    /// Who moves it.
    pub by: String,
    /// When, Unix milliseconds.
    pub at: u64,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// So it stands now.
    Made(Order),
    /// It has another version than it must have.
    Lost(Order),
    /// There is no such move from where it stands.
    NotAllowed(Order),
    /// There is no such order.
    UnknownOrder,
}

/// Changes an order's status, if it has the version that it must have.
pub fn change(transaction: &Transaction, wanted: &Move) -> rusqlite::Result<Moved> {
    let Some(mut order) = read::order(transaction, wanted.id)? else {
        return Ok(Moved::UnknownOrder);
    };
    if wanted
        .expected_version
        .is_some_and(|expected| expected != order.version)
    {
        return Ok(Moved::Lost(order));
    }
    if mover_of(order.status, wanted.status).is_none() {
        return Ok(Moved::NotAllowed(order));
    }
    let version = next_version(transaction)?;
    advance(&mut order, wanted.status, wanted.at, &wanted.by, version);
    let (site, number) = (wanted.id.site(), wanted.id.number());
    let status = order.status.name();
    transaction
        .prepare_cached(
            "UPDATE orders SET status = ?3, version = ?4, changed_at = ?5, changed_by = ?6, price_kopecks = ?7 \
             WHERE site = ?1 AND number = ?2",
        )?
        .execute(params![
            site.as_str(),
            number,
            status,
            version,
            order.changed_at,
            order.changed_by,
            order.price_kopecks.map(|price| price.get()),
        ])?;
    transaction
        .prepare_cached(
            "INSERT INTO history SELECT rowid, ?3, ?4, ?5, ?6 FROM orders WHERE site = ?1 AND number = ?2",
        )?
        .execute(params![
            site.as_str(),
            number,
            version,
            status,
            order.changed_at,
            order.changed_by
        ])?;
    Ok(Moved::Made(order))
}

/// A new order, sent at this moment in Unix milliseconds. What it is follows from seed and version.
pub fn create(transaction: &Transaction, seed: u64, at: u64) -> rusqlite::Result<Order> {
    let version = next_version(transaction)?;
    let mut dice = Dice::new(seed.wrapping_mul(0x9e37_79b9).wrapping_add(version));
    let sketch = Sketch::new(&mut dice);
    let last: u64 = transaction
        .prepare_cached("SELECT coalesce(max(number), 0) FROM orders WHERE site = ?1")?
        .query_row([sketch.site.as_str()], |row| row.get(0))?;
    let id = OrderId::new(sketch.site, last + 1)
        .ok_or(rusqlite::Error::IntegralValueOutOfRange(1, i64::MAX))?;
    let made = sketch.sent(id, at, version);
    Insert::new(transaction)?.order(&made)?;
    Ok(made.order)
}

/// All changes of all orders have one row of numbers.
fn next_version(transaction: &Transaction) -> rusqlite::Result<u64> {
    transaction
        .prepare_cached("UPDATE versions SET last = last + 1 RETURNING last")?
        .query_row((), |row| row.get(0))
}
