//! `POST /_control`: the simulator does as it is told.

pub(crate) mod server;
mod state;

pub use state::{Deeds, State};

use crate::mes::control::{MesDeeds, MesOrders};
use crate::simulation::Simulation;
use crate::weather::Rule;
use crate::world::cargo::CargoId;
use crate::world::{Churn, World};
use chrono::{DateTime, Utc};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What can be told. Every field may be left out; one that isn't here is refused. Whatever the order of the fields,
/// the resets come first and the rest follows in the order in which it stands here.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Orders {
    /// World, weather, pace, limit, suspension and counts back to the start. Tokens stay alive, and the orders of the
    /// MES as they are: a factory's versions never run backwards.
    reset: bool,
    /// Counts back to nothing.
    reset_stats: bool,
    /// One rule or a list of them, **in place of all that held**. `{"kind": "ok"}` or `[]` clears the sky.
    #[serde(deserialize_with = "one_or_more")]
    weather: Option<Vec<Rule>>,
    /// Every token given so far is dead.
    revoke_tokens: bool,
    /// Suspends the account, or lifts that.
    suspend: Option<bool>,
    /// Refuses calls beyond so many a minute; null refuses none.
    #[serde(deserialize_with = "even_null")]
    limit_per_minute: Option<Option<u32>>,
    /// Interval of the price walk; 0 stops it.
    walk_ms: Option<u64>,
    /// Interval of coming and going; 0 stops it.
    churn_ms: Option<u64>,
    /// So many walks at once.
    tick: u32,
    /// One price or a list of them.
    #[serde(deserialize_with = "one_or_more")]
    set_price: Option<Vec<SetPrice>>,
    /// These cargos are gone.
    remove: Vec<CargoId>,
    /// So many comings and goings at once.
    churn: u32,
    /// So many new cargos on top of both lists.
    add: u32,
    /// What the MES is told.
    mes: MesOrders,
}

/// A price to set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetPrice {
    id: CargoId,
    /// A positive number, or null for no price; it can't be left out.
    #[serde(deserialize_with = "Option::deserialize")]
    kopecks: Option<i64>,
}

/// Why orders were refused. Nothing of them was done.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// Not JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// JSON that no order is written in.
    #[error("{0}")]
    NotAnOrder(String),
    /// An order that can't be followed.
    #[error("{0}")]
    Impossible(String),
    /// The simulator itself is in trouble.
    #[error("{0}")]
    Broken(String),
}

impl Orders {
    /// Reads orders; no body at all is no order.
    ///
    /// # Errors
    /// When it isn't JSON or no order is written like that.
    pub fn read(body: &[u8]) -> Result<Self, Refusal> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let orders: Value =
            serde_json::from_slice(body).map_err(|error| Refusal::NotJson(error.to_string()))?;
        // Serde would also take the fields of an array, one after the other.
        if !orders.is_object() {
            return Err(Refusal::NotAnOrder("orders are an object".to_owned()));
        }
        Self::deserialize(orders).map_err(|error| Refusal::NotAnOrder(error.to_string()))
    }

    /// Whether the weather changes.
    pub fn turn_the_weather(&self) -> bool {
        self.reset || self.weather.is_some()
    }

    /// What the MES is told.
    pub fn mes(&self) -> &MesOrders {
        &self.mes
    }

    /// Whether the weather of the MES changes.
    pub fn turn_the_weather_of_the_mes(&self) -> bool {
        self.reset || self.mes.turn_the_weather()
    }

    /// Follows the orders, all or none, but for those about orders in the MES's database: what came of them comes in.
    ///
    /// # Errors
    /// When one of them can't be followed.
    pub fn follow(
        self,
        simulation: &mut Simulation,
        now: DateTime<Utc>,
        mes: MesDeeds,
    ) -> Result<Deeds, Refusal> {
        self.mes.check()?;
        if let Some(rule) = self
            .weather
            .iter()
            .flatten()
            .find(|rule| rule.never_matches())
        {
            return Err(Refusal::Impossible(format!(
                "only the list has an offset: {rule:?}"
            )));
        }
        for set in self.set_price.iter().flatten() {
            if set.kopecks.is_some_and(|kopecks| kopecks <= 0) {
                return Err(Refusal::Impossible(format!(
                    "the price of {} must be positive, or null for none",
                    set.id
                )));
            }
        }
        // A reset gives the world of the start, so ids are looked up in that.
        let config = simulation.config();
        let before = self.reset.then(|| World::new(config.seed, config.start));
        let world = before.as_ref().unwrap_or(&simulation.world);
        let set_ids = self.set_price.iter().flatten().map(|set| &set.id);
        if let Some(id) = self
            .remove
            .iter()
            .chain(set_ids)
            .find(|id| world.cargo(**id).is_none())
        {
            return Err(Refusal::Impossible(format!("there is no cargo {id}")));
        }
        Ok(Deeds {
            mes,
            ..self.follow_surely(simulation, now)
        })
    }

    fn follow_surely(self, simulation: &mut Simulation, now: DateTime<Utc>) -> Deeds {
        if self.reset {
            simulation.reset();
        }
        if self.reset_stats {
            simulation.stats.reset();
            simulation.mes.reset_stats();
        }
        if let Some(rules) = self.weather {
            simulation.turn_weather(rules);
        }
        if self.revoke_tokens {
            simulation.account.revoke_tokens();
        }
        if let Some(suspended) = self.suspend {
            simulation.account.suspend(suspended);
        }
        if let Some(limit) = self.limit_per_minute {
            simulation.rate_limit.enforce(limit);
        }
        simulation.pace.walk_ms = self.walk_ms.unwrap_or(simulation.pace.walk_ms);
        simulation.pace.churn_ms = self.churn_ms.unwrap_or(simulation.pace.churn_ms);
        self.mes.follow(&mut simulation.mes);
        let world = &mut simulation.world;
        let mut deeds = Deeds::default();
        let mut touched: Vec<CargoId> = (0..self.tick).flat_map(|_| world.walk()).collect();
        for set in self.set_price.into_iter().flatten() {
            world.set_price(set.id, set.kopecks);
            touched.push(set.id);
        }
        deeds
            .removed
            .extend(self.remove.into_iter().filter(|id| world.remove(*id)));
        for _ in 0..self.churn {
            match world.churn(now) {
                Churn::Came(id) => deeds.added.push(id),
                Churn::Went(id) => deeds.removed.push(id),
            }
        }
        deeds.added.extend((0..self.add).map(|_| world.add(now)));
        let price = |id: CargoId| world.cargo(id).map(|cargo| (id, cargo.quote.kopecks()));
        deeds.repriced = touched.into_iter().filter_map(price).collect();
        deeds
    }
}

/// One thing, or a list of them.
pub(crate) fn one_or_more<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let things = match Value::deserialize(deserializer)? {
        Value::Array(things) => things,
        one => vec![one],
    };
    things
        .into_iter()
        .map(|thing| T::deserialize(thing).map_err(D::Error::custom))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// A value that may be null, told from one that is left out.
pub(crate) fn even_null<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::weather::Kind;
    use crate::world::Mode;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn simulation() -> Simulation {
        Simulation::new(Config::default())
    }

    fn tell(simulation: &mut Simulation, orders: Value) -> Result<Deeds, Refusal> {
        let now = simulation.config().start;
        Orders::read(orders.to_string().as_bytes())?.follow(simulation, now, MesDeeds::default())
    }

    fn newest(simulation: &Simulation) -> CargoId {
        simulation.world.cargos(Mode::My).next().unwrap().id
    }

    #[test]
    fn what_is_not_an_order_is_refused_by_name() {
        for (orders, word) in [
            (json!({"wether": {}}), "wether"),
            (json!({"weather": {"kind": "snow"}}), "snow"),
            (json!({"weather": {"kind": "ok", "latency": 5}}), "latency"),
            (json!({"weather": {"times": 0}}), "nonzero"),
            (
                json!({"weather": {"endpoint": "detail", "offset": 100}}),
                "offset",
            ),
            (
                json!({"set_price": {"id": "1", "kopecks": 5}}),
                "no cargo 1",
            ),
            (json!({"set_price": {"id": "6236950001"}}), "kopecks"),
            (json!({"remove": ["x"]}), "cargo id"),
            (json!({"remove": ["1"]}), "no cargo 1"),
            (json!([true]), "object"),
            (json!("hang"), "object"),
        ] {
            let refusal = tell(&mut simulation(), orders.clone()).unwrap_err();
            assert!(refusal.to_string().contains(word), "{orders}: {refusal}");
        }
        assert!(matches!(Orders::read(b"{"), Err(Refusal::NotJson(_))));
    }

    #[test]
    fn refused_orders_change_nothing() {
        let mut simulation = simulation();
        let orders =
            json!({"weather": {"kind": "hang"}, "add": 3, "suspend": true, "remove": ["1"]});
        assert!(tell(&mut simulation, orders).is_err());
        assert_eq!(simulation.weather().rules(), []);
        assert_eq!(simulation.world.cargos(Mode::All).count(), 700);
        assert!(!simulation.account.is_suspended());
    }

    #[test]
    fn new_weather_takes_the_place_of_the_old() {
        let mut simulation = simulation();
        tell(
            &mut simulation,
            json!({"weather": [{"kind": "hang", "offset": 100}, {"kind": "odd"}]}),
        )
        .unwrap();
        let kinds: Vec<Kind> = simulation
            .weather()
            .rules()
            .iter()
            .map(|rule| rule.kind)
            .collect();
        assert_eq!(kinds, [Kind::Hang, Kind::Odd]);
        tell(&mut simulation, json!({"weather": {"kind": "html"}})).unwrap();
        assert_eq!(simulation.weather().rules().len(), 1);
        tell(&mut simulation, json!({"weather": []})).unwrap();
        assert_eq!(simulation.weather().rules(), []);
    }

    #[test]
    fn the_answer_names_what_was_done_to_the_world() {
        let mut simulation = simulation();
        let id = newest(&simulation);
        let deeds = tell(
            &mut simulation,
            json!({"set_price": [{"id": id, "kopecks": 1_234_500}], "add": 2}),
        )
        .unwrap();
        assert_eq!(deeds.added.len(), 2);
        assert_eq!(deeds.repriced, BTreeMap::from([(id, Some(1_234_500))]));
        assert_eq!(
            tell(&mut simulation, json!({"remove": [id.0]}))
                .unwrap()
                .removed,
            [id]
        );
        assert!(
            tell(&mut simulation, json!({"tick": 5}))
                .unwrap()
                .repriced
                .len()
                >= 10
        );
    }

    #[test]
    fn a_limit_of_null_is_not_a_limit_left_out() {
        let mut simulation = simulation();
        tell(&mut simulation, json!({"limit_per_minute": 5})).unwrap();
        tell(&mut simulation, json!({"walk_ms": 0})).unwrap();
        assert_eq!(simulation.rate_limit.enforced(), Some(5));
        tell(&mut simulation, json!({"limit_per_minute": null})).unwrap();
        assert_eq!(simulation.rate_limit.enforced(), None);
    }

    #[test]
    fn a_reset_is_the_start_again_but_for_the_tokens() {
        let mut simulation = simulation();
        let start = serde_json::to_value(simulation.prices(true)).unwrap();
        let config = simulation.config().clone();
        let token = simulation
            .account
            .login(&config.phone, &config.password)
            .unwrap();
        let orders = json!({"tick": 5, "add": 1, "weather": {"kind": "odd"}, "limit_per_minute": 1, "walk_ms": 0, "suspend": true});
        tell(&mut simulation, orders).unwrap();
        tell(&mut simulation, json!({"reset": true})).unwrap();
        assert_eq!(
            serde_json::to_value(simulation.prices(true)).unwrap(),
            start
        );
        assert_eq!(
            (simulation.pace.walk_ms, simulation.rate_limit.enforced()),
            (2_000, None)
        );
        assert!(simulation.account.accepts(&token));
    }
}
