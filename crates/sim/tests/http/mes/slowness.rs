//! Time is tokio's and stands still while SQLite works, so these take none.

use super::{client, factory};
use crate::client::Client;
use serde_json::{Value, json};
use sim::mes;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// 1,000 orders: a list takes 100 ms and 10 ms more.
fn slow() -> Client {
    client(mes::Config {
        orders: 1_000,
        ..mes::Config::default()
    })
}

/// How long a call takes, in milliseconds; timers are a millisecond coarse.
async fn took(call: impl Future) -> u128 {
    let began = Instant::now();
    call.await;
    began.elapsed().as_millis()
}

async fn lists(client: &Client, calls: usize) {
    let calls: Vec<_> = (0..calls)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.mes("/v1/orders?limit=1").await })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_takes_longer_the_more_orders_there_are_and_names_do_not() {
    let client = slow();
    for path in ["/v1/orders?limit=1", "/v1/orders/counts"] {
        let took = took(client.mes(path)).await;
        assert!((110..=112).contains(&took), "{path}: {took}");
    }
    for path in ["/v1/orders?ids=MSK-1001", "/v1/orders/MSK-1001"] {
        let took = took(client.mes(path)).await;
        assert!((15..=17).contains(&took), "{path}: {took}");
    }
    let order = client.an_order("approved").await;
    let took = took(client.change(&order, "started", "Анна")).await;
    assert!((40..=42).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn lists_queue_for_connections_and_everything_else_passes_them() {
    let client = slow();
    client.mes("/v1/orders?limit=1").await;
    let twelve = took(lists(&client, 12)).await;
    assert!(
        (330..=340).contains(&twelve),
        "three rounds of four: {twelve}"
    );
    let queries = client.stats().await["mes"]["queries"].clone();
    assert_eq!(
        (&queries["list"]["calls"], &queries["list"]["max_in_flight"]),
        (&json!(13), &json!(12))
    );
    let max_ms = queries["list"]["max_ms"].as_u64().unwrap();
    assert!((330..=340).contains(&max_ms), "queueing counts: {max_ms}");
    let (_, by_name) = tokio::join!(lists(&client, 12), took(client.mes("/v1/orders/MSK-1001")));
    assert!(by_name <= 20, "{by_name}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_list_tells_what_was_true_when_it_was_looked_up() {
    let client = slow();
    let before = client.mes("/v1/orders?limit=1").await;
    let late = tokio::spawn({
        let client = client.clone();
        async move { client.mes("/v1/orders?limit=1").await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.tell_mes(json!({"create": 1})).await;
    assert_eq!(late.await.unwrap(), before);
    assert_ne!(
        client.mes("/v1/orders?limit=1").await["orders"],
        before["orders"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_query_keeps_its_connection_though_its_client_left() {
    let client = client(mes::Config {
        connections: 1,
        list_base_ms: 10_000,
        ..factory(10)
    });
    client.mes("/v1/orders/MSK-1001").await;
    let gone = timeout(Duration::from_secs(1), client.mes("/v1/orders?limit=1")).await;
    assert!(gone.is_err());
    let took = took(client.mes("/v1/orders/counts")).await;
    assert!((18_990..=19_010).contains(&took), "{took}");
    let list = client.stats().await["mes"]["queries"]["list"].clone();
    assert_eq!(
        (&list["in_flight"], &list["statuses"]),
        (&json!(0), &json!({"200": 1}))
    );
}

#[tokio::test(start_paused = true)]
async fn slowness_is_set_while_it_runs() {
    let client = slow();
    client.mes("/v1/orders?limit=1").await;
    client
        .tell_mes(json!({"list_base_ms": 50, "list_us_per_order": 1_000}))
        .await;
    let list = async || took(client.mes("/v1/orders?limit=1")).await;
    let more = list().await;
    assert!((1_050..=1_052).contains(&more), "{more}");
    client.tell_mes(json!({"slow_factor": 2})).await;
    let twice = list().await;
    assert!((2_100..=2_102).contains(&twice), "{twice}");
    client.tell_mes(json!({"slow_factor": 0})).await;
    assert_eq!(list().await, 0);
}

#[tokio::test(start_paused = true)]
async fn the_weather_of_the_mes_is_its_own_and_for_the_calls_it_names() {
    let client = client(factory(50));
    client
        .tell_mes(json!({"weather": "error503", "for_calls": ["list", "counts"], "times": 2}))
        .await;
    let status = async |path: &str| client.get(path).await.status.as_u16();
    assert_eq!(status("/mes/v1/orders/MSK-1001").await, 200);
    assert_eq!(
        status("/v1/dictionaries/truck_types").await,
        401,
        "CargoTech's weather is fair"
    );
    let lists = [
        status("/mes/v1/orders").await,
        status("/mes/v1/orders/counts").await,
        status("/mes/v1/orders").await,
    ];
    assert_eq!(lists, [503, 503, 200]);
    let list = client.stats().await["mes"]["queries"]["list"].clone();
    assert_eq!((&list["calls"], &list["errors"]), (&json!(2), &json!(1)));
}

#[tokio::test(start_paused = true)]
async fn a_hanging_change_is_not_made_and_a_mute_one_is() {
    let client = client(factory(300));
    for (weather, becomes) in [("hang", "approved"), ("mute", "started")] {
        let order = client.an_order("approved").await;
        client
            .tell_mes(json!({"weather": weather, "for_calls": ["status_change"]}))
            .await;
        let answer = timeout(
            Duration::from_secs(30),
            client.change(&order, "started", "Анна"),
        )
        .await;
        assert!(answer.is_err(), "{weather}");
        client.tell_mes(json!({"weather": "ok"})).await;
        let truth = client
            .get(&format!("/_orders?ids={}", order["id"].as_str().unwrap()))
            .await;
        assert_eq!(truth.json()["orders"][0]["status"], becomes, "{weather}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_hangs_goes_on_when_the_weather_turns() {
    let client = client(factory(50));
    client.tell_mes(json!({"weather": "hang"})).await;
    let hanging = tokio::spawn({
        let client = client.clone();
        async move { client.mes("/v1/orders/counts").await }
    });
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(!hanging.is_finished());
    client.tell_mes(json!({"weather": "ok"})).await;
    let counts = timeout(Duration::from_secs(1), hanging)
        .await
        .unwrap()
        .unwrap();
    assert!(counts["counts"].is_object());
}

#[tokio::test]
async fn a_malformed_answer_says_200_and_is_no_json() {
    let client = client(factory(50));
    client.tell_mes(json!({"weather": "malformed"})).await;
    let reply = client.get("/mes/v1/orders").await;
    assert_eq!(reply.status, 200);
    assert!(serde_json::from_str::<Value>(&reply.text).is_err());
}
