//! Which rows a poll asks for, where more cards are loaded than one answer may hold.

use domain::{PAGE_ROWS, PricesQuery, Window};

/// Rows asked for below the last card, so that a few new cargos above do not push cards out of the answer.
const SLACK: u32 = 20;

/// Takes turns: the rows in view, then a part of the others, then the rows in view again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    others: bool,
    /// Where the next part of the others begins.
    next: u32,
}

impl Turns {
    /// The rows of the next poll. `loaded` cards stand in the list, and that of row `in_view` is in the middle of the
    /// screen.
    pub fn take(&mut self, loaded: u32, in_view: u32) -> Window {
        const MOST: u32 = PricesQuery::MAX_LIMIT;
        let wanted = loaded.saturating_add(SLACK);
        if wanted <= MOST {
            return Window {
                offset: 0,
                limit: wanted,
            };
        }
        let pages = wanted.div_ceil(PAGE_ROWS);
        let at_once = MOST / PAGE_ROWS;
        let others = self.others;
        self.others = !others;
        let first = if others {
            let first = self.next.min(pages - 1);
            self.next = if first + at_once >= pages {
                0
            } else {
                first + at_once
            };
            first
        } else {
            (in_view / PAGE_ROWS).saturating_sub(at_once / 2)
        };
        let offset = first.min(pages - at_once) * PAGE_ROWS;
        Window {
            offset,
            limit: MOST.min(wanted - offset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(turns: &mut Turns, loaded: u32, in_view: u32) -> (u32, u32) {
        let Window { offset, limit } = turns.take(loaded, in_view);
        (offset, limit)
    }

    #[test]
    fn few_cards_are_asked_for_together() {
        let mut turns = Turns::default();
        assert_eq!(take(&mut turns, 0, 0), (0, 20));
        assert_eq!(take(&mut turns, 480, 470), (0, 500));
        assert_eq!(turns, Turns::default());
    }

    #[test]
    fn what_is_in_view_comes_every_second_time_and_all_others_in_turn() {
        let mut turns = Turns::default();
        let mut taken = || take(&mut turns, 1_300, 650);
        assert_eq!(taken(), (400, 500));
        assert_eq!(taken(), (0, 500));
        assert_eq!(taken(), (400, 500));
        assert_eq!(taken(), (500, 500));
        assert_eq!(taken(), (400, 500));
        assert_eq!(taken(), (900, 420), "the last part ends with the list");
        assert_eq!(taken(), (400, 500));
        assert_eq!(taken(), (0, 500));
    }

    #[test]
    fn the_window_lies_within_the_list() {
        for loaded in 481..1_500 {
            for in_view in [0, loaded / 2, loaded] {
                let mut turns = Turns::default();
                for _ in 0..8 {
                    let Window { offset, limit } = turns.take(loaded, in_view);
                    assert!(
                        offset + limit <= loaded + SLACK && limit > 400,
                        "{loaded}: {offset} {limit}"
                    );
                    assert_eq!(offset % PAGE_ROWS, 0);
                }
            }
        }
    }
}
