//! What the factory's system answers: nothing is believed that is not what was asked for.

#![no_main]

use domain::orders::{Filter, OrderId, Status};
use libfuzzer_sys::fuzz_target;
use mes::{ListRequest, decode};

fuzz_target!(|body: &[u8]| {
    let request = ListRequest {
        filter: Filter {
            statuses: Status::ALL.into_iter().collect(),
            seller: None,
            site: None,
            name: None,
        },
        before: None,
        limit: 100,
    };
    if let Ok(snapshot) = decode::list(body, &request) {
        assert!(snapshot.orders.len() <= 100);
        let ranks: Vec<_> = snapshot.orders.iter().map(|order| order.rank()).collect();
        assert!(ranks.is_sorted_by(|a, b| a > b), "newest first, each once");
        for order in &snapshot.orders {
            assert!(request.filter.matches(order));
            assert!(order.version <= snapshot.as_of);
        }
    }
    let ids: [OrderId; 2] = ["MSK-1", "MSK-2"].map(|id| id.parse().expect("an id"));
    if let Ok(snapshot) = decode::by_ids(body, &ids) {
        assert!(snapshot.orders.iter().all(|order| ids.contains(&order.id)));
    }
    if let Ok(detailed) = decode::detail(body, ids[0]) {
        assert_eq!(detailed.order.order.id, ids[0]);
    }
    let _ = decode::counts(body);
    let _ = decode::calculation(body);
    let _ = decode::uploaded(body, 5);
});
