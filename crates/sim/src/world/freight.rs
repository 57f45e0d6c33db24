//! Makes cargos as they come to a Russian load board.

use super::cargo::{Cargo, CargoId, Stop};
use super::cities::{CITIES, City};
use super::companies::{BROKERS, NOTES, PEOPLE, SHIPPERS};
use super::dice::Dice;
use super::freight_types::{GOODS, LOAD_TYPES, TRUCK_TYPES, entries};
use super::quote::{Quote, Stated, sensible};
use chrono::{DateTime, Days, NaiveDate, Utc};

/// A size of truck, what it holds and what it costs.
struct Size {
    max_kg: i64,
    max_volume_tenths: i64,
    /// Roubles for turning up.
    fee: i64,
    /// Kopecks for a kilometre.
    rate: i64,
}

const fn size(max_kg: i64, max_volume_tenths: i64, fee: i64, rate: i64) -> Size {
    Size {
        max_kg,
        max_volume_tenths,
        fee,
        rate,
    }
}

/// From a pallet in somebody else's truck to the whole 20 tonnes, the frequent ones more than once.
const SIZES: &[Size] = &[
    size(300, 20, 300, 90),
    size(1_500, 90, 2_400, 2_100),
    size(3_000, 160, 3_200, 2_600),
    size(5_000, 360, 4_500, 3_400),
    size(7_500, 450, 5_500, 4_100),
    size(10_000, 540, 6_500, 4_800),
    size(15_000, 650, 8_000, 5_900),
    size(20_000, 830, 9_000, 7_200),
    size(20_000, 920, 9_000, 7_600),
    size(22_000, 860, 9_500, 7_900),
];

/// A new cargo that came to the board at `created_at`.
pub fn cargo(
    dice: &mut Dice,
    id: CargoId,
    serial: u64,
    mine: bool,
    created_at: DateTime<Utc>,
) -> Cargo {
    let (from, to) = route(dice);
    let distance_km = from.road_km(to);
    let size = dice.pick(SIZES);
    let goods = dice.pick(GOODS);
    let (start, finish) = stops(dice, from, to, distance_km, created_at.date_naive());
    let quote = quote(dice, size, distance_km);
    Cargo {
        id,
        serial,
        mine,
        created_at,
        start,
        finish,
        distance_km,
        weight_kg: weight(dice, size),
        volume_tenths: volume(dice, size),
        goods,
        load_types: if dice.chance(8) {
            Vec::new()
        } else {
            entries(LOAD_TYPES, goods.load_types)
        },
        truck_types: if dice.chance(4) {
            Vec::new()
        } else {
            entries(TRUCK_TYPES, goods.truck_types)
        },
        company: dice.pick(BROKERS),
        shipper: dice.pick(SHIPPERS),
        contact: dice.pick::<&str>(PEOPLE),
        phones: phones(dice),
        note: dice.pick::<&str>(NOTES),
        quote,
        first_kopecks: quote.kopecks(),
    }
}

/// Two cities, every other time one of them Moscow, as freight goes.
fn route(dice: &mut Dice) -> (&'static City, &'static City) {
    let hub = dice.chance(45);
    let first = if hub { 0 } else { dice.index(CITIES.len()) };
    // Any other index: a step of 1 to len - 1 from the first.
    let second = (first + 1 + dice.index(CITIES.len() - 1)) % CITIES.len();
    let (from, to) = if dice.chance(50) {
        (first, second)
    } else {
        (second, first)
    };
    (&CITIES[from], &CITIES[to])
}

fn stops(
    dice: &mut Dice,
    from: &'static City,
    to: &'static City,
    distance_km: i64,
    today: NaiveDate,
) -> (Stop, Stop) {
    let load_first = later(today, dice.within(0..=6));
    let load_last = later(load_first, dice.within(0..=2));
    let unload_first = later(load_first, 1 + distance_km / 600);
    let unload_last = later(unload_first, dice.within(0..=3));
    let with_clock = dice.chance(30);
    let mut stop = |city, first_date, last_date| Stop {
        city,
        house: dice.within(1..=120),
        first_date,
        last_date,
        hour: with_clock.then(|| dice.within(6..=20)),
    };
    let start = stop(from, load_first, load_last);
    (start, stop(to, unload_first, unload_last))
}

fn later(date: NaiveDate, days: i64) -> NaiveDate {
    date.checked_add_days(Days::new(days.unsigned_abs()))
        .unwrap_or(date)
}

fn weight(dice: &mut Dice, size: &Size) -> i64 {
    let step = if size.max_kg < 1_000 { 10 } else { 100 };
    (size.max_kg * dice.within(55..=100) / 100 / step).max(1) * step
}

fn volume(dice: &mut Dice, size: &Size) -> i64 {
    let tenths = (size.max_volume_tenths * dice.within(50..=100) / 100).max(1);
    if dice.chance(40) {
        tenths
    } else {
        (tenths / 10).max(1) * 10
    }
}

fn phones(dice: &mut Dice) -> Vec<String> {
    let count = if dice.chance(25) { 2 } else { 1 };
    (0..count)
        .map(|_| format!("+7999000{:04}", dice.within(0..=9_999)))
        .collect()
}

/// A plausible price, in one of the forms in which upstream states it.
fn quote(dice: &mut Dice, size: &Size, distance_km: i64) -> Quote {
    let usual = size.fee * 100 + size.rate * distance_km;
    let kopecks = sensible(usual * dice.within(80..=125) / 100);
    let stated = Quote::of(Some(kopecks));
    let fallback = Stated::Kopecks(kopecks);
    match dice.below(100) {
        0..60 => stated,
        60..64 => Quote {
            price: Stated::Absent,
            ..stated
        },
        64..76 => Quote {
            price_carrier: Stated::Null,
            price: fallback,
        },
        76..88 => Quote {
            price_carrier: Stated::Zero,
            price: fallback,
        },
        88..96 => Quote {
            price_carrier: Stated::Absent,
            price: fallback,
        },
        96..98 => Quote {
            price_carrier: Stated::Null,
            price: Stated::Zero,
        },
        98 => Quote {
            price_carrier: Stated::Zero,
            price: Stated::Null,
        },
        _ => Quote {
            price_carrier: Stated::Absent,
            price: Stated::Absent,
        },
    }
}
