//! What the MES is started with.

use std::path::PathBuf;

/// What the MES is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The database. A file that is not there is made, one that was made with the same seed and number of orders is
    /// gone on with, and nothing else is touched. `None` for one in the temporary directory that is removed at the end.
    pub file: Option<PathBuf>,
    /// How many orders it begins with.
    pub orders: u32,
    /// The one Bearer token that it takes.
    pub token: String,
    /// A list takes at least so long, besides what the database needs for it.
    pub list_base_ms: u64,
    /// And so many microseconds for each order in the table.
    pub list_us_per_order: u64,
    /// How many lists are looked up at once; the others queue. At least 1.
    pub connections: u32,
    /// How long it takes to read orders by their names.
    pub read_ms: u64,
    /// How long it takes to write.
    pub write_ms: u64,
    /// How long a price is calculated.
    pub calculation_ms: u64,
    /// Who is told of changes; `None` for nobody. Plain http only.
    pub webhook_url: Option<String>,
    /// What the telling is signed with.
    pub webhook_secret: String,
}

impl Config {
    /// The token unless another is given.
    pub const TOKEN: &'static str = "development-mes-token-0123456789abcdef";
    /// The secret unless another is given.
    pub const WEBHOOK_SECRET: &'static str = "development-mes-webhook-secret-0123456789abcdef";
    /// The most orders that it can begin with: half a century of them.
    pub const MOST_ORDERS: u32 = 5_000_000;
}

impl Default for Config {
    fn default() -> Self {
        Self {
            file: None,
            orders: 2_000,
            token: Self::TOKEN.to_owned(),
            list_base_ms: 100,
            list_us_per_order: 10,
            connections: 4,
            read_ms: 15,
            write_ms: 40,
            calculation_ms: 6_000,
            webhook_url: None,
            webhook_secret: Self::WEBHOOK_SECRET.to_owned(),
        }
    }
}
