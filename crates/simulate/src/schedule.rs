//! What happens in one schedule, drawn from a seed.

use fastrand::Rng;

use crate::shrink::shrink;

/// Something that happens at a moment, whatever else does.
#[derive(Clone, Debug)]
pub struct Action {
    /// Milliseconds since the beginning.
    pub at: u64,
    /// What.
    pub kind: Kind,
    /// Decides all chance in what follows from it: to leave another action out changes nothing here.
    pub seed: u64,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody reads a key in a place; if `knowing`, he demands the last epoch that an invalidation has answered.
    Read {
        place: usize,
        key: usize,
        knowing: bool,
    },
    /// A place loses its memory.
    Forget { place: usize },
    /// A key's object is evicted.
    EvictObject { key: usize },
    /// The guard is evicted.
    EvictGuard,
    /// A key is invalidated.
    Invalidate { key: usize },
    /// Upstream's weather changes.
    Weather(Weather),
}

/// How upstream answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fair,
    Slow,
    Failing,
    Hanging,
    /// 429: nobody may call for so many milliseconds.
    TooMany(u64),
}

/// One world and all that happens in it.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub seed: u64,
    pub keys: usize,
    pub locations: usize,
    /// The location of each place (isolate).
    pub places: Vec<usize>,
    /// How many copies a place's memory holds: it may be too few.
    pub copies_per_place: usize,
    pub calls_per_minute: u32,
    /// How likely a message is lost, in thousandths: a `wait_until` cut, a landing that dies.
    pub losses: u32,
    /// From then on nothing bad happens: everything must heal.
    pub calm_from: u64,
    pub end: u64,
    /// By time.
    pub actions: Vec<Action>,
}

/// Everything heals within so long: the longest back-off, one deadline, and what messages take.
pub const HEALING: u64 = 60_000 + 25_000 + 5_000;
/// So many readers come at once, in one schedule of so many.
const CROWD: usize = 3_000;
const CROWD_IN: u8 = 50;
/// Steady readers come so often while it is calm.
const CALM_READ_EVERY: u64 = 2_000;

impl Schedule {
    /// The schedule of this seed.
    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let keys = rng.usize(1..=3);
        let locations = rng.usize(1..=3);
        let mut places = Vec::new();
        for location in 0..locations {
            places.extend(std::iter::repeat_n(location, rng.usize(1..=2)));
        }
        let calm_from = rng.u64(20_000..180_000);
        let mut schedule = Self {
            seed,
            keys,
            locations,
            copies_per_place: [2, 3, 3, 3][rng.usize(0..4)],
            calls_per_minute: rng.u32(10..=60),
            losses: [0, 20, 100][rng.usize(0..3)],
            calm_from,
            end: calm_from + HEALING + 12_000,
            places,
            actions: Vec::new(),
        };
        schedule.draw_actions(&mut rng);
        schedule
    }

    /// Whether memory and calls suffice for steady reading of every key.
    pub fn is_ample(&self) -> bool {
        let keys = self.keys as u32;
        self.copies_per_place >= self.keys && self.calls_per_minute >= 12 * keys
    }

    fn draw_actions(&mut self, rng: &mut Rng) {
        let until = self.calm_from;
        let at = |rng: &mut Rng| rng.u64(0..until);
        let mut kinds = Vec::new();
        // Readers come alone, or many at once.
        for _ in 0..rng.u32(10..80) {
            let read = Kind::Read {
                place: rng.usize(0..self.places.len()),
                key: rng.usize(0..self.keys),
                knowing: rng.u8(0..4) == 0,
            };
            let first = at(rng);
            for _ in 0..[1, 1, 1, 4][rng.usize(0..4)] {
                kinds.push((first + rng.u64(0..40), read));
            }
        }
        // Now and then thousands come at once, everywhere.
        if rng.u8(0..CROWD_IN) == 0 {
            let first = at(rng);
            for _ in 0..CROWD {
                let read = Kind::Read {
                    place: rng.usize(0..self.places.len()),
                    key: rng.usize(0..self.keys),
                    knowing: false,
                };
                kinds.push((first + rng.u64(0..1_000), read));
            }
        }
        for _ in 0..rng.u32(0..8) {
            kinds.push((
                at(rng),
                Kind::EvictObject {
                    key: rng.usize(0..self.keys),
                },
            ));
        }
        for _ in 0..rng.u32(0..3) {
            kinds.push((at(rng), Kind::EvictGuard));
        }
        for _ in 0..rng.u32(0..4) {
            kinds.push((
                at(rng),
                Kind::Forget {
                    place: rng.usize(0..self.places.len()),
                },
            ));
        }
        for _ in 0..rng.u32(0..6) {
            kinds.push((
                at(rng),
                Kind::Invalidate {
                    key: rng.usize(0..self.keys),
                },
            ));
        }
        for _ in 0..rng.u32(0..6) {
            let weather = match rng.u8(0..6) {
                0 | 1 => Weather::Fair,
                2 => Weather::Slow,
                3 => Weather::Failing,
                4 => Weather::Hanging,
                _ => Weather::TooMany(rng.u64(100..20_000)),
            };
            kinds.push((at(rng), Kind::Weather(weather)));
        }
        kinds.push((until, Kind::Weather(Weather::Fair)));
        for (place, key) in (0..self.places.len()).flat_map(|p| (0..self.keys).map(move |k| (p, k)))
        {
            let mut at = until + rng.u64(0..CALM_READ_EVERY);
            while at < self.end {
                kinds.push((
                    at,
                    Kind::Read {
                        place,
                        key,
                        knowing: false,
                    },
                ));
                at += CALM_READ_EVERY + rng.u64(0..200);
            }
        }
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

    /// The shortest schedule found that still fails.
    pub fn shrunk(&self, fails: impl Fn(&Self) -> bool) -> Self {
        // Steady readers are what calm is.
        let may_go = |action: &Action| action.at <= self.calm_from;
        let with = |actions: &[Action]| Self {
            actions: actions.to_vec(),
            ..self.clone()
        };
        let actions = shrink(&self.actions, may_go, |actions| fails(&with(actions)));
        with(&actions)
    }
}
