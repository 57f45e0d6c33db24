//! What the guard writes down: which keys there are, so that all of them can be invalidated, and which requests to do so
//! were carried out.

use std::{cell::RefCell, collections::HashMap};

use serde::Deserialize;
use swr::UnixMillis;
use worker::{Result, SqlStorage};

use crate::keys::RecordKey;

/// A key that is fetched all the time is written down once in so many milliseconds.
const NOTED_AGAIN_AFTER: u64 = 3_600_000;

/// The two tables.
pub struct Keys {
    sql: SqlStorage,
    noted: RefCell<HashMap<RecordKey, UnixMillis>>,
}

impl Keys {
    /// Those of the guard's [tables](crate::upstream_guard_do::TABLES). Forgets keys that were last fetched more than `dead_after`
    /// milliseconds ago: nothing of them can be served any more.
    pub fn open(sql: SqlStorage, dead_after: u64, now: UnixMillis) -> Result<Self> {
        let dead = now.0.saturating_sub(dead_after + NOTED_AGAIN_AFTER);
        sql.exec("DELETE FROM keys WHERE seen_at < ?", vec![number(dead)])?;
        Ok(Self {
            sql,
            noted: RefCell::default(),
        })
    }

    /// A key is about to be fetched.
    pub fn note(&self, key: &RecordKey, now: UnixMillis) -> Result<()> {
        let mut noted = self.noted.borrow_mut();
        if noted
            .get(key)
            .is_some_and(|&at| now.since(at) < NOTED_AGAIN_AFTER)
        {
            return Ok(());
        }
        self.sql.exec(
            "INSERT INTO keys (key, seen_at) VALUES (?, ?)
             ON CONFLICT (key) DO UPDATE SET seen_at = excluded.seen_at",
            vec![key.as_str().into(), number(now.0)],
        )?;
        noted.insert(key.clone(), now);
        Ok(())
    }

    /// The first `most` keys, in their order, whose name begins so and stands behind `after`.
    pub fn with_prefix(&self, prefix: &str, after: &str, most: usize) -> Result<Vec<RecordKey>> {
        #[derive(Deserialize)]
        struct Row {
            key: RecordKey,
        }
        let rows = self
            .sql
            .exec(
                "SELECT key FROM keys WHERE substr(key, 1, length(?1)) = ?1 AND key > ?2 ORDER BY key LIMIT ?3",
                vec![prefix.into(), after.into(), number(most as u64)],
            )?
            .to_array::<Row>()?;
        Ok(rows.into_iter().map(|row| row.key).collect())
    }

    /// Whether this signature is used for the first time. It is remembered for as long as it would be taken.
    pub fn use_once(
        &self,
        signature: &str,
        good_until: UnixMillis,
        now: UnixMillis,
    ) -> Result<bool> {
        self.sql
            .exec("DELETE FROM used WHERE good_until < ?", vec![number(now.0)])?;
        let inserted = self.sql.exec(
            "INSERT INTO used (signature, good_until) VALUES (?, ?)
             ON CONFLICT (signature) DO NOTHING RETURNING 1 AS inserted",
            vec![signature.into(), number(good_until.0)],
        )?;
        Ok(!inserted.to_array::<serde_json::Value>()?.is_empty())
    }
}

/// A moment, as SQLite keeps it.
fn number(ms: u64) -> worker::SqlStorageValue {
    worker::SqlStorageValue::Integer(i64::try_from(ms).unwrap_or(i64::MAX))
}
