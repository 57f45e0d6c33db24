//! What the MES can be told, and its state.

use super::call::Kind;
use super::hooks::Settings;
use super::memory::{Memory, Pace};
use super::store::{Move, Moved, StoreError, change, create};
use super::weather::{Sky, Weather};
use crate::control::{Refusal, even_null, one_or_more};
use domain::orders::{Order, OrderId, Status};
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// The most orders that are created at once; a factory that should begin with more is started with more.
const MOST_CREATED: u32 = 10_000;
/// The most that calls are slowed by.
const MOST_SLOW: f64 = 1_000.0;

/// What the MES can be told. Every field may be left out; one that isn't here is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MesOrders {
    /// What happens to calls, **in place of what held**.
    weather: Option<Sky>,
    /// To these kinds of calls alone; only with `weather`.
    for_calls: Option<Vec<Kind>>,
    /// To so many of them; only with `weather`.
    times: Option<NonZeroU64>,
    /// Every call takes so many times as long as it is set to, 0 to 1000.
    slow_factor: Option<f64>,
    /// How long a list takes at least.
    list_base_ms: Option<u64>,
    /// And how much longer for each order in the table.
    list_us_per_order: Option<u64>,
    /// How long a read by name takes.
    read_ms: Option<u64>,
    /// How long a write takes.
    write_ms: Option<u64>,
    /// How long a calculation takes that begins from now on.
    calculation_ms: Option<u64>,
    /// So many of the next calculations fail.
    fail_calculations: Option<u32>,
    /// How the telling of changes goes wrong.
    webhook: Option<WebhookOrders>,
    /// So many new orders, up to 10,000, each told of.
    create: u32,
    /// One change or a list of them, made elsewhere.
    #[serde(deserialize_with = "one_or_more")]
    change: Option<Vec<ChangeOrder>>,
}

/// How the telling of changes goes wrong; what is left out stays.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WebhookOrders {
    /// So many of 100 changes are never told of.
    lose_percent: Option<u8>,
    /// So many of 100 are told of twice.
    repeat_percent: Option<u8>,
    /// Each delivery waits 0 to so many milliseconds.
    delay_ms: Option<u64>,
    /// Who is told; null for nobody.
    #[serde(deserialize_with = "even_null")]
    url: Option<Option<String>>,
}

/// A change that is made whatever version the order has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeOrder {
    id: OrderId,
    status: Status,
    by: String,
    /// Nobody is told.
    #[serde(default)]
    silent: bool,
}

/// What orders did to the MES's orders.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MesDeeds {
    /// Orders that are new, oldest first.
    pub created: Vec<OrderId>,
    /// Orders that were changed, as they stand now.
    pub changed: Vec<Order>,
    /// What is to be told of, in the order in which it happened.
    #[serde(skip)]
    pub to_tell: Vec<Order>,
}

/// The MES after the orders.
#[derive(Debug, Serialize)]
pub struct MesState {
    /// Orders in the table; null before the database is opened.
    rows: Option<u64>,
    connections: u32,
    #[serde(flatten)]
    weather: Weather,
    #[serde(flatten)]
    pace: Pace,
    calculation_ms: u64,
    fail_calculations: u32,
    webhook: Settings,
    /// What these orders did.
    #[serde(flatten)]
    deeds: MesDeeds,
}

impl MesState {
    /// The state of the MES, with what orders just did to it.
    pub fn of(memory: &Memory, rows: Option<u64>, deeds: MesDeeds) -> Self {
        Self {
            rows,
            connections: memory.config().connections.max(1),
            weather: memory.weather.clone(),
            pace: memory.pace,
            calculation_ms: memory.calculator.takes_ms,
            fail_calculations: memory.calculator.fail_next,
            webhook: memory.hooks.settings.clone(),
            deeds,
        }
    }
}

impl MesOrders {
    /// Whether the weather changes.
    pub fn turn_the_weather(&self) -> bool {
        self.weather.is_some()
    }

    /// Whether they are about orders in the database.
    pub fn touch_the_store(&self) -> bool {
        self.create > 0 || self.change.is_some()
    }

    /// Whether they can be followed, as far as the database has no say in it.
    ///
    /// # Errors
    /// When one of them can't.
    pub fn check(&self) -> Result<(), Refusal> {
        let impossible = |what: &str| Err(Refusal::Impossible(what.to_owned()));
        if self.weather.is_none() && (self.for_calls.is_some() || self.times.is_some()) {
            return impossible("mes.for_calls and mes.times need mes.weather");
        }
        if self
            .slow_factor
            .is_some_and(|factor| !(0.0..=MOST_SLOW).contains(&factor))
        {
            return impossible("mes.slow_factor must be 0 to 1000");
        }
        if self.create > MOST_CREATED {
            return impossible("mes.create must be 10000 or less");
        }
        let webhook = self.webhook.as_ref();
        let url = webhook.and_then(|webhook| webhook.url.as_ref()?.as_deref());
        if url.is_some_and(|url| !url.starts_with("http://")) {
            return impossible("mes.webhook.url must begin with http://, or be null for nobody");
        }
        let percents = webhook.map(|webhook| {
            [
                ("lose_percent", webhook.lose_percent),
                ("repeat_percent", webhook.repeat_percent),
            ]
        });
        for (name, percent) in percents.into_iter().flatten() {
            if percent.is_some_and(|percent| percent > 100) {
                return impossible(&format!("mes.webhook.{name} must be 0 to 100"));
            }
        }
        Ok(())
    }

    /// Follows those that are about orders, within a transaction that is given up if one can't be followed.
    ///
    /// # Errors
    /// When one of them can't be followed.
    pub fn follow_in_store(
        &self,
        transaction: &Transaction,
        seed: u64,
        at: u64,
    ) -> Result<MesDeeds, Refusal> {
        let mut deeds = MesDeeds::default();
        for _ in 0..self.create {
            let order = create(transaction, seed, at)?;
            deeds.created.push(order.id);
            deeds.to_tell.push(order);
        }
        for told in self.change.iter().flatten() {
            let wanted = Move {
                id: told.id,
                status: told.status,
                expected_version: None,
                by: told.by.clone(),
                at,
            };
            let order = match change(transaction, &wanted)? {
                Moved::Made(order) => order,
                Moved::NotAllowed(order) => {
                    return Err(Refusal::Impossible(format!(
                        "mes.change: nobody moves {} from {} to {}",
                        told.id, order.status, told.status
                    )));
                }
                Moved::Lost(_) | Moved::UnknownOrder => {
                    return Err(Refusal::Impossible(format!(
                        "there is no order {}",
                        told.id
                    )));
                }
            };
            if !told.silent {
                deeds.to_tell.push(order.clone());
            }
            deeds.changed.push(order);
        }
        Ok(deeds)
    }

    /// Follows all others, which [`MesOrders::check`] found possible.
    pub fn follow(self, memory: &mut Memory) {
        if let Some(sky) = self.weather {
            memory.weather = Weather {
                weather: sky,
                // Fair weather is for all.
                for_calls: self.for_calls.filter(|_| sky != Sky::Ok),
                times: self.times.filter(|_| sky != Sky::Ok),
                slow_factor: memory.weather.slow_factor,
            };
        }
        if let Some(factor) = self.slow_factor {
            memory.weather.slow_factor = factor;
        }
        let pace = &mut memory.pace;
        set(&mut pace.list_base_ms, self.list_base_ms);
        set(&mut pace.list_us_per_order, self.list_us_per_order);
        set(&mut pace.read_ms, self.read_ms);
        set(&mut pace.write_ms, self.write_ms);
        set(&mut memory.calculator.takes_ms, self.calculation_ms);
        set(&mut memory.calculator.fail_next, self.fail_calculations);
        let webhook = self.webhook.unwrap_or_default();
        let settings = &mut memory.hooks.settings;
        set(&mut settings.lose_percent, webhook.lose_percent);
        set(&mut settings.repeat_percent, webhook.repeat_percent);
        set(&mut settings.delay_ms, webhook.delay_ms);
        set(&mut settings.url, webhook.url);
    }
}

fn set<T>(setting: &mut T, to: Option<T>) {
    if let Some(to) = to {
        *setting = to;
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(StoreError::from(error).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::Config;
    use super::*;
    use serde_json::{Value, json};

    fn tell(memory: &mut Memory, orders: Value) -> Result<(), String> {
        let orders: MesOrders =
            serde_json::from_value(orders).map_err(|error| error.to_string())?;
        orders.check().map_err(|refusal| refusal.to_string())?;
        orders.follow(memory);
        Ok(())
    }

    fn state(memory: &Memory) -> Value {
        serde_json::to_value(MesState::of(memory, None, MesDeeds::default())).unwrap()
    }

    #[test]
    fn what_is_not_an_order_is_refused_by_name() {
        let mut memory = Memory::new(Config::default(), 1, 0);
        let before = state(&memory);
        for (orders, word) in [
            (json!({"wether": "ok"}), "wether"),
            (json!({"weather": "snow"}), "snow"),
            (json!({"weather": "hang", "for_calls": ["lists"]}), "lists"),
            (json!({"for_calls": ["list"]}), "for_calls"),
            (json!({"times": 2}), "times"),
            (json!({"slow_factor": -1}), "slow_factor"),
            (json!({"webhook": {"lose": 5}}), "lose"),
            (json!({"webhook": {"lose_percent": 101}}), "lose_percent"),
            (json!({"webhook": {"url": "https://edge"}}), "webhook.url"),
            (json!({"create": 10_001}), "create"),
            (
                json!({"change": {"id": "5", "status": "closed", "by": "x"}}),
                "MSK-104233",
            ),
            (json!({"change": {"id": "MSK-5", "status": "closed"}}), "by"),
        ] {
            let refusal = tell(&mut memory, orders.clone()).unwrap_err();
            assert!(refusal.contains(word), "{orders}: {refusal}");
        }
        assert_eq!(state(&memory), before);
    }

    #[test]
    fn what_is_told_shows_in_the_state_until_the_reset() {
        let mut memory = Memory::new(Config::default(), 1, 0);
        let start = state(&memory);
        let orders = json!({
            "weather": "hang", "for_calls": ["list", "status_change"], "times": 3, "slow_factor": 2.0,
            "list_base_ms": 1, "list_us_per_order": 2, "read_ms": 3, "write_ms": 4,
            "calculation_ms": 5, "fail_calculations": 6,
            "webhook": {"lose_percent": 7, "repeat_percent": 8, "delay_ms": 9, "url": "http://edge/hooks"},
        });
        tell(&mut memory, orders.clone()).unwrap();
        let told = state(&memory);
        for (name, value) in orders.as_object().unwrap() {
            assert_eq!(&told[name], value, "{name}");
        }
        tell(&mut memory, json!({"webhook": {"url": null}})).unwrap();
        let webhook = state(&memory)["webhook"].clone();
        assert_eq!(
            (&webhook["url"], &webhook["delay_ms"]),
            (&Value::Null, &json!(9))
        );
        memory.reset();
        assert_eq!(state(&memory), start);
    }
}
