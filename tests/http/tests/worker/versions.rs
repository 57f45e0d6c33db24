//! Two versions of the Worker at once, as while a new one is being deployed: isolates of either talk to objects of either, and read
//! each other's records. What one does not understand of the other is a miss, and never an error that a driver sees.

use serde_json::{Value, json};
use tests_http::{
    ColdFilters, Loadboard, Simulator, begin, until,
    windows::{RECOVERY, WHOLE_RECOVERY},
};

/// How many copies in KV were read and not understood.
const KV_UNREADABLE: &str = "loadboard_kv_reads_total{result=\"unreadable\"}";

/// Whatever it says of a record's version, it says another.
fn other_records() -> Value {
    json!([["\"v\":", "\"v\":9"]])
}

/// What a driver of one version sees while the objects are of another and he understands nothing of theirs.
async fn drivers_go_on_beside(other: Value) {
    let (board, sim) = begin().await;
    let (known, cold) = (ColdFilters::new(), ColdFilters::new());
    let known = known.to_string();
    let good = board.prices(&known).await;
    board.pull_plugs(other).await;
    until(
        "the last good prices are shown, and said to be stale",
        RECOVERY,
        async || board.prices_at_once(&known).await,
        |prices| {
            assert_eq!(prices.prices, good.prices);
            prices.stale
        },
    )
    .await;
    // He who has nothing is told so, and not that something went wrong on our side.
    let path = format!("/api/cargos/prices/?{cold}");
    board.get(&path).await.expect_in_time().expect_honest_503();
    board.pull_plugs(json!({})).await;
    all_is_well(&board, &sim, &[&known, &cold.to_string()]).await;
}

/// Has the Worker look for a newer copy than that in memory: nobody has promised this epoch.
async fn look_in_kv(board: &Loadboard, query: &str) {
    board.prices(&format!("{query}&min_epoch=1")).await;
}

async fn all_is_well(board: &Loadboard, sim: &Simulator, queries: &[&str]) {
    for query in queries {
        let path = format!("/api/cargos/prices/?{query}");
        let reply = until(
            "both are of one version again, and prices are fresh",
            WHOLE_RECOVERY,
            async || board.get(&path).await,
            |reply| reply.status == 200 && !reply.prices().stale,
        )
        .await;
        assert_eq!(reply.prices().prices, sim.prices().await.rows(20));
    }
}

#[tokio::test]
async fn a_record_that_an_object_wrote_down_in_another_form_is_a_miss() {
    drivers_go_on_beside(json!({"REFRESHER": {"answers": other_records()}})).await;
}

#[tokio::test]
async fn an_object_that_does_not_know_a_message_is_as_if_it_were_not_there() {
    let unknown = json!([["{\"refresh\":", "{\"refresh_all\":"]]);
    drivers_go_on_beside(json!({"REFRESHER": {"sends": unknown}})).await;
}

#[tokio::test]
async fn a_reply_that_is_not_understood_is_none() {
    let unknown = json!([["\"outcome\":", "\"came_of_it\":"]]);
    drivers_go_on_beside(json!({"REFRESHER": {"answers": unknown}})).await;
}

#[tokio::test]
async fn a_guard_that_does_not_know_a_message_makes_no_call() {
    let unknown = json!([["{\"read\":", "{\"read_all\":"]]);
    drivers_go_on_beside(json!({"UPSTREAM_GUARD": {"sends": unknown}})).await;
}

#[tokio::test]
async fn a_copy_in_kv_of_another_version_is_a_miss() {
    let (board, sim) = begin().await;
    let query = ColdFilters::new().to_string();
    board.prices(&query).await;
    board
        .pull_plugs(json!({"RECORDS": {"answers": other_records()}}))
        .await;
    let before = board.metrics().await.get(KV_UNREADABLE);
    until(
        "a copy was looked at that can't be read",
        WHOLE_RECOVERY,
        async || {
            look_in_kv(&board, &query).await;
            board.metrics().await.get(KV_UNREADABLE)
        },
        |now| *now > before,
    )
    .await;
    board.pull_plugs(json!({})).await;
    all_is_well(&board, &sim, &[&query]).await;
}

#[tokio::test]
async fn what_a_newer_version_tells_besides_is_passed_over() {
    let (board, sim) = begin().await;
    let more = |at: &str| json!([at, format!("\"from_the_future\":[1,{{}}],{at}")]);
    board
        .pull_plugs(json!({
            "RECORDS": {"answers": [more("\"v\":"), more("\"total\":")]},
            "REFRESHER": {
                "sends": [more("\"key\":"), more("\"wanted_since\":")],
                "answers": [more("\"reply\":"), more("\"outcome\":"), more("\"v\":"), more("\"ticket\":")],
            },
            "UPSTREAM_GUARD": {
                "sends": [more("\"wanted\":"), more("\"copy_of\":")],
                "answers": [more("\"took_ms\":"), more("\"total\":")],
            },
        }))
        .await;
    let missed = async || {
        let metrics = board.metrics().await;
        metrics.sum("loadboard_refreshes_total", "outcome=\"unreachable\"")
            + metrics.sum("loadboard_refreshes_total", "outcome=\"failed\"")
            + metrics.get(KV_UNREADABLE)
    };
    let before = missed().await;
    let (one, other) = (
        ColdFilters::new().to_string(),
        ColdFilters::new().to_string(),
    );
    all_is_well(&board, &sim, &[&one, &other]).await;
    look_in_kv(&board, &one).await;
    assert_eq!(missed().await, before, "all of it is understood");
    board.pull_plugs(json!({})).await;
}
