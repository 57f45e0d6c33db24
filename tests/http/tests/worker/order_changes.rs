//! `POST /api/orders/{id}/status`: right from its answer on, everywhere, or honestly refused.

use domain::orders::{
    Order, OrderId, Status,
    messages::{Changed, LostRace},
};
use serde_json::json;
use tests_http::{Loadboard, OPERATORS, Reply, begin_with_orders, until, windows};

/// Whether lists of all statuses and the detail show an order so, whatever the reader has seen before.
async fn expect_shown(board: &Loadboard, order: &Order) {
    for status in Status::ALL {
        let list = board
            .orders(&format!("status={}&limit=100", status.name()))
            .await;
        let shown = list.orders.iter().find(|other| other.id == order.id);
        assert_eq!(
            shown,
            (status == order.status).then_some(order),
            "in {status}"
        );
    }
    assert_eq!(&board.order(order.id).await.order.order, order);
}

#[tokio::test]
async fn every_read_shows_a_change_from_its_answer_on() {
    let (board, sim) = begin_with_orders().await;
    let other = Loadboard::operator(1).await;
    let mut order = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    for status in Status::ALL {
        board
            .orders(&format!("status={}&limit=100", status.name()))
            .await;
    }
    board.order(order.id).await;
    sim.forget_counts().await;
    for to in [
        Status::Started,
        Status::Approved,
        Status::Started,
        Status::Completed,
        Status::Packaging,
        Status::Shipped,
    ] {
        let changed = board.move_order(&order, to).await.changed();
        assert_eq!(
            (changed.order.status, changed.order.changed_by.as_str()),
            (to, OPERATORS[0].1)
        );
        expect_shown(&other, &changed.order).await;
        order = changed.order;
    }
    let detail = board.order(order.id).await.order;
    let steps: Vec<Status> = detail
        .history
        .iter()
        .rev()
        .take(6)
        .map(|change| change.status)
        .collect();
    assert_eq!(steps[0], Status::Shipped);
    // It was told, not looked up.
    assert_eq!(sim.mes_stats().await.queries("detail").calls, 0);
}

#[tokio::test]
async fn of_two_who_grab_the_same_order_one_is_told_who_was_quicker() {
    let (board, sim) = begin_with_orders().await;
    let other = Loadboard::operator(1).await;
    let order = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    let (one, two) = tokio::join!(
        board.move_order(&order, Status::Started),
        other.move_order(&order, Status::Started)
    );
    let (winner, loser, by) = match one.status {
        200 => (one, two, OPERATORS[0].1),
        _ => (two, one, OPERATORS[1].1),
    };
    let changed: Changed = winner.changed();
    loser.expect_problem(409, "lost-race");
    let lost: LostRace = serde_json::from_str(&loser.body).unwrap();
    assert_eq!(lost.order, changed.order);
    assert_eq!(lost.order.changed_by, by);
    let truth = sim.true_orders(&format!("ids={}&ever=1", order.id)).await;
    let since = truth.ever[&order.id]
        .iter()
        .filter(|change| change.version > order.version);
    assert_eq!(since.count(), 1);
}

#[tokio::test]
async fn what_is_no_move_or_not_ones_own_is_refused_and_changes_nothing() {
    let (board, sim) = begin_with_orders().await;
    let crm = Loadboard::crm();
    let approved = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    let calculated = board
        .orders("status=price_calculated&limit=1")
        .await
        .orders
        .remove(0);
    let submitted = board
        .orders("status=submitted&limit=1")
        .await
        .orders
        .remove(0);
    board
        .move_order(&approved, Status::Shipped)
        .await
        .expect_invalid(&["status"]);
    crm.move_order(&approved, Status::Started)
        .await
        .expect_problem(403, "forbidden");
    board
        .move_order(&calculated, Status::Approved)
        .await
        .expect_problem(403, "forbidden");
    // The factory's own to make.
    for anybody in [&board, &crm] {
        anybody
            .move_order(&submitted, Status::PriceCalculated)
            .await
            .expect_problem(403, "forbidden");
    }
    assert_eq!(
        sim.mes_stats().await.queries("status_change").calls,
        0,
        "nobody asked the MES to"
    );
    for order in [&approved, &calculated, &submitted] {
        expect_shown(&board, order).await;
    }
    let unknown = Order {
        id: "MSK-999999999".parse().unwrap(),
        ..approved
    };
    board
        .move_order(&unknown, Status::Started)
        .await
        .expect_problem(404, "not-found");
    crm.move_order(&calculated, Status::Approved)
        .await
        .changed();
}

#[tokio::test]
async fn a_body_that_makes_no_sense_is_refused() {
    let (board, _) = begin_with_orders().await;
    let path = "/api/orders/MSK-1001/status";
    for body in [
        "",
        "{}",
        "null",
        r#"{"status":"started"}"#,
        r#"{"status":"new","expected_version":1}"#,
        r#"{"status":"started","expected_version":-1}"#,
        r#"{"status":"started","expected_version":1,"by":"me"}"#,
    ] {
        board.post(path, body).await.expect_invalid(&["body"]);
    }
    board
        .post(path, "x".repeat(2_000))
        .await
        .expect_problem(413, "too-large");
}

/// The MES made it, and its answer was lost: nobody may be shown the old state for long, and nobody is told a lie.
#[tokio::test]
async fn a_change_of_which_nobody_knows_the_end_is_looked_up() {
    let (board, sim) = begin_with_orders().await;
    let order = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    sim.tell_mes(json!({"weather": "mute", "for_calls": ["status_change"], "times": 1, "webhook": {"lose_percent": 100}}))
        .await;
    let reply = board.move_order(&order, Status::Started).await;
    reply.expect_problem(504, "outcome-unknown");
    let truth = sim
        .true_orders(&format!("ids={}", order.id))
        .await
        .orders
        .remove(0);
    assert_eq!(truth.status, Status::Started, "it was made");
    expect_shown(&board, &truth).await;
    // Who tries again learns that he was quicker himself.
    let again = board.move_order(&order, Status::Started).await;
    again.expect_problem(409, "lost-race");
    let lost: LostRace = serde_json::from_str(&again.body).unwrap();
    assert_eq!(lost.order.changed_by, OPERATORS[0].1);
}

#[tokio::test]
async fn while_the_mes_is_down_nothing_is_moved_and_that_is_said() {
    let (board, sim) = begin_with_orders().await;
    let order = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    sim.tell_mes(json!({"weather": "error503", "for_calls": ["status_change"]}))
        .await;
    board
        .move_order(&order, Status::Started)
        .await
        .expect_problem(504, "outcome-unknown");
    expect_shown(&board, &order).await;
    sim.tell_mes(json!({"weather": "ok"})).await;
    board.move_order(&order, Status::Started).await.changed();
}

/// Twenty at a time, each on an order of his own, while others read.
#[tokio::test]
async fn many_changes_at_once_are_all_made_and_all_shown() {
    let (board, sim) = begin_with_orders().await;
    let orders = board.orders("status=approved&limit=20").await.orders;
    let moving: Vec<_> = orders
        .iter()
        .cloned()
        .map(|order| {
            let board = board.clone();
            tokio::spawn(async move { board.move_order(&order, Status::Started).await })
        })
        .collect();
    let mut made: Vec<OrderId> = Vec::new();
    for moved in moving {
        let reply: Reply = moved.await.unwrap();
        made.push(reply.changed().order.id);
        let list = board.orders("status=approved&limit=100").await;
        assert!(
            list.orders.iter().all(|order| !made.contains(&order.id)),
            "each is shown from its answer on"
        );
    }
    let list = board.orders("status=started&limit=100").await.orders;
    assert_eq!(
        list,
        sim.true_orders("status=started&limit=100").await.orders
    );
}

/// Readers hold copies for a moment: a change waits for them with its answer, not they for it.
#[tokio::test]
async fn nobody_is_shown_an_older_state_than_he_was_shown() {
    let (board, _) = begin_with_orders().await;
    let mut order = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    for _ in 0..6 {
        let to = match order.status {
            Status::Approved => Status::Started,
            _ => Status::Approved,
        };
        let reading = {
            let board = board.clone();
            let id = order.id;
            tokio::spawn(async move {
                let mut versions = Vec::new();
                for _ in 0..15 {
                    let list = board.orders("status=approved,started&limit=100").await;
                    versions.extend(
                        list.orders
                            .iter()
                            .find(|other| other.id == id)
                            .map(|order| order.version),
                    );
                }
                versions
            })
        };
        let changed = board.move_order(&order, to).await.changed().order;
        let list = board.orders("status=approved,started&limit=100").await;
        assert!(list.orders.contains(&changed), "from its answer on");
        let versions = reading.await.unwrap();
        assert!(versions.is_sorted() && versions.len() == 15, "{versions:?}");
        order = changed;
    }
}

#[tokio::test]
async fn a_change_that_is_undone_elsewhere_is_not_shown_again() {
    let (board, sim) = begin_with_orders().await;
    let order = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    let started = board
        .move_order(&order, Status::Started)
        .await
        .changed()
        .order;
    let back = sim
        .change_elsewhere(order.id, Status::Approved, false)
        .await;
    assert!(back.version > started.version);
    until(
        "the factory's word has come",
        windows::RECOVERY,
        async || board.order(order.id).await.order.order,
        |shown| *shown == back,
    )
    .await;
    expect_shown(&board, &back).await;
}
