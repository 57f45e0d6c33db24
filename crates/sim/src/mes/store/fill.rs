//! The tables, and the orders that they begin with.

use super::super::factory::{Made, Past};
use rusqlite::{CachedStatement, Connection, Transaction, params};

/// The tables. Deliberately no index on what lists ask for: that is the factory's trouble.
const TABLES: &str = "
    CREATE TABLE orders (
        site TEXT NOT NULL,
        number INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        status TEXT NOT NULL,
        version INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        changed_by TEXT NOT NULL,
        seller INTEGER NOT NULL,
        part TEXT NOT NULL,
        material TEXT NOT NULL,
        quantity INTEGER NOT NULL,
        price_kopecks INTEGER,
        comment TEXT,
        model_name TEXT,
        model_bytes INTEGER,
        PRIMARY KEY (site, number)
    ) STRICT;
    CREATE TABLE history (
        order_row INTEGER NOT NULL,
        version INTEGER NOT NULL,
        status TEXT NOT NULL,
        at INTEGER NOT NULL,
        by TEXT NOT NULL,
        PRIMARY KEY (order_row, version)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE versions (last INTEGER NOT NULL) STRICT;
    CREATE TABLE world (seed INTEGER NOT NULL, orders INTEGER NOT NULL) STRICT;
";

const ORDER: &str =
    "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
const CHANGE: &str = "INSERT INTO history VALUES (?1, ?2, ?3, ?4, ?5)";

/// Makes the tables and fills them, in one go.
pub fn fill(db: &mut Connection, seed: u64, orders: u32, now: u64) -> rusqlite::Result<()> {
    // Nobody looks while it is filled, and a file that is left half-way is not taken for a database: its tables are
    // made in the same transaction.
    db.pragma_update(None, "journal_mode", "MEMORY")?;
    db.pragma_update(None, "synchronous", "OFF")?;
    let transaction = db.transaction()?;
    transaction.execute_batch(TABLES)?;
    let mut last_version = 0;
    {
        let mut insert = Insert::new(&transaction)?;
        for made in Past::new(seed, orders, now) {
            insert.order(&made)?;
            last_version = made.order.version;
        }
    }
    transaction.execute("INSERT INTO versions VALUES (?1)", [last_version])?;
    transaction.execute(
        "INSERT INTO world VALUES (?1, ?2)",
        params![seed.cast_signed(), orders],
    )?;
    transaction.commit()
}

/// Whether it was filled with just this.
pub fn is_world(db: &Connection, seed: u64, orders: u32) -> bool {
    let world = db.query_row("SELECT seed, orders FROM world", (), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?))
    });
    world == Ok((seed.cast_signed(), orders))
}

/// Inserts orders with their history.
pub struct Insert<'a> {
    db: &'a Connection,
    order: CachedStatement<'a>,
    change: CachedStatement<'a>,
}

impl<'a> Insert<'a> {
    pub fn new(transaction: &'a Transaction) -> rusqlite::Result<Self> {
        Ok(Self {
            db: transaction,
            order: transaction.prepare_cached(ORDER)?,
            change: transaction.prepare_cached(CHANGE)?,
        })
    }

    pub fn order(&mut self, made: &Made) -> rusqlite::Result<()> {
        let Made {
            order,
            comment,
            model,
            history,
        } = made;
        self.order.execute(params![
            order.id.site().as_str(),
            order.id.number(),
            order.created_at,
            order.status.name(),
            order.version,
            order.changed_at,
            order.changed_by,
            order.seller.0,
            order.part,
            order.material,
            order.quantity,
            order.price_kopecks.map(|price| price.get()),
            comment,
            model.as_ref().map(|model| &model.name),
            model.as_ref().map(|model| model.bytes),
        ])?;
        let row = self.db.last_insert_rowid();
        for change in history {
            let status = change.status.name();
            self.change
                .execute(params![row, change.version, status, change.at, change.by])?;
        }
        Ok(())
    }
}
