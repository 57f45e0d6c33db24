//! Races, each in the very order that makes it one: every step stands where the other side could have been.

use std::rc::Rc;

use swr::{
    Ask, Backoff, Class, Demand, Epoch, Flight, FlightPolicy, HotCopies, Landing, Look, Outcome,
    Policy, Refused, Settled, Stamp, Stamped, Ticket, UnixMillis, Wish,
};

const POLICY: Policy = Policy {
    fresh: 10_000,
    eager: 1_500,
    stale_while_revalidate: 600_000,
    stale_if_error: 86_400_000,
};
const FLIGHT: FlightPolicy = FlightPolicy {
    deadline: 15_000,
    backoff: Backoff {
        base: 1_000,
        max: 60_000,
    },
};
const JOIN: Ask = Ask::Join { raise: None };
const GOOD: Outcome = Outcome::Good {
    cost: 300,
    waited: 0,
};
const INVALIDATED: Landing = Landing::Discard(Refused::Invalidated);

fn at(ms: u64) -> UnixMillis {
    UnixMillis(1_000_000_000 + ms)
}

fn demand(ms: u64, min_epoch: Epoch) -> Demand {
    Demand {
        now: at(ms),
        min_epoch,
        random: 0.0,
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Copy(Stamp);

impl Stamped for Copy {
    fn stamp(&self) -> Stamp {
        self.0
    }
}

/// One key: its object, and a place where it is read.
struct Key {
    flight: Flight,
    stored: Option<Stamp>,
    hot: HotCopies<(), Rc<Copy>>,
}

impl Key {
    fn new() -> Self {
        Self {
            flight: Flight::default(),
            stored: None,
            hot: HotCopies::new(1_000),
        }
    }

    /// The object is asked by somebody who has this copy.
    fn ask_with(&mut self, have: Option<Ticket>, ms: u64) -> Ask {
        let wish = Wish {
            wanted_since: POLICY.wanted_since(at(ms)),
            have,
            class: Class::Background,
        };
        self.flight.ask(&FLIGHT, self.stored, wish, at(ms))
    }

    fn ask(&mut self, ms: u64) -> Ask {
        self.ask_with(None, ms)
    }

    fn begin(&mut self, ms: u64) -> Ticket {
        begun(self.ask(ms))
    }

    fn land(&mut self, ticket: Ticket, begun: u64, ms: u64) -> Landing {
        let landing = self
            .flight
            .land(&FLIGHT, ticket, at(begun), GOOD, at(ms), 0.0);
        if let Landing::Store(stamp) = landing {
            self.stored = Some(stamp);
        }
        landing
    }

    fn is_stored(&mut self, ticket: Ticket, begun: u64, ms: u64) -> bool {
        matches!(self.land(ticket, begun, ms), Landing::Store(_))
    }

    /// What the object has comes to the place, if it may still be given out.
    fn deliver(&mut self, ms: u64) {
        if let Some(stamp) = self.stored.filter(|&stamp| !self.flight.forbids(stamp)) {
            self.hot.put((), Rc::new(Copy(stamp)), 10, at(ms));
        }
    }

    fn look(&mut self, ms: u64) -> Look<Rc<Copy>> {
        self.hot.look(&(), &POLICY, &demand(ms, Epoch(0)))
    }

    /// The ticket of what a reader is served who has waited.
    fn served(&mut self, ms: u64, min_epoch: Epoch) -> Option<Ticket> {
        let demand = demand(ms, min_epoch);
        let found = self.hot.after_waiting(&(), &POLICY, &demand)?;
        Some(found.value.stamp().ticket)
    }
}

fn begun(ask: Ask) -> Ticket {
    match ask {
        Ask::Begin(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_read_overlaps_an_invalidation_that_comes_before_its_fetch() {
    let mut key = Key::new();
    let epoch = key.flight.invalidate();
    let ticket = key.begin(10);
    assert!(key.is_stored(ticket, 10, 300));
    key.deliver(310);
    assert_eq!(key.served(310, epoch), Some(ticket));
}

#[test]
fn a_read_overlaps_an_invalidation_that_comes_during_its_fetch() {
    let mut key = Key::new();
    let before = key.begin(0);
    let epoch = key.flight.invalidate();
    assert_eq!(key.land(before, 0, 300), INVALIDATED);
    key.deliver(310);
    assert_eq!(key.served(310, epoch), None);
    // Whoever waited for it waits for the next.
    let after = key.begin(300);
    assert!(key.is_stored(after, 300, 600));
    key.deliver(610);
    assert_eq!(key.served(610, epoch), Some(after));
}

#[test]
fn a_read_overlaps_an_invalidation_that_comes_after_its_fetch_has_landed() {
    let mut key = Key::new();
    let ticket = key.begin(0);
    key.land(ticket, 0, 300);
    // The reply is on its way when the key is invalidated.
    let Some(stamp) = key.stored else {
        panic!("it has landed");
    };
    let epoch = key.flight.invalidate();
    key.hot.put((), Rc::new(Copy(stamp)), 10, at(310));
    assert_eq!(key.served(310, Epoch(0)), Some(ticket), "he knows nothing");
    assert_eq!(key.served(310, epoch), None);
    // The object itself gives it to nobody any more.
    assert!(matches!(key.ask(310), Ask::Begin(_)));
}

#[test]
fn a_later_started_fetch_finishes_first() {
    let mut key = Key::new();
    let first = key.begin(0);
    // The first hangs past its deadline, and so another begins.
    let second = key.begin(15_000);
    assert!(key.is_stored(second, 15_000, 15_300));
    let overtaken = Landing::Discard(Refused::Overtaken);
    assert_eq!(key.land(first, 0, 15_400), overtaken);
    assert_eq!(key.stored.map(|stamp| stamp.ticket), Some(second));
}

#[test]
fn a_leader_is_dropped_and_a_waiter_takes_over() {
    let mut key = Key::new();
    let leader = key.begin(0);
    assert_eq!(key.ask(100), JOIN);
    // His object dies, and he with it; whoever waited asks again.
    key.flight = key.flight.after_eviction();
    let waiter = key.begin(200);
    assert!(leader < waiter);
    assert_eq!(key.ask(201), JOIN, "still one at a time");
    assert!(key.is_stored(waiter, 200, 500));
}

#[test]
fn a_copy_expires_during_its_eager_refresh() {
    let mut key = Key::new();
    let old = key.begin(0);
    key.land(old, 0, 300);
    key.deliver(310);
    // Due, and one asks.
    assert!(matches!(key.look(9_000), Look::Refresh(_)));
    let new = begun(key.ask_with(Some(old), 9_010));
    // Stale meanwhile: served all the same, and after a second somebody asks again, who joins.
    assert!(matches!(key.look(9_999), Look::Serve(_)));
    assert!(matches!(key.look(10_001), Look::Refresh(_)));
    assert_eq!(key.ask_with(Some(old), 10_005), JOIN);
    assert!(key.is_stored(new, 9_010, 10_100));
    key.deliver(10_110);
    assert_eq!(key.served(10_111, Epoch(0)), Some(new));
    assert!(matches!(key.look(10_111), Look::Serve(_)));
}

#[test]
fn a_reader_with_something_to_fall_back_on_leaves_while_more_come() {
    let mut key = Key::new();
    let old = key.begin(0);
    key.land(old, 0, 300);
    key.deliver(310);
    // Good on error only: each reader waits for a moment.
    let later = 700_000;
    let wait = Settled::Wait { fallback: true };
    let ticket = key.begin(later);
    for ms in 0..10 {
        let demand = demand(later + ms, Epoch(0));
        assert_eq!(key.hot.settle(&(), &POLICY, &demand, false), wait);
        assert_eq!(key.ask(later + ms), JOIN, "one call, however many");
    }
    assert_eq!(key.served(later + 1_000, Epoch(0)), Some(old), "he leaves");
    assert_eq!(key.ask(later + 1_001), JOIN, "the call goes on");
    assert!(key.is_stored(ticket, later, later + 3_000));
    key.deliver(later + 3_010);
    assert_eq!(key.served(later + 3_010, Epoch(0)), Some(ticket));
}

#[test]
fn an_object_is_evicted_in_mid_flight() {
    let mut key = Key::new();
    let first = key.begin(0);
    key.land(first, 0, 300);
    let lost = key.begin(20_000);
    let epoch = key.flight.invalidate();
    key.flight = key.flight.after_eviction();
    assert_eq!(key.flight.epoch(), epoch, "the fence survives");
    let next = key.begin(20_100);
    assert!(lost < next);
    // The lost one's result surfaces after all, and takes no slot away.
    assert_eq!(key.land(lost, 20_000, 20_200), INVALIDATED);
    assert_eq!(key.ask(20_201), JOIN);
    assert!(key.is_stored(next, 20_100, 20_400));
}

#[test]
fn an_invalidation_and_a_completion_in_one_tick_are_told_apart_by_counters() {
    // Completed first, then invalidated.
    let mut key = Key::new();
    let ticket = key.begin(0);
    assert!(key.is_stored(ticket, 0, 300));
    let epoch = key.flight.invalidate();
    key.deliver(300);
    assert_eq!(key.served(300, epoch), None);
    assert!(matches!(key.ask(300), Ask::Begin(_)));

    // Invalidated first, then completed.
    let mut key = Key::new();
    let ticket = key.begin(300);
    key.flight.invalidate();
    assert_eq!(key.land(ticket, 300, 300), INVALIDATED);

    // Invalidated first, then begun: all of it in one tick.
    let mut key = Key::new();
    let epoch = key.flight.invalidate();
    let ticket = key.begin(300);
    assert!(key.is_stored(ticket, 300, 300));
    key.deliver(300);
    assert_eq!(key.served(300, epoch), Some(ticket));
}
