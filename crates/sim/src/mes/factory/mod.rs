//! The orders that a factory has: pure, the same for the same seed and moment.

pub mod catalogue;

use super::price::quote;
use crate::world::dice::Dice;
use catalogue::{COMMENTS, EXTENSIONS, MATERIALS, OPERATORS, PARTS};
use domain::orders::{Change, ModelFile, Order, OrderId, SellerId, Site, Status};

/// An order comes every so often: a hundred thousand in a year.
const GAP_MS: u64 = 5 * 60_000;
/// The last seller in the factory's books; the first is 1.
const SELLERS: u64 = 40;
/// Where numbers begin at each site.
const FIRST_NUMBER: u64 = 1_001;
/// How the sales system signs.
const CRM: &str = "CRM";
/// How the MES signs.
const MES: &str = "MES";

/// An order with everything about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its row.
    pub order: Order,
    /// What the seller wrote.
    pub comment: Option<&'static str>,
    /// The model.
    pub model: Option<ModelFile>,
    /// How it came to where it stands.
    pub history: Vec<Change>,
}

/// What a seller sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// Where it is made.
    pub site: Site,
    seller: SellerId,
    part: String,
    material: &'static str,
    quantity: u32,
    comment: Option<&'static str>,
    model: Option<ModelFile>,
}

/// The sites: two of three orders are made at the first.
pub fn sites() -> [Site; 2] {
    let site = |name: &str| name.parse().expect("both are of three Latin capitals");
    [site("MSK"), site("SPB")]
}

/// The orders up to a moment, oldest first.
#[derive(Debug)]
pub struct Past {
    dice: Dice,
    now: u64,
    left: u64,
    sites: [Site; 2],
    next_numbers: [u64; 2],
    last_version: u64,
    last_created_at: u64,
}

impl Past {
    /// So many orders of this seed, the last of them less than five minutes before `now` (Unix milliseconds).
    pub fn new(seed: u64, orders: u32, now: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            now,
            left: orders.into(),
            sites: sites(),
            next_numbers: [FIRST_NUMBER; 2],
            last_version: 0,
            last_created_at: 0,
        }
    }
}

impl Iterator for Past {
    type Item = Made;

    fn next(&mut self) -> Option<Made> {
        self.left = self.left.checked_sub(1)?;
        let age_ms = self.left * GAP_MS + self.dice.below(GAP_MS);
        // Some are sent many at once: in one millisecond names alone tell which is the newer.
        let is_of_a_batch = self.last_created_at > 0 && self.dice.chance(6);
        if !is_of_a_batch {
            self.last_created_at = self.now.saturating_sub(age_ms);
        }
        let sketch = Sketch::new(&mut self.dice);
        let at_second = usize::from(sketch.site == self.sites[1]);
        let id = OrderId::new(sketch.site, self.next_numbers[at_second])?;
        self.next_numbers[at_second] += 1;
        let first_version = self.last_version + 1;
        let mut made = sketch.sent(id, self.last_created_at, first_version);
        live_on(&mut made, &mut self.dice, self.now);
        self.last_version = made.order.version;
        Some(made)
    }
}

impl Sketch {
    /// What somebody may order.
    pub fn new(dice: &mut Dice) -> Self {
        let [first, second] = sites();
        let (name, stem) = dice.pick(&PARTS);
        let (drawing, revision) = (dice.within(10..=989), dice.within(1..=7));
        let quantity = match dice.below(10) {
            0..=4 => dice.within(1..=9),
            5..=7 => dice.within(10..=80),
            8 => dice.within(10..=40) * 10,
            _ => dice.within(4..=40) * 50,
        };
        let model = ModelFile {
            name: format!("{stem}_{drawing}_v{revision}.{}", dice.pick(&EXTENSIONS)),
            bytes: dice.within(18_000..=24_000_000).unsigned_abs(),
        };
        Self {
            site: if dice.chance(67) { first } else { second },
            seller: SellerId(u32::try_from(1 + dice.below(SELLERS)).unwrap_or(1)),
            part: format!("{name}, {drawing}"),
            material: *dice.pick::<&str>(&MATERIALS),
            quantity: u32::try_from(quantity).unwrap_or(1),
            comment: dice.chance(35).then(|| *dice.pick::<&str>(&COMMENTS)),
            model: (!dice.chance(4)).then_some(model),
        }
    }

    /// The order that is made of it when it is sent, under this name and with this version.
    pub fn sent(self, id: OrderId, at: u64, version: u64) -> Made {
        let by = format!("Продавец {}", self.seller.0);
        let history = vec![Change {
            status: Status::Submitted,
            at,
            by: by.clone(),
            version,
        }];
        let order = Order {
            id,
            created_at: at,
            status: Status::Submitted,
            version,
            changed_at: at,
            changed_by: by,
            seller: self.seller,
            part: self.part,
            material: self.material.to_owned(),
            quantity: self.quantity,
            price_kopecks: None,
        };
        Made {
            order,
            comment: self.comment,
            model: self.model,
            history,
        }
    }
}

/// Makes of an order what it becomes by this move.
pub fn advance(order: &mut Order, status: Status, at: u64, by: &str, version: u64) {
    if status == Status::PriceCalculated {
        let quoted = quote(&order.part, &order.material, order.quantity);
        order.price_kopecks = Some(quoted.price_kopecks);
    }
    // A clock that was turned back makes no change that is older than the one before.
    (order.status, order.changed_at) = (status, at.max(order.changed_at));
    (order.changed_by, order.version) = (by.to_owned(), version);
}

/// Lets an order go its way until `now`.
fn live_on(made: &mut Made, dice: &mut Dice, now: u64) {
    let mut was_given_back = false;
    while let Some((status, usual_minutes, by)) = next_move(made.order.status, was_given_back, dice)
    {
        let wait_ms = usual_minutes * 60_000 * (10 + dice.below(181)) / 100;
        let at = made.order.changed_at + wait_ms;
        if at > now {
            return;
        }
        was_given_back |= status == Status::Approved && made.order.status == Status::Started;
        let version = made.order.version + 1;
        advance(&mut made.order, status, at, by, version);
        made.history.push(Change {
            status,
            at,
            by: by.to_owned(),
            version,
        });
    }
}

/// Where an order goes next, after how many minutes as a rule, and who moves it there.
fn next_move(
    from: Status,
    was_given_back: bool,
    dice: &mut Dice,
) -> Option<(Status, u64, &'static str)> {
    let operator = *dice.pick::<&str>(&OPERATORS);
    let chance = dice.below(100);
    Some(match from {
        Status::Submitted if chance < 3 => (Status::Cancelled, 240, CRM),
        Status::Submitted => (Status::PriceCalculated, 150, MES),
        Status::PriceCalculated if chance < 8 => (Status::Cancelled, 900, CRM),
        Status::PriceCalculated => (Status::Approved, 360, CRM),
        Status::Approved if chance < 1 => (Status::Cancelled, 300, CRM),
        Status::Approved => (Status::Started, 300, operator),
        Status::Started if chance < 3 && !was_given_back => (Status::Approved, 60, operator),
        Status::Started => (Status::Completed, 480, operator),
        Status::Completed => (Status::Packaging, 150, operator),
        Status::Packaging => (Status::Shipped, 150, operator),
        Status::Shipped => (Status::Closed, 2_000, CRM),
        Status::Closed | Status::Cancelled => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::orders::mover_of;
    use std::collections::{BTreeMap, BTreeSet};

    const NOW: u64 = 1_768_467_600_000;

    fn past(orders: u32) -> Vec<Made> {
        Past::new(1, orders, NOW).collect()
    }

    #[test]
    fn equal_seeds_make_equal_factories() {
        assert_eq!(past(300), past(300));
        assert_ne!(past(300), Past::new(2, 300, NOW).collect::<Vec<_>>());
    }

    #[test]
    fn every_order_came_where_it_stands_by_moves_that_there_are() {
        let mut last_version = 0;
        for made in past(2_000) {
            let first = &made.history[0];
            assert_eq!(
                (first.status, first.at),
                (Status::Submitted, made.order.created_at)
            );
            for pair in made.history.windows(2) {
                assert!(mover_of(pair[0].status, pair[1].status).is_some());
                assert!(pair[0].at <= pair[1].at && pair[1].at <= NOW);
            }
            for change in &made.history {
                assert_eq!(
                    change.version,
                    last_version + 1,
                    "one row of numbers for all"
                );
                last_version = change.version;
            }
            let last = made.history.last().unwrap();
            let order = &made.order;
            assert_eq!(
                (
                    order.status,
                    order.version,
                    order.changed_at,
                    &order.changed_by
                ),
                (last.status, last.version, last.at, &last.by)
            );
            let was_priced = made
                .history
                .iter()
                .any(|change| change.status == Status::PriceCalculated);
            assert_eq!(order.price_kopecks.is_some(), was_priced);
            assert!((1..=40).contains(&order.seller.0) && order.quantity > 0);
        }
    }

    #[test]
    fn most_old_orders_are_closed_and_every_status_has_some() {
        let past = past(2_000);
        let mut counts = BTreeMap::new();
        for made in &past {
            *counts.entry(made.order.status).or_insert(0) += 1;
        }
        for status in Status::ALL {
            assert!(counts[&status] >= 15, "{status}: {counts:?}");
        }
        let is_over =
            |made: &&Made| [Status::Closed, Status::Cancelled].contains(&made.order.status);
        let old = &past[..600];
        assert!(old.iter().filter(is_over).count() > 540);
    }

    #[test]
    fn orders_come_in_the_order_of_their_rank_within_a_site_and_no_name_twice() {
        let past = past(2_000);
        let names: BTreeSet<_> = past.iter().map(|made| made.order.id).collect();
        assert_eq!(names.len(), past.len());
        let is_sorted = past.is_sorted_by_key(|made| made.order.created_at);
        assert!(is_sorted && past.last().unwrap().order.created_at <= NOW);
        let moments: BTreeSet<_> = past.iter().map(|made| made.order.created_at).collect();
        assert!(moments.len() < past.len(), "some are of one moment");
        for site in sites() {
            assert!(past.iter().any(|made| made.order.id.site() == site));
        }
    }
}
