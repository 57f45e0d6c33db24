//! An order under an operator's hands: what the screen shows between a tap and the factory's word. A state machine without a
//! network; the time (milliseconds of any steady clock) is an argument.
//!
//! A move is shown at once and marked as being saved. What the factory says then counts, whatever it is; of two states of an
//! order the one with the greater version is the newer, wherever it came from.

use domain::orders::{Mover, Order, Status, messages::ChangeStatus};

/// After a tap another one means the same for so long, in milliseconds: the next button comes up where the last one was.
pub const ONE_TAP_MS: f64 = 700.0;

/// The edge notices only after a moment that it was not told how a move ended, in milliseconds: reads that begin earlier prove
/// nothing.
pub const SETTLES_MS: f64 = 2_000.0;

/// An order on the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The newest state that anybody has told of.
    pub order: Order,
    /// What the operator is to know of his last move.
    pub note: Option<Note>,
    /// Whether it has left the list for somewhere that nobody has told.
    pub is_missing: bool,
    /// The move on its way to the factory.
    saving: Option<ChangeStatus>,
    /// The version that the operator himself has made.
    own: Option<u64>,
    tapped_at: Option<f64>,
    ended_at: f64,
}

/// What became of a move that was not simply made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Somebody else was quicker; the order says who.
    Lost,
    /// It was not made.
    Refused(Why),
    /// Nobody knows yet: the next read will tell.
    Unknown,
    /// It was not known, and then found not to be made.
    NotMade,
}

/// Why a move was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Not this operator's to make.
    Forbidden,
    /// No order goes there from where this one is, or there is no such order.
    NotAllowed,
    /// The factory does not answer.
    FactoryDown,
    /// There were too many requests.
    Busy,
    /// The session is over.
    SignedOut,
    /// Our own service is in trouble.
    OurFault,
}

/// How a move ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was made, and the order is this now.
    Made(Order),
    /// Somebody else was quicker, and the order is this now.
    Lost(Order),
    /// It was not made.
    Refused(Why),
    /// Nobody knows: the factory did not answer, or no answer came through.
    Unknown,
}

/// What an operator may do with an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// The next step.
    pub on: Option<Status>,
    /// Back to whoever is free.
    pub back: Option<Status>,
}

impl Moves {
    /// Those of an operator.
    pub fn from(status: Status) -> Self {
        let mut moves = Self::default();
        for to in status.moves_of(Mover::Operator) {
            // Statuses stand in the order in which an order passes them.
            if to > status {
                moves.on = Some(to);
            } else {
                moves.back = Some(to);
            }
        }
        moves
    }
}

impl Standing {
    /// An order as a list or a detail shows it.
    pub fn new(order: Order) -> Self {
        Self {
            order,
            note: None,
            is_missing: false,
            saving: None,
            own: None,
            tapped_at: None,
            ended_at: 0.0,
        }
    }

    /// Where it stands, or will if all goes well.
    pub fn status(&self) -> Status {
        self.saving
            .as_ref()
            .map_or(self.order.status, |saving| saving.status)
    }

    /// Whether a move is on its way to the factory.
    pub fn is_saving(&self) -> bool {
        self.saving.is_some()
    }

    /// Whether its last change was made here.
    pub fn is_own(&self) -> bool {
        self.own == Some(self.order.version)
    }

    /// What may be done with it now: nothing while it is not known where it stands.
    pub fn moves(&self) -> Moves {
        if self.is_saving() || self.note == Some(Note::Unknown) {
            Moves::default()
        } else {
            Moves::from(self.order.status)
        }
    }

    /// The operator moves it. What to ask of the factory; nothing if it can't be moved there now.
    #[must_use]
    pub fn tap(&mut self, to: Status, now: f64) -> Option<ChangeStatus> {
        let Moves { on, back } = self.moves();
        let is_second = self.tapped_at.is_some_and(|at| now - at < ONE_TAP_MS);
        if is_second || ![on, back].contains(&Some(to)) {
            return None;
        }
        let change = ChangeStatus {
            status: to,
            expected_version: self.order.version,
        };
        self.saving = Some(change.clone());
        self.tapped_at = Some(now);
        self.note = None;
        Some(change)
    }

    /// A read shows this state. Whether anything has changed.
    pub fn take(&mut self, order: &Order) -> bool {
        let before = self.clone();
        self.is_missing = false;
        if order.version > self.order.version {
            self.order = order.clone();
            self.note = None;
        }
        *self != before
    }

    /// The move has ended.
    pub fn end(&mut self, outcome: Outcome, now: f64) {
        self.saving = None;
        self.ended_at = now;
        match outcome {
            Outcome::Made(order) => {
                self.own = Some(order.version);
                self.take(&order);
            }
            Outcome::Lost(order) => {
                self.take(&order);
                self.note = Some(Note::Lost);
            }
            Outcome::Refused(why) => self.note = Some(Note::Refused(why)),
            Outcome::Unknown => self.note = Some(Note::Unknown),
        }
    }

    /// A read that began at that moment, and that nobody doubts, has shown the order. If it was not known how its move ended, it
    /// was not made. Whether anything has changed.
    pub fn look(&mut self, began: f64) -> bool {
        let tells = self.note == Some(Note::Unknown) && began >= self.ended_at + SETTLES_MS;
        if tells {
            self.note = Some(Note::NotMade);
        }
        tells
    }

    /// It is no longer where it was, and nobody has told where it is. Whether that is news.
    pub fn miss(&mut self) -> bool {
        let is_news = !self.is_missing && !self.is_saving();
        self.is_missing |= is_news;
        is_news
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn order(number: u64, status: Status, version: u64) -> Order {
        Order {
            id: format!("MSK-{number}").parse().expect("a name"),
            created_at: 1_000 + number,
            status,
            version,
            changed_at: 2_000 + version,
            changed_by: "Борис".into(),
            seller: domain::orders::SellerId(7),
            part: "Кронштейн".into(),
            material: "PA12".into(),
            quantity: 4,
            price_kopecks: None,
        }
    }

    fn taken() -> Standing {
        let mut standing = Standing::new(order(5, Status::Approved, 10));
        let change = standing.tap(Status::Started, 0.0);
        assert_eq!(
            change,
            Some(ChangeStatus {
                status: Status::Started,
                expected_version: 10
            })
        );
        standing
    }

    #[test]
    fn every_step_of_an_operator_leads_on_and_one_leads_back() {
        let moves = |on, back| Moves { on, back };
        assert_eq!(
            Moves::from(Status::Approved),
            moves(Some(Status::Started), None)
        );
        assert_eq!(
            Moves::from(Status::Started),
            moves(Some(Status::Completed), Some(Status::Approved))
        );
        assert_eq!(
            Moves::from(Status::Packaging),
            moves(Some(Status::Shipped), None)
        );
        for not_his in [Status::Submitted, Status::Shipped, Status::Cancelled] {
            assert_eq!(Moves::from(not_his), Moves::default());
        }
    }

    #[test]
    fn a_move_is_shown_at_once_and_asked_for_once() {
        let mut standing = taken();
        assert_eq!(standing.status(), Status::Started);
        assert!(standing.is_saving());
        assert_eq!(standing.tap(Status::Started, 5_000.0), None);
        assert_eq!(standing.tap(Status::Completed, 5_000.0), None);
    }

    #[test]
    fn the_second_tap_of_two_does_not_press_the_button_that_came_up() {
        let mut standing = taken();
        standing.end(Outcome::Made(order(5, Status::Started, 11)), 0.0);
        assert_eq!(standing.moves().on, Some(Status::Completed));
        assert_eq!(standing.tap(Status::Completed, ONE_TAP_MS - 1.0), None);
        assert!(standing.tap(Status::Completed, ONE_TAP_MS).is_some());
    }

    #[test]
    fn who_lost_is_told_by_the_order_and_gets_its_present_state() {
        let mut standing = taken();
        standing.end(Outcome::Lost(order(5, Status::Completed, 12)), 0.0);
        assert_eq!(standing.status(), Status::Completed);
        assert_eq!(standing.note, Some(Note::Lost));
        assert!(!standing.is_own());
        assert!(!standing.take(&order(5, Status::Completed, 12)), "no news");
        assert_eq!(standing.note, Some(Note::Lost), "as long as it is true");
        assert!(standing.take(&order(5, Status::Packaging, 13)));
        assert_eq!(standing.note, None);
    }

    #[test]
    fn what_was_refused_is_where_it_was_and_may_be_tried_again() {
        let mut standing = taken();
        standing.end(Outcome::Refused(Why::FactoryDown), 0.0);
        assert_eq!(standing.status(), Status::Approved);
        assert_eq!(standing.note, Some(Note::Refused(Why::FactoryDown)));
        assert!(standing.tap(Status::Started, 1_000.0).is_some());
        assert_eq!(standing.note, None);
    }

    #[test]
    fn what_nobody_knows_may_not_be_tried_until_a_read_has_told() {
        let mut standing = taken();
        standing.end(Outcome::Unknown, 0.0);
        assert_eq!(standing.status(), Status::Approved);
        assert_eq!(standing.moves(), Moves::default());
        assert_eq!(standing.tap(Status::Started, 9_000.0), None);

        let mut made = standing.clone();
        assert!(made.take(&order(5, Status::Started, 11)));
        assert!(!made.look(SETTLES_MS));
        assert_eq!((made.status(), made.note), (Status::Started, None));

        assert!(!standing.take(&order(5, Status::Approved, 10)));
        assert!(
            !standing.look(SETTLES_MS - 1.0),
            "it may be too early to tell"
        );
        assert!(standing.look(SETTLES_MS));
        assert_eq!(standing.note, Some(Note::NotMade));
        assert!(standing.tap(Status::Started, 9_000.0).is_some());
    }

    #[test]
    fn an_older_state_never_overwrites_a_newer_one() {
        let mut standing = taken();
        assert!(
            standing.take(&order(5, Status::Completed, 12)),
            "from a poll"
        );
        standing.end(Outcome::Made(order(5, Status::Started, 11)), 0.0);
        assert_eq!(standing.status(), Status::Completed);
        assert!(!standing.is_own(), "somebody went on from it");
    }

    #[test]
    fn a_poll_does_not_take_a_move_on_its_way_back() {
        let mut standing = taken();
        assert!(!standing.take(&order(5, Status::Approved, 10)));
        assert_eq!(standing.status(), Status::Started);
        assert!(!standing.miss(), "it has left the list because of us");
    }
}
