//! What orders are answered with.

use crate::mes::control::{MesDeeds, MesState};
use crate::simulation::{Pace, Simulation};
use crate::weather::Rule;
use crate::world::Mode;
use crate::world::cargo::CargoId;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// The state after the orders, which answers them.
#[derive(Debug, Serialize)]
pub struct State {
    seed: u64,
    /// The simulator's clock, in milliseconds since 1970.
    now: i64,
    cargos: Counts,
    #[serde(flatten)]
    pace: Pace,
    latency_ms: u64,
    jitter_ms: u64,
    weather: Vec<Rule>,
    limit_per_minute: Option<u32>,
    suspended: bool,
    /// Tokens alive.
    tokens: usize,
    /// What these orders did to the world.
    #[serde(flatten)]
    deeds: Deeds,
    /// The factory's system.
    mes: MesState,
}

#[derive(Debug, Serialize)]
struct Counts {
    my: usize,
    all: usize,
}

/// What orders did to the world.
#[derive(Debug, Default, Serialize)]
pub struct Deeds {
    /// Cargos that are new, oldest first.
    pub added: Vec<CargoId>,
    /// Cargos that are gone.
    pub removed: Vec<CargoId>,
    /// Cargos whose price was set or walked, and their price now.
    pub repriced: BTreeMap<CargoId, Option<i64>>,
    /// What they did to the orders of the MES.
    #[serde(skip)]
    pub mes: MesDeeds,
}

impl State {
    /// The state of a simulation, with what orders just did to it. The MES's table has so many rows.
    pub fn of(
        simulation: &Simulation,
        now: DateTime<Utc>,
        rows: Option<u64>,
        mut deeds: Deeds,
    ) -> Self {
        let config = simulation.config();
        let count = |mode| simulation.world.cargos(mode).count();
        Self {
            seed: config.seed,
            now: now.timestamp_millis(),
            cargos: Counts {
                my: count(Mode::My),
                all: count(Mode::All),
            },
            pace: simulation.pace,
            latency_ms: config.latency_ms,
            jitter_ms: config.jitter_ms,
            weather: simulation.weather().rules().to_vec(),
            limit_per_minute: simulation.rate_limit.enforced(),
            suspended: simulation.account.is_suspended(),
            tokens: simulation.account.tokens(),
            mes: MesState::of(&simulation.mes, rows, std::mem::take(&mut deeds.mes)),
            deeds,
        }
    }
}
