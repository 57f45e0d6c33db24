//! What of a board is kept in its object's SQLite, so that it survives the object's memory.

use domain::orders::{Order, OrderId, Rank, Status};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use swr::{
    Epoch, UnixMillis,
    board::{Doubt, Mark, Saved, Unsaved},
};
use worker::{Result, SqlStorage};

use super::{board::Forgetting, entry::Row};
use crate::log::{self, Level};

/// See the module.
pub struct Shelf(SqlStorage);

/// All that was kept.
pub struct Kept {
    pub saved: Saved<Status, Rank>,
    pub rows: Vec<Row>,
    pub doubts: Vec<(Mark, Doubt<OrderId, Status>)>,
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
        for table in [
            "CREATE TABLE IF NOT EXISTS progress (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
            "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, row TEXT NOT NULL)",
            "CREATE TABLE IF NOT EXISTS doubts (mark TEXT PRIMARY KEY, doubt TEXT NOT NULL)",
            "CREATE TABLE IF NOT EXISTS deliveries (name TEXT PRIMARY KEY, good_until INTEGER NOT NULL)",
        ] {
            self.0.exec(table, None)?;
        }
        let mut saved = Saved::default();
        for (name, value) in self.pairs("SELECT name AS a, value AS b FROM progress")? {
            match name.as_str() {
                "epoch" => saved.epoch = Epoch(read(&name, &value).unwrap_or_default()),
                "greatest" => saved.greatest = read(&name, &value).unwrap_or_default(),
                "spans" => saved.spans = read(&name, &value).unwrap_or_default(),
                _ => {}
            }
        }
        let orders = self.pairs("SELECT id AS a, row AS b FROM orders")?;
        let rows = orders
            .iter()
            .filter_map(|(id, row)| read::<Order>(id, row))
            .map(Row)
            .collect();
        let doubts = self.pairs("SELECT mark AS a, doubt AS b FROM doubts")?;
        let doubts = doubts
            .iter()
            .filter_map(|(mark, doubt)| Some((Mark(mark.parse().ok()?), read(mark, doubt)?)))
            .collect();
        Ok(Kept {
            saved,
            rows,
            doubts,
        })
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

fn read<T: DeserializeOwned>(name: &str, text: &str) -> Option<T> {
    serde_json::from_str(text)
        .map_err(|error| {
            let detail = json!({"name": name, "error": error.to_string()});
            log::write(Level::Warn, "board_unreadable", "", detail);
        })
        .ok()
}

fn number(ms: u64) -> worker::SqlStorageValue {
    i64::try_from(ms).unwrap_or(i64::MAX).into()
}
