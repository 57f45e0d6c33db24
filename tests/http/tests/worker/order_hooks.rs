//! `POST /api/hooks/orders`: what is changed elsewhere is shown as soon as the factory tells, and if it does not, in time.

use domain::orders::{Order, Status};
use tests_http::{Loadboard, begin_with_orders, signature, until, windows};

#[tokio::test]
async fn what_is_changed_elsewhere_is_shown_when_the_factory_tells() {
    let (board, sim) = begin_with_orders().await;
    let order = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    board.orders("status=started&limit=100").await;
    sim.forget_counts().await;
    let changed = sim.change_elsewhere(order.id, Status::Started, false).await;
    until(
        "it is shown",
        windows::AT_ONCE,
        async || board.orders("status=started&limit=100").await.orders,
        |orders| orders.contains(&changed),
    )
    .await;
    let approved = board.orders("status=approved&limit=100").await.orders;
    assert!(approved.iter().all(|other| other.id != order.id));
}

#[tokio::test]
async fn a_new_order_is_shown_when_the_factory_tells() {
    let (board, sim) = begin_with_orders().await;
    board.orders("status=submitted&limit=5").await;
    let told = sim.tell_mes(serde_json::json!({"create": 1})).await;
    let id = told["created"][0].as_str().unwrap().to_owned();
    until(
        "it is the first",
        windows::AT_ONCE,
        async || board.orders("status=submitted&limit=5").await.orders,
        |orders| orders[0].id.to_string() == id,
    )
    .await;
}

#[tokio::test]
async fn what_the_factory_does_not_tell_is_seen_in_time() {
    let (board, sim) = begin_with_orders().await;
    let order = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    board.orders("status=started&limit=100").await;
    let changed = sim.change_elsewhere(order.id, Status::Started, true).await;
    until(
        "it has gone where it was",
        windows::ORDERS_FRESH + windows::SLACK,
        async || board.orders("status=approved&limit=100").await.orders,
        |orders| orders.iter().all(|other| other.id != order.id),
    )
    .await;
    // And is where it went at the same moment: in no two places, and not in none.
    let started = board.orders("status=started&limit=100").await.orders;
    assert!(started.contains(&changed));
}

#[tokio::test]
async fn the_newest_state_stands_in_whatever_order_it_is_told() {
    let (board, sim) = begin_with_orders().await;
    let order = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    board.orders("status=started,completed&limit=100").await;
    let started = sim.change_elsewhere(order.id, Status::Started, true).await;
    let completed = sim
        .change_elsewhere(order.id, Status::Completed, true)
        .await;
    let name = |what: &str| format!("{what}-{}", order.id);
    let factory = Loadboard::from_environment();
    factory
        .deliver(&name("second"), &completed, 0)
        .await
        .expect_status(204);
    factory
        .deliver(&name("first"), &started, 1)
        .await
        .expect_status(204);
    let completed_now = board.orders("status=completed&limit=100").await.orders;
    assert!(completed_now.contains(&completed));
    let started_now = board.orders("status=started&limit=100").await.orders;
    assert!(started_now.iter().all(|other| other.id != order.id));
}

#[tokio::test]
async fn a_delivery_is_taken_once_and_only_if_it_is_the_factorys_and_of_now() {
    let (board, _) = begin_with_orders().await;
    let order = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    let factory = Loadboard::from_environment();
    factory.deliver("once", &order, 0).await.expect_status(204);
    factory
        .deliver("once", &order, 0)
        .await
        .expect_problem(409, "conflict");
    factory
        .deliver("late", &order, 301)
        .await
        .expect_unauthorized();
    let body = serde_json::json!({"delivery": "forged", "timestamp": tests_http::unix_millis(), "order": order});
    let body = body.to_string();
    let forged = signature("another secret than the factory has", &body);
    factory
        .deliver_signed(body.clone(), &forged)
        .await
        .expect_unauthorized();
    factory
        .post("/api/hooks/orders", body)
        .await
        .expect_unauthorized();
}

/// What was kept as another number could not be read again, and neither could anything beside it.
#[tokio::test]
async fn a_delivery_whose_numbers_could_not_be_kept_is_refused_and_harms_nothing() {
    let (board, _) = begin_with_orders().await;
    let order = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    let factory = Loadboard::from_environment();
    for (delivery, version, changed_at) in [
        ("version", 1_000_000_000_000_000, order.changed_at),
        ("moment", order.version + 1, u64::MAX),
    ] {
        let absurd = Order {
            version,
            changed_at,
            ..order.clone()
        };
        let reply = factory.deliver(delivery, &absurd, 0).await;
        reply.expect_problem(422, "invalid-parameters");
    }
    let approved = board.orders("status=approved&limit=100").await.orders;
    assert!(approved.contains(&order));
}
