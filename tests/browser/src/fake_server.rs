//! The network, as a test plays it: everything up to `fetch` is the app's own.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use cards::card;
use domain::{
    Cargo, Etag, Place, PriceDelta,
    messages::{CardRow, CargoList, Driver, PriceRow, Prices, Session},
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::page::{id, price};

#[wasm_bindgen(module = "/src/played.js")]
extern "C" {
    fn play_network(answer: &JsValue, gave_up: &JsValue);
    fn leave_network();
}

/// What the app asked.
#[derive(Clone, Debug)]
pub struct Call {
    pub url: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Call {
    pub fn is_poll(&self) -> bool {
        self.url.starts_with("/api/cargos/prices/")
    }

    pub fn is_list(&self) -> bool {
        self.url.starts_with("/api/cargos/?")
    }

    pub fn is_sign_in(&self) -> bool {
        self.url == "/api/auth/telegram"
    }
}

/// What becomes of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Reply {
    status: u16,
    headers: BTreeMap<&'static str, String>,
    body: String,
    fails: bool,
    hangs: bool,
}

impl Reply {
    pub fn text(body: &str) -> Self {
        Self {
            status: 200,
            body: body.to_owned(),
            ..Self::default()
        }
    }

    pub fn json(body: &impl Serialize) -> Self {
        Self {
            status: 200,
            body: serde_json::to_string(body).unwrap(),
            ..Self::default()
        }
    }

    pub fn with_status(status: u16, body: &str) -> Self {
        Self {
            status,
            ..Self::text(body)
        }
    }

    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// The connection breaks.
    pub fn fails() -> Self {
        Self {
            fails: true,
            ..Self::default()
        }
    }

    /// No answer, ever.
    pub fn hangs() -> Self {
        Self {
            hangs: true,
            ..Self::default()
        }
    }

    pub fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.insert(name, value.to_string());
        self
    }
}

struct State {
    rows: Vec<(u64, i64)>,
    total: u32,
    coherent: bool,
    pace_ms: u64,
    calls: Vec<Call>,
    gave_up: usize,
    override_reply: Option<Override>,
    /// States that were told, by their tags.
    known: BTreeMap<String, Vec<PriceRow>>,
    deltas: usize,
}

type Override = Box<dyn FnMut(&Call) -> Option<Reply>>;

/// A small edge: signs in, lists its rows, tells their prices. Until dropped.
#[derive(Clone)]
pub struct FakeServer(Rc<RefCell<State>>, #[allow(dead_code)] Rc<Installed>);

struct Installed;

impl Drop for Installed {
    fn drop(&mut self) {
        leave_network();
    }
}

impl FakeServer {
    /// An edge whose list holds these ids and prices in kopecks (0 is none).
    pub fn install(rows: &[(u64, i64)]) -> Self {
        let state = Rc::new(RefCell::new(State {
            rows: rows.to_vec(),
            total: rows.len() as u32,
            coherent: true,
            pace_ms: 10_000,
            calls: Vec::new(),
            gave_up: 0,
            override_reply: None,
            known: BTreeMap::new(),
            deltas: 0,
        }));
        let answer = {
            let state = Rc::clone(&state);
            Closure::<dyn Fn(String, String, String) -> JsValue>::new(
                move |url, headers: String, body| {
                    let call = Call {
                        url,
                        headers: serde_json::from_str(&headers).unwrap(),
                        body,
                    };
                    state.borrow_mut().calls.push(call.clone());
                    let overriding = state.borrow_mut().override_reply.take();
                    let mut reply = None;
                    if let Some(mut overriding) = overriding {
                        reply = overriding(&call);
                        state.borrow_mut().override_reply.get_or_insert(overriding);
                    }
                    let reply = reply.unwrap_or_else(|| state.borrow_mut().answer(&call));
                    js_sys::JSON::parse(&serde_json::to_string(&reply).unwrap()).unwrap()
                },
            )
        };
        let gave_up = {
            let state = Rc::clone(&state);
            Closure::<dyn Fn()>::new(move || state.borrow_mut().gave_up += 1)
        };
        play_network(&answer.into_js_value(), &gave_up.into_js_value());
        Self(state, Rc::new(Installed))
    }

    /// Changes the list.
    pub fn set_rows(&self, rows: &[(u64, i64)]) {
        let mut state = self.0.borrow_mut();
        state.rows = rows.to_vec();
        state.total = rows.len() as u32;
    }

    /// Whether the rows were read at one moment.
    pub fn set_coherent(&self, coherent: bool) {
        self.0.borrow_mut().coherent = coherent;
    }

    /// The pace that the edge asks for.
    pub fn set_pace(&self, ms: u64) {
        self.0.borrow_mut().pace_ms = ms;
    }

    /// Answers in place of the edge where it returns a reply.
    pub fn answer_with(&self, reply: impl FnMut(&Call) -> Option<Reply> + 'static) {
        self.0.borrow_mut().override_reply = Some(Box::new(reply));
    }

    /// Lets the edge answer by itself again.
    pub fn answer_well(&self) {
        self.0.borrow_mut().override_reply = None;
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<Call> {
        self.0.borrow().calls.clone()
    }

    /// How many prices requests so far.
    pub fn polls(&self) -> usize {
        self.calls().iter().filter(|call| call.is_poll()).count()
    }

    /// How many polls were told only what had changed.
    pub fn deltas(&self) -> usize {
        self.0.borrow().deltas
    }

    /// Forgets what it has told.
    pub fn forget(&self) {
        self.0.borrow_mut().known.clear();
    }

    /// How many requests were given up.
    pub fn gave_up(&self) -> usize {
        self.0.borrow().gave_up
    }
}

impl State {
    fn answer(&mut self, call: &Call) -> Reply {
        if call.is_sign_in() {
            return Reply::json(&session("token"));
        }
        if call.is_poll() {
            let limit = number(&call.url, "limit");
            let rows = self.rows[..self.rows.len().min(limit)]
                .iter()
                .map(|&(card, kopecks)| PriceRow(id(card), price(kopecks)))
                .collect::<Vec<_>>();
            let etag = Etag::of_prices(self.total, &rows);
            if call.headers.get("if-none-match").map(String::as_str) == Some(etag.as_str()) {
                return Reply::status(304)
                    .header("age", 1)
                    .header("x-stale", 0)
                    .header("x-poll-after-ms", self.pace_ms);
            }
            let known = call.url.split("&since=").nth(1);
            let known = known.and_then(|tag| self.known.get(tag));
            let delta = known.map(|known| PriceDelta::between(known, &rows));
            self.known.insert(etag.bare().to_owned(), rows.clone());
            let (since, prices, order) = match delta {
                Some(PriceDelta { changed, order }) => {
                    self.deltas += 1;
                    let since = call.url.split("&since=").nth(1).map(Etag::of_query);
                    (since, changed, order)
                }
                None => (None, rows, None),
            };
            return Reply::json(&Prices {
                etag,
                as_of: 0,
                age_ms: 1_000,
                stale: false,
                coherent: self.coherent,
                total: self.total,
                poll_after_ms: self.pace_ms,
                since,
                prices,
                order,
            })
            .header("x-poll-after-ms", self.pace_ms);
        }
        let (limit, offset) = (number(&call.url, "limit"), number(&call.url, "offset"));
        let end = self.rows.len().min(offset + limit);
        let cargos = self.rows[offset.min(end)..end]
            .iter()
            .map(|&(card, kopecks)| row(card, kopecks))
            .collect();
        Reply::json(&CargoList {
            total: self.total,
            offset: offset as u32,
            next_offset: (end < self.rows.len()).then_some(end as u32),
            as_of: 0,
            stale: false,
            left_out: 0,
            cargos,
        })
        .header("age", 1)
    }
}

/// What a sign-in is answered.
pub fn session(token: &str) -> Session {
    Session {
        session_token: token.to_owned(),
        expires_at: 0,
        driver: Driver {
            driver_id: 1,
            first_name: "Иван".into(),
            username: None,
            language_code: None,
        },
    }
}

/// The card of a cargo with everything on it.
pub fn row(card: u64, kopecks: i64) -> CardRow {
    let place = |city: &str| Place {
        city: Some(city.to_owned()),
        date: "2026-11-20".parse().ok(),
    };
    let cargo = Cargo {
        id: id(card),
        from: place("Москва"),
        to: place("Казань"),
        price_kopecks: price(kopecks),
        price_per_km_kopecks: price(16_500),
        weight_kg: Some(20_000),
        volume_m3: Some(82.5),
        distance_km: Some(815),
        load_types: vec!["задн.".into()],
        truck_types: vec!["реф.".into()],
        company: Some("ООО «Перевозчик»".into()),
        moved: None,
    };
    card::row(&cargo, 0)
}

fn number(url: &str, parameter: &str) -> usize {
    url.split(['?', '&'])
        .find_map(|pair| pair.strip_prefix(parameter)?.strip_prefix('='))
        .unwrap()
        .parse()
        .unwrap()
}
