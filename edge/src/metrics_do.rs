//! The object that adds up what all isolates have counted.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use worker::{Context, DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::{
    log::{self, Level},
    objects, tables,
    tally::{self, Counts},
};

/// One for all.
const NAME: &str = "metrics";

/// The object's tables.
pub const TABLES: &tables::Steps = &[&[
    "CREATE TABLE IF NOT EXISTS totals (id INTEGER PRIMARY KEY CHECK (id = 0), counts TEXT NOT NULL)",
]];

/// What the object is told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// Add these. Answered with all there are.
    Add(Counts),
}

/// Hands the counts of this isolate over, and gives back those of all.
///
/// # Errors
/// If the object can't be reached: then they stay here.
pub async fn hand_over(env: &Env) -> Result<Counts> {
    let message = Message::Add(tally::take());
    let all = objects::send(env, "METRICS", NAME, &message).await;
    if all.is_err() {
        let Message::Add(counts) = message;
        tally::add(counts);
    }
    all
}

/// The same behind an answer.
pub fn hand_over_behind(env: &Env, context: &Context) {
    let env = env.clone();
    context.wait_until(async move {
        if let Err(error) = hand_over(&env).await {
            let detail = serde_json::json!({"error": error.to_string()});
            log::write(Level::Warn, "counts_kept", "", detail);
        }
    });
}

/// See the module.
#[durable_object]
pub struct Metrics {
    state: State,
    /// What is in SQLite; `None` until it was read.
    totals: RefCell<Option<Counts>>,
}

impl DurableObject for Metrics {
    fn new(state: State, _env: Env) -> Self {
        Self {
            state,
            totals: RefCell::new(None),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        objects::answer(request, async |message| {
            let Message::Add(counts) = message;
            let mut totals = self.totals.borrow_mut();
            let mut all = match totals.take() {
                Some(all) => all,
                None => self.load()?,
            };
            if !counts.is_empty() {
                tally::merge(&mut all, counts);
                self.save(&all)?;
            }
            let reply = objects::reply(&all);
            totals.replace(all);
            reply
        })
        .await
    }
}

impl Metrics {
    fn load(&self) -> Result<Counts> {
        #[derive(Deserialize)]
        struct Row {
            counts: String,
        }
        let sql = self.state.storage().sql();
        tables::bring_up(&sql, TABLES)?;
        let rows = sql
            .exec("SELECT counts FROM totals", None)?
            .to_array::<Row>()?;
        // What can't be read counts from nothing on, as after any restart.
        let counts = rows
            .first()
            .and_then(|row| serde_json::from_str(&row.counts).ok());
        Ok(counts.unwrap_or_default())
    }

    fn save(&self, all: &Counts) -> Result<()> {
        self.state.storage().sql().exec(
            "INSERT INTO totals (id, counts) VALUES (0, ?)
             ON CONFLICT (id) DO UPDATE SET counts = excluded.counts",
            vec![serde_json::to_string(all)?.into()],
        )?;
        Ok(())
    }
}
