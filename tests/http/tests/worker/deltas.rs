//! Whoever tells which state he knows is told what has changed since.

use domain::{Kopecks, PriceDelta, messages::PriceRow};
use tests_http::{ColdFilters, begin, until, windows::RECOVERY};

#[tokio::test]
async fn whoever_knows_a_state_is_told_what_has_changed() {
    let (board, sim) = begin().await;
    let path = format!("/api/cargos/prices/?{}&limit=40", ColdFilters::new());
    let known = board.get(&path).await.prices();
    let PriceRow(id, price) = known.prices[5];
    let dearer = price.map_or(1, Kopecks::get) + 100;
    sim.set_price(id, Some(dearer)).await;

    let since = format!("{path}&since={}", known.etag.bare());
    let delta = until(
        "the price moves",
        RECOVERY,
        async || board.get(&since).await.prices(),
        |prices| prices.etag != known.etag,
    )
    .await;
    assert_eq!(delta.since.as_ref(), Some(&known.etag));
    assert_eq!(delta.prices, [PriceRow(id, Kopecks::new(dearer))]);
    assert_eq!(delta.order, None);

    let whole = board.get(&path).await.prices();
    assert_eq!((&whole.etag, whole.since), (&delta.etag, None));
    let way = PriceDelta {
        changed: delta.prices,
        order: delta.order,
    };
    assert_eq!(way.apply(&known.prices), Ok(whole.prices));
}

#[tokio::test]
async fn a_list_that_moves_is_told_with_its_new_order() {
    let (board, _) = begin().await;
    let filters = ColdFilters::new();
    let ask = async |limit, since: &str| {
        board
            .prices(&format!("{filters}&limit={limit}&since={since}"))
            .await
    };
    // To know fewer rows is to know an older state.
    let known = ask(36, "").await;
    let delta = ask(40, known.etag.bare()).await;
    assert_eq!(delta.since.as_ref(), Some(&known.etag));
    assert_eq!(delta.prices.len(), 4, "those below are new");
    assert_eq!(delta.order.as_ref().map(Vec::len), Some(40));
    let whole = ask(40, "").await;
    let way = PriceDelta {
        changed: delta.prices,
        order: delta.order,
    };
    assert_eq!(way.apply(&known.prices), Ok(whole.prices));
}

#[tokio::test]
async fn a_state_that_nobody_knows_is_answered_in_full() {
    let (board, _) = begin().await;
    let filters = ColdFilters::new();
    let whole = board.prices(&filters.to_string()).await;
    for since in ["0123456789abcdef", "%22%22", "x", "%00", ""] {
        let prices = board.prices(&format!("{filters}&since={since}")).await;
        assert_eq!(prices.since, None, "{since}");
        assert_eq!(prices.prices, whole.prices, "{since}");
    }
}

#[tokio::test]
async fn whoever_is_up_to_date_is_told_so() {
    let (board, _) = begin().await;
    let path = format!("/api/cargos/prices/?{}", ColdFilters::new());
    let known = board.get(&path).await.prices();
    let since = format!("{path}&since={}", known.etag.bare());
    let nothing = board.get(&since).await.prices();
    assert_eq!(nothing.since.as_ref(), Some(&known.etag));
    assert_eq!((nothing.prices.len(), nothing.order), (0, None));
    board
        .get_unless(&since, known.etag.as_str())
        .await
        .expect_not_modified();
}
