//! What is read, in the snapshot of whoever reads it.

use domain::Kopecks;
use domain::orders::{
    Change, Counts, Filter, ModelFile, Order, OrderDetail, OrderId, Rank, SellerId, Site, Status,
    Statuses,
};
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

const COLUMNS: &str = "site, number, created_at, status, version, changed_at, changed_by, seller, part, \
    material, quantity, price_kopecks";

/// What a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which orders.
    pub filter: Filter,
    /// Those below this place alone.
    pub before: Option<Rank>,
    /// How many at most.
    pub limit: u32,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The orders, newest first.
    pub orders: Vec<Order>,
    /// Whether there are more below.
    pub more: bool,
}

/// A page of a list, for which the whole table is looked through.
pub fn list(db: &Connection, wanted: &Wanted) -> rusqlite::Result<Page> {
    let filter = &wanted.filter;
    // Else the primary key would help where a site is asked for, and lists would be quick by accident.
    let mut sql = format!("SELECT {COLUMNS} FROM orders NOT INDEXED WHERE true");
    let mut values: Vec<Value> = Vec::new();
    if filter.statuses != Statuses::ALL {
        let statuses: Vec<String> = filter
            .statuses
            .iter()
            .map(|status| format!("'{status}'"))
            .collect();
        sql += &format!(" AND status IN ({})", statuses.join(", "));
    }
    if let Some(site) = filter.site {
        sql += " AND site = ?";
        values.push(Value::Text(site.to_string()));
    }
    if let Some(seller) = filter.seller {
        sql += " AND seller = ?";
        values.push(Value::Integer(seller.0.into()));
    }
    if let Some(name) = &filter.name {
        sql += " AND instr(site || '-' || number, ?) > 0";
        values.push(Value::Text(name.clone()));
    }
    if let Some(before) = wanted.before {
        sql += " AND (created_at, number, site) < (?, ?, ?)";
        values.push(integer(before.created_at));
        values.push(integer(before.id.number()));
        values.push(Value::Text(before.id.site().to_string()));
    }
    sql += " ORDER BY created_at DESC, number DESC, site DESC LIMIT ?";
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    values.push(integer(u64::from(wanted.limit) + 1));
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), read_order)?;
    let mut orders = rows.collect::<rusqlite::Result<Vec<Order>>>()?;
    let more = orders.len() > limit;
    orders.truncate(limit);
    Ok(Page { orders, more })
}

/// These orders, newest first; unknown ones are left out.
pub fn by_ids(db: &Connection, ids: &[OrderId]) -> rusqlite::Result<Vec<Order>> {
    let mut orders = Vec::with_capacity(ids.len());
    for id in ids {
        orders.extend(order(db, *id)?);
    }
    orders.sort_by_key(|order| std::cmp::Reverse(order.rank()));
    orders.dedup();
    Ok(orders)
}

/// One order.
pub fn order(db: &Connection, id: OrderId) -> rusqlite::Result<Option<Order>> {
    let sql = format!("SELECT {COLUMNS} FROM orders WHERE site = ?1 AND number = ?2");
    db.prepare_cached(&sql)?
        .query_row(params![id.site().as_str(), id.number()], read_order)
        .optional()
}

/// How many orders stand where, at one site or at all. The whole table is looked through.
pub fn counts(db: &Connection, site: Option<Site>) -> rusqlite::Result<Counts> {
    let mut statement = db.prepare_cached(
        "SELECT status, count(*) FROM orders NOT INDEXED WHERE ?1 IS NULL OR site = ?1 GROUP BY status",
    )?;
    let site = site.map(|site| site.to_string());
    let rows = statement.query_map([site], |row| Ok((status(row, 0)?, row.get::<_, u64>(1)?)))?;
    let mut counts = Counts(Status::ALL.map(|status| (status, 0)).into());
    for row in rows {
        let (status, count) = row?;
        counts.0.insert(status, count);
    }
    Ok(counts)
}

/// Everything about one order.
pub fn detail(db: &Connection, id: OrderId) -> rusqlite::Result<Option<OrderDetail>> {
    let Some(order) = order(db, id)? else {
        return Ok(None);
    };
    let (comment, model) = db
        .prepare_cached(
            "SELECT comment, model_name, model_bytes FROM orders WHERE site = ?1 AND number = ?2",
        )?
        .query_row(params![id.site().as_str(), id.number()], |row| {
            let (name, bytes): (Option<String>, Option<u64>) = (row.get(1)?, row.get(2)?);
            let model = name
                .zip(bytes)
                .map(|(name, bytes)| ModelFile { name, bytes });
            Ok((row.get(0)?, model))
        })?;
    Ok(Some(OrderDetail {
        order,
        comment,
        model,
        history: history(db, id)?,
    }))
}

/// How an order came to where it stands, oldest first; nothing of an unknown one.
pub fn history(db: &Connection, id: OrderId) -> rusqlite::Result<Vec<Change>> {
    let mut statement = db.prepare_cached(
        "SELECT history.status, at, by, history.version FROM orders JOIN history ON order_row = orders.rowid \
         WHERE site = ?1 AND number = ?2 ORDER BY history.version",
    )?;
    let rows = statement.query_map(params![id.site().as_str(), id.number()], |row| {
        Ok(Change {
            status: status(row, 0)?,
            at: row.get(1)?,
            by: row.get(2)?,
            version: row.get(3)?,
        })
    })?;
    rows.collect()
}

fn read_order(row: &Row) -> rusqlite::Result<Order> {
    let site: Site = row.get_ref(0)?.as_str()?.parse().map_err(|_| odd(0))?;
    Ok(Order {
        id: OrderId::new(site, row.get(1)?).ok_or_else(|| odd(1))?,
        created_at: row.get(2)?,
        status: status(row, 3)?,
        version: row.get(4)?,
        changed_at: row.get(5)?,
        changed_by: row.get(6)?,
        seller: SellerId(row.get(7)?),
        part: row.get(8)?,
        material: row.get(9)?,
        quantity: row.get(10)?,
        price_kopecks: row.get::<_, Option<i64>>(11)?.and_then(Kopecks::new),
    })
}

fn status(row: &Row, column: usize) -> rusqlite::Result<Status> {
    row.get_ref(column)?
        .as_str()?
        .parse()
        .map_err(|_| odd(column))
}

/// A value that nobody but another program can have written there.
fn odd(column: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, "orders".to_owned(), Type::Text)
}

/// A number as SQLite has it; what is greater than its greatest is as good as that.
fn integer(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}
