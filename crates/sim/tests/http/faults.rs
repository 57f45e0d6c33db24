use crate::client::{Client, FIRST_PAGE, Reply, config, page_at};
use serde_json::{Value, json};
use sim::Config;
use sim::world::quote::right_price;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

async fn first_page_in(weather: Value) -> Reply {
    let client = Client::new(config()).await;
    client.tell(json!({"weather": weather})).await;
    client.get(FIRST_PAGE).await
}

#[tokio::test]
async fn errors_have_the_documented_bodies_and_every_answer_the_limit() {
    for (kind, status, body) in [
        ("error500", 500, json!({"message": "Server Error"})),
        (
            "error503",
            503,
            json!({"error": "Service temporarily unavailable"}),
        ),
        ("error429", 429, json!({"error": "Rate limit exceeded"})),
    ] {
        let reply = first_page_in(json!({"kind": kind, "reset_after_s": 7})).await;
        assert_eq!((reply.status.as_u16(), reply.json()), (status, body));
        assert_eq!(reply.header("X-RateLimit-Limit"), Some("600"));
        assert!(reply.header("X-RateLimit-Remaining").is_some());
        let wait = (status == 429).then_some("7");
        assert_eq!(
            (
                reply.header("X-RateLimit-Reset-After"),
                reply.header("Retry-After")
            ),
            (wait, wait)
        );
    }
}

#[tokio::test]
async fn malformed_html_and_empty_answers_all_say_200() {
    let malformed = first_page_in(json!({"kind": "malformed"})).await;
    assert_eq!(
        (malformed.status.as_u16(), malformed.header("Content-Type")),
        (200, Some("application/json"))
    );
    assert!(
        malformed.text.starts_with("{\"data\"")
            && serde_json::from_str::<Value>(&malformed.text).is_err()
    );
    let html = first_page_in(json!({"kind": "html"})).await;
    assert_eq!(html.status, 200);
    assert!(
        html.header("Content-Type")
            .unwrap()
            .starts_with("text/html")
            && html.text.starts_with("<!DOCTYPE")
    );
    let empty = first_page_in(json!({"kind": "empty"})).await;
    assert_eq!(empty.status, 200);
    assert_eq!(
        empty.json(),
        json!({"data": [], "meta": {"limit": 20, "offset": 0, "size": 0}})
    );
}

#[tokio::test]
async fn one_page_can_be_down_while_the_others_are_up() {
    let client = Client::new(config()).await;
    client
        .tell(json!({"weather": {"kind": "error503", "offset": 100}}))
        .await;
    assert_eq!(client.get(&page_at(0)).await.status, 200);
    assert_eq!(client.get(&page_at(100)).await.status, 503);
    assert_eq!(client.get(&page_at(200)).await.status, 200);
    assert_eq!(client.get("/v1/me").await.status, 200);
}

#[tokio::test]
async fn several_weathers_hold_at_once_and_end_by_themselves() {
    let client = Client::new(config()).await;
    let state = client.tell(json!({"weather": [
        {"kind": "error500", "endpoint": "me", "times": 1},
        {"kind": "error503", "endpoint": "list", "times": 2},
    ]}));
    assert_eq!(state.await["weather"].as_array().unwrap().len(), 2);
    let me = async || client.get("/v1/me").await.status.as_u16();
    let list = async || client.get(FIRST_PAGE).await.status.as_u16();
    assert_eq!(
        [
            list().await,
            me().await,
            me().await,
            list().await,
            list().await
        ],
        [503, 500, 200, 503, 200]
    );
    assert_eq!(client.get("/_control").await.json()["weather"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn latency_is_the_least_and_jitter_the_most_that_is_added() {
    let client = Client::new(Config {
        latency_ms: 300,
        jitter_ms: 100,
        ..config()
    })
    .await;
    for _ in 0..20 {
        let asked = Instant::now();
        client.get(FIRST_PAGE).await;
        // A millisecond more for the granularity of timers.
        assert!(
            (300..=401).contains(&asked.elapsed().as_millis()),
            "{:?}",
            asked.elapsed()
        );
    }
    client
        .tell(json!({"weather": {"latency_ms": 5_000, "jitter_ms": 0, "endpoint": "list"}}))
        .await;
    let asked = Instant::now();
    client.get(FIRST_PAGE).await;
    assert_eq!(asked.elapsed().as_secs(), 5);
    client.get("/v1/me").await;
    assert!(asked.elapsed() < Duration::from_secs(6));
}

#[tokio::test]
async fn a_late_answer_tells_what_was_true_when_the_call_came() {
    let client = Client::new(config()).await;
    let before = client.get(FIRST_PAGE).await.json();
    let id = before["data"][0]["id"].clone();
    client.tell(json!({"weather": {"latency_ms": 50}})).await;
    let (late, _) = tokio::join!(biased; client.get(FIRST_PAGE), client.tell(json!({"set_price": {"id": id, "kopecks": 100}})));
    assert_eq!(late.json(), before);
    assert_eq!(
        client.get(FIRST_PAGE).await.json()["data"][0]["price_carrier"],
        100
    );
}

#[tokio::test(start_paused = true)]
async fn a_hanging_call_waits_for_better_weather_and_is_answered_then() {
    let client = Client::new(config()).await;
    client.tell(json!({"weather": {"kind": "hang"}})).await;
    let hanging = tokio::spawn({
        let client = client.clone();
        async move { client.get(FIRST_PAGE).await.status }
    });
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert!(!hanging.is_finished());
    assert_eq!(client.stats().await["in_flight"], 1);
    client.tell(json!({"weather": {"kind": "ok"}})).await;
    let answered = tokio::time::timeout(Duration::from_secs(1), hanging).await;
    assert_eq!(answered.unwrap().unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_a_hanging_call_takes_it_along() {
    let client = Client::new(config()).await;
    client.tell(json!({"weather": {"kind": "hang"}})).await;
    assert!(
        tokio::time::timeout(Duration::from_secs(15), client.get(FIRST_PAGE))
            .await
            .is_err()
    );
    let list = client.stats().await["endpoints"]["list"].clone();
    assert_eq!(
        list,
        json!({"calls": 1, "in_flight": 0, "statuses": {"499": 1}})
    );
}

#[tokio::test]
async fn odd_lists_tell_the_prices_that_the_price_rule_makes_of_them() {
    let client = Client::new(config()).await;
    client
        .tell(json!({"weather": {"kind": "odd", "endpoint": "list"}}))
        .await;
    let page = client.get(&page_at(0)).await.json();
    let told = client.get("/_prices?ever=1").await.json();
    let items = page["data"].as_array().unwrap();
    assert_eq!(items.len(), 100);
    assert!(items.iter().any(Value::is_string) && items.iter().any(|item| item["id"].is_u64()));
    let mut given = BTreeMap::new();
    for item in items {
        let id = match &item["id"] {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => continue,
        };
        let price = json!(right_price(item));
        assert_eq!(told["prices"][&id], price, "{item}");
        assert!(
            told["ever"][&id].as_array().unwrap().contains(&price),
            "{item}"
        );
        *given.entry(id).or_insert(0) += 1;
    }
    assert!(given.values().any(|times| *times > 1), "no duplicate");
    for unread in told["order"]["my"]
        .as_array()
        .unwrap()
        .iter()
        .take(100)
        .map(|id| id.as_str().unwrap())
    {
        if !given.contains_key(unread) {
            assert_eq!(told["prices"][unread], Value::Null);
            let way = told["odd"][unread].as_str().unwrap();
            assert!(
                ["not_an_object", "without_id", "duplicate"].contains(&way),
                "{way}"
            );
        }
    }
    client.tell(json!({"weather": []})).await;
    assert_eq!(client.get("/_prices").await.json()["odd"], json!({}));
}

#[tokio::test]
async fn a_page_that_came_odd_is_told_odd_and_the_others_are_not() {
    let client = Client::new(config()).await;
    let good = client.get("/_prices").await.json();
    client
        .tell(json!({"weather": {"kind": "odd", "offset": 100}}))
        .await;
    assert_eq!(client.get("/_prices").await.json()["odd"], json!({}));
    client.get(&page_at(0)).await;
    client.get(&page_at(100)).await;
    let told = client.get("/_prices").await.json();
    assert!((30..70).contains(&told["odd"].as_object().unwrap().len()));
    let first_page: Vec<&str> = told["order"]["my"].as_array().unwrap()[..100]
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for id in first_page {
        assert_eq!(told["prices"][id], good["prices"][id]);
    }
    client
        .tell(json!({"weather": {"kind": "odd", "offset": 200}}))
        .await;
    assert_eq!(client.get("/_prices").await.json()["odd"], json!({}));
}

#[tokio::test]
async fn a_call_beyond_the_limit_is_refused_and_counts_against_no_weather() {
    let client = Client::new(config()).await;
    client
        .tell(json!({"limit_per_minute": 1, "weather": {"kind": "error500", "times": 1}}))
        .await;
    assert_eq!(client.get("/v1/me").await.status, 429);
    client.tell(json!({"limit_per_minute": null})).await;
    assert_eq!(client.get("/v1/me").await.status, 500);
}
