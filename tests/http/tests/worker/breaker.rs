//! While upstream fails it is left alone, and tried with one call at a time.

use std::time::Instant;

use domain::messages::Prices;
use tests_http::{
    ColdFilters, Loadboard, Reply, Simulator, begin, during, unix_millis, until,
    windows::{BREAKER_FAILURES, BREAKER_PAUSE, RECOVERY, WHOLE_RECOVERY},
};

/// Readers of so many different lists, each with a copy.
struct Readers {
    board: Loadboard,
    paths: Vec<String>,
}

impl Readers {
    async fn warm(board: &Loadboard, count: usize) -> Self {
        let paths: Vec<String> = (0..count)
            .map(|_| format!("/api/cargos/prices/?{}", ColdFilters::new()))
            .collect();
        for reply in board.get_all(paths.clone()).await {
            reply.prices();
        }
        Self {
            board: board.clone(),
            paths,
        }
    }

    /// All read at once, and all of them get prices.
    async fn read(&self) -> Vec<Prices> {
        let replies = self.board.get_all(self.paths.clone()).await;
        replies.iter().map(Reply::prices).collect()
    }

    /// The same: how many of these are stale.
    async fn read_stale(&self) -> usize {
        let read = self.read().await;
        read.iter().filter(|prices| prices.stale).count()
    }

    async fn read_until_the_breaker_opens(&self) {
        until(
            "the breaker opens",
            RECOVERY * 2,
            async || {
                self.read().await;
                self.board.breaker_is_open().await
            },
            |open| *open,
        )
        .await;
    }
}

async fn calls(sim: &Simulator) -> u64 {
    sim.stats().await.endpoint("list").calls
}

#[tokio::test]
async fn calls_stop_when_upstream_keeps_failing() {
    let (board, sim) = begin().await;
    let readers = Readers::warm(&board, 10).await;
    sim.weather("error500").await;
    sim.forget_counts().await;
    readers.read_until_the_breaker_opens().await;
    assert!(calls(&sim).await >= BREAKER_FAILURES, "not before");

    // It may be open before the last of ten copies is old.
    until(
        "all ten prices are stale",
        RECOVERY,
        async || readers.read_stale().await,
        |stale| *stale == 10,
    )
    .await;
    sim.forget_counts().await;
    let began = Instant::now();
    during(
        "ten readers keep their prices",
        BREAKER_PAUSE * 5,
        async || readers.read_stale().await,
        |stale| *stale == 10,
    )
    .await;
    let shortest_pause = BREAKER_PAUSE * 3 / 4;
    let probes = began.elapsed().as_millis() / shortest_pause.as_millis() + 1;
    let calls = calls(&sim).await;
    assert!(
        (1..=probes).contains(&u128::from(calls)),
        "{calls} calls where {probes} probes were due at most"
    );
}

#[tokio::test]
async fn an_open_breaker_lets_one_probe_through() {
    let (board, sim) = begin().await;
    let readers = Readers::warm(&board, 10).await;
    sim.weather("error500").await;
    readers.read_until_the_breaker_opens().await;
    sim.weather("hang").await;
    sim.forget_counts().await;
    until(
        "a probe hangs",
        RECOVERY,
        async || {
            readers.read().await;
            sim.stats().await.in_flight
        },
        |in_flight| *in_flight == 1,
    )
    .await;
    during(
        "ten readers and one probe",
        BREAKER_PAUSE * 3,
        async || {
            readers.read().await;
            sim.stats().await.calls
        },
        |calls| *calls == 1,
    )
    .await;
}

/// The incumbent's breaker stays open for a minute though upstream came back at once.
#[tokio::test]
async fn when_upstream_is_back_everybody_is() {
    let (board, sim) = begin().await;
    let readers = Readers::warm(&board, 10).await;
    sim.weather("error503").await;
    readers.read_until_the_breaker_opens().await;
    sim.clear_the_sky().await;
    let back_at = unix_millis();
    until(
        "all ten have prices from after it came back",
        // The calls made so far may have to be saved up again first.
        WHOLE_RECOVERY,
        async || {
            let read = readers.read().await;
            read.iter().map(|prices| prices.as_of).min()
        },
        |oldest| *oldest >= Some(back_at),
    )
    .await;
    assert!(!board.breaker_is_open().await);
}
