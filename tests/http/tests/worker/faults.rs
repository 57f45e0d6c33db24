//! What lies between the Worker and its stores is slow or fails, or the Worker itself breaks off: 200 from what is left, or a
//! problem that says so in time, and the next request is fine.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use domain::messages::PriceRow;
use serde_json::{Value, json};
use tests_http::{ColdFilters, Loadboard, Reply, Simulator, begin, until, variable, windows};
use tokio::task::JoinHandle;

const SLOW_MS: u64 = 20_000;

fn prices_of(cold: &ColdFilters) -> String {
    format!("/api/cargos/prices/?{cold}")
}

/// A store that is slow, is cut off, has too much to do.
fn each(binding: &str) -> [Value; 3] {
    [
        json!({binding: {"delay_ms": SLOW_MS}}),
        json!({binding: {"fails": true}}),
        json!({binding: {"overloaded": true}}),
    ]
}

/// A list that has been read before, and its rows.
async fn warm(board: &Loadboard) -> (ColdFilters, Vec<PriceRow>) {
    let cold = ColdFilters::new();
    let rows = board.prices(&cold.to_string()).await.prices;
    (cold, rows)
}

/// Expects all to be well again: what nobody has read before is answered, and is what upstream says.
async fn expect_well(board: &Loadboard, sim: &Simulator) {
    board.pull_plugs(json!({})).await;
    let cold = ColdFilters::new();
    let reply: Reply = until(
        "all is well",
        windows::WHOLE_RECOVERY,
        async || board.get(&prices_of(&cold)).await,
        |reply| reply.status == 200,
    )
    .await;
    assert_eq!(reply.prices().prices, sim.prices().await.rows(20));
}

#[tokio::test]
async fn without_kv_the_objects_serve() {
    let (board, sim) = begin().await;
    for pulled in each("RECORDS") {
        let (known, rows) = warm(&board).await;
        board.pull_plugs(pulled).await;
        assert_eq!(board.prices(&known.to_string()).await.prices, rows);
        let cold = board.get(&prices_of(&ColdFilters::new())).await;
        assert_eq!(
            cold.expect_in_time().prices().prices,
            sim.prices().await.rows(20)
        );
        expect_well(&board, &sim).await;
    }
}

#[tokio::test]
async fn without_the_refresher_what_is_known_is_shown() {
    let (board, sim) = begin().await;
    for binding in ["REFRESHER", "UPSTREAM_GUARD"] {
        for pulled in each(binding) {
            let (known, rows) = warm(&board).await;
            board.pull_plugs(pulled).await;
            let stale = until(
                "the copy is no longer fresh",
                windows::PRICES_FRESH + windows::SLACK,
                async || board.prices_at_once(&known.to_string()).await,
                |prices| prices.stale,
            )
            .await;
            assert_eq!(stale.prices, rows);
            let cold = board.get(&prices_of(&ColdFilters::new())).await;
            cold.expect_in_time().expect_honest_503();
            expect_well(&board, &sim).await;
        }
    }
}

#[tokio::test]
async fn what_nobody_waits_for_stops_nobody() {
    let (board, sim) = begin().await;
    for binding in ["PRICE_HISTORY", "METRICS"] {
        for pulled in each(binding) {
            let (_, rows) = warm(&board).await;
            board.pull_plugs(pulled).await;
            let cold = board.get(&prices_of(&ColdFilters::new())).await;
            cold.expect_in_time().prices();
            let path = format!("/api/cargos/{}/history", rows[0].0);
            let history = board.get(&path).await;
            match binding {
                "PRICE_HISTORY" => history.expect_honest_503(),
                _ => {
                    history.expect_status(200);
                }
            }
            expect_well(&board, &sim).await;
        }
    }
}

#[tokio::test]
async fn with_every_plug_pulled_memory_still_serves() {
    let (board, sim) = begin().await;
    for how in [json!({"delay_ms": SLOW_MS}), json!({"fails": true})] {
        let (known, rows) = warm(&board).await;
        let all = [
            "RECORDS",
            "REFRESHER",
            "UPSTREAM_GUARD",
            "PRICE_HISTORY",
            "METRICS",
            "ORDER_BOARD",
            "QUOTE",
        ];
        let pulled = all.map(|binding| (binding.to_owned(), how.clone()));
        board
            .pull_plugs(Value::Object(pulled.into_iter().collect()))
            .await;
        assert_eq!(board.prices_at_once(&known.to_string()).await.prices, rows);
        for path in [prices_of(&ColdFilters::new()), "/health/ready".to_owned()] {
            let reply = board.get(&path).await;
            reply.expect_in_time();
            assert!(matches!(reply.status, 500 | 503), "{reply:?}");
            assert_eq!(
                reply.expect_header("content-type"),
                "application/problem+json"
            );
        }
        board.get("/health/live").await.expect_status(200);
        expect_well(&board, &sim).await;
    }
}

#[tokio::test]
async fn objects_that_die_at_work_are_asked_again() {
    let (board, sim) = begin().await;
    sim.tell(json!({"weather": {"kind": "ok", "latency_ms": 400}}))
        .await;
    for binding in ["REFRESHER", "UPSTREAM_GUARD"] {
        let (known, rows) = warm(&board).await;
        let cold = prices_of(&ColdFilters::new());
        board
            .pull_plugs(json!({binding: {"dies_after_ms": 150}}))
            .await;
        assert_eq!(board.prices_at_once(&known.to_string()).await.prices, rows);
        let reply = board.get(&cold).await;
        match reply.expect_in_time().status {
            200 => assert_eq!(reply.prices().prices, sim.prices().await.rows(20)),
            _ => reply.expect_honest_503(),
        }
        expect_well(&board, &sim).await;
    }
}

/// Nobody has this name (RFC 6761), at this port nobody speaks TLS, and there somebody shows a certificate of his own making.
#[tokio::test]
async fn an_upstream_that_is_not_there_or_not_itself_is_an_upstream_that_is_down() {
    let (board, sim) = begin().await;
    let impostor = Impostor::start();
    let plain = variable("SIM_URL").replace("http:", "https:");
    for leads_to in ["https://nobody.invalid", &plain, &impostor.url] {
        let (known, rows) = warm(&board).await;
        sim.forget_counts().await;
        board
            .pull_plugs(json!({"UPSTREAM": {"leads_to": leads_to}}))
            .await;
        let stale = until(
            "the copy is no longer fresh",
            windows::PRICES_FRESH + windows::SLACK,
            async || board.prices_at_once(&known.to_string()).await,
            |prices| prices.stale,
        )
        .await;
        assert_eq!(stale.prices, rows, "{leads_to}");
        let cold = board.get(&prices_of(&ColdFilters::new())).await;
        cold.expect_in_time().expect_honest_503();
        assert_eq!(sim.stats().await.calls, 0, "{leads_to}");
        expect_well(&board, &sim).await;
    }
}

struct Impostor {
    process: Child,
    url: String,
}

impl Impostor {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/impostor.mjs");
        let mut node = Command::new("node");
        node.arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = node.spawn().expect("Node is there: the Worker runs in it");
        let output = process.stdout.take().expect("its output is piped");
        let mut port = String::new();
        BufReader::new(output)
            .read_line(&mut port)
            .expect("it tells its port");
        let url = format!("https://localhost:{}", port.trim());
        Self { process, url }
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Three who wait for upstream, and are under way in whatever breaks off now.
async fn others_wait(board: &Loadboard, sim: &Simulator) -> Vec<JoinHandle<Reply>> {
    let asked = sim.stats().await.endpoint("list").calls;
    let waiting = (0..3)
        .map(|_| {
            let (board, path) = (board.clone(), prices_of(&ColdFilters::new()));
            tokio::spawn(async move { board.get(&path).await })
        })
        .collect();
    until(
        "others wait for upstream",
        windows::RECOVERY,
        async || sim.stats().await.endpoint("list").calls,
        |calls| *calls >= asked + 3,
    )
    .await;
    waiting
}

/// Whoever reads is served by the next instance; whoever was under way there when it ended is not left to wait.
#[tokio::test]
async fn a_program_that_breaks_off_is_begun_anew() {
    let (board, sim) = begin().await;
    sim.tell(json!({"weather": {"kind": "ok", "latency_ms": 700}}))
        .await;
    for when in ["at_once", "later"] {
        let (known, rows) = warm(&board).await;
        let waiting = others_wait(&board, &sim).await;
        board.pull_plugs(json!({"panic": when})).await;
        let broken_off = board.get(&prices_of(&ColdFilters::new())).await;
        broken_off.expect_in_time();
        match when {
            // It was this one.
            "at_once" => drop(broken_off.expect_problem(500, "internal")),
            _ => assert_eq!(broken_off.prices().prices, rows),
        }
        let next = board.get(&prices_of(&known)).await;
        assert_eq!(next.expect_in_time().prices().prices, rows);
        for reply in waiting {
            let reply = reply.await.expect("whoever waited is answered too");
            assert_eq!(reply.expect_in_time().prices().prices, rows, "{when}");
        }
        expect_well(&board, &sim).await;
    }
}

/// Its instance may be that of others beside it; and who asks it may be in another, which goes on.
#[tokio::test]
async fn an_object_that_breaks_off_leaves_nobody_waiting() {
    let (board, sim) = begin().await;
    sim.tell(json!({"weather": {"kind": "ok", "latency_ms": 700}}))
        .await;
    let (known, rows) = warm(&board).await;
    let waiting = others_wait(&board, &sim).await;
    let said = board.post("/api/plugs/object", "").await;
    let said = said.expect_in_time().expect_header("x-said");
    assert!(said.contains("Critical"), "{said}");
    let next = board.get(&prices_of(&known)).await;
    assert_eq!(next.expect_in_time().prices().prices, rows);
    for reply in waiting {
        let reply = reply.await.expect("whoever waited is answered too");
        assert_eq!(reply.expect_in_time().prices().prices, rows);
    }
    expect_well(&board, &sim).await;
}

/// A model may take minutes to arrive; what is to be said of it then may not.
#[tokio::test]
async fn without_the_object_of_a_quote_nobody_waits_for_it() {
    let (board, _sim) = begin().await;
    let crm = Loadboard::crm();
    let path = "/api/quotes?material=PA12&quantity=4";
    board
        .pull_plugs(json!({"QUOTE": {"delay_ms": SLOW_MS}}))
        .await;
    let asked = crm.post(path, "solid").await;
    asked.expect_in_time().expect_honest_503();
    board.pull_plugs(json!({})).await;
    let asked = crm.post(path, "solid").await;
    assert!([200, 202].contains(&asked.status), "{asked:?}");
}

#[tokio::test]
async fn what_changes_something_is_not_begun_anew() {
    let (board, _sim) = begin().await;
    board.pull_plugs(json!({"panic": "later"})).await;
    let crm = Loadboard::crm();
    let reply = crm.post("/api/orders/MSK-1/status", "{}").await;
    reply.expect_in_time();
    reply.expect_problem(504, "outcome-unknown");
    board.pull_plugs(json!({"panic": "later"})).await;
    let reply = board.post_sign_in("{}").await;
    reply.expect_in_time().expect_problem(500, "internal");
}
