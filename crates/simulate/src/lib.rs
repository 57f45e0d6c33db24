//! Deterministic simulation of the cache: what readers, places, objects, the guard and the platform do is played here, in
//! virtual time and under every weather; what they decide is decided by the very code that runs in the Worker.
//!
//! The invariants are those of the design, by their numbers: at most one fetch for a key under way (1); nobody who can be
//! served waits (2); nothing too old is served (3); nothing from before an invalidation is stored, nor served to whoever
//! knows of it (4); nobody goes back to an older copy (5); a failure destroys nothing and backs off (6); everything heals
//! (7); upstream sees no more than its budget, and an upstream that is down one probe at a time (8); what is served is
//! what upstream gave (9) for that key (10).

pub mod board;
pub mod cost;
mod kv;
mod queue;
mod record;
mod schedule;
mod shrink;
pub mod strategies;
mod world;

use schedule::Schedule;
pub use world::Tally;
use world::World;

/// What was broken, in words.
pub(crate) type Broken = String;

/// A schedule in which something was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which one: it alone replays it.
    pub seed: u64,
    /// What, beginning with the number of the invariant.
    pub broken: String,
    /// The shortest schedule found that breaks the same, told line by line.
    pub story: Vec<String>,
}

/// Runs `schedules` schedules from `seed` on.
///
/// # Errors
/// The first that breaks an invariant.
pub fn run(seed: u64, schedules: u64) -> Result<Tally, Box<Failure>> {
    let mut tally = Tally::default();
    for seed in seed..seed + schedules {
        let schedule = Schedule::draw(seed);
        match World::new(&schedule, false).run().0 {
            Ok(one) => tally.add(&one),
            Err(broken) => {
                return Err(Box::new(Failure {
                    seed,
                    story: shortest_story(&schedule, &broken),
                    broken,
                }));
            }
        }
    }
    tally.check_chance().map_err(|broken| {
        Box::new(Failure {
            seed,
            broken,
            story: Vec::new(),
        })
    })?;
    Ok(tally)
}

/// Everything that happens in one schedule.
pub fn story(seed: u64) -> Vec<String> {
    World::new(&Schedule::draw(seed), true).run().1
}

fn shortest_story(schedule: &Schedule, broken: &str) -> Vec<String> {
    let shrunk = schedule.shrunk(|candidate| {
        let result = World::new(candidate, false).run().0;
        result.is_err_and(|other| is_of_the_same(&other, broken))
    });
    World::new(&shrunk, true).run().1
}

/// Whether both break the same invariant.
fn is_of_the_same(broken: &str, other: &str) -> bool {
    let number = |broken: &str| broken.split(':').next().map(str::to_owned);
    number(broken) == number(other)
}
