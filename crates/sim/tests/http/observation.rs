use crate::client::{Client, FIRST_PAGE, config, page_at};
use serde_json::json;
use sim::Config;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn the_limit_is_counted_in_windows_and_enforced_only_when_asked() {
    let client = Client::new(config()).await;
    client.tell(json!({"limit_per_minute": 3})).await;
    let call = async || client.get("/v1/me").await;
    // The login was the first call of this window.
    for remaining in ["1", "0"] {
        let reply = call().await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("X-RateLimit-Remaining")),
            (200, Some(remaining))
        );
        assert_eq!(
            (
                reply.header("X-RateLimit-Limit"),
                reply.header("Retry-After")
            ),
            (Some("3"), None)
        );
    }
    tokio::time::sleep(Duration::from_secs(20)).await;
    let refused = call().await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()),
        (429, json!({"error": "Rate limit exceeded"}))
    );
    let wait = Some("40");
    assert_eq!(
        (
            refused.header("X-RateLimit-Reset-After"),
            refused.header("Retry-After")
        ),
        (wait, wait)
    );
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert_eq!(call().await.status, 200);
    client.tell(json!({"limit_per_minute": null})).await;
    for _ in 0..5 {
        assert_eq!(call().await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn stats_tell_how_many_equal_lists_were_in_flight_at_once() {
    let client = Client::new(Config {
        latency_ms: 100,
        ..config()
    })
    .await;
    let other = page_at(100);
    tokio::join!(client.get(FIRST_PAGE), client.get(&other));
    assert_eq!(client.stats().await["max_identical_lists_in_flight"], 1);
    tokio::join!(
        client.get(FIRST_PAGE),
        client.get(FIRST_PAGE),
        client.get(FIRST_PAGE)
    );
    let stats = client.stats().await;
    assert_eq!(stats["max_identical_lists_in_flight"], 3);
    assert_eq!(
        (&stats["calls"], &stats["in_flight"]),
        (&json!(5), &json!(0))
    );
    assert_eq!(
        stats["endpoints"]["list"],
        json!({"calls": 5, "in_flight": 0, "statuses": {"200": 5}})
    );
    assert_eq!(stats["list_queries"].as_object().unwrap().len(), 2);
    client.tell(json!({"reset_stats": true})).await;
    let stats = client.stats().await;
    assert_eq!(
        (&stats["calls"], &stats["first_call_at"]),
        (&json!(0), &json!(null))
    );
}

#[tokio::test]
async fn a_refused_order_is_a_4xx_in_json_that_names_the_fault() {
    let client = Client::new(config()).await;
    for (orders, status, word) in [
        ("{", 400, "JSON"),
        (r#"{"wether": {}}"#, 422, "wether"),
        (r#"{"weather": {"kind": "rain"}}"#, 422, "rain"),
        (r#"{"add": -1}"#, 422, "-1"),
    ] {
        let reply = client.post_text("/_control", orders).await;
        assert_eq!(reply.status, status, "{orders}");
        assert!(
            reply.json()["error"].as_str().unwrap().contains(word),
            "{}",
            reply.text
        );
    }
}

#[tokio::test]
async fn a_reset_brings_back_the_very_answers_of_the_start() {
    let client = Client::new(config()).await;
    let start = client.get(FIRST_PAGE).await.text;
    client.tell(json!({"tick": 50, "churn": 20})).await;
    assert_ne!(client.get(FIRST_PAGE).await.text, start);
    client.tell(json!({"reset": true})).await;
    assert_eq!(client.get(FIRST_PAGE).await.text, start);
}
