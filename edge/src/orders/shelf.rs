//! What of a board is kept in its object's SQLite, so that it survives the object's memory.

use domain::orders::{OrderId, Rank, Status};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use swr::{
    Epoch, UnixMillis,
    board::{Doubt, Mark, Saved, Unsaved},
};
use worker::{Result, SqlStorage};

use super::{board::Forgetting, entry::Row};
use crate::{
    log::{self, Level},
    tables,
};

/// The object's tables.
pub const TABLES: &tables::Steps = &[&[
    "CREATE TABLE IF NOT EXISTS progress (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, row TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS doubts (mark TEXT PRIMARY KEY, doubt TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS deliveries (name TEXT PRIMARY KEY, good_until INTEGER NOT NULL)",
]];

/// See the module.
pub struct Shelf(SqlStorage);

/// All that was kept.
#[derive(Default)]
pub struct Kept {
    pub saved: Saved<Status, Rank>,
    pub rows: Vec<Row>,
    pub doubts: Vec<(Mark, Doubt<OrderId, Status>)>,
    /// What of it can't be read: its name, and why.
    unreadable: Vec<(String, String)>,
}

impl Kept {
    /// Of what stands in the tables. What can't be read was written by another version, and the MES knows it. But an order that is
    /// left out would be missing in its list, and one whose doubt is would be believed: so then all lists are read anew.
    pub fn of<T: AsRef<str>>(progress: &[(T, T)], orders: &[(T, T)], doubts: &[(T, T)]) -> Self {
        let mut kept = Self::default();
        for (name, value) in progress {
            let (name, value) = (name.as_ref(), value.as_ref());
            match name {
                "epoch" => kept.saved.epoch = Epoch(kept.read(name, value).unwrap_or_default()),
                "greatest" => kept.saved.greatest = kept.read(name, value).unwrap_or_default(),
                "spans" => kept.saved.spans = kept.read(name, value).unwrap_or_default(),
                _ => {}
            }
        }
        for (id, order) in orders {
            if let Some(order) = kept.read(id.as_ref(), order.as_ref()) {
                kept.rows.push(Row(order));
            }
        }
        for (mark, doubt) in doubts {
            let mark = mark.as_ref();
            if let (Ok(number), Some(doubt)) = (mark.parse(), kept.read(mark, doubt.as_ref())) {
                kept.doubts.push((Mark(number), doubt));
            }
        }
        if kept.rows.len() < orders.len() || kept.doubts.len() < doubts.len() {
            kept.saved.spans = Vec::new();
        }
        kept
    }

    fn read<T: DeserializeOwned>(&mut self, name: &str, text: &str) -> Option<T> {
        let read = serde_json::from_str(text);
        read.map_err(|error| self.unreadable.push((name.to_owned(), error.to_string())))
            .ok()
    }
}

impl Shelf {
    /// In this storage.
    pub fn new(sql: SqlStorage) -> Self {
        Self(sql)
    }

    /// What was kept. What can't be read is left out: the MES knows it.
    ///
    /// # Errors
    /// If the storage fails.
    pub fn load(&self) -> Result<Kept> {
        tables::bring_up(&self.0, TABLES)?;
        let kept = Kept::of(
            &self.pairs("SELECT name AS a, value AS b FROM progress")?,
            &self.pairs("SELECT id AS a, row AS b FROM orders")?,
            &self.pairs("SELECT mark AS a, doubt AS b FROM doubts")?,
        );
        if let Some((name, error)) = kept.unreadable.first() {
            let detail = json!({"how_many": kept.unreadable.len(), "name": name, "error": error});
            log::write(Level::Warn, "board_unreadable", "", detail);
        }
        Ok(kept)
    }

    /// Keeps what has changed. All that is told from one place of the program is kept together or not at all.
    ///
    /// # Errors
    /// If the storage fails.
    pub fn save(&self, unsaved: Unsaved<Row>) -> Result<()> {
        if let Some((epoch, greatest)) = unsaved.progress {
            self.note("epoch", &epoch.0.to_string())?;
            self.note("greatest", &greatest.to_string())?;
        }
        if let Some(spans) = &unsaved.spans {
            self.note("spans", &serde_json::to_string(spans)?)?;
        }
        for (id, row) in unsaved.entries {
            let id = id.to_string().into();
            match row {
                Some(row) => {
                    let row = serde_json::to_string(&row.0)?.into();
                    self.0.exec(
                        "INSERT OR REPLACE INTO orders (id, row) VALUES (?, ?)",
                        vec![id, row],
                    )?;
                }
                None => {
                    self.0.exec("DELETE FROM orders WHERE id = ?", vec![id])?;
                }
            }
        }
        Ok(())
    }

    /// Keeps a change that somebody is about to make.
    ///
    /// # Errors
    /// If the storage fails.
    pub fn save_doubt(&self, mark: Mark, doubt: &Doubt<OrderId, Status>) -> Result<()> {
        let values = vec![
            mark.0.to_string().into(),
            serde_json::to_string(doubt)?.into(),
        ];
        self.0.exec(
            "INSERT OR IGNORE INTO doubts (mark, doubt) VALUES (?, ?)",
            values,
        )?;
        Ok(())
    }

    /// These changes have ended.
    ///
    /// # Errors
    /// If the storage fails.
    pub fn forget_doubts(&self, marks: &[Mark]) -> Result<()> {
        for mark in marks {
            self.0.exec(
                "DELETE FROM doubts WHERE mark = ?",
                vec![mark.0.to_string().into()],
            )?;
        }
        Ok(())
    }

    /// Whether a delivery comes for the first time.
    ///
    /// # Errors
    /// If the storage fails.
    pub fn note_delivery(
        &self,
        name: &str,
        good_until: UnixMillis,
        now: UnixMillis,
    ) -> Result<bool> {
        self.0.exec(
            "DELETE FROM deliveries WHERE good_until < ?",
            vec![number(now.0)],
        )?;
        let values = vec![name.into(), number(good_until.0)];
        let noted = self.0.exec(
            "INSERT OR IGNORE INTO deliveries (name, good_until) VALUES (?, ?) RETURNING name AS a, name AS b",
            values,
        )?;
        Ok(!noted.to_array::<Pair>()?.is_empty())
    }

    /// Forgets what was read. Epochs, changes under way and deliveries are not of that kind; the number of the greatest change is
    /// only if the MES counts anew: a reading that lags behind what was answered must not be taken for new.
    ///
    /// # Errors
    /// If the storage fails.
    pub fn forget(&self, forgetting: Forgetting) -> Result<()> {
        self.0.exec("DELETE FROM orders", None)?;
        self.0
            .exec("DELETE FROM progress WHERE name = 'spans'", None)?;
        if forgetting == Forgetting::Numbers {
            self.0
                .exec("DELETE FROM progress WHERE name = 'greatest'", None)?;
        }
        Ok(())
    }

    fn note(&self, name: &str, value: &str) -> Result<()> {
        let values = vec![name.into(), value.into()];
        self.0.exec(
            "INSERT OR REPLACE INTO progress (name, value) VALUES (?, ?)",
            values,
        )?;
        Ok(())
    }

    fn pairs(&self, query: &str) -> Result<Vec<(String, String)>> {
        let rows = self.0.exec(query, None)?.to_array::<Pair>()?;
        Ok(rows.into_iter().map(|pair| (pair.a, pair.b)).collect())
    }
}

#[derive(Deserialize)]
struct Pair {
    a: String,
    b: String,
}

fn number(ms: u64) -> worker::SqlStorageValue {
    i64::try_from(ms).unwrap_or(i64::MAX).into()
}
