use super::*;
use domain::orders::{Filter, Order, Status, Statuses};

const NOW: u64 = 1_768_467_600_000;

fn store(orders: u32) -> Store {
    let config = Config {
        orders,
        ..Config::default()
    };
    Store::open(&config, 1, NOW).unwrap()
}

fn everything(limit: u32) -> Wanted {
    let filter = Filter {
        statuses: Statuses::ALL,
        seller: None,
        site: None,
        name: None,
    };
    Wanted {
        filter,
        before: None,
        limit,
    }
}

fn move_of(order: &Order, status: Status) -> Move {
    Move {
        id: order.id,
        status,
        expected_version: Some(order.version),
        by: "Анна".to_owned(),
        at: NOW + 5,
    }
}

fn make(store: &Store, wanted: &Move) -> Moved {
    store
        .write(|transaction| change(transaction, wanted))
        .unwrap()
}

fn first_of(store: &Store, status: Status) -> Order {
    let mut wanted = everything(1);
    wanted.filter.statuses = Statuses::NONE.with(status);
    store
        .read(|db| list(db, &wanted))
        .unwrap()
        .1
        .orders
        .remove(0)
}

#[test]
fn the_list_is_the_orders_by_rank_and_each_as_the_filter_says() {
    let store = store(500);
    let (as_of, all) = store.read(|db| list(db, &everything(1_000))).unwrap();
    assert_eq!(
        (all.orders.len(), all.more, store.rows().unwrap()),
        (500, false, 500)
    );
    assert!(
        all.orders
            .is_sorted_by(|newer, older| newer.rank() > older.rank())
    );
    assert_eq!(
        all.orders.iter().map(|order| order.version).max(),
        Some(as_of)
    );
    for query in [
        "status=approved,started",
        "site=SPB",
        "seller=7",
        "number=SK-10",
        "status=closed&site=MSK&seller=3",
    ] {
        let filter = domain::orders::OrdersQuery::parse(query).unwrap().filter;
        let expected: Vec<_> = all
            .orders
            .iter()
            .filter(|order| filter.matches(order))
            .cloned()
            .collect();
        let wanted = Wanted {
            filter,
            ..everything(1_000)
        };
        assert!(!expected.is_empty(), "{query}");
        assert_eq!(
            store.read(|db| list(db, &wanted)).unwrap().1.orders,
            expected,
            "{query}"
        );
    }
}

#[test]
fn pages_are_the_list_cut_in_pieces() {
    let store = store(250);
    let all = store
        .read(|db| list(db, &everything(1_000)))
        .unwrap()
        .1
        .orders;
    let (mut read, mut wanted) = (Vec::new(), everything(17));
    loop {
        let page = store.read(|db| list(db, &wanted)).unwrap().1;
        wanted.before = page.orders.last().map(Order::rank);
        read.extend(page.orders);
        if !page.more {
            break;
        }
    }
    assert_eq!(read, all);
}

#[test]
fn counts_are_of_all_orders_or_of_one_site() {
    let store = store(500);
    let total = |site: Option<&str>| {
        let site = site.map(|site| site.parse().unwrap());
        store
            .read(|db| counts(db, site))
            .unwrap()
            .1
            .0
            .values()
            .sum::<u64>()
    };
    assert_eq!(total(None), 500);
    assert_eq!(total(Some("MSK")) + total(Some("SPB")), 500);
    assert_eq!(total(Some("EKB")), 0);
}

#[test]
fn a_change_takes_the_next_number_and_stands_in_the_history() {
    let store = store(500);
    let (as_of, ()) = store.read(|_| Ok(())).unwrap();
    let order = first_of(&store, Status::Approved);
    let Moved::Made(started) = make(&store, &move_of(&order, Status::Started)) else {
        panic!("not made");
    };
    assert_eq!((started.version, started.changed_at), (as_of + 1, NOW + 5));
    let (now_as_of, detail) = store.read(|db| detail(db, order.id)).unwrap();
    let detail = detail.unwrap();
    assert_eq!((now_as_of, &detail.order), (as_of + 1, &started));
    let last = detail.history.last().unwrap();
    assert_eq!((last.version, last.by.as_str()), (as_of + 1, "Анна"));
}

#[test]
fn a_change_that_is_not_made_leaves_no_trace() {
    let store = store(500);
    let before = store.read(|db| list(db, &everything(1_000))).unwrap();
    let order = first_of(&store, Status::Approved);
    let lost = Move {
        expected_version: Some(order.version - 1),
        ..move_of(&order, Status::Started)
    };
    assert_eq!(make(&store, &lost), Moved::Lost(order.clone()));
    let not_allowed = move_of(&order, Status::Shipped);
    assert_eq!(make(&store, &not_allowed), Moved::NotAllowed(order));
    let unknown = Move {
        id: "EKB-5".parse().unwrap(),
        ..not_allowed
    };
    assert_eq!(make(&store, &unknown), Moved::UnknownOrder);
    assert_eq!(
        store.read(|db| list(db, &everything(1_000))).unwrap(),
        before
    );
}

#[test]
fn an_order_gets_its_price_when_it_is_calculated() {
    let store = store(500);
    let order = first_of(&store, Status::Submitted);
    assert_eq!(order.price_kopecks, None);
    make(&store, &move_of(&order, Status::PriceCalculated));
    let (_, priced) = store.read(|db| by_ids(db, &[order.id, order.id])).unwrap();
    assert!(priced.len() == 1 && priced[0].price_kopecks.is_some());
}

#[test]
fn new_orders_are_the_newest_and_have_names_of_their_own() {
    let store = store(50);
    let created = store
        .write(|transaction| {
            (0..20)
                .map(|_| create(transaction, 1, NOW))
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .unwrap();
    let (_, newest) = store.read(|db| list(db, &everything(20))).unwrap();
    let mut expected = created.clone();
    expected.sort_by_key(|order| std::cmp::Reverse(order.rank()));
    assert_eq!(newest.orders, expected);
    assert_eq!(store.rows().unwrap(), 70);
    let (_, told) = store.read(|db| history(db, created[0].id)).unwrap();
    assert_eq!((told.len(), told[0].version), (1, created[0].version));
}

#[test]
fn a_readers_snapshot_does_not_see_what_is_written_meanwhile() {
    let store = store(50);
    let order = first_of(&store, Status::Approved);
    let (as_of, seen) = store
        .read(|db| {
            make(&store, &move_of(&order, Status::Started));
            read::order(db, order.id)
        })
        .unwrap();
    assert_eq!(seen, Some(order.clone()));
    assert!(store.read(|db| read::order(db, order.id)).unwrap().0 == as_of + 1);
}

#[test]
fn a_named_file_is_gone_on_with_and_anything_else_in_its_place_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config {
        file: Some(directory.path().join("mes.sqlite")),
        orders: 50,
        ..Config::default()
    };
    let store = Store::open(&config, 1, NOW).unwrap();
    let order = first_of(&store, Status::Approved);
    make(&store, &move_of(&order, Status::Started));
    let before = store.read(|db| list(db, &everything(100))).unwrap();
    drop(store);
    let again = Store::open(&config, 1, NOW + 1).unwrap();
    assert_eq!(again.read(|db| list(db, &everything(100))).unwrap(), before);
    let another = Store::open(&config, 2, NOW);
    assert!(matches!(another, Err(StoreError::AnotherWorld(_))));
    std::fs::write(directory.path().join("note.txt"), "no database at all").unwrap();
    let note = Config {
        file: Some(directory.path().join("note.txt")),
        ..config
    };
    assert!(matches!(
        Store::open(&note, 1, NOW),
        Err(StoreError::AnotherWorld(_))
    ));
}

#[test]
fn the_file_of_a_store_without_a_name_goes_with_it() {
    let store = store(5);
    let path = store.path.clone();
    assert!(path.exists());
    drop(store);
    assert!(!path.exists() && !path.parent().unwrap().exists());
}
