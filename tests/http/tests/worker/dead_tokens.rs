//! The one account's token dies, or the account is suspended: no storm of logins, and no reader loses what he has.

use serde_json::json;
use tests_http::{
    ColdFilters, Loadboard, begin, during, until,
    windows::{LOGIN_PAUSE, PRICES_FRESH, RECOVERY},
};

fn cold_paths(count: usize) -> Vec<String> {
    (0..count)
        .map(|_| format!("/api/cargos/prices/?{}", ColdFilters::new()))
        .collect()
}

/// Eight parallel polls of the incumbent log in six times.
#[tokio::test]
async fn one_dead_token_is_one_login() {
    let (board, sim) = begin().await;
    sim.tell(json!({
        "revoke_tokens": true,
        "reset_stats": true,
        "weather": {"kind": "ok", "latency_ms": 200},
    }))
    .await;
    for reply in board.get_all(cold_paths(8)).await {
        reply.prices();
    }
    let stats = sim.stats().await;
    assert_eq!((stats.logins, stats.endpoint("login").calls), (1, 1));
    assert_eq!(stats.endpoint("list").statuses.get(&200), Some(&8));
    assert!(
        stats.endpoint("list").calls <= 16,
        "each is repeated once at most: {stats:?}"
    );
}

#[tokio::test]
async fn a_dead_token_is_noticed_by_no_reader_of_a_copy() {
    let (board, sim) = begin().await;
    let query = ColdFilters::new().to_string();
    let first = board.prices(&query).await;
    sim.tell(json!({"revoke_tokens": true, "reset_stats": true}))
        .await;
    until(
        "the prices were read with a new token",
        RECOVERY,
        async || board.prices_at_once(&query).await,
        |prices| prices.as_of > first.as_of,
    )
    .await;
    assert_eq!(sim.stats().await.logins, 1);
}

/// Waits until the pause after a refused login is over for sure.
async fn recover(board: &Loadboard, path: &str) {
    until(
        "calls are made again",
        LOGIN_PAUSE + RECOVERY,
        async || board.get(path).await,
        |reply| reply.status == 200 && !reply.prices().stale,
    )
    .await;
}

#[tokio::test]
async fn a_refused_login_is_not_tried_again_and_again() {
    let (board, sim) = begin().await;
    let warm = ColdFilters::new();
    let path = format!("/api/cargos/prices/?{warm}");
    let good = board.get(&path).await.prices();
    sim.tell(json!({"suspend": true, "revoke_tokens": true, "reset_stats": true}))
        .await;
    for reply in board.get_all(cold_paths(8)).await {
        reply.expect_honest_503();
    }
    assert_eq!(sim.stats().await.endpoint("login").calls, 1);

    let cold = cold_paths(3);
    during(
        "readers keep their prices, and there is one login a pause at most",
        LOGIN_PAUSE * 2,
        async || {
            let prices = board.get(&path).await.expect_at_once().prices();
            assert_eq!(prices.prices, good.prices);
            for reply in board.get_all(cold.clone()).await {
                reply.expect_honest_503();
            }
            sim.stats().await.endpoint("login").calls
        },
        |logins| *logins <= 3,
    )
    .await;
    assert!(board.get(&path).await.prices().stale);
    assert_eq!(sim.stats().await.logins, 0);

    sim.tell(json!({"suspend": false})).await;
    recover(&board, &path).await;
}

/// A login that hangs is nobody's for ever.
#[tokio::test]
async fn a_login_that_hangs_is_given_up() {
    let (board, sim) = begin().await;
    let warm = ColdFilters::new();
    let path = format!("/api/cargos/prices/?{warm}");
    board.get(&path).await.prices();
    sim.tell(json!({
        "revoke_tokens": true,
        "weather": {"kind": "hang", "endpoint": "login"},
        "reset_stats": true,
    }))
    .await;
    let mut stale = false;
    until(
        "a second login begins, while the simulator still hangs",
        PRICES_FRESH + RECOVERY * 3,
        async || {
            stale |= board.get(&path).await.expect_at_once().prices().stale;
            sim.stats().await.endpoint("login").calls
        },
        |logins| *logins >= 2,
    )
    .await;
    assert!(stale);
    sim.clear_the_sky().await;
    recover(&board, &path).await;
}
