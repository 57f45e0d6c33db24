//! Everything a simulator remembers, behind one lock. Pure: time comes in, answers go out, nothing waits.

use crate::account::Account;
use crate::api::answer::{Answer, Body};
use crate::api::odd::{Oddity, fill_duplicates, price};
use crate::api::{Call, Endpoint, cargo_json, detail, dictionaries, list, login};
use crate::config::Config;
use crate::mes::memory::Memory;
use crate::rate_limit::{RateLimit, Standing};
use crate::stats::{Stats, Visit};
use crate::weather::{Kind, Rule, Weather};
use crate::world::cargo::{Cargo, CargoId};
use crate::world::dice::Dice;
use crate::world::freight_types::{LOAD_TYPES, TRUCK_TYPES};
use crate::world::quote::right_price;
use crate::world::{Mode, World};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Intervals at which the world moves on its own, in milliseconds; 0 is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pace {
    /// Between two walks of the prices.
    pub walk_ms: u64,
    /// Between two cargos that come or go.
    pub churn_ms: u64,
}

/// What became of a call that arrived.
#[derive(Debug)]
pub struct Arrival {
    /// Its place in the counts.
    pub visit: Visit,
    /// What its answer says about the limit.
    pub standing: Standing,
}

/// How the weather lets a call go on.
#[derive(Debug)]
pub enum Course {
    /// It is answered.
    Answered {
        /// What it is answered.
        answer: Answer,
        /// How long that takes.
        delay_ms: u64,
    },
    /// No answer while this weather holds.
    Hanging,
}

/// A simulator's memory.
#[derive(Debug)]
pub struct Simulation {
    config: Config,
    /// The board.
    pub world: World,
    /// The one account.
    pub account: Account,
    /// Its limit.
    pub rate_limit: RateLimit,
    weather: Weather,
    /// What was called.
    pub stats: Stats,
    /// How fast the world moves.
    pub pace: Pace,
    /// Cargos whose page came odd the last time it was read, for weather that is odd on some pages.
    given_oddly: BTreeSet<CargoId>,
    jitter: Dice,
    /// What the MES remembers besides its orders.
    pub mes: Memory,
}

/// What every price is: `GET /_prices`.
#[derive(Debug, Serialize)]
pub struct Prices {
    /// The right price of every cargo, in kopecks; null for none.
    pub prices: BTreeMap<CargoId, Option<i64>>,
    /// The lists without filters, newest first.
    pub order: Order,
    /// In what way cargos are odd now; empty in any other weather.
    pub odd: BTreeMap<CargoId, Oddity>,
    /// Every price of every cargo since the start or the last reset, gone cargos included; only when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ever: Option<BTreeMap<CargoId, Vec<Option<i64>>>>,
}

/// The lists without filters, newest first.
#[derive(Debug, Serialize)]
pub struct Order {
    /// `filter[mode]=my`
    pub my: Vec<CargoId>,
    /// `filter[mode]=all`
    pub all: Vec<CargoId>,
}

impl Simulation {
    /// A simulation at its start.
    pub fn new(config: Config) -> Self {
        Self {
            world: World::new(config.seed, config.start),
            account: Account::new(config.seed, &config.phone, &config.password),
            rate_limit: RateLimit::new(config.limit_per_minute, config.start),
            weather: Weather::default(),
            stats: Stats::new(config.start),
            pace: Pace {
                walk_ms: config.walk_ms,
                churn_ms: config.churn_ms,
            },
            given_oddly: BTreeSet::new(),
            jitter: Dice::new(config.seed),
            mes: Memory::new(
                config.mes.clone(),
                config.seed,
                u64::try_from(config.start.timestamp_millis()).unwrap_or_default(),
            ),
            config,
        }
    }

    /// The weather that holds.
    pub fn weather(&self) -> &Weather {
        &self.weather
    }

    /// What it was started with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// World, weather, pace, limit and counts as they were at the start, and no suspension. Tokens stay alive; of the
    /// MES as [`Memory::reset`] says.
    pub fn reset(&mut self) {
        self.world = World::new(self.config.seed, self.config.start);
        self.weather = Weather::default();
        self.pace = Pace {
            walk_ms: self.config.walk_ms,
            churn_ms: self.config.churn_ms,
        };
        self.rate_limit.enforce(self.config.limit_per_minute);
        self.account.suspend(false);
        self.stats.reset();
        self.given_oddly.clear();
        self.jitter = Dice::new(self.config.seed);
        self.mes.reset();
    }

    /// Puts these rules in the place of all weather that held.
    pub fn turn_weather(&mut self, rules: Vec<Rule>) {
        self.weather.replace(rules);
        self.given_oddly.clear();
    }

    /// Counts a call that arrives.
    pub fn arrive(&mut self, call: &Call, now: DateTime<Utc>) -> Arrival {
        let list_query = (call.endpoint == Endpoint::List).then(|| call.query.canonical());
        Arrival {
            visit: self.stats.enter(call.endpoint, list_query, now),
            standing: self.rate_limit.admit(now),
        }
    }

    /// The answer to a call that arrived with this standing, as true as it is at this moment.
    ///
    /// What is slow is the way back: an answer that takes long tells what was true when the call came. A client that
    /// trusts late answers is found out by that.
    pub fn course(&mut self, call: &Call, standing: Standing) -> Course {
        if let Some(seconds) = standing.refused_for_s {
            let answer = Answer::rate_limited(seconds.unsigned_abs());
            return Course::Answered {
                answer,
                delay_ms: self.delay_ms(&Rule::default()),
            };
        }
        let rule = self.weather.strike(call.endpoint, call.offset());
        let delay_ms = self.delay_ms(&rule);
        let answer = match rule.kind {
            Kind::Hang => return Course::Hanging,
            Kind::Error500 => Answer::server_error(),
            Kind::Error503 => Answer::unavailable(),
            Kind::Error429 => Answer::rate_limited(rule.reset_after_s.unwrap_or(30)),
            Kind::Html => Answer::page(),
            Kind::Malformed => self.answer(call, Kind::Ok).cut_off(),
            kind @ (Kind::Ok | Kind::Empty | Kind::Odd) => self.answer(call, kind),
        };
        Course::Answered { answer, delay_ms }
    }

    /// What every price is. `ever` adds all that were.
    pub fn prices(&self, ever: bool) -> Prices {
        let mut prices = BTreeMap::new();
        let mut odd = BTreeMap::new();
        for cargo in self.world.cargos(Mode::All) {
            let oddity = self.oddity_now(cargo);
            prices.insert(cargo.id, price(oddity, cargo_json::listed(cargo, false)));
            odd.extend(oddity.map(|oddity| (cargo.id, oddity)));
        }
        let order = |mode| self.world.cargos(mode).map(|cargo| cargo.id).collect();
        Prices {
            prices,
            order: Order {
                my: order(Mode::My),
                all: order(Mode::All),
            },
            odd,
            ever: ever.then(|| self.world.ledger().ever().clone()),
        }
    }

    /// How a cargo is odd in the list as the weather is.
    fn oddity_now(&self, cargo: &Cargo) -> Option<Oddity> {
        let oddly = self.weather.is_odd_everywhere()
            || (self.weather.is_odd_somewhere() && self.given_oddly.contains(&cargo.id));
        oddly.then(|| Oddity::of(cargo)).flatten()
    }

    fn delay_ms(&mut self, rule: &Rule) -> u64 {
        let jitter_ms = rule.jitter_ms.unwrap_or(self.config.jitter_ms);
        let latency_ms = rule.latency_ms.unwrap_or(self.config.latency_ms);
        latency_ms.saturating_add(self.jitter.below(jitter_ms.saturating_add(1)))
    }

    fn answer(&mut self, call: &Call, kind: Kind) -> Answer {
        match call.endpoint {
            Endpoint::Unknown => return Answer::not_found(),
            Endpoint::Login => {
                let answer = login::login(&mut self.account, &call.body);
                if answer.status.is_success() {
                    self.stats.logged_in();
                }
                return if kind == Kind::Empty {
                    nothing(answer)
                } else {
                    answer
                };
            }
            _ => {}
        }
        if !call
            .token
            .as_ref()
            .is_some_and(|token| self.account.accepts(token))
        {
            return Answer::unauthenticated();
        }
        let answer = match call.endpoint {
            Endpoint::List => return self.list(call, kind),
            Endpoint::Detail => self.detail(call, kind),
            Endpoint::Points => dictionaries::points(&call.query),
            Endpoint::TruckTypes => dictionaries::freight_types(TRUCK_TYPES),
            Endpoint::LoadTypes => dictionaries::freight_types(LOAD_TYPES),
            Endpoint::Me => login::me(),
            Endpoint::Login | Endpoint::Unknown => Answer::not_found(),
        };
        if kind == Kind::Empty {
            nothing(answer)
        } else {
            answer
        }
    }

    fn list(&mut self, call: &Call, kind: Kind) -> Answer {
        let page = match list::page(&self.world, &call.query) {
            Ok(page) => page,
            Err(answer) => return answer,
        };
        if kind == Kind::Empty {
            return page.empty_answer();
        }
        let mut given = Vec::new();
        let mut data: Vec<Value> = Vec::new();
        for cargo in &page.cargos {
            let oddity = if kind == Kind::Odd {
                Oddity::of(cargo)
            } else {
                None
            };
            let json = cargo_json::listed(cargo, page.with_contacts);
            let item = oddity.map_or_else(
                || Value::Object(json.clone()),
                |oddity| oddity.apply(json.clone()),
            );
            given.push((
                cargo.id,
                oddity
                    .is_none_or(Oddity::shows_id)
                    .then(|| right_price(&item)),
            ));
            data.push(item);
        }
        fill_duplicates(&mut data);
        let answer = page.answer(data);
        for (id, price) in given {
            if kind == Kind::Odd {
                self.given_oddly.insert(id);
                if let Some(price) = price {
                    self.world.enter_odd_price(id, price);
                }
            } else {
                self.given_oddly.remove(&id);
            }
        }
        answer
    }

    fn detail(&mut self, call: &Call, kind: Kind) -> Answer {
        let cargo = match detail::cargo(&self.world, call.id.as_deref()) {
            Ok(cargo) => cargo,
            Err(answer) => return answer,
        };
        let json = cargo_json::detailed(cargo, call.query.includes_contacts());
        let oddity = if kind == Kind::Odd {
            Oddity::of(cargo)
        } else {
            None
        };
        let Some(oddity) = oddity else {
            return Answer::ok(serde_json::json!({"data": json}));
        };
        let (id, data) = (cargo.id, oddity.apply(json));
        if oddity.shows_id() {
            self.world.enter_odd_price(id, right_price(&data));
        }
        Answer::ok(serde_json::json!({"data": data}))
    }
}

/// A good answer with nothing in it: no rows where there were rows, null where there was an object.
fn nothing(answer: Answer) -> Answer {
    match answer.body {
        Body::Json(mut body) if answer.status.is_success() => {
            body["data"] = if body["data"].is_array() {
                Value::Array(Vec::new())
            } else {
                Value::Null
            };
            Answer {
                body: Body::Json(body),
                ..answer
            }
        }
        body => Answer { body, ..answer },
    }
}
