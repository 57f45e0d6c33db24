//! `GET /api/dictionaries/...`: what filters are chosen from.

use domain::{FreightType, NamedPoint, messages::Dictionary};
use serde_json::json;
use tests_http::{Loadboard, Order, begin};

async fn points(board: &Loadboard, text: &str) -> Vec<NamedPoint> {
    let path = format!("/api/dictionaries/points?filter%5Bname%5D={text}");
    board.get(&path).await.json::<Dictionary<_>>().items
}

#[tokio::test]
async fn places_are_found_by_part_of_their_name_in_one_call() {
    let (board, sim) = begin().await;
    let found = points(&board, "Новгород").await;
    let names: Vec<&str> = found.iter().map(|point| point.name.as_str()).collect();
    assert_eq!(names, ["Великий Новгород", "Нижний Новгород"]);
    // The same search, however it is typed.
    for typed in ["новгород", "НОВГОРОД", "%20новгород+"] {
        assert_eq!(points(&board, typed).await, found, "{typed}");
    }
    assert_eq!(sim.stats().await.endpoint("points").calls, 1);
    assert_eq!(points(&board, "Нигдеград").await, []);
}

/// What is passed back as it came filters.
#[tokio::test]
async fn a_place_that_was_found_is_a_filter() {
    let (board, _sim) = begin().await;
    let moscow = points(&board, "Москва").await.remove(0);
    let NamedPoint { id, kind, .. } = moscow;
    let query = format!("mode=all&start_point_id={id}&start_point_type={kind}");
    let list = board.list(&query).await;
    assert!(!list.cargos.is_empty());
    assert!(list.total < board.list("mode=all").await.total);
}

#[tokio::test]
async fn the_types_are_whole_and_kept_for_a_day() {
    let (board, sim) = begin().await;
    for (path, endpoint) in [
        ("/api/dictionaries/load_types", "load_types"),
        ("/api/dictionaries/truck_types", "truck_types"),
    ] {
        let before = sim.stats().await.endpoint(endpoint).calls;
        let first = board.get(path).await;
        let types = first.json::<Dictionary<FreightType>>().items;
        assert!(types.len() > 5, "{path}");
        assert!(types.iter().all(|entry| !entry.short_name.is_empty()));
        let again = board.get(&format!("{path}/")).await;
        assert_eq!(
            again
                .expect_at_once()
                .json::<Dictionary<FreightType>>()
                .items,
            types
        );
        assert!(sim.stats().await.endpoint(endpoint).calls <= before + 1);

        let kept = first.expect_header("cache-control");
        assert_eq!(kept, "private, max-age=3600");
        let status = again.expect_header("cache-status");
        let ttl = status
            .split("ttl=")
            .nth(1)
            .and_then(|rest| rest.split(';').next());
        let ttl: u64 = ttl.and_then(|ttl| ttl.parse().ok()).unwrap();
        // Some go stale a tenth sooner than others.
        assert!(ttl > 21 * 3_600, "{status}");
    }
}

#[tokio::test]
async fn a_search_too_long_for_any_name_is_told_so() {
    let (board, sim) = begin().await;
    let path = format!(
        "/api/dictionaries/points?filter%5Bname%5D={}",
        "a".repeat(51)
    );
    board.get(&path).await.expect_invalid(&["filter[name]"]);
    assert_eq!(sim.stats().await.endpoint("points").calls, 0);
}

#[tokio::test]
async fn when_upstream_is_down_what_was_found_before_is_found() {
    let (board, sim) = begin().await;
    let found = points(&board, "Казань").await;
    assert!(!found.is_empty());
    sim.weather("hang").await;
    assert_eq!(points(&board, "казань").await, found);
    let path = "/api/dictionaries/points?filter%5Bname%5D=Самара";
    board.get(path).await.expect_honest_503();
}

#[tokio::test]
async fn all_dictionaries_can_be_invalidated() {
    let (board, _sim) = begin().await;
    points(&board, "Тверь").await;
    let order = Order::to_invalidate(json!("dictionaries")).sign();
    assert!(board.invalidate(order).await.invalidated().invalidated >= 1);
}
