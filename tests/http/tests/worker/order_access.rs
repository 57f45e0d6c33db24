//! Who may see and move which orders.

use domain::orders::{Order, SellerId, Status};
use tests_http::{Loadboard, begin_with_orders};

/// A seller who has orders in these statuses.
async fn seller_of(board: &Loadboard, status: &str) -> (Loadboard, SellerId, Order) {
    let order = board
        .orders(&format!("status={status}&limit=1"))
        .await
        .orders
        .remove(0);
    (Loadboard::seller(order.seller.0), order.seller, order)
}

#[tokio::test]
async fn a_seller_sees_his_own_orders_and_no_others() {
    let (board, sim) = begin_with_orders().await;
    let (seller, id, own) = seller_of(&board, "started").await;
    let list = seller.orders("limit=100").await;
    let truth = sim
        .true_orders(&format!("seller={}&limit=100", id.0))
        .await
        .orders;
    assert_eq!(list.orders, truth);
    assert_eq!(
        list.counts, None,
        "how many there are in all is none of his business"
    );
    assert_eq!(seller.order(own.id).await.order.order, own);

    let all = board.orders("status=started&limit=100").await.orders;
    let anothers = all.iter().find(|order| order.seller != id).unwrap();
    seller
        .get(&format!("/api/orders/{}/", anothers.id))
        .await
        .expect_problem(404, "not-found");
    let of_another = format!("/api/orders/?seller={}", anothers.seller.0);
    seller
        .get(&of_another)
        .await
        .expect_problem(403, "forbidden");
    for order in [&own, anothers] {
        seller
            .move_order(order, Status::Completed)
            .await
            .expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn a_seller_sees_a_change_of_his_order_at_once() {
    let (board, _) = begin_with_orders().await;
    let (seller, _, own) = seller_of(&board, "approved").await;
    seller.orders("status=approved,started&limit=100").await;
    let started = board
        .move_order(&own, Status::Started)
        .await
        .changed()
        .order;
    let list = seller
        .orders("status=approved,started&limit=100")
        .await
        .orders;
    assert!(list.contains(&started) && !list.contains(&own));
}

#[tokio::test]
async fn the_sales_system_sees_all_orders_and_moves_its_own() {
    let (board, _) = begin_with_orders().await;
    let crm = Loadboard::crm();
    let mine = board
        .orders("status=approved,started&limit=100")
        .await
        .orders;
    assert_eq!(
        crm.orders("status=approved,started&limit=100").await.orders,
        mine
    );
    let shipped = crm.orders("status=shipped&limit=1").await.orders.remove(0);
    let closed = crm
        .move_order(&shipped, Status::Closed)
        .await
        .changed()
        .order;
    assert_eq!(closed.changed_by, "CRM");
}

#[tokio::test]
async fn drivers_and_strangers_see_no_orders() {
    begin_with_orders().await;
    let driver = Loadboard::signed_in().await;
    for path in ["/api/orders/", "/api/orders/MSK-1001/"] {
        driver.get(path).await.expect_problem(403, "forbidden");
        driver.signed_out().get(path).await.expect_unauthorized();
        driver
            .with_token("no-key-of-anybody")
            .get(path)
            .await
            .expect_unauthorized();
    }
    driver
        .post("/api/quotes?material=PA12&quantity=1", "model")
        .await
        .expect_problem(403, "forbidden");
    driver
        .post("/api/orders/MSK-1001/status", "{}")
        .await
        .expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_seller_may_ask_sixty_times_a_minute() {
    begin_with_orders().await;
    // One whom no other test asks for.
    let seller = Loadboard::seller(40);
    let replies = seller.get_at_once("/api/orders/?limit=1", 70).await;
    let refused: Vec<_> = replies.iter().filter(|reply| reply.status == 429).collect();
    assert!((5..=10).contains(&refused.len()), "{} of 70", refused.len());
    for reply in refused {
        reply.expect_problem(429, "too-many-requests");
        assert_eq!(reply.expect_header("retry-after"), "60");
    }
    Loadboard::seller(39).orders("limit=1").await;
}
