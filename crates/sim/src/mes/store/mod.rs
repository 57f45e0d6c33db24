//! The orders, in a real SQLite file. Everything here blocks: it is called from threads that may.

mod fill;
mod read;
mod write;

pub use read::{Page, Wanted, by_ids, counts, detail, history, list, order};
pub use write::{Move, Moved, change, create};

use super::config::Config;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

/// No write takes so long; whoever waits longer for the file waits for something else.
const PATIENCE: Duration = Duration::from_secs(30);

/// The database. Readers see one snapshot each and stop nobody; writers come one after the other.
#[derive(Debug)]
pub struct Store {
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
    path: PathBuf,
    /// Removes the file when it is dropped, so it stands after whatever has the file open.
    _directory: Option<TempDir>,
}

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite's reason.
    #[error("the MES's database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// No temporary directory.
    #[error("a directory for the MES's database: {0}")]
    Directory(#[from] io::Error),
    /// The file holds something else.
    #[error("{} is not the MES's database of this seed and number of orders; remove it or name another file", .0.display())]
    AnotherWorld(PathBuf),
}

impl Store {
    /// Opens the database; makes it if there is none. `now` in Unix milliseconds is the moment up to which the orders
    /// of a new one lead.
    ///
    /// # Errors
    /// When the file can't be made, or holds something else.
    pub fn open(config: &Config, seed: u64, now: u64) -> Result<Self, StoreError> {
        let (path, directory) = match &config.file {
            Some(path) => (path.clone(), None),
            None => {
                let directory = tempfile::Builder::new()
                    .prefix("loadboard-mes-")
                    .tempdir()?;
                (directory.path().join("mes.sqlite"), Some(directory))
            }
        };
        let is_new = !path.exists();
        let mut writer = Connection::open(&path)?;
        if is_new {
            fill::fill(&mut writer, seed, config.orders, now)?;
        } else if !fill::is_world(&writer, seed, config.orders) {
            return Err(StoreError::AnotherWorld(path));
        }
        set_up(&writer)?;
        Ok(Self {
            readers: Mutex::default(),
            writer: Mutex::new(writer),
            path,
            _directory: directory,
        })
    }

    /// What `read` finds, and the number of the last change at the moment it finds it.
    ///
    /// # Errors
    /// SQLite's.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<(u64, T)> {
        let idle = lock(&self.readers).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => open_reader(&self.path)?,
        };
        let snapshot = reader.transaction()?;
        // The first read takes the snapshot, which everything after it sees too.
        let as_of = snapshot.query_row("SELECT last FROM versions", (), |row| row.get(0))?;
        let found = read(&snapshot)?;
        snapshot.finish()?;
        lock(&self.readers).push(reader);
        Ok((as_of, found))
    }

    /// Does what `write` does, all of it or, if it fails, nothing.
    ///
    /// # Errors
    /// SQLite's, and those of `write`.
    pub fn write<T, E: From<rusqlite::Error>>(
        &self,
        write: impl FnOnce(&Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = lock(&self.writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = write(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// How many orders there are.
    ///
    /// # Errors
    /// SQLite's.
    pub fn rows(&self) -> rusqlite::Result<u64> {
        // Rows are never removed, so the last one's number is how many there are; to count them would be a scan.
        let rows = "SELECT coalesce(max(rowid), 0) FROM orders";
        Ok(self.read(|db| db.query_row(rows, (), |row| row.get(0)))?.1)
    }
}

fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let reader = Connection::open(path)?;
    set_up(&reader)?;
    Ok(reader)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    // Readers go on while somebody writes. A simulator that loses power loses its last changes, which is all right.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "OFF")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
