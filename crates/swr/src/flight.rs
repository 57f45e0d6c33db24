use serde::{Deserialize, Serialize};

use crate::{Backoff, Class, Epoch, Fence, Refused, Stamp, Ticket, UnixMillis};

/// The rules of one key's refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlightPolicy {
    /// A fetch that has not landed after so many milliseconds counts as lost: the next one may begin.
    pub deadline: u64,
    /// The pause after failures.
    pub backoff: Backoff,
}

/// The refreshes of one key: single flight, fence and back-off. Lives where there is only one of it for a key.
///
/// What is serialized survives the holder; the flight under way does not, because the fetch dies with its holder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flight {
    fence: Fence,
    failures: u32,
    retry_at: UnixMillis,
    /// Whose call was refused, if that is why there is a pause: it binds nobody of a higher class.
    #[serde(default)]
    refused: Option<Class>,
    #[serde(skip)]
    under_way: Option<UnderWay>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct UnderWay {
    ticket: Ticket,
    begun: UnixMillis,
    /// For whom it was begun, for whom it is by now, and when whoever guards upstream was last told of that.
    begun_for: Class,
    class: Class,
    raised_at: UnixMillis,
}

/// What somebody wants who asks for a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// A copy read upstream at this moment or later is new enough.
    pub wanted_since: UnixMillis,
    /// The newest copy that he has: he wants a newer one.
    pub have: Option<Ticket>,
    /// Whether he waits for it.
    pub class: Class,
}

/// What to do for somebody who wants a key refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The stored copy is as new as he wants: hand it to him.
    Enough,
    /// A fetch is under way: let him wait for it.
    Join {
        /// Its ticket, if it was begun for a lower class: whoever guards upstream must be told that it is now for his.
        raise: Option<Ticket>,
    },
    /// Begin a fetch under this ticket.
    Begin(Ticket),
    /// The last fetch failed; nobody is sent upstream before this moment.
    BackOff {
        /// When the next fetch may begin.
        until: UnixMillis,
    },
}

/// How a fetch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a result worth keeping.
    Good {
        /// How long upstream took, in milliseconds, and nobody else: what a refresh waits for when calls run short must
        /// not make refreshes come sooner.
        cost: u32,
        /// How long the fetch waited before upstream was asked, in milliseconds, or less: what it brings is so much newer
        /// than its beginning.
        waited: u32,
    },
    /// Without one, and upstream was asked.
    Failed,
    /// Without one, and upstream was not asked: whoever guards it said when to come back. The key did nothing wrong.
    Refused {
        /// Milliseconds until then.
        retry_after: u64,
    },
}

/// What to do with a fetch that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// Store the result under this stamp.
    Store(Stamp),
    /// Throw the result away.
    Discard(Refused),
    /// There is no result; the last good copy stays.
    KeepLast,
}

impl Flight {
    /// In place of one that was lost: see [`Fence::beginning_at`].
    pub fn beginning_at(epoch: Epoch) -> Self {
        Self {
            fence: Fence::beginning_at(epoch),
            ..Self::default()
        }
    }

    /// Milliseconds between two words about one fetch, at least.
    const RAISE_AGAIN_AFTER: u64 = 1_000;

    /// Somebody asks for a refresh. `stored` is the stamp of the copy at hand.
    pub fn ask(
        &mut self,
        policy: &FlightPolicy,
        stored: Option<Stamp>,
        wish: Wish,
        now: UnixMillis,
    ) -> Ask {
        let Wish {
            wanted_since,
            have,
            class,
        } = wish;
        let servable = stored.filter(|stored| !self.fence.forbids(stored.ticket));
        if servable.is_some_and(|stored| {
            stored.fetched_at >= wanted_since && have.is_none_or(|have| have < stored.ticket)
        }) {
            return Ask::Enough;
        }
        if let Some(flight) = &mut self.under_way
            && now.since(flight.begun) < policy.deadline
            && !self.fence.forbids(flight.ticket)
        {
            // Told again now and then: the word may have been lost.
            let is_news = class > flight.class
                || (class > flight.begun_for
                    && now.since(flight.raised_at) >= Self::RAISE_AGAIN_AFTER);
            if is_news {
                flight.raised_at = now;
            }
            flight.class = flight.class.max(class);
            let raise = is_news.then_some(flight.ticket);
            return Ask::Join { raise };
        }
        let until = self.retry_at(class);
        if now < until {
            return Ask::BackOff { until };
        }
        let ticket = self.fence.begin();
        self.under_way = Some(UnderWay {
            ticket,
            begun: now,
            begun_for: class,
            class,
            raised_at: now,
        });
        Ask::Begin(ticket)
    }

    /// A fetch that began under `ticket` at `begun` has ended. `random` in `0.0..1.0` is the jitter of the back-off, and of
    /// when the copy goes stale.
    pub fn land(
        &mut self,
        policy: &FlightPolicy,
        ticket: Ticket,
        begun: UnixMillis,
        outcome: Outcome,
        now: UnixMillis,
        random: f64,
    ) -> Landing {
        let class = match self.under_way.take_if(|flight| flight.ticket == ticket) {
            Some(flight) => flight.class,
            // It was lost; another has its place, or will.
            None => Class::Prefetch,
        };
        // Not even its failure tells anything of what is to come.
        if self.fence.forbids(ticket) {
            return Landing::Discard(Refused::Invalidated);
        }
        match outcome {
            Outcome::Good { cost, waited } => match self.fence.land(ticket) {
                Ok(()) => {
                    self.failures = 0;
                    self.retry_at = UnixMillis::default();
                    Landing::Store(Stamp {
                        ticket,
                        fetched_at: begun.plus(waited.into()),
                        cost,
                        waited,
                        spread: (random * 256.0) as u8,
                    })
                }
                Err(refused) => Landing::Discard(refused),
            },
            Outcome::Failed => {
                self.failures = self.failures.saturating_add(1);
                self.refused = None;
                self.retry_at = now.plus(policy.backoff.pause(self.failures, random));
                Landing::KeepLast
            }
            Outcome::Refused { retry_after } => {
                // A little later than told, each key by another part, so that all who were refused don't come together.
                let jitter = (policy.backoff.base as f64 * random) as u64;
                self.refused = Some(class);
                self.retry_at = now.plus(retry_after).plus(jitter);
                Landing::KeepLast
            }
        }
    }

    /// How long the fetch under way has taken by now, in milliseconds; `None` if there is none that may still land.
    pub fn takes(&self, policy: &FlightPolicy, now: UnixMillis) -> Option<u64> {
        let takes = now.since(self.under_way.as_ref()?.begun);
        (takes < policy.deadline).then_some(takes)
    }

    /// Upstream has recovered: what went wrong before says nothing of what will.
    pub fn forgive(&mut self) {
        self.failures = 0;
        self.retry_at = UnixMillis::default();
    }

    /// What is left of it when its holder dies: the same as what is serialized.
    #[must_use]
    pub fn after_eviction(&self) -> Self {
        Self {
            under_way: None,
            ..self.clone()
        }
    }

    /// From now on nothing whose fetch began before this call is stored or served.
    pub fn invalidate(&mut self) -> Epoch {
        self.fence.invalidate()
    }

    /// Whether a copy is from before the last invalidation.
    pub fn forbids(&self, stamp: Stamp) -> bool {
        self.fence.forbids(stamp.ticket)
    }

    /// How often the key was invalidated.
    pub fn epoch(&self) -> Epoch {
        self.fence.epoch()
    }

    /// Before this moment nobody of this class is sent upstream.
    pub fn retry_at(&self, class: Class) -> UnixMillis {
        match self.refused {
            Some(refused) if refused < class => UnixMillis::default(),
            _ => self.retry_at,
        }
    }

    /// How many fetches in a row have failed.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: FlightPolicy = FlightPolicy {
        deadline: 15_000,
        backoff: Backoff {
            base: 1_000,
            max: 8_000,
        },
    };
    const GOOD: Outcome = Outcome::Good {
        cost: 300,
        waited: 0,
    };
    const JOIN: Ask = Ask::Join { raise: None };
    const T0: UnixMillis = UnixMillis(1_000_000);

    /// One key and the copy stored for it.
    #[derive(Default)]
    struct Key {
        flight: Flight,
        stored: Option<Stamp>,
    }

    impl Key {
        /// Asks for a copy that is fresh (10 s) at `now`.
        fn ask(&mut self, now: UnixMillis) -> Ask {
            self.ask_as(Class::Background, now)
        }

        fn ask_as(&mut self, class: Class, now: UnixMillis) -> Ask {
            let wish = Wish {
                wanted_since: UnixMillis(now.0 - 10_000),
                have: None,
                class,
            };
            self.flight.ask(&POLICY, self.stored, wish, now)
        }

        fn begin(&mut self, now: UnixMillis) -> Ticket {
            match self.ask(now) {
                Ask::Begin(ticket) => ticket,
                other => panic!("expected to begin, got {other:?}"),
            }
        }

        fn land(
            &mut self,
            ticket: Ticket,
            begun: UnixMillis,
            outcome: Outcome,
            now: UnixMillis,
        ) -> Landing {
            let landing = self.flight.land(&POLICY, ticket, begun, outcome, now, 1.0);
            if let Landing::Store(stamp) = landing {
                self.stored = Some(stamp);
            }
            landing
        }

        fn evict(&mut self) {
            self.flight = self.flight.after_eviction();
        }
    }

    #[test]
    fn one_fetches_and_all_others_join() {
        let mut key = Key::default();
        key.begin(T0);
        for _ in 0..100 {
            assert_eq!(key.ask(T0.plus(300)), JOIN);
        }
    }

    #[test]
    fn whoever_comes_after_the_landing_has_enough() {
        let mut key = Key::default();
        let ticket = key.begin(T0);
        assert!(matches!(
            key.land(ticket, T0, GOOD, T0.plus(300)),
            Landing::Store(_)
        ));
        assert_eq!(key.ask(T0.plus(9_999)), Ask::Enough);
        assert!(matches!(key.ask(T0.plus(10_001)), Ask::Begin(_)));
    }

    #[test]
    fn a_copy_is_as_old_as_its_call_whatever_that_took() {
        let mut key = Key::default();
        let ticket = key.begin(T0);
        key.land(ticket, T0, GOOD, T0.plus(9_000));
        assert_eq!(key.stored.map(|stamp| stamp.fetched_at), Some(T0));
    }

    #[test]
    fn a_copy_that_waited_for_its_call_is_newer_than_its_flight() {
        let mut key = Key::default();
        let ticket = key.begin(T0);
        let good = Outcome::Good {
            cost: 300,
            waited: 9_000,
        };
        key.land(ticket, T0, good, T0.plus(9_300));
        let stamp = key.stored.expect("stored");
        assert_eq!((stamp.fetched_at, stamp.waited), (T0.plus(9_000), 9_000));
    }

    #[test]
    fn a_failure_destroys_nothing_and_backs_off() {
        let mut key = Key::default();
        let ticket = key.begin(T0);
        key.land(ticket, T0, GOOD, T0);
        let stored = key.stored;

        let later = T0.plus(20_000);
        let ticket = key.begin(later);
        assert_eq!(
            key.land(ticket, later, Outcome::Failed, later),
            Landing::KeepLast
        );
        assert_eq!(key.stored, stored);
        let until = later.plus(1_000);
        assert_eq!(key.ask(later), Ask::BackOff { until });
        assert_eq!(key.ask(later.plus(999)), Ask::BackOff { until });

        let again = key.begin(until);
        key.land(again, until, Outcome::Failed, until);
        assert_eq!(
            key.ask(until),
            Ask::BackOff {
                until: until.plus(2_000)
            }
        );
    }

    #[test]
    fn any_success_ends_the_back_off() {
        let mut key = Key::default();
        let mut now = T0;
        for _ in 0..5 {
            let ticket = key.begin(now);
            key.land(ticket, now, Outcome::Failed, now);
            now = now.plus(8_000);
        }
        assert_eq!(key.flight.failures(), 5);
        let ticket = key.begin(now);
        key.land(ticket, now, GOOD, now);
        assert_eq!(key.flight.failures(), 0);
        assert!(matches!(key.ask(now.plus(10_001)), Ask::Begin(_)));
    }

    #[test]
    fn a_lost_fetch_blocks_nobody_past_the_deadline() {
        let mut key = Key::default();
        let lost = key.begin(T0);
        assert_eq!(key.ask(T0.plus(14_999)), JOIN);
        let second = key.begin(T0.plus(15_000));
        assert_eq!(
            key.ask(T0.plus(15_001)),
            JOIN,
            "the second is now the one to join"
        );
        key.land(second, T0.plus(15_000), GOOD, T0.plus(15_300));
        assert_eq!(
            key.land(lost, T0, GOOD, T0.plus(60_000)),
            Landing::Discard(Refused::Overtaken)
        );
    }

    #[test]
    fn a_lost_fetch_that_fails_late_does_not_take_the_slot_of_the_next() {
        let mut key = Key::default();
        let lost = key.begin(T0);
        key.begin(T0.plus(15_000));
        key.land(lost, T0, Outcome::Failed, T0.plus(15_100));
        assert_eq!(key.ask(T0.plus(15_200)), JOIN);
    }

    #[test]
    fn an_evicted_holder_blocks_nobody_and_keeps_its_fence() {
        let mut key = Key::default();
        let before = key.begin(T0);
        key.evict();
        let after = key.begin(T0.plus(1));
        assert!(before < after);
    }

    #[test]
    fn nobody_joins_a_fetch_that_began_before_an_invalidation() {
        let mut key = Key::default();
        let before = key.begin(T0);
        key.flight.invalidate();
        let after = key.begin(T0);
        assert_eq!(
            key.land(before, T0, GOOD, T0.plus(300)),
            Landing::Discard(Refused::Invalidated)
        );
        assert_eq!(key.ask(T0.plus(301)), JOIN, "the second is still under way");
        assert!(matches!(
            key.land(after, T0, GOOD, T0.plus(400)),
            Landing::Store(_)
        ));
    }

    #[test]
    fn the_failure_of_a_fetch_from_before_an_invalidation_backs_off_nobody() {
        let mut key = Key::default();
        let before = key.begin(T0);
        key.flight.invalidate();
        key.begin(T0);
        assert_eq!(
            key.land(before, T0, Outcome::Failed, T0.plus(300)),
            Landing::Discard(Refused::Invalidated)
        );
        assert_eq!(key.flight.failures(), 0);
        assert_eq!(key.ask(T0.plus(301)), JOIN, "the second is still under way");
    }

    #[test]
    fn whoever_found_the_stored_copy_due_is_not_told_that_it_is_enough() {
        let mut key = Key::default();
        let ticket = key.begin(T0);
        key.land(ticket, T0, GOOD, T0);
        let mut ask = |have| {
            let wish = Wish {
                wanted_since: UnixMillis(0),
                have,
                class: Class::Background,
            };
            key.flight.ask(&POLICY, key.stored, wish, T0)
        };
        assert_eq!(ask(None), Ask::Enough);
        assert!(matches!(ask(Some(ticket)), Ask::Begin(_)));
        assert_eq!(ask(Some(ticket)), JOIN);
        assert_eq!(ask(None), Ask::Enough, "nobody else waits for it");
    }

    #[test]
    fn a_key_that_was_refused_comes_back_when_told_and_has_not_failed() {
        let mut key = Key::default();
        let ticket = key.begin(T0);
        key.land(ticket, T0, Outcome::Refused { retry_after: 3_000 }, T0);
        assert_eq!(key.flight.failures(), 0);
        // The jitter of these tests is the whole base.
        let until = T0.plus(4_000);
        assert_eq!(key.ask(T0.plus(3_999)), Ask::BackOff { until });
        key.begin(until);
    }

    #[test]
    fn whoever_waits_raises_a_flight_that_was_begun_for_nobody() {
        let mut key = Key::default();
        let Ask::Begin(ticket) = key.ask_as(Class::Prefetch, T0) else {
            panic!("nothing was under way");
        };
        assert_eq!(key.ask_as(Class::Prefetch, T0), JOIN);
        let raised = Ask::Join {
            raise: Some(ticket),
        };
        assert_eq!(key.ask_as(Class::Background, T0), raised);
        assert_eq!(key.ask_as(Class::Waiting, T0), raised);
        assert_eq!(key.ask_as(Class::Background, T0), JOIN);
        assert_eq!(key.ask_as(Class::Waiting, T0), JOIN, "once is enough");
        // Unless the word was lost.
        assert_eq!(key.ask_as(Class::Waiting, T0.plus(1_000)), raised);
        assert_eq!(key.ask_as(Class::Waiting, T0.plus(1_001)), JOIN);
        assert_eq!(key.ask_as(Class::Prefetch, T0.plus(3_000)), JOIN);
    }

    #[test]
    fn what_was_refused_to_a_lower_class_binds_no_higher_one() {
        let mut key = Key::default();
        let ticket = key.begin(T0);
        key.land(ticket, T0, Outcome::Refused { retry_after: 3_000 }, T0);
        for class in [Class::Prefetch, Class::Background] {
            assert!(matches!(key.ask_as(class, T0), Ask::BackOff { .. }));
        }
        assert!(matches!(key.ask_as(Class::Waiting, T0), Ask::Begin(_)));
        // A failure binds everybody.
        let mut key = Key::default();
        let ticket = key.begin(T0);
        key.land(ticket, T0, Outcome::Failed, T0);
        assert!(matches!(
            key.ask_as(Class::Waiting, T0),
            Ask::BackOff { .. }
        ));
    }

    #[test]
    fn a_recovery_ends_the_back_off_at_once() {
        let mut key = Key::default();
        for _ in 0..4 {
            let ticket = key.flight.fence.begin();
            key.land(ticket, T0, Outcome::Failed, T0);
        }
        assert!(matches!(key.ask(T0), Ask::BackOff { .. }));
        key.flight.forgive();
        key.begin(T0);
    }

    #[test]
    fn a_copy_tells_what_it_cost_and_when_it_is_renewed() {
        let mut key = Key::default();
        let ticket = key.begin(T0);
        let landing = key
            .flight
            .land(&POLICY, ticket, T0, GOOD, T0.plus(320), 0.5);
        let Landing::Store(stamp) = landing else {
            panic!("{landing:?}");
        };
        assert_eq!((stamp.cost, stamp.spread), (300, 128));
    }

    #[test]
    fn a_copy_from_before_an_invalidation_is_not_enough() {
        let mut key = Key::default();
        let ticket = key.begin(T0);
        key.land(ticket, T0, GOOD, T0);
        assert_eq!(key.ask(T0), Ask::Enough);
        key.flight.invalidate();
        assert!(matches!(key.ask(T0), Ask::Begin(_)));
    }
}
