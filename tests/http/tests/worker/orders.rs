//! Lists of orders: read once, and shown to everybody.

use domain::orders::{OrderId, Status};
use serde_json::json;
use tests_http::{begin_with_orders, order_to, throw_away, until, windows};

#[tokio::test]
async fn a_list_is_read_once_and_then_shown_from_the_board() {
    let (board, sim) = begin_with_orders().await;
    let first = board.orders("status=approved&limit=20").await;
    let truth = sim.true_orders("status=approved&limit=20").await;
    assert_eq!(first.orders, truth.orders);
    for _ in 0..5 {
        let again = board.get("/api/orders/?status=approved&limit=20").await;
        assert_eq!(again.expect_at_once().orders().orders, first.orders);
    }
    assert_eq!(sim.mes_stats().await.queries("list").calls, 1);
}

#[tokio::test]
async fn many_who_come_at_once_cost_one_query() {
    let (board, sim) = begin_with_orders().await;
    sim.tell_mes(json!({"list_base_ms": 500})).await;
    let replies = board.get_at_once("/api/orders/?status=started", 40).await;
    assert!(
        replies
            .iter()
            .all(|reply| reply.orders().orders == replies[0].orders().orders)
    );
    let queries = sim.mes_stats().await.queries("list");
    assert_eq!((queries.calls, queries.max_in_flight), (1, 1));
}

#[tokio::test]
async fn a_list_is_read_ahead_while_somebody_reads_it() {
    let (board, sim) = begin_with_orders().await;
    board.orders("status=completed").await;
    sim.tell_mes(json!({"list_base_ms": 300})).await;
    sim.forget_counts().await;
    // Longer than a list stays fresh: somebody would have to wait.
    tests_http::during(
        "nobody waits for the MES",
        2 * windows::ORDERS_FRESH,
        async || board.get("/api/orders/?status=completed").await,
        |reply| reply.status == 200 && reply.took < std::time::Duration::from_millis(290),
    )
    .await;
    assert!(sim.mes_stats().await.queries("list").calls >= 2);
}

#[tokio::test]
async fn counts_follow_each_change() {
    let (board, sim) = begin_with_orders().await;
    let counted = until(
        "somebody has counted",
        windows::RECOVERY,
        async || board.orders("status=approved&limit=5").await,
        |list| list.counts.is_some(),
    )
    .await;
    let before = counted.counts.unwrap();
    let approved = counted.orders[0].clone();
    board.move_order(&approved, Status::Started).await.changed();
    let after = board
        .orders("status=approved&limit=5")
        .await
        .counts
        .unwrap();
    assert_eq!(after.of(Status::Approved) + 1, before.of(Status::Approved));
    assert_eq!(after.of(Status::Started), before.of(Status::Started) + 1);
    let truth = sim
        .true_orders("status=started&limit=10000")
        .await
        .orders
        .len();
    assert_eq!(after.of(Status::Started), truth as u64);
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_orders_move() {
    let (board, sim) = begin_with_orders().await;
    let query = "status=approved,started,completed&limit=7";
    let at_first = sim
        .true_orders("status=approved,started,completed&limit=10000")
        .await
        .orders;
    let mut shown: Vec<OrderId> = Vec::new();
    let mut moved = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = board.orders(&format!("{query}{cursor}")).await;
        shown.extend(page.orders.iter().map(|order| order.id));
        // One that was shown goes, and a new one comes.
        if let Some(order) = page
            .orders
            .iter()
            .find(|order| order.status == Status::Completed)
        {
            board.move_order(order, Status::Packaging).await.changed();
            moved.push(order.id);
        }
        sim.tell_mes(json!({"create": 1})).await;
        let Some(next) = page.next else { break };
        cursor = format!("&cursor={next}");
    }
    let expected: Vec<OrderId> = at_first.iter().map(|order| order.id).collect();
    assert!(
        !moved.is_empty() && expected.len() > 50,
        "something to walk through"
    );
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_search_shows_orders_as_they_are_now() {
    let (board, _) = begin_with_orders().await;
    let order = board
        .orders("status=approved&limit=1")
        .await
        .orders
        .remove(0);
    let query = format!("number={}", order.id.number());
    let found = board.orders(&query).await.orders;
    assert!(found.contains(&order));
    // The page is kept for a moment; the change is shown all the same.
    let started = board
        .move_order(&order, Status::Started)
        .await
        .changed()
        .order;
    assert!(board.orders(&query).await.orders.contains(&started));
    let approved = board
        .orders(&format!("{query}&status=approved"))
        .await
        .orders;
    assert!(approved.iter().all(|other| other.id != order.id));
}

#[tokio::test]
async fn a_list_that_has_not_changed_is_not_told_again() {
    let (board, _) = begin_with_orders().await;
    let path = "/api/orders/?status=packaging&limit=10";
    until(
        "somebody has counted",
        windows::RECOVERY,
        async || board.get(path).await.orders(),
        |list| list.counts.is_some(),
    )
    .await;
    let first = board.get(path).await;
    let again = board.get_unless(path, first.expect_header("etag")).await;
    again.expect_status(304);
    assert_eq!(
        (again.body.as_str(), again.number("x-epoch")),
        ("", first.orders().epoch)
    );
    let order = &first.orders().orders[0];
    board.move_order(order, Status::Shipped).await.changed();
    board
        .get_unless(path, first.expect_header("etag"))
        .await
        .orders();
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let (board, _) = begin_with_orders().await;
    let path =
        "/api/orders/?status=new&seller=0&site=moscow&number=%25&cursor=5&limit=101&min_epoch=x";
    let fields = [
        "status",
        "seller",
        "site",
        "number",
        "cursor",
        "limit",
        "min_epoch",
    ];
    board.get(path).await.expect_invalid(&fields);
}

#[tokio::test]
async fn while_the_mes_fails_the_last_known_is_shown_as_such_and_then_nothing() {
    let (board, sim) = begin_with_orders().await;
    let known = board.orders("status=approved&limit=10").await;
    assert!(!known.stale);
    sim.tell_mes(json!({"weather": "error503"})).await;
    let stale = until(
        "it is shown as stale",
        windows::ORDERS_FRESH + windows::SLACK,
        async || board.orders("status=approved&limit=10").await,
        |list| list.stale,
    )
    .await;
    assert_eq!(stale.orders, known.orders);
    until(
        "nothing so old is shown",
        windows::ORDERS_STALE_IF_ERROR + windows::SLACK,
        async || board.get("/api/orders/?status=approved&limit=10").await,
        |reply| reply.status == 503,
    )
    .await
    .expect_honest_503();
    sim.tell_mes(json!({"weather": "ok"})).await;
    until(
        "it is back",
        windows::RECOVERY,
        async || board.get("/api/orders/?status=approved&limit=10").await,
        |reply| reply.status == 200,
    )
    .await;
}

#[tokio::test]
async fn a_board_can_be_thrown_away_at_any_moment() {
    let (board, sim) = begin_with_orders().await;
    for _ in 0..3 {
        let list = board.orders("status=approved&limit=10").await;
        let order = &list.orders[0];
        let started = board.move_order(order, Status::Started).await.changed();
        throw_away(&board).await;
        let after = board
            .orders(&format!(
                "status=approved&limit=10&min_epoch={}",
                started.epoch
            ))
            .await;
        assert_eq!(
            after.orders,
            sim.true_orders("status=approved&limit=10").await.orders
        );
        assert!(after.epoch > started.epoch);
        assert_eq!(board.order(order.id).await.order.order, started.order);
    }
}

#[tokio::test]
async fn a_board_that_dies_goes_on_where_it_was() {
    let (board, sim) = begin_with_orders().await;
    let list = board.orders("status=approved&limit=10").await;
    let order = &list.orders[0];
    let started = board
        .move_order(order, Status::Started)
        .await
        .changed()
        .order;
    sim.forget_counts().await;
    let restarted = board.invalidate(order_to("restart")).await.invalidated();
    let after = until(
        "the board is up again",
        windows::RECOVERY,
        async || board.orders("status=approved&limit=9").await,
        |list| list.epoch >= restarted.epoch,
    )
    .await;
    assert_eq!(after.orders, list.orders[1..]);
    assert_eq!(board.order(order.id).await.order.order, started);
    assert_eq!(
        sim.mes_stats().await.queries("list").calls,
        0,
        "nobody read it anew"
    );
}

#[tokio::test]
async fn what_was_counted_can_be_read() {
    let (board, _) = begin_with_orders().await;
    let sample = |how: &str| format!("loadboard_order_reads_total{{what=\"list\",how=\"{how}\"}}");
    let before = board.metrics().await;
    board.orders("status=shipped&limit=1").await;
    let after = board.metrics().await;
    assert!(after.get(&sample("wait")) > before.get(&sample("wait")));
    let calls = "loadboard_mes_calls_total{kind=\"list\",result=\"ok\"}";
    assert!(after.get(calls) > before.get(calls));
}
