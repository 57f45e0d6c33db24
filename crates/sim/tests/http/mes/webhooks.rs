//! Against a listener of their own. Time is real here: with a clock that jumps, sockets would seem not to answer.

use super::{client, factory};
use crate::client::Client;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use sim::mes;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// What takes longer never happens.
const PATIENCE: Duration = Duration::from_secs(10);
const SECRET: &str = "between the two of us";

/// Somebody who is told, and answers with these statuses, the last of them for ever.
#[derive(Clone)]
struct Receiver {
    url: String,
    told: Arc<Mutex<Vec<(String, Bytes)>>>,
}

impl Receiver {
    async fn new(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let told = Arc::new(Mutex::new(Vec::new()));
        let (kept, statuses) = (Arc::clone(&told), statuses.to_vec());
        let hook = move |headers: HeaderMap, body: Bytes| async move {
            let mut told = kept.lock().unwrap();
            let status = statuses[told.len().min(statuses.len() - 1)];
            let signature = headers["X-Signature"].to_str().unwrap().to_owned();
            told.push((signature, body));
            StatusCode::from_u16(status).unwrap()
        };
        let router = Router::new().route("/hooks", post(hook));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, told }
    }

    fn client(&self) -> Client {
        client(mes::Config {
            webhook_url: Some(self.url.clone()),
            webhook_secret: SECRET.to_owned(),
            ..factory(300)
        })
    }

    fn told(&self) -> Vec<Value> {
        let told = self.told.lock().unwrap();
        told.iter()
            .map(|(_, body)| serde_json::from_slice(body).unwrap())
            .collect()
    }
}

/// The counts, once no delivery is on its way.
async fn counts(client: &Client) -> Value {
    let watch = async {
        loop {
            let counts = client.stats().await["mes"]["webhooks"].clone();
            if counts["waiting"] == 0 {
                return counts;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, watch).await.unwrap()
}

#[tokio::test]
async fn every_change_and_creation_is_told_of_and_signed() {
    let receiver = Receiver::new(&[204]).await;
    let client = receiver.client();
    let order = client.an_order("approved").await;
    let changed = client.change(&order, "started", "Анна").await.1["order"].clone();
    counts(&client).await;
    let created = client.tell_mes(json!({"create": 1})).await["created"][0].clone();
    counts(&client).await;
    let silent = json!({"id": created, "status": "cancelled", "by": "CRM", "silent": true});
    client.tell_mes(json!({"change": silent})).await;
    let counts = counts(&client).await;
    assert_eq!(
        (&counts["sent"], &counts["accepted"]),
        (&json!(2), &json!(2))
    );
    let told = receiver.told();
    assert_eq!(
        (&told[0]["order"], &told[1]["order"]["id"]),
        (&changed, &created)
    );
    assert_ne!(told[0]["delivery"], told[1]["delivery"]);
    assert!(told[0]["timestamp"].is_u64());
    for (signature, body) in receiver.told.lock().unwrap().iter() {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(body);
        let expected: String = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(*signature, expected);
    }
}

#[tokio::test]
async fn a_delivery_is_tried_again_under_its_name_until_it_is_taken() {
    let receiver = Receiver::new(&[500, 404, 200]).await;
    let client = receiver.client();
    client.tell_mes(json!({"create": 1})).await;
    let counts = counts(&client).await;
    assert_eq!(
        (&counts["sent"], &counts["accepted"], &counts["failed"]),
        (&json!(3), &json!(1), &json!(0))
    );
    let told = receiver.told();
    assert!(
        told.iter()
            .all(|hook| hook["delivery"] == told[0]["delivery"])
    );
}

#[tokio::test]
async fn a_409_says_that_it_is_known_already() {
    let receiver = Receiver::new(&[409]).await;
    let client = receiver.client();
    client.tell_mes(json!({"create": 2})).await;
    let counts = counts(&client).await;
    assert_eq!(
        (&counts["sent"], &counts["refused"]),
        (&json!(2), &json!(2))
    );
}

#[tokio::test]
async fn deliveries_are_lost_repeated_and_overtake_each_other_as_was_told() {
    let receiver = Receiver::new(&[200]).await;
    let client = receiver.client();
    client
        .tell_mes(json!({"webhook": {"lose_percent": 100}, "create": 5}))
        .await;
    let lost = counts(&client).await;
    assert_eq!((&lost["lost"], &lost["sent"]), (&json!(5), &json!(0)));

    client.tell(json!({"reset_stats": true})).await;
    client.tell_mes(json!({"webhook": {"lose_percent": 0, "repeat_percent": 100, "delay_ms": 200}, "create": 20})).await;
    let repeated = counts(&client).await;
    assert_eq!(
        (&repeated["repeated"], &repeated["accepted"]),
        (&json!(20), &json!(40))
    );
    let told = receiver.told();
    let versions: Vec<u64> = told
        .iter()
        .map(|hook| hook["order"]["version"].as_u64().unwrap())
        .collect();
    assert!(!versions.is_sorted(), "{versions:?}");
    let mut names: Vec<&str> = told
        .iter()
        .map(|hook| hook["delivery"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!((told.len(), names.len()), (40, 20));
}

#[tokio::test]
async fn who_is_told_is_set_while_it_runs() {
    let (first, second) = (Receiver::new(&[200]).await, Receiver::new(&[200]).await);
    let client = first.client();
    client
        .tell_mes(json!({"webhook": {"url": second.url}, "create": 1}))
        .await;
    counts(&client).await;
    client
        .tell_mes(json!({"webhook": {"url": null}, "create": 1}))
        .await;
    assert_eq!(counts(&client).await["sent"], 1);
    assert_eq!((first.told().len(), second.told().len()), (0, 1));
}
