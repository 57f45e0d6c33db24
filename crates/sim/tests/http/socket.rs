//! What needs a real socket, or the world that moves while it is served.

use crate::client::{Client, config};
use serde_json::json;
use sim::Config;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What takes longer never happens.
const PATIENCE: Duration = Duration::from_secs(10);

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

async fn until_in_flight(client: &Client, calls: u64) {
    let watch = async {
        while client.stats().await["in_flight"] != calls {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, watch).await.unwrap();
}

#[tokio::test]
async fn a_simulator_goes_down_in_good_order_even_while_a_call_hangs() {
    let client = Client::new(config()).await;
    client.tell(json!({"weather": {"kind": "hang"}})).await;
    let listener = listener().await;
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(
        client
            .sim
            .clone()
            .serve(listener, async { drop(stopped.await) }),
    );

    let mut hanging = TcpStream::connect(address).await.unwrap();
    hanging
        .write_all(b"GET /v1/me HTTP/1.1\r\nHost: sim\r\n\r\n")
        .await
        .unwrap();
    until_in_flight(&client, 1).await;
    stop.send(()).unwrap();
    let mut answer = String::new();
    let read = hanging.read_to_string(&mut answer);
    timeout(PATIENCE, read).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_is_dropped_leaves_no_call_hanging() {
    let client = Client::new(config()).await;
    client.tell(json!({"weather": {"kind": "hang"}})).await;
    let listener = listener().await;
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(client.sim.clone().serve(listener, std::future::pending()));

    let mut hanging = TcpStream::connect(address).await.unwrap();
    hanging
        .write_all(b"GET /v1/me HTTP/1.1\r\nHost: sim\r\n\r\n")
        .await
        .unwrap();
    until_in_flight(&client, 1).await;
    serving.abort();
    until_in_flight(&client, 0).await;
}

#[tokio::test]
async fn a_socket_that_closes_ends_its_hanging_call() {
    let client = Client::new(config()).await;
    client.tell(json!({"weather": {"kind": "hang"}})).await;
    let listener = listener().await;
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(client.sim.clone().serve(listener, std::future::pending()));

    let mut hanging = TcpStream::connect(address).await.unwrap();
    hanging
        .write_all(b"GET /v1/me HTTP/1.1\r\nHost: sim\r\n\r\n")
        .await
        .unwrap();
    until_in_flight(&client, 1).await;
    drop(hanging);
    until_in_flight(&client, 0).await;
    assert_eq!(client.stats().await["statuses"], json!({"499": 1}));
    serving.abort();
}

#[tokio::test(start_paused = true)]
async fn the_world_moves_at_its_pace_while_it_is_served_and_stops_at_0() {
    let config = Config {
        walk_ms: 2_000,
        churn_ms: 20_000,
        ..config()
    };
    let client = Client::new(config).await;
    let serving = tokio::spawn(
        client
            .sim
            .clone()
            .serve(listener().await, std::future::pending()),
    );
    let prices = async || client.get("/_prices").await.json();

    let start = prices().await;
    tokio::time::sleep(Duration::from_millis(1_900)).await;
    assert_eq!(prices().await, start);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let walked = prices().await;
    assert_eq!(walked["order"], start["order"]);
    assert_ne!(walked["prices"], start["prices"]);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_ne!(prices().await["order"], start["order"]);

    client.tell(json!({"walk_ms": 0, "churn_ms": 0})).await;
    let stopped = prices().await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(prices().await, stopped);
    client.tell(json!({"walk_ms": 10})).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_ne!(prices().await["prices"], stopped["prices"]);
    serving.abort();
}
