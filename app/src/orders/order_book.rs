//! The orders on the screen, newest first: each a cell that is told of its own changes and of no other's. A list that came
//! from the edge sets only what differs, and tells what has come and what has left.

use domain::orders::{Order, OrderId, Rank};

/// Where an order's state is kept for whoever shows it.
pub trait OrderCell: Clone {
    /// An answer shows this state.
    fn take(&self, order: &Order);
    /// The answer should show it and does not. Whether that is news.
    fn miss(&self) -> bool;
}

/// A part of the list, as an answer shows it.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// It begins below this place; `None` at the top.
    pub below: Option<Rank>,
    /// The orders.
    pub orders: &'a [Order],
    /// Whether there are more below.
    pub goes_on: bool,
}

/// The orders, and what has come since. Some hundred at most: they are found by looking, and no maps or sorting algorithms are
/// loaded on a phone.
#[derive(Debug)]
pub struct OrderBook<C> {
    rows: Vec<(Rank, C)>,
    /// Seen above the end of the rows, and not among them.
    new: Vec<Rank>,
    /// Whether there are more below the last row.
    goes_on: bool,
}

impl<C> Default for OrderBook<C> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            new: Vec::new(),
            goes_on: false,
        }
    }
}

impl Part<'_> {
    /// Whether it would show an order of this rank.
    fn covers(&self, rank: Rank) -> bool {
        let is_below = self.below.is_none_or(|below| rank < below);
        let is_above_the_end = match self.orders.last() {
            Some(last) if self.goes_on => rank >= last.rank(),
            _ => !self.goes_on,
        };
        is_below && is_above_the_end
    }
}

impl<C: OrderCell> OrderBook<C> {
    /// How many are shown.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The cells, newest first.
    pub fn cells(&self) -> impl Iterator<Item = &C> {
        self.rows.iter().map(|(_, cell)| cell)
    }

    /// The cell of an order.
    pub fn cell(&self, id: OrderId) -> Option<&C> {
        let row = self.rows.iter().find(|(rank, _)| rank.id == id);
        row.map(|(_, cell)| cell)
    }

    /// How many are new.
    pub fn new_ones(&self) -> usize {
        self.new.len()
    }

    /// Which part a read should show, in turns where there are more rows than one answer may hold: the one that stands in the
    /// middle of the window, and the others. Where it begins, and how many rows it has.
    pub fn part_to_read(&self, turn: usize, in_view: usize, most: usize) -> (Option<Rank>, usize) {
        let parts = self.rows.len().div_ceil(most).max(1);
        let part = match turn % 2 {
            0 => (in_view / most).min(parts - 1),
            _ => (turn / 2) % parts,
        };
        let above = (part * most).checked_sub(1);
        let below = above.map(|row| self.rows[row].0);
        (below, (self.rows.len() - part * most).clamp(1, most))
    }

    /// Takes in what a read showed: the rows that it has, and no others, are told. The orders that it should have and has not.
    pub fn patch(&mut self, part: Part<'_>) -> Vec<OrderId> {
        self.new.retain(|&rank| !part.covers(rank));
        let end = self.rows.last().map(|(rank, _)| *rank);
        let mut missing = Vec::new();
        for (rank, cell) in &self.rows {
            match part.orders.iter().find(|order| order.id == rank.id) {
                Some(order) => cell.take(order),
                None if part.covers(*rank) && cell.miss() => missing.push(rank.id),
                None => {}
            }
        }
        for rank in part.orders.iter().map(Order::rank) {
            // What stands below the end comes when it is asked for.
            let is_above_the_end = !self.goes_on || end.is_some_and(|end| rank > end);
            let is_known = self.cell(rank.id).is_some() || self.new.contains(&rank);
            if is_above_the_end && !is_known {
                self.new.push(rank);
            }
        }
        missing
    }

    /// Shows these in place of all others. What was shown before keeps its cell; the others are made.
    pub fn replace(&mut self, orders: &[Order], goes_on: bool, make: impl Fn(&Order) -> C) {
        let before = std::mem::take(self);
        let cell_of = |order: &Order| {
            let held = before.cell(order.id).cloned();
            let held = held.inspect(|cell| cell.take(order));
            held.unwrap_or_else(|| make(order))
        };
        self.rows = orders
            .iter()
            .map(|order| (order.rank(), cell_of(order)))
            .collect();
        self.goes_on = goes_on;
    }

    /// Shows these below the others. What is there already only hears of it.
    pub fn append(&mut self, orders: &[Order], goes_on: bool, make: impl Fn(&Order) -> C) {
        for order in orders {
            match self.cell(order.id) {
                Some(cell) => cell.take(order),
                None => self.rows.push((order.rank(), make(order))),
            }
        }
        self.goes_on = goes_on;
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use domain::orders::Status;

    use super::*;
    use crate::orders::pending::tests::order;

    /// Writes down what it hears.
    #[derive(Clone, Debug)]
    struct Cell(Rc<RefCell<(u64, usize, bool)>>);

    fn cell(order: &Order) -> Cell {
        Cell(Rc::new(RefCell::new((order.version, 0, false))))
    }

    impl OrderCell for Cell {
        fn take(&self, order: &Order) {
            let mut state = self.0.borrow_mut();
            if order.version > state.0 {
                *state = (order.version, state.1 + 1, false);
            }
        }

        fn miss(&self) -> bool {
            !std::mem::replace(&mut self.0.borrow_mut().2, true)
        }
    }

    fn approved(numbers: &[u64]) -> Vec<Order> {
        let one = |&number| order(number, Status::Approved, 1);
        numbers.iter().map(one).collect()
    }

    fn book(numbers: &[u64], goes_on: bool) -> OrderBook<Cell> {
        let mut book = OrderBook::default();
        book.replace(&approved(numbers), goes_on, cell);
        book
    }

    fn whole(orders: &[Order]) -> Part<'_> {
        Part {
            below: None,
            orders,
            goes_on: false,
        }
    }

    fn names(missing: &[OrderId]) -> Vec<u64> {
        missing.iter().map(|id| id.number()).collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        let mut book = book(&[9, 8, 7], false);
        let mut orders = approved(&[9, 8, 7]);
        orders[1].version = 4;
        assert_eq!(book.patch(whole(&orders)), []);
        let told: Vec<usize> = book.cells().map(|cell| cell.0.borrow().1).collect();
        assert_eq!(told, [0, 1, 0]);
    }

    #[test]
    fn what_has_left_is_told_once_and_stays_in_its_place() {
        let mut book = book(&[9, 8, 7], false);
        assert_eq!(names(&book.patch(whole(&approved(&[9, 7])))), [8]);
        assert_eq!(book.patch(whole(&approved(&[9, 7]))), []);
        assert_eq!(book.len(), 3);
    }

    #[test]
    fn beyond_the_end_of_an_answer_nothing_is_missing() {
        let mut book = book(&[9, 8, 7, 6], true);
        let orders = approved(&[11, 10, 9, 8]);
        let part = Part {
            goes_on: true,
            ..whole(&orders)
        };
        assert_eq!(book.patch(part), []);
        assert_eq!(book.new_ones(), 2);
        // Nor above its beginning.
        let orders = approved(&[6]);
        let part = Part {
            below: Some(approved(&[7])[0].rank()),
            ..whole(&orders)
        };
        assert_eq!(book.patch(part), []);
        assert_eq!(book.new_ones(), 2, "this part says nothing of those");
        // An answer of nothing that says there is more says nothing.
        let part = Part {
            goes_on: true,
            ..whole(&[])
        };
        assert_eq!(book.patch(part), []);
    }

    #[test]
    fn what_comes_is_counted_wherever_it_stands_and_no_longer_than_it_is_there() {
        let mut book = book(&[9, 5], false);
        book.patch(whole(&approved(&[10, 9, 7, 5])));
        assert_eq!(book.new_ones(), 2);
        book.patch(whole(&approved(&[9, 7, 5])));
        assert_eq!(book.new_ones(), 1);
        book.replace(&approved(&[9, 7, 5]), false, cell);
        assert_eq!(book.new_ones(), 0);
    }

    #[test]
    fn what_stands_below_the_last_row_is_not_new_but_next() {
        let mut book = book(&[9, 8], true);
        book.patch(whole(&approved(&[9, 7])));
        assert_eq!(book.new_ones(), 0);
        book.append(&approved(&[7, 6]), false, cell);
        let shown: Vec<u64> = book.rows.iter().map(|(rank, _)| rank.id.number()).collect();
        assert_eq!(shown, [9, 8, 7, 6]);
        book.patch(whole(&approved(&[9, 8, 7, 6, 4])));
        assert_eq!(book.new_ones(), 1, "the end is the end of all");
    }

    #[test]
    fn what_was_shown_keeps_its_cell() {
        let mut book = book(&[9, 8], false);
        let before = book
            .cell(approved(&[8])[0].id)
            .expect("it is there")
            .clone();
        book.replace(&approved(&[10, 8]), false, cell);
        let after = book.cell(approved(&[8])[0].id).expect("it is there");
        assert!(Rc::ptr_eq(&before.0, &after.0));
        assert!(book.cell(approved(&[9])[0].id).is_none());
    }

    #[test]
    fn a_long_list_is_read_in_turns_and_most_often_where_it_is_looked_at() {
        let numbers: Vec<u64> = (1..=250).rev().collect();
        let book = book(&numbers, true);
        let read = |turn, in_view| {
            let (below, rows) = book.part_to_read(turn, in_view, 100);
            (below.map(|rank| rank.id.number()), rows)
        };
        assert_eq!(read(0, 120), (Some(151), 100));
        assert_eq!(read(1, 120), (None, 100));
        assert_eq!(read(3, 120), (Some(151), 100));
        assert_eq!(read(5, 120), (Some(51), 50));
        assert_eq!(read(4, 0), (None, 100));
        let short = self::book(&[3, 2], false);
        assert_eq!(short.part_to_read(7, 0, 100), (None, 2));
        assert_eq!(
            OrderBook::<Cell>::default().part_to_read(0, 0, 100),
            (None, 1)
        );
    }
}
