//! `GET /api/cargos/{id}/`: everything about one cargo.

use domain::{
    CargoDetail, CargoId, Kopecks,
    messages::{Detail, DetailPage},
};
use serde_json::json;
use tests_http::{ColdFilters, Loadboard, Order, Reply, Simulator, begin, until, windows};

fn path(id: CargoId) -> String {
    format!("/api/cargos/{id}/")
}

async fn detail(board: &Loadboard, id: CargoId) -> Detail {
    board.get(&path(id)).await.json()
}

/// A cargo whose detail no other test reads: each has a number of its own.
async fn cargo_of(sim: &Simulator, test: usize) -> CargoId {
    sim.prices().await.order.my[100 + test]
}

async fn calls(sim: &Simulator) -> u64 {
    sim.stats().await.endpoint("detail").calls
}

#[tokio::test]
async fn a_detail_tells_what_the_list_does_not_and_is_read_once() {
    let (board, sim) = begin().await;
    let id = cargo_of(&sim, 1).await;
    let first = board.get(&path(id)).await;
    let Detail::<CargoDetail> { cargo, stale, .. } = first.json();
    assert_eq!((cargo.cargo.id, stale), (id, false));
    assert_eq!(cargo.cargo.price_kopecks, sim.prices().await.prices[&id]);
    assert!(cargo.loading.address.is_some() && cargo.unloading.address.is_some());
    assert!(cargo.goods.is_some() && cargo.shipper.is_some() && cargo.created_at.is_some());
    assert!(!cargo.contacts[0].phones.is_empty());
    assert_eq!(first.expect_header("cache-control"), "private, no-cache");
    let status = first.expect_header("cache-status");
    assert!(
        status.starts_with("loadboard; fwd=miss; stored"),
        "{status}"
    );

    for again in board.get_at_once(&path(id), 5).await {
        assert_eq!(again.expect_at_once().json::<Detail>().cargo, cargo);
        let status = again.expect_header("cache-status");
        assert!(status.starts_with("loadboard; hit"), "{status}");
    }
    assert_eq!(calls(&sim).await, 1);
}

#[tokio::test]
async fn whoever_shows_it_gets_it_as_a_page() {
    let (board, sim) = begin().await;
    let id = cargo_of(&sim, 1).await;
    let cargo = detail(&board, id).await.cargo;
    let page = async |tag: &str| -> Detail<DetailPage> {
        let path = format!("{}?html={tag}", path(id));
        board.get(&path).await.expect_at_once().json()
    };
    let Detail { cargo: page_ru, .. } = page("ru").await;
    assert!(page_ru.html.contains("Маршрут"), "{}", page_ru.html);
    let goods = cargo.goods.unwrap();
    assert!(page_ru.html.contains(&goods), "{}", page_ru.html);
    let Detail { cargo: page_en, .. } = page("en-US").await;
    assert_eq!(page_en.route, page_ru.route);
    assert!(
        page_en.html.contains("Shipper") && !page_en.html.contains("Маршрут"),
        "{}",
        page_en.html
    );
}

#[tokio::test]
async fn drivers_who_open_a_cargo_together_make_one_call() {
    let (board, sim) = begin().await;
    let id = cargo_of(&sim, 2).await;
    for reply in board.get_at_once(&path(id), 50).await {
        assert_eq!(reply.json::<Detail>().cargo.cargo.id, id);
    }
    assert_eq!(calls(&sim).await, 1);
}

#[tokio::test]
async fn a_cargo_that_does_not_exist_is_not_found_and_asked_for_once() {
    let (board, sim) = begin().await;
    let nobodys = CargoId::new(9_999_999_999_999_999_999).unwrap();
    for _ in 0..3 {
        board
            .get(&path(nobodys))
            .await
            .expect_problem(404, "not-found");
    }
    assert_eq!(calls(&sim).await, 1);
    // No call for what is no id at all.
    for id in ["0", "-1", "x", "1e5"] {
        let reply = board.get(&format!("/api/cargos/{id}/")).await;
        reply.expect_problem(404, "not-found");
    }
    assert_eq!(calls(&sim).await, 1);
}

/// A detail is good for a quarter of an hour; what it pays is known from the lists within seconds.
#[tokio::test]
async fn the_price_is_as_new_as_any_list_knows_it() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let query = format!("{cold}&limit=200");
    let id = cargo_of(&sim, 3).await;
    let before = detail(&board, id).await;
    let price = Kopecks::new(345_600).unwrap();
    sim.set_price(id, Some(price.get())).await;
    assert_ne!(before.cargo.cargo.price_kopecks, Some(price));

    until(
        "a list shows the price",
        windows::RECOVERY,
        async || board.prices(&query).await,
        |prices| {
            prices
                .prices
                .iter()
                .any(|row| row.0 == id && row.1 == Some(price))
        },
    )
    .await;
    let after = detail(&board, id).await;
    assert_eq!(after.cargo.cargo.price_kopecks, Some(price));
    assert!(after.price_age_ms < 5_000, "{}", after.price_age_ms);
    assert_eq!(after.as_of, before.as_of);
    assert_eq!(calls(&sim).await, 1);
}

#[tokio::test]
async fn when_upstream_is_down_an_old_detail_is_shown() {
    let (board, sim) = begin().await;
    let id = cargo_of(&sim, 4).await;
    let before = detail(&board, id).await;
    sim.weather("error503").await;
    let old = until(
        "the detail is stale",
        windows::DETAIL_FRESH + windows::RECOVERY,
        async || board.get(&path(id)).await,
        |reply| reply.expect_at_once().json::<Detail>().stale,
    )
    .await;
    assert_eq!(old.json::<Detail>().cargo, before.cargo);
    assert!(old.expect_header("cache-status").contains("ttl=-"));

    sim.clear_the_sky().await;
    until(
        "the detail is read anew",
        windows::WHOLE_RECOVERY,
        async || detail(&board, id).await,
        |detail| !detail.stale && detail.as_of > before.as_of,
    )
    .await;
}

#[tokio::test]
async fn without_a_copy_and_without_upstream_the_answer_is_an_honest_503() {
    let (board, sim) = begin().await;
    let id = cargo_of(&sim, 5).await;
    sim.weather("error500").await;
    board.get(&path(id)).await.expect_honest_503();
}

#[tokio::test]
async fn whoever_invalidates_a_cargo_reads_it_anew() {
    let (board, sim) = begin().await;
    let id = cargo_of(&sim, 6).await;
    let before = detail(&board, id).await;
    let price = Kopecks::new(456_700).unwrap();
    sim.set_price(id, Some(price.get())).await;
    assert_eq!(detail(&board, id).await.cargo, before.cargo);

    let order = Order::to_invalidate(json!({"cargo": {"id": id}})).sign();
    let epoch = board.invalidate(order).await.invalidated().epoch;
    let reply: Reply = board.get(&format!("{}?min_epoch={epoch}", path(id))).await;
    let after: Detail = reply.json();
    assert_eq!(after.cargo.cargo.price_kopecks, Some(price));
    let status = reply.expect_header("cache-status");
    assert!(status.starts_with("loadboard; fwd=request"), "{status}");
    assert_eq!(calls(&sim).await, 2);
}

#[tokio::test]
async fn nobody_without_a_session_reads_a_cargo() {
    let (board, sim) = begin().await;
    let id = cargo_of(&sim, 7).await;
    board
        .signed_out()
        .get(&path(id))
        .await
        .expect_unauthorized();
    assert_eq!(calls(&sim).await, 0);
}
