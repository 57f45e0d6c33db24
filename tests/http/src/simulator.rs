use std::collections::{BTreeMap, HashSet};

use domain::{CargoId, Kopecks, messages::PriceRow};
use reqwest::Client;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{ColdFilters, until, until::excerpt, variable, windows};

/// How long calls take in fair weather: long enough to overlap, short enough to be nothing.
const LATENCY_MS: u64 = 30;

/// The account that the simulator and the Worker under test are started with.
const CREDENTIALS: [&str; 2] = ["+79990000000", "loadboard-development-password"];

/// The simulator of CargoTech, told what to do and asked what happened.
#[derive(Clone, Debug)]
pub struct Simulator {
    http: Client,
    url: String,
}

/// What was called.
#[derive(Clone, Debug, Deserialize)]
pub struct Stats {
    /// Calls that arrived.
    pub calls: u64,
    /// Calls without an answer yet.
    pub in_flight: u64,
    /// Tokens given.
    pub logins: u64,
    /// The most list calls with equal queries that were ever in flight at once.
    pub max_identical_lists_in_flight: u64,
    /// The most calls in any 60 s.
    pub max_calls_in_60s: u64,
    endpoints: BTreeMap<String, EndpointStats>,
    list_queries: BTreeMap<String, QueryStats>,
}

/// Counts of one endpoint.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EndpointStats {
    /// Calls that arrived.
    pub calls: u64,
    /// Calls without an answer yet.
    pub in_flight: u64,
    /// Calls that ended, by status; 499 when the client left first.
    pub statuses: BTreeMap<u16, u64>,
}

#[derive(Clone, Debug, Deserialize)]
struct QueryStats {
    calls: u64,
}

impl Stats {
    /// Counts of an endpoint: `list`, `login` and so on.
    pub fn endpoint(&self, name: &str) -> EndpointStats {
        self.endpoints.get(name).cloned().unwrap_or_default()
    }

    /// Calls for the first page of the list behind these filters. The second may be fetched ahead of any reader.
    pub fn calls_for(&self, filters: &ColdFilters) -> u64 {
        self.calls_with(filters, "&offset=0&")
    }

    /// Calls for all pages of that list.
    pub fn calls_for_all_of(&self, filters: &ColdFilters) -> u64 {
        self.calls_with(filters, "")
    }

    fn calls_with(&self, filters: &ColdFilters, parameter: &str) -> u64 {
        let of_filters = filters.upstream();
        self.list_queries
            .iter()
            .map(|(query, counts)| (format!("&{query}&"), counts))
            .filter(|(query, _)| query.contains(&of_filters) && query.contains(parameter))
            .map(|(_, counts)| counts.calls)
            .sum()
    }
}

/// What every price is.
#[derive(Clone, Debug, Deserialize)]
pub struct TruePrices {
    /// The right price of every cargo.
    pub prices: BTreeMap<CargoId, Option<Kopecks>>,
    /// The lists without filters, newest first.
    pub order: Order,
    /// In what way cargos are odd now.
    pub odd: BTreeMap<CargoId, String>,
    /// Every price of every cargo since the test began.
    #[serde(default)]
    pub ever: BTreeMap<CargoId, HashSet<Option<Kopecks>>>,
}

/// The lists without filters, newest first.
#[derive(Clone, Debug, Deserialize)]
pub struct Order {
    /// The account's own.
    pub my: Vec<CargoId>,
    /// Everybody's.
    pub all: Vec<CargoId>,
}

impl TruePrices {
    /// The first rows of the account's own list.
    pub fn rows(&self, limit: usize) -> Vec<PriceRow> {
        self.order
            .my
            .iter()
            .take(limit)
            .map(|id| PriceRow(*id, self.prices[id]))
            .collect()
    }
}

impl Simulator {
    /// The simulator that the Worker under test calls.
    ///
    /// # Panics
    /// Without the variable that says where it is.
    pub fn from_environment() -> Self {
        let http = Client::builder().no_proxy().build();
        Self {
            http: http.expect("a client without TLS needs nothing of the machine"),
            url: variable("SIM_URL"),
        }
    }

    /// Everything as at the start, in fair weather; prices and cargos stay as they are until told otherwise. Calls that
    /// an earlier test left behind have ended.
    pub async fn calm_down(&self) {
        self.clear_the_sky().await;
        until(
            "no call is in flight",
            windows::RECOVERY,
            async || self.stats().await,
            |stats| stats.in_flight == 0,
        )
        .await;
        self.tell(json!({
            "reset": true,
            "walk_ms": 0,
            "churn_ms": 0,
            "weather": {"kind": "ok", "latency_ms": LATENCY_MS},
        }))
        .await;
    }

    /// Gives orders, which must be followed; the answer is the simulator's state.
    pub async fn tell(&self, orders: Value) -> Value {
        let request = self
            .http
            .post(format!("{}/_control", self.url))
            .json(&orders);
        self.answer(request).await
    }

    /// This weather for every call, in place of all that held.
    pub async fn weather(&self, kind: &str) {
        self.tell(json!({"weather": {"kind": kind}})).await;
    }

    /// Fair weather again.
    pub async fn clear_the_sky(&self) {
        self.tell(json!({"weather": {"kind": "ok", "latency_ms": LATENCY_MS}}))
            .await;
    }

    /// Counts from nothing on.
    pub async fn forget_counts(&self) {
        self.tell(json!({"reset_stats": true})).await;
    }

    /// Sets a price, or none.
    pub async fn set_price(&self, id: CargoId, kopecks: Option<i64>) {
        self.tell(json!({"set_price": {"id": id, "kopecks": kopecks}}))
            .await;
    }

    /// What was called.
    pub async fn stats(&self) -> Stats {
        self.ask("/_stats").await
    }

    /// What the simulator says at this path.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, path: &str) -> T {
        self.answer(self.http.get(format!("{}{path}", self.url)))
            .await
    }

    /// What every price is.
    pub async fn prices(&self) -> TruePrices {
        self.ask("/_prices").await
    }

    /// Expects that upstream really gave each of these prices for its cargo at some time.
    ///
    /// # Panics
    /// At a price that was never given.
    pub async fn expect_given(&self, rows: &[PriceRow]) {
        let request = self.http.get(format!("{}/_prices?ever=1", self.url));
        let truth: TruePrices = self.answer(request).await;
        for PriceRow(id, price) in rows {
            let given = truth.ever.get(id);
            assert!(
                given.is_some_and(|given| given.contains(price)),
                "{price:?} was never the price of {id}: {given:?}"
            );
        }
    }

    /// The items of the first page of the account's own list, as CargoTech's API gives them. Counts as a login and a call.
    pub async fn first_page(&self) -> Vec<Value> {
        let [phone, password] = CREDENTIALS;
        let login = self
            .http
            .post(format!("{}/v1/auth/login", self.url))
            .json(&json!({"phone": phone, "password": password, "remember": true}));
        let login: Value = self.answer(login).await;
        let token = login["data"]["token"]
            .as_str()
            .expect("the simulator gives a token");
        let page = self
            .http
            .get(format!("{}/v2/cargos/views", self.url))
            .query(&[("limit", "100"), ("offset", "0")])
            .query(&[("filter[mode]", "my"), ("filter[user_id]", "0")])
            .bearer_auth(token);
        let page: Value = self.answer(page).await;
        page["data"]
            .as_array()
            .expect("the simulator gives a page")
            .clone()
    }

    /// The same with a token.
    pub(crate) async fn ask_as<T: DeserializeOwned>(&self, path: &str, token: &str) -> T {
        let request = self.http.get(format!("{}{path}", self.url));
        self.answer(request.bearer_auth(token)).await
    }

    async fn answer<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> T {
        let answer = async {
            let response = request.send().await?;
            Ok::<_, reqwest::Error>((response.status(), response.text().await?))
        };
        let (status, body) = answer
            .await
            .unwrap_or_else(|error| panic!("the simulator does not answer: {error}"));
        assert!(
            status.is_success(),
            "the simulator refuses: {status} {body}"
        );
        serde_json::from_str(&body)
            .unwrap_or_else(|error| panic!("{error} in the simulator's {}", excerpt(&body)))
    }
}
