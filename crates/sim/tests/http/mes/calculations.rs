use super::{client, factory};
use crate::client::Client;
use serde_json::{Value, json};
use std::time::Duration;

/// SHA-256 of "solid cube".
async fn upload(client: &Client) -> Value {
    let reply = client.post_text("/mes/v1/models", "solid cube").await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(reply.json()["bytes"], 10);
    reply.json()["model"].clone()
}

fn uri(id: &str) -> String {
    format!("/mes/v1/calculations/{}", id.repeat(32))
}

#[tokio::test(start_paused = true)]
async fn a_calculation_counts_once_however_often_it_is_put() {
    let client = client(factory(10));
    let model = upload(&client).await;
    let body = json!({"model": model, "material": "PA12", "quantity": 4});
    let begun = client.put(&uri("ab"), &body).await;
    assert_eq!(
        (begun.status.as_u16(), begun.json()),
        (200, json!({"state": "running", "percent": 0}))
    );
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(
        client.put(&uri("ab"), &body).await.json(),
        json!({"state": "running", "percent": 50})
    );
    tokio::time::sleep(Duration::from_secs(3)).await;
    let done = client.put(&uri("ab"), &body).await.json();
    assert_eq!(done["state"], "done");
    assert_eq!(client.get(&uri("ab")).await.json(), done);
    let counts = client.stats().await["mes"]["calculations"].clone();
    assert_eq!(counts, json!({"started": 1, "finished": 1}));
    client.put(&uri("cd"), &body).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(
        client.get(&uri("cd")).await.json(),
        done,
        "equal questions, equal answers"
    );
}

#[tokio::test(start_paused = true)]
async fn so_many_calculations_fail_as_was_told_and_can_be_begun_anew() {
    let client = client(factory(10));
    let model = upload(&client).await;
    let body = json!({"model": model, "material": "PA12", "quantity": 4});
    client
        .tell_mes(json!({"calculation_ms": 1_000, "fail_calculations": 1}))
        .await;
    client.put(&uri("ab"), &body).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let failed = client.get(&uri("ab")).await.json();
    assert!(
        failed["state"] == "failed" && failed["reason"].is_string(),
        "{failed}"
    );
    assert_eq!(
        client.put(&uri("ab"), &body).await.json()["state"],
        "running"
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(client.get(&uri("ab")).await.json()["state"], "done");
}

#[tokio::test]
async fn a_model_must_be_sent_first_and_what_was_never_begun_is_not_there() {
    let client = client(factory(10));
    let body = json!({"model": "ab".repeat(32), "material": "PA12", "quantity": 4});
    assert_eq!(client.put(&uri("ab"), &body).await.status, 422);
    assert_eq!(client.get(&uri("ab")).await.status, 404);
    let none = json!({"model": "ab", "material": "PA12", "quantity": 0});
    assert_eq!(client.put(&uri("ab"), &none).await.status, 400);
}
