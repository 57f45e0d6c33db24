//! What can be seen from outside of what the cache does.

use reqwest::Method;
use tests_http::{
    ColdFilters, Metrics, Order, Reply, begin, until,
    windows::{RECOVERY, WHOLE_RECOVERY},
};

fn path() -> String {
    format!("/api/cargos/prices/?{}", ColdFilters::new())
}

#[tokio::test]
async fn metrics_are_for_whoever_has_the_token() {
    let (board, _) = begin().await;
    for token in ["", "x", "loadboard-development-metrics-token-012345678"] {
        board.metrics_page(token).await.expect_unauthorized();
    }
    board.get("/metrics").await.expect_unauthorized();
    let reply = board
        .metrics_page("loadboard-development-metrics-token-0123456789")
        .await;
    let kind = reply.expect_status(200).expect_header("content-type");
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
}

#[tokio::test]
async fn what_was_read_and_answered_is_counted() {
    let (board, _) = begin().await;
    let path = path();
    let before = board.metrics().await;
    let first = board.get(&path).await.prices();
    for _ in 0..5 {
        board.get(&path).await.prices();
    }
    board
        .get_unless(&path, first.etag.as_str())
        .await
        .expect_not_modified();
    board
        .get("/api/cargos/prices/?limit=0")
        .await
        .expect_invalid(&["limit"]);
    let after = board.metrics().await;
    let rise = |sample: &str| after.get(sample) - before.get(sample);
    let answers = |status| {
        rise(&format!(
            "loadboard_answers_total{{route=\"prices\",status=\"{status}\"}}"
        ))
    };
    assert_eq!((answers(200), answers(304), answers(422)), (6.0, 1.0, 1.0));
    let reads = |tier| {
        rise(&format!(
            "loadboard_reads_total{{tier=\"{tier}\",verdict=\"fresh\"}}"
        ))
    };
    assert_eq!((reads("upstream"), reads("memory")), (1.0, 6.0));
    let forms = |form| rise(&format!("loadboard_price_answers_total{{form=\"{form}\"}}"));
    assert_eq!((forms("whole"), forms("not_modified")), (6.0, 1.0));
    assert_eq!(rise("loadboard_price_age_seconds_count"), 7.0);
    assert!(rise("loadboard_answer_seconds_count") >= 8.0);
}

#[tokio::test]
async fn every_call_to_upstream_is_counted_by_what_became_of_it() {
    let (board, sim) = begin().await;
    let before = board.metrics().await;
    sim.forget_counts().await;
    for _ in 0..4 {
        board.get(&path()).await.prices();
    }
    sim.weather("error503").await;
    board.get(&path()).await.expect_honest_503();
    sim.clear_the_sky().await;
    let after = until(
        "what the guard has counted has come",
        RECOVERY,
        async || board.metrics().await,
        |after| after.sum("loadboard_upstream_calls_total", "503") > 0.0,
    )
    .await;
    let rise = |label| {
        let sum = |metrics: &Metrics| metrics.sum("loadboard_upstream_calls_total", label);
        sum(&after) - sum(&before)
    };
    assert_eq!(rise("class=\"waiting\",result=\"ok\""), 4.0);
    assert_eq!(rise("class=\"waiting\",result=\"503\""), 1.0);
    assert_eq!(rise("result"), sim.stats().await.calls as f64);
    assert!(after.get("loadboard_upstream_calls_left") > 0.0);
    assert_eq!(after.get("loadboard_upstream_calls_per_minute"), 600.0);
    let states = ["closed", "half_open", "open"]
        .map(|state| after.get(&format!("loadboard_breaker_state{{state=\"{state}\"}}")));
    assert_eq!(states, [1.0, 0.0, 0.0]);
}

#[tokio::test]
async fn whoever_joins_a_fetch_is_told_so() {
    let (board, _) = begin().await;
    let replies = board.get_at_once(&path(), 20).await;
    let status = |reply: &Reply| reply.expect_header("cache-status").to_owned();
    let (collapsed, first): (Vec<_>, Vec<_>) = replies
        .iter()
        .map(status)
        .partition(|status| status.contains("; collapsed"));
    assert!(!collapsed.is_empty(), "{first:?}");
    for status in collapsed {
        assert!(
            status.starts_with("loadboard; fwd=miss; collapsed; stored; ttl="),
            "{status}"
        );
    }
    let fetched = first
        .iter()
        .filter(|status| status.starts_with("loadboard; fwd=miss; stored; ttl="));
    assert_eq!(fetched.count(), 1, "{first:?}");
}

#[tokio::test]
async fn an_answer_tells_where_its_time_went() {
    let (board, _) = begin().await;
    let path = path();
    let cold = board.get(&path).await;
    let cold = cold.expect_header("server-timing");
    let named: Vec<&str> = cold
        .split(", ")
        .map(|part| part.split(';').next().unwrap_or_default())
        .collect();
    assert_eq!(named, ["kv", "object", "upstream"], "{cold}");
    let hit = board.get(&path).await;
    assert_eq!(hit.header("server-timing"), None, "it waited for nothing");
}

#[tokio::test]
async fn a_failure_names_the_request() {
    let (board, _) = begin().await;
    let reply = board.get("/api/nowhere").await;
    let id = reply.expect_header("x-request-id").to_owned();
    assert!(!id.is_empty() && id.len() < 40, "{id}");
    let other = board.get("/api/nowhere").await;
    assert_ne!(other.expect_header("x-request-id"), id);
    // The platform's own name, and nothing else that anybody sends.
    for (ray, is_taken) in [("8c2f0a1b2c3d4e5f-FRA", true), ("\"; DROP", false)] {
        let request = board.request(Method::GET, "/api/nowhere");
        let reply = board.send(request.header("cf-ray", ray)).await;
        assert_eq!(reply.expect_header("x-request-id") == ray, is_taken);
    }
}

#[tokio::test]
async fn a_demand_for_something_newer_is_told_as_the_reason() {
    let (board, _) = begin().await;
    let filters = ColdFilters::new();
    board.prices(&filters.to_string()).await;
    let target = serde_json::json!({"key": {"filters": filters.to_string()}});
    let order = Order::to_invalidate(target).sign();
    let epoch = board.invalidate(order).await.invalidated().epoch;
    let path = format!("/api/cargos/prices/?{filters}&min_epoch={epoch}");
    let reply = board.get(&path).await;
    let status = reply.expect_header("cache-status");
    assert!(
        status.starts_with("loadboard; fwd=request; stored; ttl="),
        "{status}"
    );
}

/// The list is read page by page: the page after the one that was read is there before anybody asks for it.
#[tokio::test]
async fn the_page_after_the_one_read_is_fetched_ahead() {
    let (board, sim) = begin().await;
    let filters = ColdFilters::new();
    let ahead = "loadboard_refreshes_total{class=\"prefetch\",outcome=\"fetched\"}";
    let before = board.metrics().await.get(ahead);
    until(
        "the second page is fetched",
        // Three quarters of the burst are kept for others, and may have to be saved up first.
        WHOLE_RECOVERY,
        async || {
            board.list(&format!("{filters}&limit=20")).await;
            board.metrics().await.get(ahead)
        },
        |fetched| *fetched > before,
    )
    .await;
    sim.forget_counts().await;
    let reply = board
        .get(&format!("/api/cargos/?{filters}&limit=20&offset=100"))
        .await;
    reply.expect_at_once().list();
    let status = reply.expect_header("cache-status");
    assert!(status.starts_with("loadboard; hit;"), "{status}");
    for _ in 0..5 {
        board.list(&format!("{filters}&limit=20")).await;
    }
    let calls = sim.stats().await.calls_for_all_of(&filters);
    assert!(
        calls <= 2,
        "{calls}: what is there is not fetched again before it is stale"
    );
}
