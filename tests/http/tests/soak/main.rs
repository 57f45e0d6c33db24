//! Everybody comes at once, and everybody polls while upstream goes through every weather. A short form is one of the tests;
//! `cargo xtask soak` runs a thousand readers and ten minutes of it, with the windows that ship.
//!
//! | variable | what |
//! |---|---|
//! | `LOADBOARD_SOAK_SECONDS` | how long it takes, with the windows that ship; unset: short, with short windows |

mod all_routes;
mod factory;

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    Etag, PriceDelta,
    messages::{POLL_AFTER_HEADER, PriceRow, Prices, STALE_HEADER},
};
use serde_json::{Value, json};
use tests_http::{ColdFilters, Loadboard, Reply, Simulator, begin, until, windows};
use tokio::sync::Mutex;

/// Upstream, one after the other, each for as long.
const WEATHER: [&str; 7] = [
    "ok",
    "slow",
    "error500",
    "hang",
    "error429",
    "malformed",
    "ok",
];

/// What one of the variables says.
fn seconds(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

struct Soak {
    /// Readers who come at once.
    crowd: usize,
    clients: usize,
    lists: usize,
    weather: Duration,
    /// The time in which all is fresh again, once all is well.
    recovery: Duration,
}

impl Soak {
    fn from_environment() -> Self {
        match seconds("LOADBOARD_SOAK_SECONDS") {
            Some(seconds) => Self {
                crowd: 1_000,
                clients: 300,
                lists: 30,
                weather: Duration::from_secs(seconds) / WEATHER.len() as u32,
                // One interval, the pause of a breaker that has just failed its probe, and the polls that learn of it.
                recovery: Duration::from_secs(20),
            },
            // Lists that are fresh for a second each cost more than a call a second, of which there are nine.
            None => Self {
                crowd: 300,
                clients: 60,
                lists: 6,
                weather: Duration::from_secs(3),
                recovery: windows::WHOLE_RECOVERY,
            },
        }
    }
}

/// Cargos and prices that were shown for them.
type Seen = HashSet<(String, Option<i64>)>;

/// One driver's app.
struct Client {
    board: Loadboard,
    path: String,
    known: Option<(Etag, Vec<PriceRow>)>,
    /// Every price that he was ever shown.
    seen: Arc<Mutex<Seen>>,
    took: Vec<Duration>,
}

impl Client {
    /// How long each poll took.
    async fn poll_until(mut self, end: Instant) -> Vec<Duration> {
        while Instant::now() < end {
            let pause = self.poll().await;
            tokio::time::sleep(pause.min(end.saturating_duration_since(Instant::now()))).await;
        }
        self.took
    }

    /// Polls as the app does, and says when to poll again.
    async fn poll(&mut self) -> Duration {
        let reply = match &self.known {
            Some((tag, _)) => {
                let path = format!("{}&since={}", self.path, tag.bare());
                self.board.get_unless(&path, tag.as_str()).await
            }
            None => self.board.get(&self.path).await,
        };
        self.took.push(reply.took);
        match reply.status {
            304 => assert!(self.known.is_some(), "{reply:?}"),
            200 => self.take_in(&reply).await,
            _ => panic!("neither 200 nor 304: {reply:?}"),
        }
        Duration::from_millis(reply.number(POLL_AFTER_HEADER))
    }

    async fn take_in(&mut self, reply: &Reply) {
        let prices: Prices =
            serde_json::from_str(&reply.body).unwrap_or_else(|error| panic!("{error}: {reply:?}"));
        let rows = match (&prices.since, self.known.take()) {
            (None, _) => prices.prices,
            (Some(since), Some((tag, rows))) if *since == tag => {
                let delta = PriceDelta {
                    changed: prices.prices,
                    order: prices.order,
                };
                delta
                    .apply(&rows)
                    .expect("changes of the state that is known")
            }
            (since, _) => panic!("changes since {since:?}, which nobody knows"),
        };
        assert_eq!(Etag::of_prices(prices.total, &rows), prices.etag);
        let mut seen = self.seen.lock().await;
        for PriceRow(id, price) in &rows {
            seen.insert((id.to_string(), price.map(domain::Kopecks::get)));
        }
        self.known = Some((prices.etag, rows));
    }
}

fn weather(kind: &str, lasts: Duration) -> Value {
    match kind {
        "error429" => {
            let pause = (lasts.as_secs() / 4).max(1);
            json!({"kind": kind, "latency_ms": 300, "reset_after_s": pause})
        }
        "ok" => json!({"kind": "ok", "latency_ms": 300}),
        "slow" => json!({"kind": "ok", "latency_ms": 2_500, "jitter_ms": 1_000}),
        kind => json!({"kind": kind, "latency_ms": 300}),
    }
}

#[tokio::test]
async fn a_crowd_of_cold_readers_makes_one_call() {
    let Soak { crowd, .. } = Soak::from_environment();
    let (board, sim) = begin().await;
    sim.tell(json!({"weather": {"kind": "ok", "latency_ms": 300}}))
        .await;
    let cold = ColdFilters::new();
    let began = Instant::now();
    let replies = board
        .get_at_once(&format!("/api/cargos/?{cold}"), crowd)
        .await;
    let expected = sim.prices().await.order.my[..20].to_vec();
    let mut fetched = 0;
    for reply in replies {
        let rows: Vec<_> = reply.list().cargos.iter().map(|cargo| cargo.id).collect();
        assert_eq!(rows, expected);
        let status = reply.expect_header("cache-status");
        fetched += u32::from(status.contains("; stored") && !status.contains("; collapsed"));
    }
    assert_eq!(fetched, 1, "all others joined it, or found its copy");
    let stats = sim.stats().await;
    assert_eq!(stats.max_identical_lists_in_flight, 1);
    // So many readers, and calls that take long on a busy machine, may find the copy due for its next refresh.
    assert!(
        (1..=windows::calls_due(began)).contains(&stats.calls_for(&cold)),
        "{stats:?}"
    );
}

#[tokio::test]
async fn everybody_has_prices_in_every_weather() {
    let soak = Soak::from_environment();
    let (board, sim) = begin().await;
    let paths: Vec<String> = (0..soak.lists)
        .map(|_| format!("/api/cargos/prices/?{}&limit=40", ColdFilters::new()))
        .collect();
    // Each list is read once before the weather turns.
    for path in &paths {
        until(
            "a list is there",
            windows::WHOLE_RECOVERY,
            async || board.get(path).await,
            |reply| reply.status == 200,
        )
        .await;
    }
    sim.tell(json!({"walk_ms": 700, "churn_ms": 4_000, "reset_stats": true}))
        .await;

    let seen = Arc::new(Mutex::new(Seen::new()));
    let end = Instant::now() + soak.weather * WEATHER.len() as u32;
    let clients: Vec<_> = (0..soak.clients)
        .map(|client| {
            let client = Client {
                board: board.clone(),
                path: paths[client % paths.len()].clone(),
                known: None,
                seen: seen.clone(),
                took: Vec::new(),
            };
            tokio::spawn(client.poll_until(end))
        })
        .collect();
    for kind in WEATHER {
        sim.tell(json!({"weather": weather(kind, soak.weather)}))
            .await;
        println!("{kind}");
        tokio::time::sleep(soak.weather).await;
    }
    let mut took = Vec::new();
    for client in clients {
        took.extend(client.await.expect("no client fails"));
    }
    took.sort_unstable();

    // What went on polling is fresh by now.
    everything_is_fresh(&board, &paths, soak.recovery).await;
    expect_given(&sim, &seen.lock().await.clone()).await;
    let stats = sim.stats().await;
    println!(
        "{} polls, half of them within {:?}, all within {:?}; {} calls, at most {} in a minute",
        took.len(),
        took[took.len() / 2],
        took[took.len() - 1],
        stats.calls,
        stats.max_calls_in_60s
    );
    assert!(stats.max_calls_in_60s <= windows::CALLS_PER_MINUTE);
    // Who waits for upstream is no exception; who waits for a busy machine is.
    let p99 = took[took.len() * 99 / 100];
    assert!(p99 < windows::AT_ONCE, "they waited: {p99:?}");
}

async fn everything_is_fresh(board: &Loadboard, paths: &[String], within: Duration) {
    let mut left: Vec<String> = paths.to_vec();
    until(
        "every list is fresh",
        within,
        async || {
            let replies = board.get_all(left.clone()).await;
            let stale = left.iter().zip(&replies);
            left = stale
                .filter(|(_, reply)| reply.expect_header(STALE_HEADER) != "0")
                .map(|(path, _)| path.clone())
                .collect();
            left.len()
        },
        |left| *left == 0,
    )
    .await;
}

async fn expect_given(sim: &Simulator, seen: &Seen) {
    let rows: Vec<PriceRow> = seen
        .iter()
        .map(|(id, price)| {
            let row = json!([id, price]);
            serde_json::from_value(row).expect("a row that was read is a row")
        })
        .collect();
    assert!(rows.len() > 40, "prices were read");
    sim.expect_given(&rows).await;
}
