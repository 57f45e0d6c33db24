//! A client that calls a simulator's routes without a socket.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sim::{Config, Sim};
use tower::ServiceExt;

/// The unfiltered first page of 20.
pub const FIRST_PAGE: &str =
    "/v2/cargos/views?include=contacts&limit=20&offset=0&filter[mode]=my&filter[user_id]=0";

/// The unfiltered page of `my` that begins at `offset`.
pub fn page_at(offset: u64) -> String {
    format!("/v2/cargos/views?limit=100&offset={offset}&filter%5Bmode%5D=my&filter%5Buser_id%5D=0")
}

/// A simulator and somebody logged in to it.
#[derive(Clone)]
pub struct Client {
    pub sim: Sim,
    pub token: String,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A silent simulator without latency whose world stands still.
pub fn config() -> Config {
    Config {
        latency_ms: 0,
        walk_ms: 0,
        churn_ms: 0,
        quiet: true,
        ..Config::default()
    }
}

impl Client {
    /// Somebody logged in to a new simulator.
    pub async fn new(config: Config) -> Self {
        let credentials =
            json!({"phone": config.phone, "password": config.password, "remember": true});
        let mut client = Self {
            sim: Sim::new(config),
            token: String::new(),
        };
        let login = client.post("/v1/auth/login", &credentials).await;
        client.token = login.json()["data"]["token"].as_str().unwrap().to_owned();
        client.tell(json!({"reset_stats": true})).await;
        client
    }

    pub async fn get(&self, uri: &str) -> Reply {
        self.send(Request::get(uri).body(Body::empty()).unwrap())
            .await
    }

    pub async fn post(&self, uri: &str, body: &Value) -> Reply {
        self.post_text(uri, &body.to_string()).await
    }

    pub async fn put(&self, uri: &str, body: &Value) -> Reply {
        let body = Body::from(body.to_string());
        self.send(Request::put(uri).body(body).unwrap()).await
    }

    pub async fn post_text(&self, uri: &str, body: &str) -> Reply {
        self.send(
            Request::post(uri)
                .body(Body::from(body.to_owned()))
                .unwrap(),
        )
        .await
    }

    /// Orders that are followed; the answer is the state.
    pub async fn tell(&self, orders: Value) -> Value {
        let reply = self.post("/_control", &orders).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        reply.json()
    }

    pub async fn stats(&self) -> Value {
        self.get("/_stats").await.json()
    }

    async fn send(&self, mut request: Request<Body>) -> Reply {
        let bearer = format!("Bearer {}", self.token).parse().unwrap();
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        let (parts, body) = self
            .sim
            .router()
            .oneshot(request)
            .await
            .unwrap()
            .into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}
