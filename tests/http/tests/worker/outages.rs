//! Upstream in every weather: whoever has prices keeps them, at once and said to be stale; whoever has none is told so
//! in time; and when it is over, it is over for everybody within one interval.

use std::time::Duration;

use domain::{Kopecks, messages::PriceRow};
use serde_json::{Value, json};
use tests_http::{
    ColdFilters, begin, until,
    windows::{PRICES_FRESH, RECOVERY, REFRESH_DEADLINE},
};

/// Two refreshes that fail, however long each of them takes.
const TWO_FAILURES: Duration = Duration::from_millis(2 * 4_000 + 3_000);

/// The story of one driver through `trouble`, which makes refreshes fail.
async fn last_good_prices_stay_through(trouble: Value) {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let query = format!("{cold}&limit=100");
    let good = board.prices(&query).await;
    assert_eq!(good.prices, sim.prices().await.rows(100));

    // Upstream's prices move on, unseen.
    let PriceRow(id, price) = good.prices[3];
    let moved = price.map_or(1_000_000, Kopecks::get) + 250_000;
    sim.tell(json!({
        "weather": trouble,
        "set_price": {"id": id, "kopecks": moved},
        "reset_stats": true,
    }))
    .await;
    until(
        "two refreshes have failed and the prices are said to be stale",
        TWO_FAILURES,
        async || {
            let prices = board.prices_at_once(&query).await;
            assert_eq!(prices.prices, good.prices, "the last good prices");
            assert_eq!((prices.as_of, prices.total), (good.as_of, good.total));
            let list = board.get(&format!("/api/cargos/?{query}")).await;
            assert_eq!(list.expect_at_once().list().cargos.len(), 100);
            (prices.stale, sim.stats().await.calls_for(&cold))
        },
        |(stale, calls)| *stale && *calls >= 2,
    )
    .await;

    sim.clear_the_sky().await;
    let new = PriceRow(id, Kopecks::new(moved));
    until(
        "the new price is there and fresh",
        RECOVERY,
        async || board.prices_at_once(&query).await,
        |prices| !prices.stale && prices.prices[3] == new,
    )
    .await;
}

#[tokio::test]
async fn last_good_prices_stay_through_a_500() {
    last_good_prices_stay_through(json!({"kind": "error500"})).await;
}

#[tokio::test]
async fn last_good_prices_stay_through_a_503() {
    last_good_prices_stay_through(json!({"kind": "error503"})).await;
}

#[tokio::test]
async fn last_good_prices_stay_through_a_429() {
    last_good_prices_stay_through(json!({"kind": "error429", "reset_after_s": 1})).await;
}

#[tokio::test]
async fn last_good_prices_stay_while_upstream_hangs() {
    last_good_prices_stay_through(json!({"kind": "hang"})).await;
}

#[tokio::test]
async fn last_good_prices_stay_through_json_that_breaks_off() {
    last_good_prices_stay_through(json!({"kind": "malformed"})).await;
}

#[tokio::test]
async fn last_good_prices_stay_through_html_in_place_of_json() {
    last_good_prices_stay_through(json!({"kind": "html"})).await;
}

/// One driver who comes into `trouble` with nothing, and asks again when it is over.
async fn the_truth_is_told_in_time_during(trouble: Value) {
    let (board, sim) = begin().await;
    sim.tell(json!({"weather": trouble})).await;
    let cold = ColdFilters::new();
    let prices = format!("/api/cargos/prices/?{cold}");
    board
        .get(&prices)
        .await
        .expect_in_time()
        .expect_honest_503();
    assert_eq!(
        sim.stats().await.calls_for(&cold),
        1,
        "a call that failed is not made again for the same reader"
    );
    board
        .get(&format!("/api/cargos/?{cold}"))
        .await
        .expect_in_time()
        .expect_honest_503();

    sim.clear_the_sky().await;
    let reply = until(
        "the prices are there",
        RECOVERY,
        async || board.get(&prices).await,
        |reply| reply.status == 200,
    )
    .await;
    assert_eq!(reply.prices().prices, sim.prices().await.rows(20));
}

#[tokio::test]
async fn without_a_copy_the_truth_is_told_during_a_500() {
    the_truth_is_told_in_time_during(json!({"kind": "error500"})).await;
}

#[tokio::test]
async fn without_a_copy_the_truth_is_told_during_a_503() {
    the_truth_is_told_in_time_during(json!({"kind": "error503"})).await;
}

#[tokio::test]
async fn without_a_copy_the_truth_is_told_while_upstream_hangs() {
    the_truth_is_told_in_time_during(json!({"kind": "hang"})).await;
}

#[tokio::test]
async fn without_a_copy_the_truth_is_told_during_html_in_place_of_json() {
    the_truth_is_told_in_time_during(json!({"kind": "html"})).await;
}

#[tokio::test]
async fn without_a_copy_the_truth_is_told_during_json_that_breaks_off() {
    the_truth_is_told_in_time_during(json!({"kind": "malformed"})).await;
}

/// The first rule of the cache, at the moment when it matters most: every reader of a stale copy triggers a refresh
/// that hangs, and none of them notices.
#[tokio::test]
async fn a_stale_answer_is_immediate_while_upstream_hangs() {
    let (board, sim) = begin().await;
    let path = format!("/api/cargos/prices/?{}", ColdFilters::new());
    let good = board.get(&path).await.prices();
    sim.weather("hang").await;
    until(
        "the prices are stale",
        PRICES_FRESH * 2,
        async || {
            let reply = board.get(&path).await;
            reply.expect_at_once().prices()
        },
        |prices| prices.stale,
    )
    .await;
    for _ in 0..5 {
        for reply in board.get_at_once(&path, 10).await {
            assert_eq!(reply.expect_at_once().prices().prices, good.prices);
        }
    }
    assert!(sim.stats().await.in_flight > 0, "a refresh hangs meanwhile");
}

/// Slow is not down: prices go on moving, and nobody waits.
#[tokio::test]
async fn a_slow_upstream_slows_no_reader() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let query = cold.to_string();
    let first = board.prices(&query).await;
    sim.tell(json!({"weather": {"kind": "ok", "latency_ms": 1_500}, "reset_stats": true}))
        .await;
    let PriceRow(id, price) = first.prices[0];
    let moved = price.map_or(1_000_000, Kopecks::get) + 250_000;
    sim.set_price(id, Some(moved)).await;
    until(
        "the price moves",
        RECOVERY + Duration::from_millis(1_500),
        async || board.prices_at_once(&query).await,
        |prices| prices.prices[0] == PriceRow(id, Kopecks::new(moved)),
    )
    .await;
    assert_eq!(sim.stats().await.max_identical_lists_in_flight, 1);
}

/// A refresh that never ends holds its key's one slot no longer than its deadline, though nobody ends it.
#[tokio::test]
async fn a_refresh_that_hangs_frees_its_slot() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let query = cold.to_string();
    board.prices(&query).await;
    sim.weather("hang").await;
    sim.forget_counts().await;
    let calls = async || {
        board.prices_at_once(&query).await;
        sim.stats().await.calls_for(&cold)
    };
    until("a refresh begins", RECOVERY, calls, |calls| *calls == 1).await;
    until(
        "another begins, while upstream still hangs",
        REFRESH_DEADLINE + RECOVERY,
        calls,
        |calls| *calls == 2,
    )
    .await;
    sim.clear_the_sky().await;
    until(
        "the prices are fresh",
        RECOVERY,
        async || board.prices_at_once(&query).await,
        |prices| !prices.stale,
    )
    .await;
}

#[tokio::test]
async fn a_first_read_that_hangs_frees_its_slot() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let prices = format!("/api/cargos/prices/?{cold}");
    sim.weather("hang").await;
    until(
        "a second fetch begins, while upstream still hangs",
        REFRESH_DEADLINE + RECOVERY,
        async || {
            board
                .get(&prices)
                .await
                .expect_in_time()
                .expect_honest_503();
            sim.stats().await.calls_for(&cold)
        },
        |calls| *calls >= 2,
    )
    .await;
}
