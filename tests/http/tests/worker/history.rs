//! `GET /api/cargos/{id}/history`: how a price went. And what the list tells of its last move.

use domain::{CargoId, Kopecks, PriceChange, messages::History};
use tests_http::{ColdFilters, Loadboard, Simulator, begin, until, windows};

async fn history(board: &Loadboard, id: CargoId) -> Vec<PriceChange> {
    let reply = board.get(&format!("/api/cargos/{id}/history")).await;
    assert_eq!(reply.expect_header("cache-control"), "private, max-age=10");
    reply.json::<History>().changes.changes().to_vec()
}

fn prices(history: &[PriceChange]) -> Vec<Option<Kopecks>> {
    history.iter().map(|change| change.1).collect()
}

/// Sets a price and waits until the list behind the filters shows it.
async fn move_to(
    board: &Loadboard,
    sim: &Simulator,
    cold: &ColdFilters,
    id: CargoId,
    kopecks: i64,
) {
    let price = Kopecks::new(kopecks);
    sim.set_price(id, price.map(Kopecks::get)).await;
    until(
        "the list shows the price",
        windows::RECOVERY,
        async || board.prices(&cold.to_string()).await,
        |prices| {
            prices
                .prices
                .iter()
                .any(|row| row.0 == id && row.1 == price)
        },
    )
    .await;
}

#[tokio::test]
async fn every_move_that_a_list_has_shown_is_in_the_history() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let id = board.list(&cold.to_string()).await.cargos[11].id;
    move_to(&board, &sim, &cold, id, 100_000).await;
    let before = until(
        "the history begins",
        windows::RECOVERY,
        async || history(&board, id).await,
        |history| {
            history
                .last()
                .is_some_and(|last| last.1 == Kopecks::new(100_000))
        },
    )
    .await;

    for kopecks in [110_000, 0, 120_000] {
        move_to(&board, &sim, &cold, id, kopecks).await;
    }
    let after = until(
        "the history tells the last move",
        windows::RECOVERY,
        async || history(&board, id).await,
        |history| {
            history
                .last()
                .is_some_and(|last| last.1 == Kopecks::new(120_000))
        },
    )
    .await;
    let moves = [Kopecks::new(110_000), None, Kopecks::new(120_000)];
    assert_eq!(
        prices(&after),
        [prices(&before).as_slice(), &moves].concat()
    );
    assert!(after.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[tokio::test]
async fn a_cargo_that_no_list_has_shown_has_no_history() {
    let (board, _sim) = begin().await;
    let nobodys = CargoId::new(9_999_999_999_999_999_998).unwrap();
    assert_eq!(history(&board, nobodys).await, []);
    let reply = board.signed_out().get("/api/cargos/5/history").await;
    reply.expect_unauthorized();
    board
        .get("/api/cargos/0/history")
        .await
        .expect_problem(404, "not-found");
}

#[tokio::test]
async fn a_list_tells_how_each_price_last_moved() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let query = cold.to_string();
    let before = board.list(&query).await;
    assert!(before.cargos.iter().all(|cargo| cargo.moved.is_none()));
    let id = before.cargos[12].id;
    let was = before.cargos[12].price_kopecks;

    move_to(&board, &sim, &cold, id, 333_300).await;
    let after = board.list(&query).await;
    for cargo in &after.cargos {
        let moved = cargo.moved.filter(|_| cargo.id == id);
        assert_eq!(cargo.moved, moved, "only one has moved");
        if let Some(moved) = moved {
            assert_eq!(moved.was, was);
            assert!(moved.at > before.as_of && moved.at <= after.as_of);
        }
    }
    assert!(after.cargos[12].moved.is_some());
}
