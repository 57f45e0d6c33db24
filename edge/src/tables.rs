//! Which version an object's tables are of, and what brings them to the next.
//!
//! An object that comes up under a new version of the Worker finds the tables of an older one, and after a rollback those of a
//! newer one. Both must do. So a step only adds: tables, and columns that may be left empty. What a column holds keeps its form;
//! another form is another column, and the old one is written along for as long as a version may come back that reads it.

use serde::Deserialize;
use serde_json::json;
use worker::{Result, SqlStorage};

use crate::log::{self, Level};

/// Statements that bring tables from each version to the next; the first ones make them. A step that was deployed once is
/// never changed.
pub type Steps = [&'static [&'static str]];

/// Where tables are.
trait Database {
    type Error;

    fn run(&self, statement: &str) -> std::result::Result<(), Self::Error>;

    /// The version that the tables are of; none if nobody has written it down.
    fn version(&self) -> std::result::Result<Option<usize>, Self::Error>;
}

/// Brings an object's tables to the version that this Worker knows. Newer ones stay as they are.
///
/// # Errors
/// If the storage fails.
pub fn bring_up(sql: &SqlStorage, steps: &Steps) -> Result<()> {
    let found = bring_to(sql, steps)?;
    if found > steps.len() {
        let detail = json!({"found": found, "known": steps.len()});
        log::write(Level::Info, "tables_newer", "", detail);
    }
    Ok(())
}

/// The version that was found.
fn bring_to<D: Database>(database: &D, steps: &Steps) -> std::result::Result<usize, D::Error> {
    database.run(
        "CREATE TABLE IF NOT EXISTS schema (id INTEGER PRIMARY KEY CHECK (id = 0), version INTEGER NOT NULL)",
    )?;
    let found = database.version()?.unwrap_or(0);
    for statement in steps.iter().skip(found).copied().flatten() {
        database.run(statement)?;
    }
    let known = steps.len();
    if found < known {
        database.run(&format!(
            "INSERT INTO schema (id, version) VALUES (0, {known})
             ON CONFLICT (id) DO UPDATE SET version = excluded.version"
        ))?;
    }
    Ok(found)
}

/// What tells the version.
const VERSION: &str = "SELECT version FROM schema";

impl Database for SqlStorage {
    type Error = worker::Error;

    fn run(&self, statement: &str) -> Result<()> {
        self.exec(statement, None).map(drop)
    }

    fn version(&self) -> Result<Option<usize>> {
        #[derive(Deserialize)]
        struct Row {
            version: usize,
        }
        let rows = self.exec(VERSION, None)?.to_array::<Row>()?;
        Ok(rows.first().map(|row| row.version))
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use rusqlite::{Connection, OptionalExtension};

    use super::*;
    use crate::{metrics_do, orders::shelf, price_history_do, refresher_do, upstream_guard_do};

    impl Database for Connection {
        type Error = rusqlite::Error;

        fn run(&self, statement: &str) -> rusqlite::Result<()> {
            self.execute(statement, []).map(drop)
        }

        fn version(&self) -> rusqlite::Result<Option<usize>> {
            self.query_row(VERSION, [], |row| row.get(0)).optional()
        }
    }

    const OLD: &Steps =
        &[&["CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"]];
    const NEW: &Steps = &[
        OLD[0],
        &[
            "ALTER TABLE notes ADD COLUMN author TEXT",
            "CREATE TABLE authors (name TEXT PRIMARY KEY)",
        ],
    ];

    fn database() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    /// What the older version does all day.
    fn use_as_old(database: &Connection, text: &str) -> String {
        database
            .execute(
                "INSERT INTO notes (id, text) VALUES (0, ?1)
                 ON CONFLICT (id) DO UPDATE SET text = excluded.text",
                [text],
            )
            .unwrap();
        let query = "SELECT text FROM notes WHERE id = 0";
        database.query_row(query, [], |row| row.get(0)).unwrap()
    }

    fn use_as_new(database: &Connection) -> (String, Option<String>) {
        let query = "SELECT text, author FROM notes WHERE id = 0";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        database.query_row(query, [], row).unwrap()
    }

    #[test]
    fn tables_go_from_version_to_version_and_keep_what_they_hold() {
        let database = database();
        assert_eq!(bring_to(&database, OLD), Ok(0));
        use_as_old(&database, "kept");
        assert_eq!(bring_to(&database, NEW), Ok(1));
        assert_eq!(use_as_new(&database), ("kept".to_owned(), None));
        assert_eq!(bring_to(&database, NEW), Ok(2), "once");
    }

    #[test]
    fn tables_from_before_there_were_versions_are_of_the_first() {
        let database = database();
        database.run(OLD[0][0]).unwrap();
        use_as_old(&database, "kept");
        assert_eq!(bring_to(&database, NEW), Ok(0));
        assert_eq!(use_as_new(&database), ("kept".to_owned(), None));
    }

    #[test]
    fn tables_of_a_newer_version_do_after_a_rollback_and_when_it_comes_back() {
        let database = database();
        bring_to(&database, NEW).unwrap();
        let author = "INSERT INTO notes (id, text, author) VALUES (0, 'new', 'Anna')";
        database.run(author).unwrap();
        assert_eq!(bring_to(&database, OLD), Ok(2));
        assert_eq!(use_as_old(&database, "old again"), "old again");
        assert_eq!(database.version(), Ok(Some(2)), "they are what they are");
        assert_eq!(bring_to(&database, NEW), Ok(2));
        let anna = Some("Anna".to_owned());
        assert_eq!(use_as_new(&database), ("old again".to_owned(), anna));
    }

    #[test]
    fn the_tables_of_every_object_can_be_made() {
        for steps in [
            refresher_do::TABLES,
            upstream_guard_do::TABLES,
            price_history_do::TABLES,
            metrics_do::TABLES,
            shelf::TABLES,
        ] {
            let database = database();
            for found in [0, steps.len()] {
                assert_eq!(bring_to(&database, steps), Ok(found));
            }
            // The first step meets tables from before there were versions.
            let again = steps[0].iter().try_for_each(|table| database.run(table));
            assert_eq!(again, Ok(()));
        }
    }
}
