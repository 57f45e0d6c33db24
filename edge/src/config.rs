//! The Worker's settings: `[vars]` of wrangler.toml and secrets, read once, all of them required.

use std::{cell::OnceCell, rc::Rc, time::Duration};

use cargotech::Credentials;
use swr::{Backoff, BreakerPolicy, FlightPolicy, Pace, Policy, StorePolicy};
use telegram::init_data::Window;
use worker::Env;

use crate::{keys::Scope, orders::OrdersConfig, resource::Content, session::Revoked};

/// What is wrong with the settings, as one sentence that names the one to mend. It never holds a value of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Neither a variable nor a secret of this name.
    #[error(
        "{0} is not set: add it to [vars] in wrangler.toml, or, if it is a secret, to .dev.vars or with `wrangler secret put {0}`."
    )]
    Missing(&'static str),
    /// It is there but cannot be used.
    #[error("{name} must be {expected}.")]
    Malformed {
        /// The setting.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

/// All settings.
pub struct Config {
    pub bot_token: String,
    pub session_secret: String,
    /// What sessions were signed with before, while it still counts.
    pub session_secret_previous: Option<String>,
    pub revoked: Revoked,
    pub session_ttl_ms: u64,
    pub internal_secret: String,
    pub metrics_token: String,
    pub metrics_every: u64,
    pub init_data_window: Window,
    pub scope: Scope,
    pub prices: Policy,
    pub list: Policy,
    pub detail: Policy,
    pub dictionary: Policy,
    pub watched: Policy,
    /// The names of the app's builds that are served beside this Worker, where they were given.
    pub build_id: Option<String>,
    /// The commit that this Worker was built from, where it was given.
    pub commit: Option<String>,
    pub pace: Pace,
    pub read_deadline: Duration,
    pub kv_patience: Duration,
    pub fallback_patience: Duration,
    pub hot_copies_bytes: usize,
    pub known_prices_bytes: usize,
    pub store: StorePolicy,
    pub flight: FlightPolicy,
    pub cargotech_base_url: String,
    pub credentials: Credentials,
    pub login_pause_ms: u64,
    pub upstream_timeout: Duration,
    pub upstream_calls_per_minute: u32,
    pub breaker: BreakerPolicy,
    /// The other sites whose pages may ask.
    pub allowed_origins: Vec<String>,
    /// The order board, where there is a factory.
    pub orders: Option<Rc<OrdersConfig>>,
}

thread_local! {
    // Variables and secrets of a Worker cannot change while it runs: a change is a new deployment.
    static CONFIG: OnceCell<Result<Rc<Config>, ConfigError>> = const { OnceCell::new() };
}

/// The settings of this Worker.
///
/// # Errors
/// The first that is missing or malformed.
pub fn of(env: &Env) -> Result<Rc<Config>, ConfigError> {
    CONFIG.with(|config| {
        config
            .get_or_init(|| {
                Config::read(|name| env.var(name).ok().map(|value| value.to_string())).map(Rc::new)
            })
            .clone()
    })
}

/// The settings, once somebody has read them.
pub fn known() -> Option<Rc<Config>> {
    CONFIG.with(|config| config.get()?.clone().ok())
}

impl Config {
    /// The age from which on a copy of this content is good for nothing, whatever it is read for, in milliseconds.
    pub fn dead_after(&self, content: &Content) -> u64 {
        match content {
            Content::List(_) => self.prices.dead_after().max(self.list.dead_after()),
            Content::Cargo(_) => self.detail.dead_after(),
            Content::Points(_) | Content::Types(_) => self.dictionary.dead_after(),
        }
    }

    /// The age from which on a copy of anything is good for nothing, in milliseconds.
    pub fn all_dead_after(&self) -> u64 {
        [&self.prices, &self.list, &self.detail, &self.dictionary]
            .map(Policy::dead_after)
            .into_iter()
            .fold(0, u64::max)
    }

    /// Reads the settings through `get`, which knows them by name.
    fn read(get: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let given = Given(&get);
        let ms = |name| given.ms(name);
        let uses = [
            "PRICES_FRESH_MS",
            "LIST_FRESH_MS",
            "DETAIL_FRESH_MS",
            "WATCHED_FRESH_MS",
            "DICTIONARY_FRESH_MS",
        ];
        let mut shortest = u64::MAX;
        for fresh in uses {
            shortest = shortest.min(ms(fresh)?);
        }
        let eager = given.number(
            "EAGER_REFRESH_MS",
            0..=shortest - 1,
            "a whole number of milliseconds below each of the ..._FRESH_MS",
        )?;
        let policy = |fresh, stale_while_revalidate, stale_if_error| {
            Ok(Policy {
                fresh: ms(fresh)?,
                eager,
                stale_while_revalidate: ms(stale_while_revalidate)?,
                stale_if_error: ms(stale_if_error)?,
            })
        };
        let of_list = |fresh| policy(fresh, "STALE_WHILE_REVALIDATE_MS", "STALE_IF_ERROR_MS");
        let bot_token = given.text("TELEGRAM_BOT_TOKEN")?;
        if !bot_token.contains(':') {
            return Err(ConfigError::Malformed {
                name: "TELEGRAM_BOT_TOKEN",
                expected: "a token as BotFather gives it, such as 7000000000:AA...",
            });
        }
        let cargotech_base_url = given.base_url("CARGOTECH_BASE_URL")?;
        let refresh_deadline = ms("REFRESH_DEADLINE_MS")?;
        Ok(Self {
            bot_token,
            session_secret: given.secret("SESSION_SECRET")?,
            session_secret_previous: match given.text("SESSION_SECRET_PREVIOUS") {
                Ok(_) => Some(given.secret("SESSION_SECRET_PREVIOUS")?),
                Err(_) => None,
            },
            revoked: given
                .text("REVOKED_SESSIONS")
                .unwrap_or_default()
                .parse()
                .map_err(|()| ConfigError::Malformed {
                    name: "REVOKED_SESSIONS",
                    expected: "whose, and from which Unix second on they count, such as all:1795000000,5000000001:1795000000",
                })?,
            internal_secret: given.secret("INTERNAL_SECRET")?,
            metrics_token: given.secret("METRICS_TOKEN")?,
            metrics_every: ms("METRICS_EVERY_MS")?,
            session_ttl_ms: ms("SESSION_TTL_MS")?,
            init_data_window: Window {
                max_age_ms: ms("INIT_DATA_MAX_AGE_MS")?,
                max_ahead_ms: ms("INIT_DATA_MAX_AHEAD_MS")?,
            },
            scope: match given.text("CACHE_SCOPE")?.as_str() {
                "account" => Scope::Account,
                "user" => Scope::User,
                _ => {
                    return Err(ConfigError::Malformed {
                        name: "CACHE_SCOPE",
                        expected: "account or user",
                    });
                }
            },
            prices: of_list("PRICES_FRESH_MS")?,
            list: of_list("LIST_FRESH_MS")?,
            detail: policy(
                "DETAIL_FRESH_MS",
                "DETAIL_STALE_WHILE_REVALIDATE_MS",
                "DETAIL_STALE_IF_ERROR_MS",
            )?,
            watched: policy(
                "WATCHED_FRESH_MS",
                "DETAIL_STALE_WHILE_REVALIDATE_MS",
                "DETAIL_STALE_IF_ERROR_MS",
            )?,
            build_id: get("BUILD_ID").filter(|id| !id.is_empty()),
            commit: get("COMMIT").filter(|commit| !commit.is_empty()),
            dictionary: policy(
                "DICTIONARY_FRESH_MS",
                "DICTIONARY_STALE_WHILE_REVALIDATE_MS",
                "DICTIONARY_STALE_IF_ERROR_MS",
            )?,
            pace: Pace {
                interval: ms("POLL_INTERVAL_MS")?,
            },
            read_deadline: Duration::from_millis(ms("READ_DEADLINE_MS")?),
            kv_patience: Duration::from_millis(ms("KV_PATIENCE_MS")?),
            fallback_patience: Duration::from_millis(ms("FALLBACK_PATIENCE_MS")?),
            hot_copies_bytes: given.bytes("HOT_COPIES_BYTES")?,
            known_prices_bytes: given.bytes("KNOWN_PRICES_BYTES")?,
            store: StorePolicy {
                every: ms("KV_WRITE_EVERY_MS")?,
                useful_for: ms("STALE_WHILE_REVALIDATE_MS")? / 2,
            },
            flight: FlightPolicy {
                deadline: refresh_deadline,
                backoff: Backoff {
                    base: ms("BACKOFF_BASE_MS")?,
                    max: ms("BACKOFF_MAX_MS")?,
                },
            },
            cargotech_base_url,
            credentials: Credentials {
                phone: given.text("CARGOTECH_PHONE")?,
                password: given.text("CARGOTECH_PASSWORD")?,
            },
            login_pause_ms: ms("LOGIN_PAUSE_MS")?,
            upstream_timeout: Duration::from_millis(ms("UPSTREAM_TIMEOUT_MS")?),
            upstream_calls_per_minute: given.number(
                "UPSTREAM_CALLS_PER_MINUTE",
                10..=1_000_000,
                "a whole number from 10 to 1000000",
            )? as u32,
            breaker: BreakerPolicy {
                failures: given.count("BREAKER_FAILURES")? as u32,
                pause: ms("BREAKER_PAUSE_MS")?,
                probe_deadline: refresh_deadline,
            },
            allowed_origins: given.origins("ALLOWED_ORIGINS")?,
            orders: match get("MES_BASE_URL").filter(|url| !url.is_empty()) {
                Some(_) => Some(Rc::new(OrdersConfig::read(&given)?)),
                None => None,
            },
        })
    }
}

/// Settings as they are given, by their names.
pub struct Given<'a>(&'a dyn Fn(&'static str) -> Option<String>);

impl Given<'_> {
    pub fn text(&self, name: &'static str) -> Result<String, ConfigError> {
        (self.0)(name)
            .filter(|value| !value.trim().is_empty())
            .ok_or(ConfigError::Missing(name))
    }

    pub fn number(
        &self,
        name: &'static str,
        range: std::ops::RangeInclusive<u64>,
        expected: &'static str,
    ) -> Result<u64, ConfigError> {
        self.text(name)?
            .parse()
            .ok()
            .filter(|number| range.contains(number))
            .ok_or(ConfigError::Malformed { name, expected })
    }

    pub fn ms(&self, name: &'static str) -> Result<u64, ConfigError> {
        self.number(
            name,
            1..=31_536_000_000,
            "a whole number of milliseconds from 1 to a year",
        )
    }

    pub fn count(&self, name: &'static str) -> Result<u64, ConfigError> {
        self.number(name, 1..=1_000_000, "a whole number from 1 to 1000000")
    }

    fn bytes(&self, name: &'static str) -> Result<usize, ConfigError> {
        let expected = "a whole number of bytes from 1000000 to 100000000";
        Ok(self.number(name, 1_000_000..=100_000_000, expected)? as usize)
    }

    pub fn secret(&self, name: &'static str) -> Result<String, ConfigError> {
        self.text(name).and_then(|secret| match secret.len() {
            32.. => Ok(secret),
            _ => Err(ConfigError::Malformed {
                name,
                expected: "at least 32 bytes long",
            }),
        })
    }

    /// Origins with commas, as browsers send them; none if nothing is given.
    fn origins(&self, name: &'static str) -> Result<Vec<String>, ConfigError> {
        let Ok(text) = self.text(name) else {
            return Ok(Vec::new());
        };
        let origins = text.split(',').map(|origin| {
            let origin = origin.trim();
            let host = ["http://", "https://"]
                .iter()
                .find_map(|scheme| origin.strip_prefix(scheme))?;
            let is_origin = !host.is_empty() && !host.contains(['/', '?', '#', '*', '@', ' ']);
            is_origin.then(|| origin.to_ascii_lowercase())
        });
        origins
            .collect::<Option<_>>()
            .ok_or(ConfigError::Malformed {
                name,
                expected: "origins with commas, such as https://cargos.example",
            })
    }

    pub fn base_url(&self, name: &'static str) -> Result<String, ConfigError> {
        let url = self.text(name)?;
        let is_url = ["http://", "https://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
            && !url.ends_with('/');
        is_url.then_some(url).ok_or(ConfigError::Malformed {
            name,
            expected: "an http(s) URL without a trailing slash",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The settings that ship, with one of them replaced.
    fn read_with(name: &str, value: Option<&str>) -> Result<Config, ConfigError> {
        read_with_all(&[(name, value)])
    }

    /// The same of a place where there is a factory.
    fn read_with_factory(name: &str, value: &str) -> Result<Config, ConfigError> {
        read_with_all(&[
            (name, Some(value)),
            ("MES_BASE_URL", Some("https://mes.example")),
        ])
    }

    fn read_with_all(replaced: &[(&str, Option<&str>)]) -> Result<Config, ConfigError> {
        let shipped = concat!(
            include_str!("../../wrangler.toml"),
            "\n",
            include_str!("../../.dev.vars.example")
        );
        Config::read(|wanted| {
            if let Some((_, value)) = replaced.iter().find(|(name, _)| *name == wanted) {
                return value.map(str::to_owned);
            }
            shipped.lines().find_map(|line| {
                let value = line.strip_prefix(wanted)?.trim_start().strip_prefix('=')?;
                Some(value.trim().trim_matches('"').to_owned())
            })
        })
    }

    #[test]
    fn the_shipped_settings_are_complete() {
        let config = read_with("", None).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.prices.fresh, 10_000);
        assert_eq!(config.list.fresh, 60_000);
        assert_eq!(config.detail.fresh, 15 * 60_000);
        assert_eq!(config.dictionary.fresh, 24 * 3_600_000);
        assert_eq!(config.all_dead_after(), config.dictionary.dead_after());
        assert_eq!(config.prices.stale_while_revalidate, 600_000);
        assert_eq!(config.upstream_calls_per_minute, 600);
    }

    #[test]
    fn without_a_factory_there_is_no_order_board() {
        let orders = |config: Result<Config, ConfigError>| {
            config.unwrap_or_else(|error| panic!("{error}")).orders
        };
        assert!(orders(read_with("", None)).is_none());
        let board = orders(read_with_factory("ORDER_SITES", "MSK, SPB")).expect("configured");
        assert_eq!(board.sites.len(), 2);
        assert_eq!(board.board.lists.fresh, 30_000);
        assert!(board.operators.iter().all(|(_, name)| !name.is_empty()));
        assert_eq!(board.seller_keys.len(), 2);
    }

    #[test]
    fn what_is_malformed_about_the_board_is_named_without_its_value() {
        for (name, value) in [
            ("MES_BASE_URL", "mes"),
            ("MES_TOKEN", "hunter2"),
            ("CRM_KEY", "hunter2"),
            ("OPERATORS", "5:Anna,hunter2"),
            ("SELLER_KEYS", "7:hunter2"),
            (
                "SELLER_KEYS",
                "0:loadboard-development-seller-7-key-0123456789",
            ),
            ("ORDER_SITES", "moscow"),
            ("BOARD_LEASE_MS", "251"),
            ("ORDERS_EAGER_REFRESH_MS", "30000"),
        ] {
            let config = read_with_all(&[
                ("MES_BASE_URL", Some("https://mes.example")),
                (name, Some(value)),
            ]);
            let config = match name {
                "MES_BASE_URL" => read_with(name, Some(value)),
                _ => config,
            };
            let error = config.err().map(|error| error.to_string());
            let error = error.unwrap_or_else(|| panic!("{name} = {value} was taken"));
            assert!(error.starts_with(name), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for name in [
            "TELEGRAM_BOT_TOKEN",
            "SESSION_SECRET",
            "CARGOTECH_PASSWORD",
            "PRICES_FRESH_MS",
            "CACHE_SCOPE",
        ] {
            for value in [None, Some(""), Some("  ")] {
                let error = read_with(name, value).err();
                assert_eq!(error, Some(ConfigError::Missing(name)));
            }
        }
    }

    #[test]
    fn what_is_malformed_is_named_without_its_value() {
        for (name, value) in [
            ("PRICES_FRESH_MS", "10s"),
            ("PRICES_FRESH_MS", "0"),
            ("PRICES_FRESH_MS", "-5"),
            ("EAGER_REFRESH_MS", "10000"),
            ("HOT_COPIES_BYTES", "many"),
            ("UPSTREAM_CALLS_PER_MINUTE", "5"),
            ("CACHE_SCOPE", "global"),
            ("CARGOTECH_BASE_URL", "api.cargotech.pro"),
            ("CARGOTECH_BASE_URL", "https://api.cargotech.pro/"),
            ("SESSION_SECRET", "hunter2"),
            ("INTERNAL_SECRET", "hunter2"),
            ("METRICS_TOKEN", "hunter2"),
            ("KNOWN_PRICES_BYTES", "0"),
            ("TELEGRAM_BOT_TOKEN", "hunter2"),
        ] {
            let error = read_with(name, Some(value))
                .err()
                .map(|error| error.to_string());
            let error = error.unwrap_or_else(|| panic!("{name} = {value} was taken"));
            assert!(error.starts_with(name), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}

/// What is read here, compared with the table by which deployments are checked, and with every environment of wrangler.toml.
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod table {
    use std::{
        cell::RefCell,
        collections::{BTreeMap, BTreeSet},
    };

    use serde_json::Value;
    use settings::{Needed, Setting, Source};

    use super::*;

    type Given = BTreeMap<String, String>;

    /// What an environment is given: the top level's variables, its own, and the secrets of development.
    fn environment(name: Option<&str>) -> Given {
        let wrangler: Value = toml::from_str(include_str!("../../wrangler.toml")).unwrap();
        let own = name.map(|name| &wrangler["env"][name]["vars"]);
        let vars = [Some(&wrangler["vars"]), own].into_iter().flatten();
        let mut given: Given = vars
            .filter_map(Value::as_object)
            .flatten()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
        let secrets = include_str!("../../.dev.vars.example").lines();
        let secrets = secrets.filter_map(|line| line.split_once('='));
        given.extend(
            secrets.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())),
        );
        given
    }

    /// The same where there is a factory.
    fn with_a_factory() -> Given {
        let mut given = environment(None);
        given.insert("MES_BASE_URL".to_owned(), "https://mes.example".to_owned());
        given
    }

    fn read(given: &Given) -> Result<Config, ConfigError> {
        Config::read(|name| given.get(name).cloned())
    }

    #[test]
    fn the_table_names_what_is_read_and_nothing_else() {
        let asked = RefCell::new(BTreeSet::new());
        let given = with_a_factory();
        let config = Config::read(|name| {
            asked.borrow_mut().insert(name);
            given.get(name).cloned()
        });
        assert_eq!(config.err(), None);
        let named: BTreeSet<_> = settings::ALL.iter().map(|setting| setting.name).collect();
        assert_eq!(asked.into_inner(), named);
    }

    #[test]
    fn the_table_takes_what_is_taken_and_nothing_else() {
        let long = "0123456789abcdef0123456789abcdef";
        let seller = format!("7:{long}, 8:{long}");
        let values = [
            "",
            "0",
            "1",
            "10",
            "10s",
            "-5",
            "250",
            "251",
            "1000000",
            "1000001",
            "100000000",
            "31536000000",
            "31536000001",
            "many",
            "user",
            "global",
            "http://mes",
            "https://mes/",
            "https://a.example, http://b:8080",
            "https://*",
            "all:1795000000,7:5",
            "all:",
            "7:Anna",
            "x:Anna",
            "7:",
            "MSK, SPB",
            "MOSCOW",
            "msk",
            long,
            &long[1..],
            &seller,
            "0:0123456789abcdef0123456789abcdef",
        ];
        for setting in settings::ALL {
            for value in values {
                let mut given = with_a_factory();
                given.insert(setting.name.to_owned(), value.to_owned());
                let error = read(&given).err().map(|error| error.to_string());
                let is_refused = error.is_some_and(|error| error.starts_with(setting.name));
                let complains = setting.complaint(value).is_some();
                // These must be below others, too.
                let is_bound = setting.name.ends_with("EAGER_REFRESH_MS");
                assert!(
                    is_refused == complains || (is_bound && is_refused),
                    "{} = {value}",
                    setting.name
                );
            }
        }
    }

    #[test]
    fn the_table_knows_what_may_be_left_out() {
        for given in [environment(None), with_a_factory()] {
            let with_orders = !given["MES_BASE_URL"].is_empty();
            for setting in settings::ALL {
                let mut given = given.clone();
                given.remove(setting.name);
                let is_missed = read(&given).err() == Some(ConfigError::Missing(setting.name));
                assert_eq!(
                    is_missed,
                    setting.is_needed(with_orders),
                    "{}",
                    setting.name
                );
            }
        }
    }

    #[test]
    fn every_environment_is_complete() {
        for name in [None, Some("staging"), Some("production")] {
            let config = read(&environment(name));
            assert_eq!(config.err(), None, "{name:?}");
        }
    }

    #[test]
    fn secrets_and_what_a_build_gives_are_no_variables() {
        let wrangler: Value = toml::from_str(include_str!("../../wrangler.toml")).unwrap();
        let vars = wrangler["vars"].as_object().unwrap();
        let is_var = |setting: &&Setting| setting.source == Source::Vars;
        let named: BTreeSet<_> = settings::ALL
            .iter()
            .filter(is_var)
            .map(|setting| setting.name)
            .collect();
        assert_eq!(
            vars.keys().map(String::as_str).collect::<BTreeSet<_>>(),
            named
        );
        let needed = settings::ALL
            .iter()
            .filter(|setting| setting.source == Source::Build);
        assert!(
            needed
                .clone()
                .all(|setting| setting.needed == Needed::AtWill)
        );
    }
}
