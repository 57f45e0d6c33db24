use std::collections::BTreeMap;

use super::*;
use crate::Backoff;

const T0: UnixMillis = UnixMillis(1_000_000);
const POLICY: BoardPolicy = BoardPolicy {
    lists: Policy {
        fresh: 30_000,
        eager: 5_000,
        stale_while_revalidate: 0,
        stale_if_error: 300_000,
    },
    pages: Policy {
        fresh: 15_000,
        eager: 0,
        stale_while_revalidate: 0,
        stale_if_error: 300_000,
    },
    details: Policy {
        fresh: 600_000,
        eager: 0,
        stale_while_revalidate: 0,
        stale_if_error: 300_000,
    },
    flight: FlightPolicy {
        deadline: 25_000,
        backoff: Backoff {
            base: 1_000,
            max: 8_000,
        },
    },
    late_after: 1_000,
    lease: 250,
    grace: 1_000,
    change_deadline: 30_000,
    remember: 60_000,
    most_changes: 1_000,
    most_of_group: 5,
    most_pages: 10,
    most_details: 10,
};

/// An order: its place is its number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Order {
    number: u32,
    status: char,
    version: u64,
}

impl Entry for Order {
    type Key = u32;
    type Group = char;
    type Rank = u32;

    fn key(&self) -> u32 {
        self.number
    }

    fn group(&self) -> char {
        self.status
    }

    fn rank(&self) -> u32 {
        self.number
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn is_first(&self) -> bool {
        self.status == 'a'
    }
}

/// An order and its former statuses.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Story(Order, String);

impl Detail for Story {
    type Entry = Order;

    fn entry(&self) -> &Order {
        &self.0
    }

    fn advance(&mut self, from_version: u64, to: &Order) -> bool {
        let goes_on = self.0.version == from_version;
        if goes_on {
            self.1.push(self.0.status);
            self.0 = to.clone();
        }
        goes_on
    }
}

/// Upstream: all orders, and the number of the last change.
#[derive(Clone, Default)]
struct Upstream {
    orders: BTreeMap<u32, Order>,
    changes: u64,
}

impl Upstream {
    fn with(orders: &[(u32, char)]) -> Self {
        let mut upstream = Self::default();
        for &(number, status) in orders {
            upstream.set(number, status);
        }
        upstream
    }

    fn set(&mut self, number: u32, status: char) -> Order {
        self.changes += 1;
        let order = Order {
            number,
            status,
            version: self.changes,
        };
        self.orders.insert(number, order.clone());
        order
    }

    fn read(&self, load: &Load<u32, char, u32, String>, limit: usize) -> Reading<Order> {
        let (groups, below) = match load {
            Load::Part(part) => (part.groups.clone(), part.below),
            Load::Page(statuses, below) => (statuses.chars().collect(), *below),
            other => panic!("no list: {other:?}"),
        };
        let mut entries: Vec<Order> = self
            .orders
            .values()
            .rev()
            .filter(|order| {
                groups.contains(&order.status) && below.is_none_or(|below| order.number < below)
            })
            .take(limit + 1)
            .cloned()
            .collect();
        let more = entries.len() > limit;
        entries.truncate(limit);
        Reading {
            as_of: self.changes,
            entries,
            more,
        }
    }

    fn count(&self) -> BTreeMap<char, u64> {
        let mut counts = BTreeMap::new();
        for order in self.orders.values() {
            *counts.entry(order.status).or_default() += 1;
        }
        counts
    }
}

struct Case {
    board: Board<Story, String>,
    upstream: Upstream,
    now: UnixMillis,
}

impl Case {
    fn new(orders: &[(u32, char)]) -> Self {
        let board = Board::new(POLICY, Saved::default(), [], [], T0);
        Self {
            board,
            upstream: Upstream::with(orders),
            now: T0,
        }
    }

    fn look(
        &mut self,
        query: &ListQuery<char, u32, String>,
        on_error: bool,
    ) -> ListLook<Story, String> {
        let arrival = self.board.arrive();
        let name = query.name.clone();
        self.board.list(
            query,
            |order| name.contains(order.status),
            arrival,
            on_error,
            self.now,
        )
    }

    fn begin(&mut self, load: &Load<u32, char, u32, String>) -> Ticket {
        match self.board.ask(load, Class::Waiting, self.now) {
            Ask::Begin(ticket) => ticket,
            other => panic!("expected to begin, got {other:?}"),
        }
    }

    fn land(
        &mut self,
        load: &Load<u32, char, u32, String>,
        ticket: Ticket,
        reading: Reading<Order>,
    ) -> Landed {
        let vanished = self.board.vanished(load, &reading);
        let found = vanished
            .iter()
            .filter_map(|number| self.upstream.orders.get(number).cloned())
            .collect();
        let loaded = Loaded::Entries {
            reading,
            vanished,
            found,
        };
        self.board
            .land(load, ticket, self.now, Some(loaded), self.now, 0.0)
    }

    fn load(&mut self, load: &Load<u32, char, u32, String>, limit: usize) {
        let ticket = self.begin(load);
        let reading = self.upstream.read(load, limit);
        assert_eq!(self.land(load, ticket, reading), Landed::Kept);
    }

    /// The numbers that a reader is shown, and whether there may be more; what is absent is loaded.
    fn read(&mut self, statuses: &str, below: Option<u32>, limit: usize) -> (Vec<u32>, bool) {
        let query = ListQuery {
            below,
            limit,
            ..first(statuses)
        };
        for _ in 0..10 {
            match self.look(&query, false) {
                Look::Here(list) => {
                    let right = list
                        .entries
                        .iter()
                        .all(|order| query.groups.contains(&order.status));
                    assert!(right, "{list:?}");
                    return (
                        list.entries.iter().map(|order| order.number).collect(),
                        list.next.is_some(),
                    );
                }
                Look::Absent(load) => self.load(&load, 3),
                Look::Doubt(keys) => panic!("in doubt: {keys:?}"),
            }
        }
        panic!("never complete");
    }

    /// The same without going upstream.
    fn known(&mut self, statuses: &str) -> Option<Vec<u32>> {
        let query = first(statuses);
        match self.look(&query, false) {
            Look::Here(list) => Some(list.entries.iter().map(|order| order.number).collect()),
            _ => None,
        }
    }

    /// Its holder dies, and comes up with what was saved.
    fn evict(&mut self) {
        let unsaved = self.board.take_unsaved();
        let (epoch, greatest) = unsaved.progress.expect("something changed");
        let saved = Saved {
            epoch,
            greatest,
            spans: unsaved.spans.expect("something was read"),
        };
        let entries = unsaved.entries.into_iter().filter_map(|(_, entry)| entry);
        self.board = Board::new(POLICY, saved, entries, [], self.now);
    }

    fn pass(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
    }

    fn tell(&mut self, number: u32, status: char) -> bool {
        let order = self.upstream.set(number, status);
        self.board.told(order, self.now).0
    }

    /// The count, if all is known.
    fn right_count(&self) -> Count<char> {
        Count {
            by_group: Some(self.upstream.count()),
            is_certain: true,
            is_due: false,
        }
    }

    /// The count is not certain, which costs upstream no more than one count in a while.
    fn expect_to_be_counted_again(&self) {
        let eager = POLICY.lists.eager;
        let count = self.board.counts(T0.plus(eager - 1));
        assert!(!count.is_certain && !count.is_due, "not so soon");
        assert!(self.board.counts(T0.plus(eager)).is_due);
    }
}

/// The first three of these statuses.
fn first(statuses: &str) -> ListQuery<char, u32, String> {
    ListQuery {
        groups: statuses.chars().collect(),
        name: statuses.into(),
        is_rare: false,
        below: None,
        limit: 3,
    }
}

fn part(statuses: &str) -> Load<u32, char, u32, String> {
    Load::Part(Part {
        groups: statuses.chars().collect(),
        below: None,
    })
}

#[test]
fn what_was_read_is_shown_until_its_time_is_over() {
    let mut case = Case::new(&[(1, 'a'), (2, 'b'), (3, 'a')]);
    assert_eq!(case.known("a"), None);
    assert_eq!(case.read("a", None, 3), (vec![3, 1], false));
    case.upstream.set(4, 'a');
    case.pass(29_999);
    assert_eq!(case.known("a"), Some(vec![3, 1]), "nobody told");
    case.pass(1);
    assert_eq!(case.known("a"), None);
    assert_eq!(case.read("a", None, 3), (vec![4, 3, 1], false));
}

#[test]
fn a_change_that_is_told_is_shown_at_once() {
    let mut case = Case::new(&[(1, 'a'), (2, 'b'), (3, 'a')]);
    case.read("ab", None, 3);
    assert!(case.tell(3, 'b'));
    assert_eq!(case.known("a"), Some(vec![1]));
    assert_eq!(case.known("b"), Some(vec![3, 2]));
    assert!(case.tell(5, 'a'), "a new one");
    assert_eq!(case.known("ab"), Some(vec![5, 3, 2]));
}

#[test]
fn what_is_told_out_of_order_or_again_changes_nothing() {
    let mut case = Case::new(&[(1, 'a')]);
    case.read("abc", None, 3);
    let first = case.upstream.set(1, 'b');
    let second = case.upstream.set(1, 'c');
    assert!(case.board.told(second.clone(), T0).0);
    let epoch = case.board.epoch();
    assert!(!case.board.told(first, T0).0);
    assert!(!case.board.told(second, T0).0);
    assert_eq!(
        (case.known("b"), case.known("c")),
        (Some(vec![]), Some(vec![1]))
    );
    assert_eq!(case.board.epoch(), epoch);
}

#[test]
fn a_reading_from_before_a_change_does_not_bring_the_old_state_back() {
    let mut case = Case::new(&[(1, 'a'), (2, 'a'), (3, 'b')]);
    let (a, b) = (part("a"), part("b"));
    let tickets = (case.begin(&a), case.begin(&b));
    let readings = (case.upstream.read(&a, 3), case.upstream.read(&b, 3));
    // Nothing of this order is known yet, neither before nor after.
    case.tell(2, 'b');
    case.land(&b, tickets.1, readings.1);
    assert_eq!(case.known("b"), Some(vec![3, 2]));
    case.land(&a, tickets.0, readings.0);
    assert_eq!(
        (case.known("a"), case.known("b")),
        (Some(vec![1]), Some(vec![3, 2]))
    );
    assert!(case.board.index.is_sound());
}

#[test]
fn a_reading_older_than_what_is_remembered_is_read_again() {
    let mut case = Case::new(&[(1, 'a'), (2, 'a')]);
    let load = part("a");
    let ticket = case.begin(&load);
    let reading = case.upstream.read(&load, 3);
    for i in 0..2_000 {
        case.tell(10, if i % 2 == 0 { 'a' } else { 'b' });
    }
    assert_eq!(case.land(&load, ticket, reading), Landed::Outdated);
    assert_eq!(case.known("a"), None);
}

#[test]
fn what_went_elsewhere_by_a_change_that_nobody_told_is_looked_for() {
    let mut case = Case::new(&[(1, 'a'), (2, 'a'), (3, 'b')]);
    case.read("ab", None, 3);
    case.upstream.set(2, 'b');
    case.upstream.orders.remove(&1);
    case.pass(40_000);
    assert_eq!(case.read("a", None, 3), (vec![], false));
    // The other status was not read again, and yet it is right.
    let query = first("b");
    let Look::Here(list) = case.look(&query, true) else {
        panic!("nothing to fall back on")
    };
    let shown: Vec<u32> = list.entries.iter().map(|order| order.number).collect();
    assert_eq!((shown, list.stale), (vec![3, 2], true));
    assert!(case.board.index.is_sound());
}

#[test]
fn what_an_older_reading_brings_meanwhile_is_looked_for_too() {
    let mut case = Case::new(&[(1, 'a')]);
    let (of_both, of_one) = (part("ab"), part("a"));
    let older = (case.begin(&of_both), case.upstream.read(&of_both, 3));
    case.upstream.set(1, 'c');
    let ticket = case.begin(&of_one);
    let reading = case.upstream.read(&of_one, 3);
    // Nothing has vanished, as far as is known when it is read.
    assert!(case.board.vanished(&of_one, &reading).is_empty());
    assert_eq!(case.land(&of_both, older.0, older.1), Landed::Kept);
    let loaded = Loaded::Entries {
        reading,
        vanished: Vec::new(),
        found: Vec::new(),
    };
    let landed = case.board.land(&of_one, ticket, T0, Some(loaded), T0, 0.0);
    assert_eq!(landed, Landed::Outdated);
    case.load(&of_one, 3);
    assert_eq!(case.known("a"), Some(vec![]));
    assert!(case.board.index.is_sound());
}

#[test]
fn statuses_are_merged_and_pages_neither_skip_nor_repeat() {
    let orders: Vec<_> = (1..=20)
        .map(|n| (n, ['a', 'b', 'c'][n as usize % 3]))
        .collect();
    let mut case = Case::new(&orders);
    let (mut shown, mut below) = (Vec::<u32>::new(), None);
    loop {
        let (numbers, more) = case.read("ab", below, 4);
        shown.extend(&numbers);
        if !more {
            break;
        }
        below = numbers.last().copied();
        // One of those above goes, one of those below comes, and a new one.
        case.tell(shown[0], 'c');
        case.tell(30 + shown[0], 'a');
    }
    let expected: Vec<u32> = (1..=20).rev().filter(|n| n % 3 != 2).collect();
    assert_eq!(shown, expected);
}

#[test]
fn of_each_group_only_the_newest_are_kept() {
    let orders: Vec<_> = (1..=20).map(|n| (n, 'a')).collect();
    let mut case = Case::new(&orders);
    let (mut shown, mut below) = (Vec::<u32>::new(), None);
    loop {
        let (numbers, more) = case.read("a", below, 2);
        shown.extend(&numbers);
        assert!(case.board.entries() <= POLICY.most_of_group && case.board.index.is_sound());
        if !more || shown.len() >= 4 {
            break;
        }
        below = numbers.last().copied();
    }
    assert_eq!(shown, [20, 19, 18, 17]);
    for number in 21..30 {
        case.tell(number, 'a');
        assert!(case.board.entries() <= POLICY.most_of_group && case.board.index.is_sound());
    }
    assert_eq!(case.known("a"), Some(vec![29, 28, 27]));
}

#[test]
fn a_page_that_few_ask_for_is_as_right_as_the_index() {
    let mut case = Case::new(&[(1, 'a'), (2, 'b'), (3, 'a'), (5, 'a'), (6, 'a')]);
    case.load(&Load::Page("a".into(), None), 3);
    let query = ListQuery {
        is_rare: true,
        ..first("a")
    };
    let read = |case: &mut Case| match case.look(&query, false) {
        Look::Here(list) => Some((
            list.entries
                .iter()
                .map(|order| order.number)
                .collect::<Vec<_>>(),
            list.next,
        )),
        _ => None,
    };
    assert_eq!(read(&mut case), Some((vec![6, 5, 3], Some(3))));
    case.tell(6, 'b');
    case.tell(4, 'a');
    case.tell(2, 'a');
    assert_eq!(
        read(&mut case),
        Some((vec![5, 4, 3], Some(3))),
        "2 lies below what was read"
    );
    case.tell(4, 'b');
    assert_eq!(read(&mut case), Some((vec![5, 3], Some(3))));
    for number in [3, 5] {
        case.tell(number, 'b');
    }
    assert_eq!(
        read(&mut case),
        Some((vec![], Some(3))),
        "1 has still to come"
    );
    case.pass(15_000);
    assert_eq!(read(&mut case), None);
}

#[test]
fn counts_are_kept_right_by_what_is_learned() {
    let mut case = Case::new(&[(1, 'a'), (2, 'a'), (3, 'b')]);
    assert_eq!(case.board.counts(T0).by_group, None);
    assert!(case.board.counts(T0).is_due);
    case.read("ab", None, 3);
    let ticket = case.begin(&Load::Counts);
    let counts = case.upstream.count();
    let as_of = case.upstream.changes;
    // Changed while it was counted.
    case.tell(2, 'b');
    let counted = Loaded::Counts {
        as_of,
        by_group: counts,
    };
    assert_eq!(
        case.board
            .land(&Load::Counts, ticket, T0, Some(counted), T0, 0.0),
        Landed::Kept
    );
    assert_eq!(case.board.counts(T0), case.right_count());
    case.tell(4, 'a');
    case.tell(1, 'c');
    assert_eq!(case.board.counts(T0), case.right_count());
    // Nobody knows where this one was.
    case.tell(77, 'c');
    case.expect_to_be_counted_again();
}

#[test]
fn a_count_is_not_certain_if_it_knows_a_change_that_nobody_told() {
    let mut case = Case::new(&[(1, 'a'), (2, 'b')]);
    case.read("ab", None, 3);
    case.upstream.set(1, 'b');
    let ticket = case.begin(&Load::Counts);
    let counted = Loaded::Counts {
        as_of: case.upstream.changes,
        by_group: case.upstream.count(),
    };
    case.board
        .land(&Load::Counts, ticket, T0, Some(counted), T0, 0.0);
    // It came from `b`, where nobody but the count had seen it.
    case.tell(1, 'c');
    case.expect_to_be_counted_again();
}

#[test]
fn a_late_word_is_no_news_of_a_place_that_was_read_since() {
    let mut case = Case::new(&[(1, 'a'), (2, 'a'), (3, 'b')]);
    let before = case.upstream.orders[&1].clone();
    case.upstream.set(1, 'c');
    assert_eq!(case.read("a", None, 3), (vec![2], false));
    case.board.told(before, T0);
    assert_eq!(case.known("a"), Some(vec![2]));

    // The same of one that was known before.
    let between = case.upstream.set(3, 'a');
    case.upstream.set(3, 'c');
    case.read("b", None, 3);
    case.pass(30_000);
    assert_eq!(case.read("a", None, 3), (vec![2], false));
    case.board.told(between, case.now);
    assert_eq!(case.known("a"), Some(vec![2]));
    assert!(case.board.index.is_sound());
}

#[test]
fn a_late_word_of_what_is_forgotten_has_its_place_read_again() {
    let mut case = Case::new(&[(1, 'a'), (2, 'a')]);
    case.read("a", None, 3);
    let late = case.upstream.set(3, 'a');
    // It goes on to where nobody reads, and the holder dies.
    case.tell(3, 'b');
    case.evict();
    assert_eq!(case.known("a"), Some(vec![2, 1]));
    case.board.told(late, T0);
    assert_eq!(case.known("a"), None, "whether it is there nobody knows");
    assert_eq!(case.read("a", None, 3), (vec![2, 1], false));
    assert!(case.board.index.is_sound());
}

fn story(case: &mut Case, number: u32) -> Option<Story> {
    let arrival = case.board.arrive();
    match case.board.detail(number, arrival, false, case.now) {
        Look::Here(known) => known.detail,
        _ => None,
    }
}

fn load_story(case: &mut Case, number: u32, detail: Option<Story>, as_of: u64) -> Landed {
    let load = Load::Detail(number);
    let ticket = case.begin(&load);
    case.board.land(
        &load,
        ticket,
        case.now,
        Some(Loaded::Detail { as_of, detail }),
        case.now,
        0.0,
    )
}

#[test]
fn a_detail_goes_on_with_a_change_to_its_very_state_and_is_else_dropped() {
    let mut case = Case::new(&[(1, 'a')]);
    let order = case.upstream.orders[&1].clone();
    assert_eq!(
        load_story(&mut case, 1, Some(Story(order, String::new())), 1),
        Landed::Kept
    );
    let changed = case.upstream.set(1, 'b');
    case.board.announce(
        Mark(9),
        Doubt {
            key: 1,
            to: 'b',
            since: T0,
        },
    );
    case.board
        .settle(Mark(9), Some(changed.clone()), Some(1), T0);
    assert_eq!(story(&mut case, 1), Some(Story(changed, "a".into())));
    case.tell(1, 'c');
    assert_eq!(
        story(&mut case, 1),
        None,
        "what happened between is not known"
    );
}

#[test]
fn a_detail_goes_on_though_somebody_else_told_of_the_change_first() {
    let mut case = Case::new(&[(1, 'a')]);
    let order = case.upstream.orders[&1].clone();
    load_story(&mut case, 1, Some(Story(order, String::new())), 1);
    let changed = case.upstream.set(1, 'b');
    let now = case.now;
    case.board.told(changed.clone(), now);
    assert_eq!(story(&mut case, 1), None, "nobody knows from which state");
    case.board
        .settle(Mark(9), Some(changed.clone()), Some(1), now);
    assert_eq!(story(&mut case, 1), Some(Story(changed, "a".into())));
}

#[test]
fn a_detail_that_is_behind_stays_so_when_the_change_is_long_forgotten() {
    let mut case = Case::new(&[(1, 'a')]);
    let order = case.upstream.orders[&1].clone();
    load_story(&mut case, 1, Some(Story(order, String::new())), 1);
    case.tell(1, 'b');
    for _ in 0..=POLICY.most_changes {
        case.tell(2, 'b');
    }
    assert_eq!(case.board.newest(1), None);
    assert_eq!(story(&mut case, 1), None);
}

#[test]
fn a_detail_from_before_a_change_is_read_again() {
    let mut case = Case::new(&[(1, 'a')]);
    let old = Story(case.upstream.orders[&1].clone(), String::new());
    let as_of = case.upstream.changes;
    case.tell(1, 'b');
    assert_eq!(load_story(&mut case, 1, Some(old), as_of), Landed::Outdated);
    assert_eq!(story(&mut case, 1), None);
}

#[test]
fn what_was_made_meanwhile_is_not_said_to_be_none() {
    let mut case = Case::new(&[(1, 'a')]);
    let as_of = case.upstream.changes;
    case.tell(2, 'a');
    assert_eq!(load_story(&mut case, 2, None, as_of), Landed::Outdated);
    assert_eq!(load_story(&mut case, 7, None, as_of + 1), Landed::Kept);
}

#[test]
fn whoever_comes_meanwhile_joins_and_a_failure_backs_off() {
    let mut case = Case::new(&[(1, 'a')]);
    let load = part("a");
    let ticket = case.begin(&load);
    assert!(matches!(
        case.board.ask(&load, Class::Waiting, T0),
        Ask::Join { .. }
    ));
    assert_eq!(
        case.board.land(&load, ticket, T0, None, T0, 0.0),
        Landed::Failed
    );
    assert!(matches!(
        case.board.ask(&load, Class::Waiting, T0),
        Ask::BackOff { .. }
    ));
}

#[test]
fn when_upstream_fails_the_last_known_is_shown_as_such() {
    let mut case = Case::new(&[(1, 'a')]);
    case.read("a", None, 3);
    case.pass(30_000);
    let query = first("a");
    assert!(matches!(case.look(&query, false), Look::Absent(_)));
    assert!(
        matches!(case.look(&query, true), Look::Here(list) if list.stale && list.entries.len() == 1)
    );
    // A change is shown even so.
    case.tell(1, 'b');
    assert!(matches!(case.look(&query, true), Look::Here(list) if list.entries.is_empty()));
    case.pass(300_000);
    assert!(
        matches!(case.look(&query, true), Look::Absent(_)),
        "nothing so old is shown"
    );
}

#[test]
fn while_upstream_takes_long_what_is_past_its_time_is_shown_as_such() {
    let rare = ListQuery {
        is_rare: true,
        ..first("a")
    };
    for query in [first("a"), rare] {
        let mut case = Case::new(&[(1, 'a'), (2, 'a')]);
        let Look::Absent(load) = case.look(&query, false) else {
            panic!("nothing is known")
        };
        let ticket = case.begin(&load);
        case.pass(1_000);
        assert_eq!(
            case.look(&query, false),
            Look::Absent(load.clone()),
            "nothing can be shown"
        );
        let reading = case.upstream.read(&load, 3);
        case.land(&load, ticket, reading);
        case.pass(30_000);
        let ticket = case.begin(&load);
        case.pass(999);
        assert_eq!(case.look(&query, false), Look::Absent(load.clone()));
        case.pass(1);
        case.tell(1, 'b');
        let late = case.look(&query, false);
        assert!(
            matches!(late, Look::Here(list) if list.stale && list.entries.len() == 1),
            "with the change that was told"
        );
        // What is in doubt is not shown for that.
        let doubt = Doubt {
            key: 2,
            to: 'b',
            since: case.now,
        };
        case.board.announce(Mark(7), doubt);
        case.pass(1_000);
        assert_eq!(case.look(&query, false), Look::Doubt(vec![2]));
        case.board.settle(Mark(7), None, None, case.now);
        // What has not come in time is not under way any more.
        case.pass(POLICY.flight.deadline);
        assert_eq!(case.look(&query, false), Look::Absent(load.clone()));
        assert_eq!(
            case.board.land(&load, ticket, T0, None, case.now, 0.0),
            Landed::Failed
        );
    }
}

#[test]
fn what_is_within_its_time_is_not_called_stale() {
    let mut case = Case::new(&[(1, 'a')]);
    let load = part("a");
    let ticket = case.begin(&load);
    let loaded = Loaded::Entries {
        reading: case.upstream.read(&load, 3),
        vanished: Vec::new(),
        found: Vec::new(),
    };
    // Its refresh is due earlier than that of others by a tenth.
    let landed = case
        .board
        .land(&load, ticket, T0, Some(loaded), T0, 0.999_999);
    assert_eq!(landed, Landed::Kept);
    case.pass(29_999);
    let query = first("a");
    assert!(
        matches!(case.look(&query, false), Look::Here(list) if !list.stale && list.ahead.is_some())
    );
    case.pass(1);
    assert!(matches!(case.look(&query, true), Look::Here(list) if list.stale));
}

#[test]
fn a_first_page_that_is_read_is_read_ahead_before_its_time_is_over() {
    let mut case = Case::new(&[(1, 'a')]);
    case.read("a", None, 3);
    let query = first("a");
    let ahead = |case: &mut Case| match case.look(&query, false) {
        Look::Here(list) => list.ahead,
        other => panic!("{other:?}"),
    };
    case.pass(24_999);
    assert_eq!(ahead(&mut case), None);
    case.pass(1);
    assert_eq!(ahead(&mut case), Some(part("a")));
}

#[test]
fn a_change_whose_end_nobody_told_is_looked_up_before_anybody_is_shown_it() {
    let mut case = Case::new(&[(1, 'a'), (2, 'a')]);
    case.read("ab", None, 3);
    case.board.announce(
        Mark(9),
        Doubt {
            key: 1,
            to: 'b',
            since: T0,
        },
    );
    assert_eq!(case.board.lease(T0), None);
    assert_eq!(case.known("a"), Some(vec![2, 1]), "not answered yet");
    // Made, and the word of it lost.
    let changed = case.upstream.set(1, 'b');
    case.pass(1_000);
    for groups in ["a", "b"] {
        assert_eq!(
            case.look(&first(groups), false),
            Look::Doubt(vec![1]),
            "{groups}"
        );
    }
    let began = case.board.arrive();
    let now = case.now;
    assert!(
        case.board
            .healed(&[1], vec![changed], began, now, now)
            .is_empty()
    );
    // The next one comes after that reading began.
    assert_eq!(case.look(&first("b"), false), Look::Doubt(vec![1]));
    let arrival = case.board.arrive();
    assert_eq!(case.board.settle(Mark(9), None, None, now), 0);
    assert!(
        matches!(case.board.list(&first("b"), |_| true, arrival, false, now), Look::Here(list) if list.entries[0].number == 1)
    );
}

#[test]
fn a_change_is_answered_when_copies_from_before_it_are_served_no_more() {
    let mut case = Case::new(&[(1, 'a')]);
    case.pass(1_000);
    assert_eq!(case.board.lease(case.now), Some(250));
    case.pass(100);
    let doubt = Doubt {
        key: 1,
        to: 'b',
        since: case.now,
    };
    case.board.announce(Mark(9), doubt);
    case.pass(40);
    assert_eq!(case.board.settle(Mark(9), None, None, case.now), 110);
}

#[test]
fn a_board_goes_on_where_it_was_saved() {
    let mut case = Case::new(&[(1, 'a'), (2, 'b'), (3, 'a')]);
    case.read("ab", None, 3);
    case.tell(1, 'b');
    let mut saved = Saved::default();
    let mut entries = BTreeMap::new();
    let unsaved = case.board.take_unsaved();
    (saved.epoch, saved.greatest) = unsaved.progress.expect("something changed");
    saved.spans = unsaved.spans.expect("something was read");
    for (key, entry) in unsaved.entries {
        entries.insert(key, entry.expect("none has gone"));
    }
    let again = case.board.take_unsaved();
    assert!(again.progress.is_none() && again.spans.is_none() && again.entries.is_empty());

    let before = case.board.epoch();
    let doubt = Doubt {
        key: 1,
        to: 'c',
        since: T0,
    };
    case.board = Board::new(
        POLICY,
        saved,
        entries.into_values(),
        [(Mark(4), doubt)],
        case.now,
    );
    assert!(
        case.board.epoch() > before,
        "copies from before are known as such"
    );
    assert_eq!(case.known("ab"), Some(vec![3, 2, 1]));
    case.pass(1_000);
    assert_eq!(case.known("b"), None, "what was under way is in doubt");
    // A reading from a replica that lags behind what was known is not taken.
    let ticket = case.begin(&part("a"));
    let late = Reading {
        as_of: 2,
        entries: Vec::new(),
        more: false,
    };
    assert_eq!(case.land(&part("a"), ticket, late), Landed::Outdated);
}
