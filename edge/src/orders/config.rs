//! The settings of the order board.

use std::time::Duration;

use domain::orders::{SellerId, Site};
use swr::{Backoff, FlightPolicy, JobPolicy, Policy, board::BoardPolicy};

use crate::config::{ConfigError, Given};

/// All settings of the order board.
pub struct OrdersConfig {
    pub mes_base_url: String,
    pub mes_token: String,
    pub mes_timeout: Duration,
    pub webhook_secret: String,
    /// The keys of the sales system and of sellers.
    pub crm_key: String,
    pub seller_keys: Vec<(SellerId, String)>,
    /// Telegram's ids of those who may see and move orders, and how people call them.
    pub operators: Vec<(i64, String)>,
    /// Each has a board of its own; none: there is one board for all.
    pub sites: Vec<Site>,
    pub board: BoardPolicy,
    /// How long anybody waits for the board's first word before he goes to the MES himself.
    pub patience: Duration,
    pub poll_interval: u64,
    pub quotes: JobPolicy,
}

impl OrdersConfig {
    /// So many changes are remembered at most.
    const MOST_CHANGES: usize = 20_000;
    /// So many entries of each status are kept.
    const MOST_OF_STATUS: usize = 5_000;
    /// So many pages of rare lists are kept.
    const MOST_PAGES: usize = 200;
    /// So many details are kept.
    const MOST_DETAILS: usize = 2_000;

    /// Reads the settings.
    ///
    /// # Errors
    /// The first that is missing or malformed.
    pub fn read(given: &Given<'_>) -> Result<Self, ConfigError> {
        let ms = |name| given.ms(name);
        let lists_fresh = ms("ORDERS_FRESH_MS")?;
        let eager = given.number(
            "ORDERS_EAGER_REFRESH_MS",
            0..=lists_fresh - 1,
            "a whole number of milliseconds below ORDERS_FRESH_MS",
        )?;
        let stale_if_error = ms("ORDERS_STALE_IF_ERROR_MS")?;
        let policy = |fresh, eager| Policy {
            fresh,
            eager,
            stale_while_revalidate: 0,
            stale_if_error,
        };
        let pages_fresh = ms("ORDER_PAGES_FRESH_MS")?;
        let mes_timeout = ms("MES_TIMEOUT_MS")?;
        let backoff = Backoff {
            base: ms("BACKOFF_BASE_MS")?,
            max: ms("BACKOFF_MAX_MS")?,
        };
        Ok(Self {
            mes_base_url: given.base_url("MES_BASE_URL")?,
            mes_token: given.secret("MES_TOKEN")?,
            mes_timeout: Duration::from_millis(mes_timeout),
            webhook_secret: given.secret("MES_WEBHOOK_SECRET")?,
            crm_key: given.secret("CRM_KEY")?,
            seller_keys: pairs(given, "SELLER_KEYS", |seller, key| {
                let seller = seller.parse().ok().filter(|&seller| seller > 0)?;
                (key.len() >= 32).then(|| (SellerId(seller), key.to_owned()))
            })?,
            operators: pairs(given, "OPERATORS", |id, name| {
                let id = id.parse().ok()?;
                (!name.is_empty()).then(|| (id, name.to_owned()))
            })?,
            sites: match given.text("ORDER_SITES").ok() {
                None => Vec::new(),
                Some(sites) => sites
                    .split(',')
                    .map(|site| site.trim().parse())
                    .collect::<Result<_, _>>()
                    .map_err(|_| ConfigError::Malformed {
                        name: "ORDER_SITES",
                        expected: "sites with commas, such as MSK,SPB",
                    })?,
            },
            board: BoardPolicy {
                lists: policy(lists_fresh, eager),
                pages: policy(pages_fresh, 0),
                details: policy(ms("ORDER_DETAIL_FRESH_MS")?, 0),
                // A list is read, and perhaps what vanished from it.
                flight: FlightPolicy {
                    deadline: 2 * mes_timeout + 1_000,
                    backoff,
                },
                late_after: ms("ORDERS_LATE_AFTER_MS")?,
                lease: given.number(
                    "BOARD_LEASE_MS",
                    0..=250,
                    "a whole number of milliseconds from 0 to 250",
                )?,
                grace: ms("CHANGE_GRACE_MS")?,
                change_deadline: ms("CHANGE_DEADLINE_MS")?,
                remember: 2 * (pages_fresh + mes_timeout),
                most_changes: Self::MOST_CHANGES,
                most_of_group: Self::MOST_OF_STATUS,
                most_pages: Self::MOST_PAGES,
                most_details: Self::MOST_DETAILS,
            },
            patience: Duration::from_millis(ms("BOARD_PATIENCE_MS")?),
            poll_interval: ms("ORDERS_POLL_INTERVAL_MS")?,
            quotes: JobPolicy {
                fresh: ms("QUOTE_FRESH_MS")?,
                failed: ms("QUOTE_FAILED_MS")?,
            },
        })
    }
}

/// Entries such as `7:key,8:key`; nothing at all is no entries.
fn pairs<T>(
    given: &Given<'_>,
    name: &'static str,
    entry: impl Fn(&str, &str) -> Option<T>,
) -> Result<Vec<T>, ConfigError> {
    let Ok(text) = given.text(name) else {
        return Ok(Vec::new());
    };
    let entries = text.split(',').map(|pair| {
        let (key, value) = pair.trim().split_once(':')?;
        entry(key.trim(), value.trim())
    });
    let expected = match name {
        "OPERATORS" => "Telegram's ids and names, such as 5000000001:Anna,5000000002:Boris",
        _ => "numbers of sellers and their keys of at least 32 bytes, such as 7:...,8:...",
    };
    entries
        .collect::<Option<_>>()
        .ok_or(ConfigError::Malformed { name, expected })
}
