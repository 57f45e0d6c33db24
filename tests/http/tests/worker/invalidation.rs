//! `POST /api/internal/invalidate`: whoever invalidated reads nothing older, at once and everywhere.

use domain::{Kopecks, messages::Invalidated};
use reqwest::Method;
use serde_json::{Value, json};
use tests_http::{ColdFilters, Loadboard, Order, begin, refill};

async fn invalidate(board: &Loadboard, target: Value) -> Invalidated {
    let order = Order::to_invalidate(target).sign();
    board.invalidate(order).await.invalidated()
}

#[tokio::test]
async fn whoever_invalidated_reads_what_is_new() {
    let (board, sim) = begin().await;
    for (by_key, calls, kopecks) in [(true, 1, 123_400), (false, 2, 234_500)] {
        let cold = ColdFilters::new();
        let before = board.prices(&cold.to_string()).await;
        let id = before.prices[0].0;
        let price = Kopecks::new(kopecks).unwrap();
        sim.set_price(id, Some(price.get())).await;
        assert_ne!(before.prices[0].1, Some(price));

        let target = if by_key {
            json!({"key": {"filters": cold.to_string()}})
        } else {
            json!("everything")
        };
        for call in 1..=calls {
            let Invalidated { epoch, invalidated } = invalidate(&board, target.clone()).await;
            assert!(epoch >= call && invalidated >= 1, "{epoch}, {invalidated}");
            let after = board.prices(&format!("{cold}&min_epoch={epoch}")).await;
            assert_eq!(after.prices[0].1, Some(price));
            assert!(!after.stale);
        }
        // Each read of his own invalidation was a fetch, and no more than that.
        assert_eq!(sim.stats().await.calls_for(&cold), 1 + calls);
    }
}

/// Prices of watched cargos come from any list that was read here, and nobody can say which of them was invalidated.
#[tokio::test]
async fn whoever_invalidated_reads_no_price_of_an_older_list() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let id = board.list(&cold.to_string()).await.cargos[15].id;
    let watched = format!("ids={id}");
    board.prices(&watched).await;
    let price = Kopecks::new(678_900).unwrap();
    sim.set_price(id, Some(price.get())).await;

    let Invalidated { epoch, .. } = invalidate(&board, json!("everything")).await;
    let after = board.prices(&format!("{watched}&min_epoch={epoch}")).await;
    assert_eq!(after.prices[0].1, Some(price));
    let list = board.list(&format!("{watched}&min_epoch={epoch}")).await;
    assert_eq!(list.cargos[0].price_kopecks, Some(price));
}

/// The guard tells a hundred objects at a time.
#[tokio::test]
async fn any_number_of_records_is_invalidated_by_one_order() {
    const RECORDS: usize = 110;
    let (board, sim) = begin().await;
    let lists: Vec<ColdFilters> = (0..RECORDS).map(|_| ColdFilters::new()).collect();
    let paths = lists.iter().map(|cold| format!("/api/cargos/?{cold}"));
    let mut unread: Vec<String> = paths.collect();
    while !unread.is_empty() {
        // More than may be made at once: who gets no call in time asks again.
        let replies = board.get_all(unread.clone()).await;
        let mut replies = replies.iter();
        unread.retain(|_| replies.next().is_some_and(|reply| reply.status != 200));
    }
    let answer = invalidate(&board, json!("everything")).await;
    assert!(answer.invalidated >= RECORDS as u64, "{answer:?}");

    refill(&board).await;
    sim.forget_counts().await;
    let id = sim.prices().await.order.my[0];
    let price = Kopecks::new(567_800).unwrap();
    sim.set_price(id, Some(price.get())).await;
    // By name the last may be any of them.
    for cold in lists.iter().step_by(RECORDS / 10) {
        let after = board
            .prices(&format!("{cold}&min_epoch={}", answer.epoch))
            .await;
        assert_eq!(after.prices[0].1, Some(price));
        assert!(sim.stats().await.calls_for(cold) >= 1);
    }
}

#[tokio::test]
async fn an_epoch_that_nobody_handed_out_demands_nothing() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let query = format!("{cold}&min_epoch=4000000000");
    let first = board.prices(&query).await;
    assert_eq!(first.prices, sim.prices().await.rows(20));
    for _ in 0..3 {
        assert_eq!(board.prices(&query).await.prices, first.prices);
    }
    assert!(sim.stats().await.calls_for(&cold) <= 2);
}

#[tokio::test]
async fn an_order_is_carried_out_once() {
    let (board, _sim) = begin().await;
    let cold = ColdFilters::new();
    board.prices(&cold.to_string()).await;
    let order = Order::to_invalidate(json!({"key": {"filters": cold.to_string()}})).sign();
    board.invalidate(order.clone()).await.invalidated();
    board
        .invalidate(order.clone())
        .await
        .expect_problem(409, "conflict");
    let (body, signature) = order;
    let in_capitals = (body, signature.to_uppercase());
    board
        .invalidate(in_capitals)
        .await
        .expect_problem(409, "conflict");
}

#[tokio::test]
async fn only_signed_orders_of_this_minute_are_taken() {
    let (board, _sim) = begin().await;
    let everything = || Order::to_invalidate(json!("everything"));
    let (body, signature) = everything().sign();
    for order in [
        everything().signed_with("another secret").sign(),
        everything().given_before(120).sign(),
        everything().given_before(-120).sign(),
        (body.replace("everything", "nothing"), signature.clone()),
        (String::new(), signature.clone()),
        (body.clone(), String::new()),
        (body.clone(), "zz".repeat(32)),
    ] {
        board
            .invalidate(order)
            .await
            .expect_problem(401, "unauthorized");
    }
    board
        .invalidate(("x".repeat(5_000), signature))
        .await
        .expect_problem(413, "too-large");
    let unsigned = board.request(Method::POST, "/api/internal/invalidate");
    board
        .send(unsigned.body(body))
        .await
        .expect_problem(401, "unauthorized");
    board
        .get("/api/internal/invalidate")
        .await
        .expect_problem(405, "method-not-allowed");
}

#[tokio::test]
async fn an_order_that_makes_no_sense_is_told_so() {
    let (board, _sim) = begin().await;
    for target in [
        json!("nothing"),
        json!({"key": {"filters": "mode=theirs"}}),
        json!({"user": "somebody"}),
    ] {
        let order = Order::to_invalidate(target).sign();
        board
            .invalidate(order)
            .await
            .expect_problem(422, "invalid-parameters");
    }
}

/// Where drivers share records, none of them is one driver's.
#[tokio::test]
async fn a_driver_without_records_of_his_own_has_none_to_invalidate() {
    let (board, _sim) = begin().await;
    let answer = invalidate(&board, json!({"user": 5})).await;
    assert_eq!((answer.epoch, answer.invalidated), (0, 0));
}
