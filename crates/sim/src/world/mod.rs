//! The board itself: which cargos there are and what they pay. Pure: the same seed, start and calls give the same
//! world, and time comes in as an argument.

pub mod cargo;
pub mod cities;
pub mod companies;
pub mod dice;
mod freight;
pub mod freight_types;
pub mod ledger;
pub mod quote;

use cargo::{Cargo, CargoId};
use chrono::{DateTime, TimeDelta, Utc};
use dice::Dice;
use ledger::Ledger;
use quote::{Quote, sensible, step};
use serde::Serialize;
use std::collections::BTreeMap;

/// How many cargos a world begins with, under `all`.
pub const ALL_CARGOS: usize = 700;
/// How many of them are also under `my`.
pub const MY_CARGOS: usize = 500;
/// The newest cargos, which drivers look at and haggle over; half of what happens happens to them.
const WATCHED: usize = 60;
/// No id of the start is lower.
const FIRST_ID: u64 = 6_236_950_000;

/// Which list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Cargos that the account may haul.
    My,
    /// Every cargo.
    All,
}

/// What a step of coming and going did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Churn {
    /// This cargo is new.
    Came(CargoId),
    /// This cargo is gone.
    Went(CargoId),
}

/// The board.
#[derive(Clone, Debug)]
pub struct World {
    dice: Dice,
    cargos: BTreeMap<CargoId, Cargo>,
    ledger: Ledger,
    last_id: u64,
    made: u64,
}

impl World {
    /// The world of this seed, as it is at `start`. The seed decides everything but the dates, which follow `start`.
    pub fn new(seed: u64, start: DateTime<Utc>) -> Self {
        let mut world = Self {
            dice: Dice::new(seed),
            cargos: BTreeMap::new(),
            ledger: Ledger::default(),
            last_id: FIRST_ID,
            made: 0,
        };
        let mut mine_left = MY_CARGOS as u64;
        for left in (1..=ALL_CARGOS as u64).rev() {
            // Each of those left is as likely to be mine, and exactly so many become it.
            let mine = world.dice.below(left) < mine_left;
            mine_left -= u64::from(mine);
            let age = TimeDelta::try_minutes(left as i64 * 2).unwrap_or_default();
            world.make(mine, start - age);
        }
        world
    }

    /// The cargos of a list, newest first.
    pub fn cargos(&self, mode: Mode) -> impl Iterator<Item = &Cargo> {
        self.cargos
            .values()
            .rev()
            .filter(move |cargo| mode == Mode::All || cargo.mine)
    }

    /// The cargo of this id.
    pub fn cargo(&self, id: CargoId) -> Option<&Cargo> {
        self.cargos.get(&id)
    }

    /// Every price ever given.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Notes a price that an odd payload gave for a cargo.
    pub fn enter_odd_price(&mut self, id: CargoId, kopecks: Option<i64>) {
        self.ledger.enter(id, kopecks);
    }

    /// One step of the prices: three to eight of them move by one to six percent, up or down. The answer tells which.
    pub fn walk(&mut self) -> Vec<CargoId> {
        let moves = 3 + self.dice.below(6);
        (0..moves).filter_map(|_| self.move_a_price()).collect()
    }

    /// One step of coming and going: a cargo comes or goes, which keeps their number near that of the start.
    pub fn churn(&mut self, now: DateTime<Utc>) -> Churn {
        let surplus = self.cargos.len() as i64 - ALL_CARGOS as i64;
        let coming_percent = (50 - surplus * 5).clamp(5, 95).unsigned_abs();
        if self.dice.chance(coming_percent) {
            let my = self.cargos(Mode::My).count();
            return Churn::Came(self.make(my * ALL_CARGOS < self.cargos.len() * MY_CARGOS, now));
        }
        match self.any_cargo() {
            Some(id) => {
                self.cargos.remove(&id);
                Churn::Went(id)
            }
            None => Churn::Came(self.make(true, now)),
        }
    }

    /// A new cargo under both `my` and `all`, on top of the list.
    pub fn add(&mut self, now: DateTime<Utc>) -> CargoId {
        self.make(true, now)
    }

    /// Takes a cargo off the board; false when it isn't there.
    pub fn remove(&mut self, id: CargoId) -> bool {
        self.cargos.remove(&id).is_some()
    }

    /// Gives a cargo this price, in kopecks, or none; false when there is no such cargo.
    pub fn set_price(&mut self, id: CargoId, kopecks: Option<i64>) -> bool {
        let Some(cargo) = self.cargos.get_mut(&id) else {
            return false;
        };
        cargo.quote = Quote::of(kopecks);
        cargo.first_kopecks = kopecks;
        self.ledger.enter(id, cargo.quote.kopecks());
        true
    }

    fn make(&mut self, mine: bool, now: DateTime<Utc>) -> CargoId {
        self.last_id += 1 + self.dice.below(80);
        let id = CargoId(self.last_id);
        let cargo = freight::cargo(&mut self.dice, id, self.made, mine, now);
        self.made += 1;
        self.ledger.enter(id, cargo.quote.kopecks());
        self.cargos.insert(id, cargo);
        id
    }

    /// Some cargo, every other time one of the newest.
    fn any_cargo(&mut self) -> Option<CargoId> {
        let reach = if self.dice.chance(50) {
            WATCHED.min(self.cargos.len())
        } else {
            self.cargos.len()
        };
        let index = self.dice.index(reach);
        self.cargos.keys().rev().nth(index).copied()
    }

    /// Moves the price of some cargo; `None` when the cargo has none.
    fn move_a_price(&mut self) -> Option<CargoId> {
        let id = self.any_cargo()?;
        let up = self.dice.chance(50);
        let percent = self.dice.within(1..=6);
        let cargo = self.cargos.get_mut(&id)?;
        let (now, first) = (cargo.quote.kopecks()?, cargo.first_kopecks?);
        // Far from where it began a price turns back, so that days of walking end nowhere absurd.
        let up = (up || now < first / 10 * 7) && now <= first / 10 * 14;
        let by = (now / 100).saturating_mul(percent).max(step(now));
        let moved = sensible(if up { now.saturating_add(by) } else { now - by });
        if moved == now {
            return None;
        }
        cargo.quote = cargo.quote.moved_to(moved);
        self.ledger.enter(id, Some(moved));
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_768_467_600, 0).unwrap()
    }

    fn ids(world: &World, mode: Mode) -> Vec<CargoId> {
        world.cargos(mode).map(|cargo| cargo.id).collect()
    }

    fn snapshot(world: &World) -> Vec<Cargo> {
        world.cargos(Mode::All).cloned().collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_world_and_the_same_life() {
        let (mut one, mut same) = (World::new(7, start()), World::new(7, start()));
        assert_eq!(snapshot(&one), snapshot(&same));
        for _ in 0..50 {
            assert_eq!(one.walk(), same.walk());
            assert_eq!(one.churn(start()), same.churn(start()));
        }
        assert_eq!(snapshot(&one), snapshot(&same));
        assert_ne!(
            snapshot(&World::new(8, start())),
            snapshot(&World::new(7, start()))
        );
    }

    #[test]
    fn five_hundred_of_the_seven_hundred_are_mine() {
        let world = World::new(1, start());
        let (my, all) = (ids(&world, Mode::My), ids(&world, Mode::All));
        assert_eq!((my.len(), all.len()), (MY_CARGOS, ALL_CARGOS));
        let all: BTreeSet<_> = all.into_iter().collect();
        assert!(my.iter().all(|id| all.contains(id)));
    }

    #[test]
    fn the_newest_cargo_is_first_and_has_the_highest_id() {
        let mut world = World::new(1, start());
        let added = world.add(start());
        for mode in [Mode::My, Mode::All] {
            let ids = ids(&world, mode);
            assert_eq!(ids[0], added);
            assert!(ids.is_sorted_by(|newer, older| newer > older));
        }
        let newest_first: Vec<_> = world
            .cargos(Mode::All)
            .map(|cargo| cargo.created_at)
            .collect();
        assert!(newest_first.is_sorted_by(|newer, older| newer >= older));
    }

    #[test]
    fn ids_have_ten_digits_and_do_not_fit_32_bits() {
        let world = World::new(1, start());
        assert!(
            world
                .cargos(Mode::All)
                .all(|cargo| cargo.id.to_string().len() == 10)
        );
        assert!(
            world
                .cargos(Mode::All)
                .all(|cargo| u32::try_from(cargo.id.0).is_err())
        );
    }

    #[test]
    fn a_walk_moves_a_few_prices_by_a_few_percent_and_nothing_else() {
        let mut world = World::new(1, start());
        for _ in 0..200 {
            let before = snapshot(&world);
            let moved: BTreeSet<CargoId> = world.walk().into_iter().collect();
            assert!(moved.len() <= 8);
            for cargo in before {
                let after = world.cargo(cargo.id).unwrap();
                if moved.contains(&cargo.id) {
                    let (was, is) = (
                        cargo.quote.kopecks().unwrap(),
                        after.quote.kopecks().unwrap(),
                    );
                    assert_eq!(is, sensible(is));
                    // Up to 6 %, twice at most, or a step where a step is more.
                    assert!(
                        (was - is).abs() <= was * 13 / 100 + 2 * step(was),
                        "{was} became {is}"
                    );
                } else {
                    assert_eq!(*after, cargo);
                }
            }
        }
    }

    #[test]
    fn prices_stay_plausible_however_long_they_walk() {
        let mut world = World::new(3, start());
        for _ in 0..20_000 {
            world.walk();
        }
        for cargo in world.cargos(Mode::All) {
            if let (Some(first), Some(now)) = (cargo.first_kopecks, cargo.quote.kopecks()) {
                assert!(now >= first / 2 && now <= first * 2, "{first} became {now}");
            }
        }
    }

    #[test]
    fn churn_keeps_the_board_at_its_size() {
        let mut world = World::new(1, start());
        let (mut came, mut went) = (0, 0);
        for _ in 0..2_000 {
            match world.churn(start()) {
                Churn::Came(id) => {
                    came += 1;
                    assert_eq!(ids(&world, Mode::All)[0], id);
                }
                Churn::Went(id) => {
                    went += 1;
                    assert_eq!(world.cargo(id), None);
                }
            }
        }
        assert!(came > 500 && went > 500, "{came} came, {went} went");
        let all = ids(&world, Mode::All).len();
        let my = ids(&world, Mode::My).len();
        assert!(
            all.abs_diff(ALL_CARGOS) <= 20 && my.abs_diff(MY_CARGOS) <= 25,
            "{my} of {all}"
        );
    }

    #[test]
    fn every_form_of_price_occurs_and_few_cargos_have_none() {
        use quote::Stated;
        let world = World::new(1, start());
        let count = |is: fn(&Quote) -> bool| {
            world
                .cargos(Mode::All)
                .filter(|cargo| is(&cargo.quote))
                .count()
        };
        for form in [Stated::Absent, Stated::Null, Stated::Zero] {
            assert!(
                world
                    .cargos(Mode::All)
                    .any(|cargo| cargo.quote.price_carrier == form),
                "{form:?}"
            );
        }
        let none = count(|quote| quote.kopecks().is_none());
        let fallback = count(|quote| {
            quote.kopecks().is_some() && !matches!(quote.price_carrier, quote::Stated::Kopecks(_))
        });
        assert!((5..60).contains(&none), "{none} without a price");
        assert!(fallback > 150, "{fallback} with only the fallback");
    }

    #[test]
    fn the_ledger_knows_every_price_of_every_cargo_even_of_those_gone() {
        let mut world = World::new(1, start());
        let id = ids(&world, Mode::My)[0];
        let first = world.cargo(id).unwrap().quote.kopecks();
        assert!(
            world.set_price(id, Some(1_234_500)) && world.set_price(id, None) && world.remove(id)
        );
        assert_eq!(world.ledger().ever()[&id], [first, Some(1_234_500), None]);
        assert!(!world.set_price(id, None) && !world.remove(id));
    }
}
