//! Upstream's limit belongs to the whole account: nobody goes beyond it, and a 429 pauses everybody.

use std::time::{Duration, Instant};

use serde_json::json;
use tests_http::{
    ColdFilters, begin, until,
    windows::{CALLS_PER_MINUTE, RECOVERY, WHOLE_RECOVERY},
};

/// A tenth of the minute's calls may be made at once, the rest flows in evenly.
const BURST: u64 = CALLS_PER_MINUTE / 10;

#[tokio::test]
async fn a_rush_of_cold_readers_stays_within_the_budget() {
    let (board, sim) = begin().await;
    let warm = ColdFilters::new();
    let warm_prices = board.prices(&warm.to_string()).await;
    sim.forget_counts().await;
    let lists: Vec<ColdFilters> = (0..150).map(|_| ColdFilters::new()).collect();
    let began = Instant::now();
    let replies = board
        .get_all(
            lists
                .iter()
                .map(|cold| format!("/api/cargos/prices/?{cold}")),
        )
        .await;
    let calls = sim.stats().await.endpoint("list").calls;
    let flowed_in = began.elapsed().as_secs() * (CALLS_PER_MINUTE - BURST) / 60 + 10;
    assert!(
        calls <= BURST + flowed_in,
        "{calls} calls in {:?}",
        began.elapsed()
    );

    // Everybody is answered or told to come back.
    let answered = replies.iter().filter(|reply| reply.status == 200).count();
    assert!(answered < 150, "the rush was none");
    for reply in replies {
        match reply.status {
            200 => assert_eq!(reply.prices().prices, warm_prices.prices),
            _ => reply.expect_honest_503(),
        }
    }

    // The readers who have prices noticed nothing.
    let prices = board.prices_at_once(&warm.to_string()).await;
    assert_eq!(prices.prices, warm_prices.prices);

    // Somebody who waits comes before what nobody waits for: a half of the burst is kept for him.
    sim.forget_counts().await;
    let cold = ColdFilters::new();
    until(
        "a cold reader is answered",
        RECOVERY,
        async || board.get(&format!("/api/cargos/prices/?{cold}")).await,
        |reply| reply.status == 200,
    )
    .await;
    assert_eq!(
        sim.stats().await.calls_for(&warm),
        0,
        "a refresh that nobody waits for"
    );
    until(
        "then comes the refresh",
        WHOLE_RECOVERY,
        async || {
            board.prices_at_once(&warm.to_string()).await;
            sim.stats().await.calls_for(&warm)
        },
        |calls| *calls > 0,
    )
    .await;
    assert!(sim.stats().await.max_calls_in_60s <= CALLS_PER_MINUTE);
}

/// The incumbent tries again four times, and so does each of its processes.
#[tokio::test]
async fn a_429_pauses_everybody_for_as_long_as_it_says() {
    const PAUSE: Duration = Duration::from_secs(3);
    let (board, sim) = begin().await;
    let warm = ColdFilters::new();
    let good = board.prices(&warm.to_string()).await;
    sim.tell(json!({"weather": [
        {"kind": "error429", "endpoint": "list", "times": 1, "reset_after_s": PAUSE.as_secs(), "latency_ms": 0},
        {"kind": "ok", "latency_ms": 30},
    ]}))
    .await;
    sim.forget_counts().await;
    let refused = ColdFilters::new();
    board
        .get(&format!("/api/cargos/prices/?{refused}"))
        .await
        .expect_honest_503();
    let paused_at = Instant::now();
    assert_eq!(sim.stats().await.calls, 1);

    let others = [ColdFilters::new(), ColdFilters::new()];
    until(
        "there is a second call",
        PAUSE + RECOVERY,
        async || {
            let prices = board.prices_at_once(&warm.to_string()).await;
            assert_eq!(prices.prices, good.prices);
            for cold in &others {
                let reply = board.get(&format!("/api/cargos/prices/?{cold}")).await;
                if reply.status != 200 {
                    reply.expect_honest_503();
                    let retry_after = Duration::from_secs(reply.number("retry-after"));
                    // Not all at the same moment, and in whole seconds.
                    assert!(retry_after <= PAUSE + Duration::from_secs(1), "{reply:?}");
                }
            }
            sim.stats().await.calls
        },
        |calls| *calls > 1,
    )
    .await;
    let paused = paused_at.elapsed();
    assert!(
        paused >= PAUSE - Duration::from_millis(200),
        "called again after {paused:?}"
    );
    until(
        "all are fresh",
        // The calls made so far may have to be saved up again first.
        WHOLE_RECOVERY,
        async || {
            let mut fresh = true;
            for filters in [&warm, &refused, &others[0], &others[1]] {
                let reply = board.get(&format!("/api/cargos/prices/?{filters}")).await;
                fresh &= reply.status == 200 && !reply.prices().stale;
            }
            fresh
        },
        |fresh| *fresh,
    )
    .await;
}

/// Many drivers with filters of their own: each is answered or told when to come back, and all are served in the end.
#[tokio::test]
async fn whoever_was_told_to_come_back_is_served_when_he_does() {
    let (board, sim) = begin().await;
    let mut left: Vec<String> = (0..75)
        .map(|_| format!("/api/cargos/?{}", ColdFilters::new()))
        .collect();
    let began = Instant::now();
    until(
        "all have their prices",
        WHOLE_RECOVERY,
        async || {
            let mut still_left = Vec::new();
            for (path, reply) in left.iter().zip(board.get_all(left.clone()).await) {
                if reply.status != 200 {
                    reply.expect_honest_503();
                    still_left.push(path.clone());
                }
            }
            left = still_left;
            left.len()
        },
        |left| *left == 0,
    )
    .await;
    let calls = sim.stats().await.endpoint("list").calls;
    let flowed_in = began.elapsed().as_secs() * (CALLS_PER_MINUTE - BURST) / 60 + 10;
    assert!(
        (75..=BURST + flowed_in).contains(&calls),
        "{calls} calls in {:?}",
        began.elapsed()
    );
}
