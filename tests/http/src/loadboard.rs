use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use domain::{
    health::{Breaker, Health, Upstream},
    messages::{CargoList, Prices},
};
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::json;

use crate::{InitData, Metrics, Reply, SessionToken, factory::operator_id, variable};

/// The Worker, as the app of one driver talks to it. Clones are the same driver.
#[derive(Clone, Debug)]
pub struct Loadboard {
    http: Client,
    url: String,
    who: Who,
    /// From where he asks.
    address: String,
}

/// Who asks. Tests look far more often than anybody may, so behind a driver of theirs is one after the other.
#[derive(Clone, Debug)]
enum Who {
    Nobody,
    Token(String),
    Driver,
    Operator(usize),
}

/// So many requests in a row are the same driver's: about as many as he may make at once.
const REQUESTS_OF_ONE: i64 = 50;

impl Who {
    fn token(&self) -> Option<String> {
        static REQUESTS: AtomicI64 = AtomicI64::new(0);
        let turn = REQUESTS.fetch_add(1, Ordering::Relaxed) / REQUESTS_OF_ONE;
        let of = |id| Some(SessionToken::ending_in(id, 12 * 3_600).sign());
        match self {
            Self::Nobody => None,
            Self::Token(token) => Some(token.clone()),
            Self::Driver => of(6_000_000_000_000 + turn),
            Self::Operator(number) => of(operator_id(*number, turn)),
        }
    }
}

impl Loadboard {
    /// The Worker before anybody signed in.
    ///
    /// # Panics
    /// Without the variables that say where it is.
    pub fn from_environment() -> Self {
        let http = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            // Far beyond every deadline: nobody is left to wait.
            .timeout(Duration::from_secs(60))
            .build();
        static ADDRESSES: AtomicI64 = AtomicI64::new(1);
        let number = ADDRESSES.fetch_add(1, Ordering::Relaxed);
        Self {
            http: http.expect("a client without TLS needs nothing of the machine"),
            url: variable("LOADBOARD_URL"),
            who: Who::Nobody,
            address: format!(
                "10.{}.{}.{}",
                std::process::id() % 250,
                number / 250,
                number % 250
            ),
        }
    }

    /// A driver of one's own, signed in.
    pub async fn signed_in() -> Self {
        static DRIVERS: AtomicI64 = AtomicI64::new(5_000_000_000_000);
        let board = Self::from_environment();
        let driver_id = DRIVERS.fetch_add(1, Ordering::Relaxed);
        let reply = board.sign_in(&InitData::of(driver_id).sign()).await;
        reply.session();
        Self {
            who: Who::Driver,
            ..board
        }
    }

    /// The same Worker, as one of the [`crate::OPERATORS`].
    pub fn for_operator(self, number: usize) -> Self {
        Self {
            who: Who::Operator(number),
            ..self
        }
    }

    /// The same Worker with another session.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            who: Who::Token(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same Worker without a session.
    pub fn signed_out(&self) -> Self {
        Self {
            who: Who::Nobody,
            ..self.clone()
        }
    }

    /// A request, with the session if there is one.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.header("cf-connecting-ip", &self.address);
        match self.who.token() {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Panics
    /// If there is none, whatever is asked, or one without the headers that all have.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        let request = request.build().expect("tests ask for what can be asked");
        let what = format!("{} {}", request.method(), request.url());
        let began = Instant::now();
        let answer = async {
            let response = self.http.execute(request).await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, response.text().await?))
        };
        let (status, headers, body) = answer
            .await
            .unwrap_or_else(|error| panic!("{what}: no answer: {error:?}"));
        let reply = Reply {
            request: what,
            status,
            headers,
            body,
            took: began.elapsed(),
        };
        reply.expect_safe();
        reply
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// `GET` with `If-None-Match`.
    pub async fn get_unless(&self, path: &str, if_none_match: &str) -> Reply {
        let request = self.request(Method::GET, path);
        self.send(request.header("if-none-match", if_none_match))
            .await
    }

    /// `POST /api/internal/invalidate` with this body and signature.
    pub async fn invalidate(&self, (body, signature): (String, String)) -> Reply {
        let request = self.request(Method::POST, "/api/internal/invalidate");
        self.send(request.header("x-signature", signature).body(body))
            .await
    }

    /// `GET /metrics` with this token.
    pub async fn metrics_page(&self, token: &str) -> Reply {
        let url = format!("{}/metrics", self.url);
        self.send(self.http.get(url).bearer_auth(token)).await
    }

    /// Every sample of `GET /metrics`.
    pub async fn metrics(&self) -> Metrics {
        let reply = self
            .metrics_page(&variable("LOADBOARD_METRICS_TOKEN"))
            .await;
        Metrics::parse(&reply.expect_status(200).body)
    }

    /// `POST /api/auth/telegram` with this initData.
    pub async fn sign_in(&self, init_data: &str) -> Reply {
        self.post_sign_in(json!({"init_data": init_data}).to_string())
            .await
    }

    /// `POST /api/auth/telegram` with this body.
    pub async fn post_sign_in(&self, body: impl Into<reqwest::Body>) -> Reply {
        let request = self.request(Method::POST, "/api/auth/telegram");
        self.send(request.body(body)).await
    }

    /// Rows of a list, which must be had.
    pub async fn list(&self, query: &str) -> CargoList {
        self.get(&format!("/api/cargos/?{query}")).await.list()
    }

    /// Prices, which must be had.
    pub async fn prices(&self, query: &str) -> Prices {
        self.get(&format!("/api/cargos/prices/?{query}"))
            .await
            .prices()
    }

    /// Pulls these of the plugs between the Worker and its stores, and puts the others back in; see `plugs.mjs`. Where the
    /// Worker runs without plugs nothing happens.
    pub async fn pull_plugs(&self, pulled: serde_json::Value) {
        let request = self.request(Method::POST, "/api/plugs");
        self.send(request.body(pulled.to_string())).await;
    }

    /// Prices, which must be had without waiting for upstream.
    pub async fn prices_at_once(&self, query: &str) -> Prices {
        self.get(&format!("/api/cargos/prices/?{query}"))
            .await
            .expect_at_once()
            .prices()
    }

    /// Whether `/health/ready` says that calls upstream are being refused or probed.
    ///
    /// # Panics
    /// If it says nothing of it.
    pub async fn breaker_is_open(&self) -> bool {
        self.upstream().await.breaker != Breaker::Closed
    }

    /// How many wait for a call upstream.
    ///
    /// # Panics
    /// If `/health/ready` says nothing of it.
    pub async fn calls_in_line(&self) -> u64 {
        self.upstream().await.in_line
    }

    /// How many calls upstream may be made at once.
    ///
    /// # Panics
    /// If `/health/ready` says nothing of it.
    pub async fn calls_left(&self) -> f64 {
        self.upstream().await.calls_left
    }

    async fn upstream(&self) -> Upstream {
        match self.get("/health/ready").await.json() {
            Health::Ready { upstream } => upstream,
            other => panic!("{other:?}"),
        }
    }

    /// Sends the same request so many times at once.
    pub async fn get_at_once(&self, path: &str, times: usize) -> Vec<Reply> {
        self.get_all(vec![path.to_owned(); times]).await
    }

    /// Sends all these requests at once.
    ///
    /// # Panics
    /// If one of them is not answered.
    pub async fn get_all(&self, paths: impl IntoIterator<Item = String>) -> Vec<Reply> {
        let asked: Vec<_> = paths
            .into_iter()
            .map(|path| {
                let board = self.clone();
                tokio::spawn(async move { board.get(&path).await })
            })
            .collect();
        let mut replies = Vec::new();
        for reply in asked {
            replies.push(reply.await.expect("every request is answered"));
        }
        replies
    }
}
