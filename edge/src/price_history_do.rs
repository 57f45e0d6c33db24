//! The objects that keep how prices went. Refreshers tell them what has changed; each holds a part of the cargos.

use std::{cell::Cell, collections::BTreeMap, time::Duration};

use domain::{CargoId, PriceHistory, messages::PriceRow};
use serde::{Deserialize, Serialize};
use serde_json::json;
use swr::UnixMillis;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::{
    clock,
    keys::{Owner, prefix_of},
    log::{self, Level},
    objects, tables,
};

/// Cargos are spread over so many objects: one bears about a thousand requests a second, and each fetch may have something to
/// tell to all of them.
const SHARDS: u64 = 8;
/// A cargo whose price has not changed for so long is forgotten.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// How often that is looked after.
const SWEPT_EVERY: Duration = Duration::from_secs(24 * 3600);

/// The object's tables.
pub const TABLES: &tables::Steps = &[&["CREATE TABLE IF NOT EXISTS histories (
    cargo TEXT PRIMARY KEY,
    last_at INTEGER NOT NULL,
    changes TEXT NOT NULL
)"]];

/// What an object is told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// Upstream gave these prices at this moment. Answered with nothing.
    Note { rows: Vec<PriceRow>, at: UnixMillis },
    /// How did the price of this cargo go? Answered with [`PriceHistory`].
    Of(CargoId),
}

/// Tells that upstream gave these prices at this moment.
///
/// # Errors
/// If an object can't be reached: then some may have been told and some not. To tell again does no harm.
pub async fn note(env: &Env, owner: Owner, rows: &[PriceRow], at: UnixMillis) -> Result<()> {
    let mut shards: BTreeMap<u64, Vec<PriceRow>> = BTreeMap::new();
    for row in rows {
        shards.entry(shard(row.0)).or_default().push(*row);
    }
    for (shard, rows) in shards {
        let message = Message::Note { rows, at };
        objects::send::<()>(env, "PRICE_HISTORY", &name(owner, shard), &message).await?;
    }
    Ok(())
}

/// How the price of a cargo went.
///
/// # Errors
/// If the object can't be reached.
pub async fn of(env: &Env, owner: Owner, id: CargoId) -> Result<PriceHistory> {
    let name = name(owner, shard(id));
    objects::send(env, "PRICE_HISTORY", &name, &Message::Of(id)).await
}

fn shard(id: CargoId) -> u64 {
    id.get() % SHARDS
}

fn name(owner: Owner, shard: u64) -> String {
    format!("{}{shard}", prefix_of(owner))
}

/// See the module.
#[durable_object]
pub struct PriceHistories {
    state: State,
    is_ready: Cell<bool>,
}

impl DurableObject for PriceHistories {
    fn new(state: State, _env: Env) -> Self {
        Self {
            state,
            is_ready: Cell::new(false),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        objects::answer(request, async |message| {
            self.make_ready().await?;
            match message {
                Message::Note { rows, at } => {
                    for PriceRow(id, price) in rows {
                        let mut history = self.load(id)?;
                        if history.note(at.0, price) {
                            self.save(id, &history)?;
                        }
                    }
                    objects::reply(&())
                }
                Message::Of(id) => objects::reply(&self.load(id)?),
            }
        })
        .await
    }

    async fn alarm(&self) -> Result<Response> {
        self.make_ready().await?;
        let oldest = clock::now().0.saturating_sub(KEPT_FOR.as_millis() as u64);
        let sql = self.state.storage().sql();
        sql.exec(
            "DELETE FROM histories WHERE last_at < ?",
            vec![oldest.to_string().into()],
        )?;
        if sql
            .exec("SELECT 1 AS one FROM histories LIMIT 1", None)?
            .to_array::<serde_json::Value>()?
            .is_empty()
        {
            self.is_ready.set(false);
            self.state.storage().delete_all().await?;
        } else {
            self.state.storage().set_alarm(SWEPT_EVERY).await?;
        }
        Response::empty()
    }
}

impl PriceHistories {
    async fn make_ready(&self) -> Result<()> {
        if self.is_ready.get() {
            return Ok(());
        }
        let storage = self.state.storage();
        tables::bring_up(&storage.sql(), TABLES)?;
        if storage.get_alarm().await?.is_none() {
            storage.set_alarm(SWEPT_EVERY).await?;
        }
        self.is_ready.set(true);
        Ok(())
    }

    fn load(&self, id: CargoId) -> Result<PriceHistory> {
        #[derive(Deserialize)]
        struct Row {
            changes: String,
        }
        let rows = self
            .state
            .storage()
            .sql()
            .exec(
                "SELECT changes FROM histories WHERE cargo = ?",
                vec![id.to_string().into()],
            )?
            .to_array::<Row>()?;
        let Some(row) = rows.first() else {
            return Ok(PriceHistory::default());
        };
        // What can't be read begins anew: it is shown, nothing depends on it.
        Ok(serde_json::from_str(&row.changes).unwrap_or_else(|error| {
            let detail = json!({"cargo": id, "error": error.to_string()});
            log::write(Level::Warn, "history_unreadable", "", detail);
            PriceHistory::default()
        }))
    }

    fn save(&self, id: CargoId, history: &PriceHistory) -> Result<()> {
        let last_at = i64::try_from(history.last_at().unwrap_or(0)).unwrap_or(i64::MAX);
        self.state.storage().sql().exec(
            "INSERT INTO histories (cargo, last_at, changes) VALUES (?, ?, ?)
             ON CONFLICT (cargo) DO UPDATE SET last_at = excluded.last_at, changes = excluded.changes",
            vec![
                id.to_string().into(),
                last_at.into(),
                serde_json::to_string(history)?.into(),
            ],
        )?;
        Ok(())
    }
}
