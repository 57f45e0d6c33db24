//! At most one upstream fetch for a key, however many ask.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tests_http::{ColdFilters, begin, windows::calls_due};

#[tokio::test]
async fn readers_of_list_and_prices_and_different_windows_join_one_flight() {
    let (board, sim) = begin().await;
    sim.tell(json!({"weather": {"kind": "ok", "latency_ms": 500}}))
        .await;
    let cold = ColdFilters::new();
    let began = Instant::now();
    let paths = (1..=10).flat_map(|limit| {
        [
            format!("/api/cargos/?{cold}&limit={limit}"),
            format!("/api/v{}/cargos/prices?{cold}&limit={limit}", limit % 3 + 1),
        ]
    });
    for reply in board.get_all(paths).await {
        reply.expect_status(200);
    }
    let stats = sim.stats().await;
    assert!(
        (1..=calls_due(began)).contains(&stats.calls_for(&cold)),
        "{stats:?}"
    );
    assert_eq!(stats.max_identical_lists_in_flight, 1);
}

/// Every poll of the incumbent is a call: fifty of these clients would make hundreds.
#[tokio::test]
async fn polling_costs_one_call_an_interval_however_many_poll() {
    const CLIENTS: usize = 50;
    const TIME: Duration = Duration::from_secs(4);
    let (board, sim) = begin().await;
    let lists = [ColdFilters::new(), ColdFilters::new()];
    let began = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let board = board.clone();
            let path = format!("/api/cargos/prices/?{}", lists[client % lists.len()]);
            tokio::spawn(async move {
                let mut tag = String::new();
                let mut polls = 0_u64;
                while began.elapsed() < TIME {
                    let reply = board.get_unless(&path, &tag).await;
                    if reply.status == 304 {
                        reply.expect_not_modified();
                    } else {
                        tag = reply.prices().etag.as_str().to_owned();
                    }
                    polls += 1;
                    // The pace of a client.
                    tokio::time::sleep(Duration::from_millis(150)).await;
                }
                polls
            })
        })
        .collect();
    let mut polls = 0;
    for client in clients {
        polls += client.await.unwrap();
    }
    let due = calls_due(began);
    let stats = sim.stats().await;
    assert!(polls > 200, "only {polls} polls");
    for cold in &lists {
        let calls = stats.calls_for(cold);
        assert!(
            (2..=due).contains(&calls),
            "{calls} calls for {polls} polls, where {due} were due at most"
        );
    }
    assert_eq!(stats.max_identical_lists_in_flight, 1);
}

/// A phone that loses its connection takes nothing away from the others.
#[tokio::test]
async fn a_reader_who_leaves_stops_no_fetch() {
    let (board, sim) = begin().await;
    sim.tell(json!({"weather": {"kind": "ok", "latency_ms": 2_000}}))
        .await;
    let cold = ColdFilters::new();
    let path = format!("/api/cargos/prices/?{cold}");
    let first = board
        .request(Method::GET, &path)
        .timeout(Duration::from_millis(300));
    assert!(first.send().await.is_err(), "he leaves before the answer");
    let reply = board.get(&path).await;
    assert_eq!(reply.prices().prices, sim.prices().await.rows(20));
    assert_eq!(
        sim.stats().await.calls_for(&cold),
        1,
        "the second waits for what the first began"
    );
}
