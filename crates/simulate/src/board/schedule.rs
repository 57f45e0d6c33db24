//! What happens around one board, drawn from a seed.

use fastrand::Rng;
use swr::{Backoff, FlightPolicy, JobPolicy, Policy, board::BoardPolicy};

use super::{
    order::{Name, QUERIES, Status},
    upstream::Weather,
};
use crate::shrink::shrink;

/// Something that happens at a moment, whatever else does.
#[derive(Clone, Debug)]
pub struct Action {
    /// Milliseconds since the beginning.
    pub at: u64,
    pub kind: Kind,
    /// Decides all chance in what follows from it: to leave another action out changes nothing here.
    pub seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody reads in a place; if `knowing`, he demands the newest epoch that he was ever answered.
    Read {
        place: usize,
        want: Wanted,
        knowing: bool,
    },
    /// Somebody reads a list page after page.
    Walk {
        place: usize,
        name: Name,
    },
    /// Somebody moves an order through us. Chance decides which one and where to; `late` if he has an older state of it
    /// before his eyes.
    Write {
        late: bool,
    },
    /// The same, elsewhere.
    Elsewhere,
    /// An order is made elsewhere.
    Create {
        in_the_middle: bool,
    },
    /// The board's object is evicted.
    Evict,
    /// What it holds of orders is thrown away.
    ThrowAway,
    /// A place loses its memory.
    Forget {
        place: usize,
    },
    /// No message comes through to the board or from it, for so many milliseconds.
    Outage(u64),
    Weather(Weather),
    /// Somebody asks for a quote.
    Quote {
        key: usize,
    },
    /// A quote's object is evicted.
    EvictQuote {
        key: usize,
    },
}

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    List(Name),
    /// Of the order that has this number, by the number of all.
    Detail(u16),
    Counts,
}

#[derive(Clone, Debug)]
pub struct Schedule {
    pub seed: u64,
    pub places: usize,
    pub quotes: usize,
    /// The statuses of the first orders.
    pub orders: Vec<Status>,
    pub policy: BoardPolicy,
    /// So many entries are read at once.
    pub load_limit: usize,
    /// A read of upstream that takes longer is given up, in milliseconds.
    pub fetch_timeout: u64,
    /// Lists may be read from a copy of upstream that lags behind by so much, in milliseconds.
    pub lag: u64,
    /// How likely a message is lost, in thousandths.
    pub losses: u32,
    /// The same of what upstream tells.
    pub webhook_losses: u32,
    /// From then on nothing bad happens: everything must heal.
    pub calm_from: u64,
    /// By then it has.
    pub healed_from: u64,
    pub end: u64,
    /// By time.
    pub actions: Vec<Action>,
}

pub const JOB: JobPolicy = JobPolicy {
    fresh: 15_000,
    failed: 5_000,
};

/// What a board's own are, all of them shorter, so that a schedule sees everything live through all its windows.
const POLICY: BoardPolicy = BoardPolicy {
    lists: Policy {
        fresh: 8_000,
        eager: 1_500,
        stale_while_revalidate: 0,
        stale_if_error: 20_000,
    },
    pages: Policy {
        fresh: 4_000,
        eager: 0,
        stale_while_revalidate: 0,
        stale_if_error: 12_000,
    },
    details: Policy {
        fresh: 12_000,
        eager: 0,
        stale_while_revalidate: 0,
        stale_if_error: 12_000,
    },
    flight: FlightPolicy {
        deadline: 7_000,
        backoff: Backoff {
            base: 500,
            max: 4_000,
        },
    },
    late_after: 1_000,
    lease: 250,
    grace: 1_000,
    change_deadline: 9_000,
    remember: 20_000,
    most_changes: 1_000,
    most_of_group: 5,
    most_pages: 2,
    most_details: 3,
};

/// From calm on: a doubt's deadline, the longest back-off and flight, the longest time to live.
const HEALING: u64 = 9_000 + 4_000 + 7_000 + 12_000 + 2_000;
const CALM_READ_EVERY: u64 = 3_000;

impl Schedule {
    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0xb0a2d);
        let rng = &mut rng;
        let calm_from = rng.u64(4_000..45_000);
        let mut policy = POLICY;
        policy.lease = [0, 250, 250, 400][rng.usize(0..4)];
        policy.most_of_group = [3, 5, 8, 50][rng.usize(0..4)];
        policy.most_changes = [6, 20, 1_000, 1_000][rng.usize(0..4)];
        policy.remember = [5_000, 20_000, 20_000][rng.usize(0..3)];
        let orders = rng.usize(3..16);
        let healed_from = calm_from + HEALING;
        let mut schedule = Self {
            seed,
            places: rng.usize(1..=3),
            quotes: [0, 0, 1, 2][rng.usize(0..4)],
            orders: (0..orders)
                .map(|_| [0, 0, 1, 1, 2, 3, 4][rng.usize(0..7)])
                .collect(),
            policy,
            load_limit: [4, 5, 10][rng.usize(0..3)],
            fetch_timeout: [4_000, 4_000, 10_000][rng.usize(0..3)],
            lag: [0, 0, 0, 400][rng.usize(0..4)],
            losses: [0, 30, 150][rng.usize(0..3)],
            webhook_losses: [0, 50, 400, 1_000][rng.usize(0..4)],
            calm_from,
            healed_from,
            end: healed_from + CALM_READ_EVERY,
            actions: Vec::new(),
        };
        schedule.draw_actions(rng);
        schedule
    }

    fn draw_actions(&mut self, rng: &mut Rng) {
        let until = self.calm_from;
        let mut kinds = Vec::new();
        let place = |rng: &mut Rng, places: usize| rng.usize(0..places);
        let seconds = (until / 1_000) as u32;
        // Much at once, or little over a long time.
        let readings = rng.u32(10..60 + seconds);
        for _ in 0..readings {
            let want = match rng.u8(0..10) {
                0..=6 => Wanted::List(rng.usize(0..QUERIES.len())),
                7 | 8 => Wanted::Detail(rng.u16(..)),
                _ => Wanted::Counts,
            };
            let read = Kind::Read {
                place: place(rng, self.places),
                want,
                knowing: rng.u8(0..4) == 0,
            };
            let first = rng.u64(0..until);
            for _ in 0..[1, 1, 1, 3][rng.usize(0..4)] {
                kinds.push((first + rng.u64(0..400), read));
            }
        }
        for _ in 0..rng.u32(0..5) {
            let walk = Kind::Walk {
                place: place(rng, self.places),
                name: rng.usize(0..QUERIES.len()),
            };
            kinds.push((rng.u64(0..until), walk));
        }
        let busy = [5, 20, 60][rng.usize(0..3)];
        for _ in 0..rng.u32(0..busy) {
            let write = Kind::Write {
                late: rng.u8(0..6) == 0,
            };
            let first = rng.u64(0..until);
            kinds.push((first, write));
            // Somebody looks at it before, meanwhile and after.
            for _ in 0..rng.u32(0..4) {
                let read = Kind::Read {
                    place: place(rng, self.places),
                    want: Wanted::List(rng.usize(0..QUERIES.len())),
                    knowing: rng.bool(),
                };
                let at = (first + rng.u64(0..2_500)).saturating_sub(300);
                kinds.push((at.min(until), read));
            }
        }
        let elsewhere = [0, 4, 25][rng.usize(0..3)];
        for _ in 0..=elsewhere {
            kinds.push((rng.u64(0..until), Kind::Elsewhere));
        }
        for _ in 0..rng.u32(0..5) {
            let in_the_middle = rng.bool();
            kinds.push((rng.u64(0..until), Kind::Create { in_the_middle }));
        }
        for _ in 0..[0, 1, 6][rng.usize(0..3)] {
            kinds.push((rng.u64(0..until), Kind::Evict));
        }
        if rng.u8(0..4) == 0 {
            kinds.push((rng.u64(0..until), Kind::ThrowAway));
        }
        if rng.u8(0..3) == 0 {
            let forget = Kind::Forget {
                place: place(rng, self.places),
            };
            kinds.push((rng.u64(0..until), forget));
        }
        for _ in 0..[0, 0, 2][rng.usize(0..3)] {
            kinds.push((rng.u64(0..until), Kind::Outage(rng.u64(100..4_000))));
        }
        for _ in 0..[0, 2, 6][rng.usize(0..3)] {
            let weather = match rng.u8(0..6) {
                0 | 1 => Weather::Fair,
                2 | 3 => Weather::Slow,
                4 => Weather::Failing,
                _ => Weather::Hanging,
            };
            kinds.push((rng.u64(0..until), Kind::Weather(weather)));
        }
        for key in 0..self.quotes {
            for _ in 0..rng.u32(1..25) {
                kinds.push((rng.u64(0..until), Kind::Quote { key }));
            }
            for _ in 0..rng.u32(0..4) {
                kinds.push((rng.u64(0..until), Kind::EvictQuote { key }));
            }
        }
        self.draw_calm(rng, &mut kinds);
        kinds.sort_by_key(|(at, _)| *at);
        self.actions = kinds
            .into_iter()
            .map(|(at, kind)| Action {
                at,
                kind,
                seed: rng.u64(..),
            })
            .collect();
    }

    /// Fair weather, and somebody who reads everything now and then.
    fn draw_calm(&self, rng: &mut Rng, kinds: &mut Vec<(u64, Kind)>) {
        let until = self.calm_from;
        kinds.push((until, Kind::Weather(Weather::Fair)));
        let lists = (0..QUERIES.len()).map(Wanted::List);
        for want in lists.chain([Wanted::Counts, Wanted::Detail(rng.u16(..))]) {
            let mut at = until + rng.u64(1..CALM_READ_EVERY);
            while at < self.end {
                let read = Kind::Read {
                    place: rng.usize(0..self.places),
                    want,
                    knowing: false,
                };
                kinds.push((at, read));
                // Often enough before all must have healed, and once or twice after.
                at += if at < self.healed_from - CALM_READ_EVERY {
                    2 * CALM_READ_EVERY
                } else {
                    CALM_READ_EVERY
                };
            }
        }
        for key in 0..self.quotes {
            kinds.push((self.healed_from + 1, Kind::Quote { key }));
        }
        let walk = Kind::Walk {
            place: 0,
            name: rng.usize(0..QUERIES.len()),
        };
        kinds.push((self.healed_from, walk));
    }

    /// The shortest schedule found that still fails.
    pub fn shrunk(&self, fails: impl Fn(&Self) -> bool) -> Self {
        // What happens in calm is what calm is.
        let may_go = |action: &Action| action.at < self.calm_from;
        let with = |actions: &[Action]| Self {
            actions: actions.to_vec(),
            ..self.clone()
        };
        let actions = shrink(&self.actions, may_go, |actions| fails(&with(actions)));
        with(&actions)
    }
}
