//! The settings of the Worker: their names, where each is given, and what it must be.
//!
//! The Worker reads them (`edge/src/config.rs`), and its tests compare what it asks for, and what it takes, with this table.
//! Whoever deploys compares the table with what is about to be deployed. So what would stop the Worker stops the deployment.

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Where it is given.
    pub source: Source,
    /// Where it must be given.
    pub needed: Needed,
    /// What it must be.
    pub kind: Kind,
}

/// Where a setting is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In `[vars]` of wrangler.toml.
    Vars,
    /// As a secret, never in a file of the repository.
    Secret,
    /// By whoever builds and deploys.
    Build,
}

/// Where a setting must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// Everywhere.
    Always,
    /// Where there is a factory: where `MES_BASE_URL` is not empty.
    WithOrders,
    /// Nowhere. Empty is the same as not given.
    AtWill,
}

/// What a setting must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number between these, both included.
    Whole(u64, u64),
    /// The beginning of http(s) addresses, without a trailing slash.
    Url,
    /// Who shares records.
    Scope,
    /// Anything but nothing.
    Text,
    /// At least 32 bytes.
    Secret,
    /// A token as BotFather gives it.
    BotToken,
    /// Names of sites with commas.
    Sites,
    /// Origins as browsers send them, with commas.
    Origins,
    /// From which Unix second on whose proofs count: `all:1795000000,5000000001:1795000000`.
    Revoked,
    /// Telegram's ids and names: `5000000001:Anna,5000000002:Boris`.
    Operators,
    /// Numbers of sellers and their keys: `7:...,8:...`.
    SellerKeys,
}

const YEAR_MS: u64 = 31_536_000_000;
const MS: Kind = Kind::Whole(1, YEAR_MS);
const BYTES: Kind = Kind::Whole(1_000_000, 100_000_000);

/// All of them.
pub const ALL: &[Setting] = &[
    var("CARGOTECH_BASE_URL", Kind::Url),
    var("CACHE_SCOPE", Kind::Scope),
    var("PRICES_FRESH_MS", MS),
    var("LIST_FRESH_MS", MS),
    var("DETAIL_FRESH_MS", MS),
    var("DETAIL_STALE_WHILE_REVALIDATE_MS", MS),
    var("DETAIL_STALE_IF_ERROR_MS", MS),
    var("WATCHED_FRESH_MS", MS),
    var("DICTIONARY_FRESH_MS", MS),
    var("DICTIONARY_STALE_WHILE_REVALIDATE_MS", MS),
    var("DICTIONARY_STALE_IF_ERROR_MS", MS),
    // Below each of the ..._FRESH_MS, too.
    var("EAGER_REFRESH_MS", Kind::Whole(0, YEAR_MS)),
    var("STALE_WHILE_REVALIDATE_MS", MS),
    var("STALE_IF_ERROR_MS", MS),
    var("READ_DEADLINE_MS", MS),
    var("FALLBACK_PATIENCE_MS", MS),
    var("UPSTREAM_TIMEOUT_MS", MS),
    var("REFRESH_DEADLINE_MS", MS),
    var("BACKOFF_BASE_MS", MS),
    var("BACKOFF_MAX_MS", MS),
    var("UPSTREAM_CALLS_PER_MINUTE", Kind::Whole(10, 1_000_000)),
    var("LOGIN_PAUSE_MS", MS),
    var("BREAKER_FAILURES", Kind::Whole(1, 1_000_000)),
    var("BREAKER_PAUSE_MS", MS),
    var("HOT_COPIES_BYTES", BYTES),
    var("KNOWN_PRICES_BYTES", BYTES),
    var("KV_WRITE_EVERY_MS", MS),
    var("METRICS_EVERY_MS", MS),
    var("POLL_INTERVAL_MS", MS),
    var("KV_PATIENCE_MS", MS),
    at_will(var("ALLOWED_ORIGINS", Kind::Origins)),
    at_will(var("REVOKED_SESSIONS", Kind::Revoked)),
    var("SESSION_TTL_MS", MS),
    var("INIT_DATA_MAX_AGE_MS", MS),
    var("INIT_DATA_MAX_AHEAD_MS", MS),
    secret("TELEGRAM_BOT_TOKEN", Kind::BotToken),
    secret("SESSION_SECRET", Kind::Secret),
    at_will(secret("SESSION_SECRET_PREVIOUS", Kind::Secret)),
    secret("INTERNAL_SECRET", Kind::Secret),
    secret("METRICS_TOKEN", Kind::Secret),
    secret("CARGOTECH_PHONE", Kind::Text),
    secret("CARGOTECH_PASSWORD", Kind::Text),
    at_will(var("MES_BASE_URL", Kind::Url)),
    at_will(var("ORDER_SITES", Kind::Sites)),
    of_orders(var("ORDERS_FRESH_MS", MS)),
    of_orders(var("ORDER_PAGES_FRESH_MS", MS)),
    of_orders(var("ORDER_DETAIL_FRESH_MS", MS)),
    // Below ORDERS_FRESH_MS, too.
    of_orders(var("ORDERS_EAGER_REFRESH_MS", Kind::Whole(0, YEAR_MS))),
    of_orders(var("ORDERS_STALE_IF_ERROR_MS", MS)),
    of_orders(var("ORDERS_LATE_AFTER_MS", MS)),
    of_orders(var("BOARD_PATIENCE_MS", MS)),
    of_orders(var("BOARD_LEASE_MS", Kind::Whole(0, 250))),
    of_orders(var("CHANGE_GRACE_MS", MS)),
    of_orders(var("CHANGE_DEADLINE_MS", MS)),
    of_orders(var("MES_TIMEOUT_MS", MS)),
    of_orders(var("ORDERS_POLL_INTERVAL_MS", MS)),
    of_orders(var("QUOTE_FRESH_MS", MS)),
    of_orders(var("QUOTE_FAILED_MS", MS)),
    of_orders(secret("MES_TOKEN", Kind::Secret)),
    of_orders(secret("MES_WEBHOOK_SECRET", Kind::Secret)),
    of_orders(secret("CRM_KEY", Kind::Secret)),
    at_will(secret("OPERATORS", Kind::Operators)),
    at_will(secret("SELLER_KEYS", Kind::SellerKeys)),
    by_build("BUILD_ID"),
    by_build("COMMIT"),
];

const fn var(name: &'static str, kind: Kind) -> Setting {
    Setting {
        name,
        source: Source::Vars,
        needed: Needed::Always,
        kind,
    }
}

const fn secret(name: &'static str, kind: Kind) -> Setting {
    Setting {
        source: Source::Secret,
        ..var(name, kind)
    }
}

const fn by_build(name: &'static str) -> Setting {
    Setting {
        source: Source::Build,
        ..at_will(var(name, Kind::Text))
    }
}

const fn of_orders(setting: Setting) -> Setting {
    Setting {
        needed: Needed::WithOrders,
        ..setting
    }
}

const fn at_will(setting: Setting) -> Setting {
    Setting {
        needed: Needed::AtWill,
        ..setting
    }
}

/// The setting of this name.
pub fn named(name: &str) -> Option<&'static Setting> {
    ALL.iter().find(|setting| setting.name == name)
}

impl Setting {
    /// Whether it must be given where there is a factory, or where there is none.
    pub fn is_needed(&self, with_orders: bool) -> bool {
        match self.needed {
            Needed::Always => true,
            Needed::WithOrders => with_orders,
            Needed::AtWill => false,
        }
    }

    /// What is wrong with a value, as the end of a sentence that begins with the setting's name. It never holds the value.
    pub fn complaint(&self, value: &str) -> Option<String> {
        if value.trim().is_empty() {
            return (self.needed != Needed::AtWill).then(|| "is not set".to_owned());
        }
        let expected = match self.kind {
            kind if kind.takes(value) => return None,
            Kind::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Kind::Url => "an http(s) URL without a trailing slash".to_owned(),
            Kind::Scope => "account or user".to_owned(),
            Kind::Text => "something".to_owned(),
            Kind::Secret => "at least 32 bytes long".to_owned(),
            Kind::BotToken => "a token as BotFather gives it, such as 7000000000:AA...".to_owned(),
            Kind::Sites => "sites with commas, such as MSK,SPB".to_owned(),
            Kind::Origins => "origins with commas, such as https://cargos.example".to_owned(),
            Kind::Revoked => {
                "whose, and from which Unix second on they count, such as all:1795000000,5000000001:1795000000"
                    .to_owned()
            }
            Kind::Operators => {
                "Telegram's ids and names, such as 5000000001:Anna,5000000002:Boris".to_owned()
            }
            Kind::SellerKeys => {
                "numbers of sellers and their keys of at least 32 bytes, such as 7:...,8:..."
                    .to_owned()
            }
        };
        Some(format!("must be {expected}"))
    }
}

impl Kind {
    /// Whether the Worker takes this value, which is not empty.
    fn takes(self, value: &str) -> bool {
        let pairs = |is_pair: fn(&str, &str) -> bool| {
            value.split(',').all(|pair| {
                let pair = pair.trim().split_once(':');
                pair.is_some_and(|(key, value)| is_pair(key.trim(), value.trim()))
            })
        };
        match self {
            Self::Whole(least, most) => value
                .parse()
                .is_ok_and(|number: u64| (least..=most).contains(&number)),
            Self::Url => {
                let schemes = ["http://", "https://"];
                schemes.iter().any(|scheme| value.starts_with(scheme)) && !value.ends_with('/')
            }
            Self::Scope => matches!(value, "account" | "user"),
            Self::Text => true,
            Self::Secret => value.len() >= 32,
            Self::BotToken => value.contains(':'),
            Self::Sites => value.split(',').all(|site| {
                let site = site.trim();
                (2..=4).contains(&site.len()) && site.bytes().all(|b| b.is_ascii_uppercase())
            }),
            Self::Origins => value.split(',').all(|origin| {
                let origin = origin.trim();
                let schemes = ["http://", "https://"];
                let host = schemes
                    .iter()
                    .find_map(|scheme| origin.strip_prefix(scheme));
                host.is_some_and(|host| {
                    !host.is_empty() && !host.contains(['/', '?', '#', '*', '@', ' '])
                })
            }),
            Self::Revoked => value
                .split(',')
                .map(str::trim)
                .filter(|entry| !entry.is_empty())
                .all(|entry| {
                    entry.split_once(':').is_some_and(|(whose, seconds)| {
                        let seconds = seconds.parse().ok();
                        let moment = seconds.and_then(|seconds: u64| seconds.checked_mul(1_000));
                        (whose == "all" || whose.parse::<i64>().is_ok()) && moment.is_some()
                    })
                }),
            Self::Operators => pairs(|id, name| id.parse::<i64>().is_ok() && !name.is_empty()),
            Self::SellerKeys => pairs(|seller, key| {
                seller.parse().is_ok_and(|seller: u32| seller > 0) && key.len() >= 32
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_named_once() {
        for (i, setting) in ALL.iter().enumerate() {
            assert_eq!(named(setting.name), Some(setting));
            assert!(ALL[i + 1..].iter().all(|other| other.name != setting.name));
        }
    }

    #[test]
    fn a_complaint_never_tells_the_value() {
        for setting in ALL {
            for value in ["hunter2", "7:hunter2", "x:hunter2"] {
                let complaint = setting.complaint(value).unwrap_or_default();
                assert!(!complaint.contains("hunter2"), "{complaint}");
            }
        }
    }

    #[test]
    fn nothing_is_enough_only_where_nothing_is_needed() {
        let about = |name: &str| named(name).and_then(|setting| setting.complaint("  "));
        assert_eq!(about("SESSION_SECRET"), Some("is not set".to_owned()));
        assert_eq!(about("MES_BASE_URL"), None);
        let is_needed =
            |name, with_orders| named(name).is_some_and(|setting| setting.is_needed(with_orders));
        assert!(is_needed("MES_TOKEN", true) && !is_needed("MES_TOKEN", false));
        assert!(is_needed("SESSION_SECRET", false) && !is_needed("OPERATORS", true));
    }
}
