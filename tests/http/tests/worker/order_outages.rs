//! The order board is slow, can't be reached, or does not understand: reads go past it to the MES, and changes are made all the same.

use std::time::Duration;

use domain::orders::{Order, Status};
use serde_json::{Value, json};
use tests_http::{Loadboard, begin_with_orders, until, windows};

const SLOW: Duration = windows::BOARD_PATIENCE.saturating_mul(3);

fn slow() -> Value {
    json!({"ORDER_BOARD": {"delay_ms": SLOW.as_millis()}})
}

fn cut_off() -> Value {
    json!({"ORDER_BOARD": {"fails": true}})
}

/// It knows no message by these names.
fn of_another_version() -> Value {
    json!({"ORDER_BOARD": {"sends": [["\"what\":{\"", "\"what\":{\"newer_"]]}})
}

/// The newest orders with this status, as they are shown.
async fn newest(board: &Loadboard, status: Status) -> Vec<Order> {
    let query = format!("status={}&limit=100", status.name());
    board.orders(&query).await.orders
}

#[tokio::test]
async fn what_the_board_does_not_say_in_time_the_mes_says() {
    for pulled in [slow(), cut_off(), of_another_version()] {
        let (board, sim) = begin_with_orders().await;
        let order = newest(&board, Status::Approved).await.remove(0);
        board.pull_plugs(pulled).await;
        // Nobody has told the board.
        let started = sim.change_elsewhere(order.id, Status::Started, true).await;
        let calls = sim.mes_stats().await;
        assert_eq!(
            newest(&board, Status::Started).await,
            sim.true_orders("status=started&limit=100").await.orders
        );
        assert_eq!(board.order(order.id).await.order.order, started);
        let now = sim.mes_stats().await;
        for kind in ["list", "detail"] {
            assert_eq!(now.queries(kind).calls, calls.queries(kind).calls + 1);
        }
        board.pull_plugs(json!({})).await;
    }
}

#[tokio::test]
async fn a_change_is_made_without_the_board_which_hears_of_it_later() {
    for pulled in [slow(), cut_off(), of_another_version()] {
        let (board, sim) = begin_with_orders().await;
        // Not even the factory's word comes.
        sim.tell_mes(json!({"webhook": {"lose_percent": 100}}))
            .await;
        let order = newest(&board, Status::Approved).await.remove(0);
        board.order(order.id).await;
        board.pull_plugs(pulled).await;
        let started = board.move_order(&order, Status::Started).await.changed();
        assert_eq!(started.order.status, Status::Started);
        assert_eq!(board.order(order.id).await.order.order, started.order);
        let shown = newest(&board, Status::Started).await;
        assert!(shown.contains(&started.order));
        let lost = board.move_order(&order, Status::Cancelled).await;
        lost.expect_problem(409, "lost-race");
        let truth = sim.true_orders(&format!("ids={}&ever=1", order.id)).await;
        let made = truth.ever[&order.id]
            .iter()
            .filter(|change| change.version > order.version);
        assert_eq!(made.count(), 1, "made, and once");
        board.pull_plugs(json!({})).await;
        sim.forget_counts().await;
        // The isolate tells it again after one second and three; otherwise a list that is no longer believed does.
        until(
            "the board shows it",
            windows::ORDERS_FRESH + windows::SLACK,
            async || newest(&board, Status::Started).await,
            |shown| shown.contains(&started.order),
        )
        .await;
        let approved = newest(&board, Status::Approved).await;
        assert!(approved.iter().all(|other| other.id != order.id));
    }
}

#[tokio::test]
async fn who_was_told_to_wait_does_not_go_to_the_mes_when_the_board_is_gone() {
    let (board, sim) = begin_with_orders().await;
    sim.tell_mes(json!({"weather": "hang"})).await;
    // It tells him to wait, and then no more.
    board
        .pull_plugs(json!({"ORDER_BOARD": {"fails_after": 1}}))
        .await;
    let reply = board.get("/api/orders/?status=approved&limit=10").await;
    reply.expect_honest_503();
    let lists = sim.mes_stats().await.queries("list").calls;
    assert_eq!(lists, 1, "the board's own");
    board.pull_plugs(json!({})).await;
}

#[tokio::test]
async fn while_the_mes_takes_long_what_is_known_is_shown_and_marked() {
    let (board, sim) = begin_with_orders().await;
    let known = newest(&board, Status::Approved).await;
    // It does not even fail in time.
    sim.tell_mes(json!({"weather": "hang", "for_calls": ["list"]}))
        .await;
    let read = async || board.orders("status=approved&limit=100").await;
    let within = windows::ORDERS_FRESH + windows::SLACK;
    let stale = until("it is shown as stale", within, read, |list| list.stale).await;
    assert_eq!(stale.orders, known);
    // Changes are shown even so.
    let started = board.move_order(&known[0], Status::Started).await.changed();
    let shown = read().await;
    assert!(shown.stale && shown.epoch >= started.epoch);
    assert_eq!(shown.orders, known[1..]);
}
