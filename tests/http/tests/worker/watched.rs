//! `?ids=`: cards and prices of cargos wherever they stand.

use domain::{CargoId, Kopecks, messages::PriceRow};
use tests_http::{ColdFilters, Simulator, begin, until, windows};

/// Cargos that no other test reads by their ids: each has numbers of its own.
async fn cargos_of(sim: &Simulator, test: usize) -> [CargoId; 3] {
    let order = sim.prices().await.order.my;
    [0, 1, 2].map(|i| order[120 + 3 * test + i])
}

fn ids(ids: &[CargoId]) -> String {
    let ids: Vec<String> = ids.iter().map(CargoId::to_string).collect();
    format!("ids={}", ids.join(","))
}

#[tokio::test]
async fn cards_come_in_the_order_asked_for_and_without_those_that_are_gone() {
    let (board, sim) = begin().await;
    let [a, b, c] = cargos_of(&sim, 0).await;
    let nobodys = CargoId::new(9_999_999_999_999_999_997).unwrap();
    let list = board.list(&ids(&[b, nobodys, a, c, b])).await;
    let found: Vec<CargoId> = list.cargos.iter().map(|cargo| cargo.id).collect();
    assert_eq!(found, [b, a, c]);
    assert_eq!((list.total, list.next_offset), (3, None));
    assert_eq!(sim.stats().await.endpoint("detail").calls, 4);

    let truth = sim.prices().await;
    let prices = board.prices_at_once(&ids(&[b, nobodys, a, c])).await;
    let rows = [b, a, c].map(|id| PriceRow(id, truth.prices[&id]));
    assert_eq!(prices.prices, rows);
    assert!(prices.coherent, "so that what is not there is gone");
    assert_eq!(sim.stats().await.endpoint("detail").calls, 4);
}

#[tokio::test]
async fn a_cargo_that_a_list_shows_costs_no_call() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let list = board.list(&cold.to_string()).await;
    let [one, two] = [list.cargos[3].id, list.cargos[4].id];
    let price = Kopecks::new(765_400);
    sim.set_price(one, price.map(Kopecks::get)).await;
    until(
        "the list shows the price",
        windows::RECOVERY,
        async || board.prices(&cold.to_string()).await,
        |prices| {
            prices
                .prices
                .iter()
                .any(|row| row.0 == one && row.1 == price)
        },
    )
    .await;
    let prices = board.prices_at_once(&ids(&[one, two])).await;
    assert_eq!(prices.prices[0], PriceRow(one, price));
    assert!(!prices.stale);
    assert_eq!(sim.stats().await.endpoint("detail").calls, 0);
}

#[tokio::test]
async fn a_cargo_that_no_list_shows_is_read_anew_and_is_gone_when_it_is() {
    let (board, sim) = begin().await;
    let [one, two, _] = cargos_of(&sim, 1).await;
    let query = ids(&[one, two]);
    board.list(&query).await;
    let price = Kopecks::new(876_500);
    sim.set_price(one, price.map(Kopecks::get)).await;
    let first = until(
        "the price is shown",
        windows::WATCHED_FRESH + windows::RECOVERY,
        async || board.prices_at_once(&query).await,
        |prices| prices.prices.first() == Some(&PriceRow(one, price)),
    )
    .await;
    assert_eq!(first.prices.len(), 2);

    sim.tell(serde_json::json!({"remove": [two]})).await;
    until(
        "the other is gone",
        windows::WATCHED_FRESH * 3 + windows::RECOVERY,
        async || board.prices_at_once(&query).await,
        |prices| prices.coherent && prices.prices == [PriceRow(one, price)],
    )
    .await;
}

#[tokio::test]
async fn a_state_that_is_known_is_not_told_again() {
    let (board, sim) = begin().await;
    let query = ids(&cargos_of(&sim, 2).await);
    board.list(&query).await;
    let path = format!("/api/cargos/prices/?{query}");
    let tag = board.get(&path).await.prices().etag;
    let again = board.get_unless(&path, tag.as_str()).await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn ids_are_cargo_ids_and_not_too_many() {
    let (board, _sim) = begin().await;
    let many: Vec<String> = (1..=51).map(|id| id.to_string()).collect();
    for wrong in ["0", "a", "1,,2", &many.join(",")] {
        for route in ["cargos", "cargos/prices"] {
            let reply = board.get(&format!("/api/{route}/?ids={wrong}")).await;
            reply.expect_invalid(&["ids"]);
        }
    }
}

#[tokio::test]
async fn without_upstream_what_was_read_before_is_shown() {
    let (board, sim) = begin().await;
    let [one, two, three] = cargos_of(&sim, 3).await;
    let known = board.list(&ids(&[one, two])).await;
    sim.weather("error500").await;
    let again = board.list(&ids(&[one, two])).await;
    assert_eq!(again.cargos, known.cargos);
    let reply = board.get(&format!("/api/cargos/?{}", ids(&[three]))).await;
    reply.expect_honest_503();
    let partly = board.prices(&ids(&[one, three])).await;
    assert_eq!(partly.prices.len(), 1);
    assert!(!partly.coherent, "the other may well be there");
}
