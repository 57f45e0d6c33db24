//! The other half: one board, and everything around it. Upstream is a factory's MES, the holder of the board an object as the
//! Worker has it, readers ask in places with copies on lease, writers announce, write and settle; messages are late, lost
//! or repeated, and anything may die. What is decided is decided by [`swr::board::Board`] and [`swr::Job`].
//!
//! The invariants, by the numbers that a failure names:
//! 1. *Right at once.* After a change is answered to its writer, nobody who begins later is shown an older state of that order,
//!    in a list or by itself, unless what he is shown is marked stale, or the board could not be reached for that change.
//! 2. *One place.* In one answer, and in the answers of one moment, an order is in one status; and of what an answer
//!    covers, none is missing.
//! 3. *Walks.* Who reads page after page sees what was in the list all the while exactly once, and nothing twice.
//! 4. *Time to live.* What is shown is no older than it says, and it says no more than its time to live, unless it is marked
//!    stale, and then no more than the window for errors: so a change that nobody told is seen by then.
//! 5. *Single flight.* At most one reading of the same is under way, by one holder and within its deadline.
//! 6. *Writes.* A writer is told that a change was made if and only if upstream made it, once.
//! 7. *Healing.* When all is calm, no doubt is left, everybody is answered, lists and counts are upstream's; and counts that
//!    claim to be certain are right whenever every change since was told.
//! 8. *Bounds.* What is held is bounded: of each group, changes, pages, details.
//! 9. *Quotes.* Each is computed once for its window however many ask, whoever leaves or dies; a failure is told for its
//!    time and no longer; each ends.
//! 10. *Leases.* No copy is served for longer than its lease.
//! 11. *Nothing made up.* What is shown was so upstream, and went the way that it is said to have gone.

mod holder;
pub(crate) mod order;
mod quotes;
mod schedule;
pub(crate) mod upstream;
mod witness;
mod world;
mod writer;

use schedule::Schedule;
pub use world::Tally;
use world::World;

use crate::Failure;

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
    Ok(tally)
}

/// Everything that happens in one schedule.
pub fn story(seed: u64) -> Vec<String> {
    World::new(&Schedule::draw(seed), true).run().1
}

fn shortest_story(schedule: &Schedule, broken: &str) -> Vec<String> {
    let shrunk = schedule.shrunk(|candidate| {
        let result = World::new(candidate, false).run().0;
        result.is_err_and(|other| crate::is_of_the_same(&other, broken))
    });
    World::new(&shrunk, true).run().1
}
