//! Everybody polls while upstream goes through every weather. A short form is one of the tests; `cargo xtask soak` runs ten
//! minutes of it, with the windows that ship.
//!
//! | variable | what |
//! |---|---|
//! | `LOADBOARD_SOAK_SECONDS` | how long it takes, with the windows that ship; unset: short, with short windows |

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

struct Soak {
    clients: usize,
    lists: usize,
    weather: Duration,
    /// The time in which all is fresh again, once all is well.
    recovery: Duration,
}

impl Soak {
    fn from_environment() -> Self {
        let seconds = std::env::var("LOADBOARD_SOAK_SECONDS").ok();
        match seconds.and_then(|seconds| seconds.parse::<u32>().ok()) {
            Some(seconds) => Self {
                clients: 300,
                lists: 30,
                weather: Duration::from_secs(seconds.into()) / WEATHER.len() as u32,
                // One interval, the pause of a breaker that has just failed its probe, and the polls that learn of it.
                recovery: Duration::from_secs(20),
            },
            // Lists that are fresh for a second each cost more than a call a second, of which there are nine.
            None => Self {
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
    polls: u32,
    longest: Duration,
}

impl Client {
    async fn poll_until(mut self, end: Instant) -> (u32, Duration) {
        while Instant::now() < end {
            let pause = self.poll().await;
            tokio::time::sleep(pause.min(end.saturating_duration_since(Instant::now()))).await;
        }
        (self.polls, self.longest)
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
        self.polls += 1;
        self.longest = self.longest.max(reply.took);
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
                polls: 0,
                longest: Duration::ZERO,
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
    let (mut polls, mut longest) = (0, Duration::ZERO);
    for client in clients {
        let (his, took) = client.await.expect("no client fails");
        polls += his;
        longest = longest.max(took);
    }

    // What went on polling is fresh by now.
    everything_is_fresh(&board, &paths, soak.recovery).await;
    expect_given(&sim, &seen.lock().await.clone()).await;
    let stats = sim.stats().await;
    println!(
        "{polls} polls, the longest took {longest:?}; {} calls, at most {} in a minute",
        stats.calls, stats.max_calls_in_60s
    );
    assert!(stats.max_calls_in_60s <= windows::CALLS_PER_MINUTE);
    assert!(
        longest < windows::AT_ONCE * 2,
        "somebody waited: {longest:?}"
    );
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
