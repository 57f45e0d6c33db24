//! Answers of upstream that are there and wrong: odd rows, no rows, not every page.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Cargo, CargoId, Kopecks, messages::PriceRow};
use serde_json::json;
use tests_http::{ColdFilters, TruePrices, begin, until, windows::RECOVERY};

/// Ways to be odd that leave nothing to show.
const UNREADABLE: [&str; 3] = ["not_an_object", "without_id", "duplicate"];

fn is_readable(truth: &TruePrices, id: &CargoId) -> bool {
    truth
        .odd
        .get(id)
        .is_none_or(|oddity| !UNREADABLE.contains(&oddity.as_str()))
}

/// The rows that can be shown in odd weather, with the prices that are right.
fn readable_rows(truth: &TruePrices, limit: usize) -> Vec<PriceRow> {
    let mut rows = truth.rows(limit);
    rows.retain(|PriceRow(id, _)| is_readable(truth, id));
    rows
}

/// One odd item kills the incumbent's whole page.
#[tokio::test]
async fn odd_items_cost_only_themselves() {
    let (board, sim) = begin().await;
    sim.weather("odd").await;
    let query = format!("{}&limit=500", ColdFilters::new());
    let prices = board.prices(&query).await;
    let truth = sim.prices().await;
    let shown = readable_rows(&truth, 500);
    assert_eq!(prices.prices, shown);
    assert_eq!(prices.total, 500);
    sim.expect_given(&prices.prices).await;

    let ways: BTreeSet<&String> = truth
        .order
        .my
        .iter()
        .filter_map(|id| truth.odd.get(id))
        .collect();
    assert!(ways.len() >= 18, "only these ways: {ways:?}");
    assert!(shown.len() < 500 && shown.iter().any(|row| row.1.is_none()));
}

#[tokio::test]
async fn what_is_right_in_an_odd_item_is_shown() {
    let (board, sim) = begin().await;
    let fair = board
        .list(&format!("{}&limit=100", ColdFilters::new()))
        .await;
    let fair: BTreeMap<CargoId, Cargo> = fair
        .cargos
        .into_iter()
        .map(|cargo| (cargo.id, cargo))
        .collect();
    sim.weather("odd").await;
    let list = board
        .list(&format!("{}&limit=100", ColdFilters::new()))
        .await;
    let truth = sim.prices().await;
    let left_out = truth.order.my[..100]
        .iter()
        .filter(|id| !is_readable(&truth, id))
        .count();
    assert!(left_out > 0);
    assert_eq!(
        (list.cargos.len(), list.left_out as usize),
        (100 - left_out, left_out)
    );
    assert_eq!((list.total, list.next_offset), (500, Some(100)));

    for cargo in list.cargos {
        let mut expected = fair[&cargo.id].clone();
        expected.price_kopecks = truth.prices[&cargo.id];
        match truth.odd.get(&cargo.id).map(String::as_str) {
            Some("null_points") => {
                for place in [&mut expected.from, &mut expected.to] {
                    (place.city, place.date) = (None, None);
                }
            }
            Some("null_cities") => {
                expected.from.city = None;
                (expected.to.city, expected.to.date) = (None, None);
            }
            Some("null_company") => expected.company = None,
            Some("missing_arrays") => {
                expected.load_types.clear();
                expected.truck_types.clear();
            }
            Some("distance_as_text") => expected.distance_km = None,
            Some("weight_and_volume") => (expected.weight_kg, expected.volume_m3) = (None, None),
            Some("dates") => (expected.from.date, expected.to.date) = (None, None),
            Some("price_missing") => expected.price_per_km_kopecks = None,
            _ => {}
        }
        assert_eq!(cargo, expected, "{:?}", truth.odd.get(&cargo.id));
    }
}

#[tokio::test]
async fn odd_weather_passes_without_a_trace() {
    let (board, sim) = begin().await;
    let query = format!("{}&limit=100", ColdFilters::new());
    let good = board.prices(&query).await;
    sim.weather("odd").await;
    let odd = until(
        "the rows are odd",
        RECOVERY,
        async || board.prices_at_once(&query).await,
        |prices| prices.etag != good.etag,
    )
    .await;
    assert_eq!(odd.prices, readable_rows(&sim.prices().await, 100));
    assert_eq!(odd.total, good.total);
    sim.clear_the_sky().await;
    let fair = until(
        "they are as they were",
        RECOVERY,
        async || board.prices_at_once(&query).await,
        |prices| prices.etag == good.etag,
    )
    .await;
    assert_eq!(fair.prices, good.prices);
}

/// An upstream answer with no rows deletes every card on the incumbent's screens.
#[tokio::test]
async fn a_list_that_is_empty_once_is_not_believed() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let query = cold.to_string();
    let good = board.prices(&query).await;
    sim.tell(json!({
        "weather": {"kind": "empty", "endpoint": "list", "offset": 0, "times": 1},
        "reset_stats": true,
    }))
    .await;
    let nothing_vanished = async || {
        let prices = board.prices_at_once(&query).await;
        assert_eq!((prices.total, &prices.prices), (good.total, &good.prices));
        let list = board.list(&query).await;
        assert_eq!((list.total, list.cargos.len()), (good.total, 20));
        prices
    };
    let mut doubted = false;
    until(
        "upstream is read again",
        RECOVERY * 2,
        async || {
            let prices = nothing_vanished().await;
            let calls = sim.stats().await.calls_for(&cold);
            // The empty answer has come, and the prices from before it are what there is.
            doubted |= calls == 1 && prices.stale && prices.as_of == good.as_of;
            (prices.as_of, calls)
        },
        |(as_of, calls)| *as_of > good.as_of && *calls >= 2,
    )
    .await;
    assert!(doubted, "said to be stale meanwhile");
}

#[tokio::test]
async fn a_list_that_is_empty_twice_is_empty() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let query = cold.to_string();
    let good = board.prices(&query).await;
    sim.tell(json!({"weather": {"kind": "empty", "endpoint": "list"}, "reset_stats": true}))
        .await;
    let empty = until(
        "the list is empty",
        RECOVERY * 2,
        async || {
            let prices = board.prices_at_once(&query).await;
            assert!(
                prices.total == 0 || prices.prices == good.prices,
                "{prices:?}"
            );
            prices
        },
        |prices| prices.total == 0,
    )
    .await;
    assert_eq!(empty.prices, []);
    assert!(sim.stats().await.calls_for(&cold) >= 2, "read twice");

    sim.clear_the_sky().await;
    until(
        "it is back",
        RECOVERY,
        async || board.prices_at_once(&query).await,
        |prices| prices.prices == good.prices,
    )
    .await;
}

/// What upstream gives when no row is left, though it still counts some, is nonsense and not an empty list.
#[tokio::test]
async fn a_list_that_shrinks_is_believed_at_once() {
    let (board, sim) = begin().await;
    let query = format!("{}&limit=100", ColdFilters::new());
    let good = board.prices(&query).await;
    let gone: Vec<CargoId> = sim.prices().await.order.my[3..].to_vec();
    sim.tell(json!({"remove": gone})).await;
    let left = until(
        "three are left",
        RECOVERY,
        async || board.prices_at_once(&query).await,
        |prices| prices.total == 3,
    )
    .await;
    assert_eq!(left.prices, good.prices[..3]);
}

#[tokio::test]
async fn a_page_that_fails_costs_none_of_the_rows_before_it() {
    let (board, sim) = begin().await;
    for kind in ["error500", "hang"] {
        sim.tell(json!({"weather": [
            {"kind": kind, "endpoint": "list", "offset": 200},
            {"kind": "ok", "latency_ms": 30},
        ]}))
        .await;
        let cold = ColdFilters::new();
        let truth = sim.prices().await;
        let reply = board
            .get(&format!("/api/cargos/prices/?{cold}&limit=500"))
            .await;
        let prices = reply.expect_in_time().prices();
        assert_eq!(prices.prices, truth.rows(200), "{kind}");
        assert_eq!(prices.total, 500, "{kind}");

        let window = async |offset: u32| {
            board
                .get(&format!("/api/cargos/?{cold}&limit=20&offset={offset}"))
                .await
        };
        assert_eq!(window(180).await.list().cargos.len(), 20, "{kind}");
        assert_eq!(window(300).await.list().cargos.len(), 20, "{kind}");
        window(190).await.expect_in_time().expect_honest_503();

        sim.clear_the_sky().await;
        until(
            "all rows are there",
            RECOVERY,
            async || board.prices(&format!("{cold}&limit=500")).await,
            |prices| prices.prices == truth.rows(500),
        )
        .await;
    }
}

#[tokio::test]
async fn a_page_that_fails_keeps_its_rows_and_stops_no_other() {
    let (board, sim) = begin().await;
    let query = format!("{}&limit=500", ColdFilters::new());
    let good = board.prices(&query).await;
    sim.tell(json!({"weather": [
        {"kind": "error503", "endpoint": "list", "offset": 200},
        {"kind": "ok", "latency_ms": 30},
    ]}))
    .await;
    let moved: Vec<PriceRow> = [5, 205, 305]
        .iter()
        .map(|&row: &usize| {
            let PriceRow(id, price) = good.prices[row];
            PriceRow(
                id,
                Kopecks::new(price.map_or(1_000_000, Kopecks::get) + 250_000),
            )
        })
        .collect();
    for PriceRow(id, price) in &moved {
        sim.set_price(*id, price.map(Kopecks::get)).await;
    }
    let partly = until(
        "prices on the other pages move, and all are as old as the oldest page",
        RECOVERY,
        async || board.prices_at_once(&query).await,
        |prices| prices.prices[5] == moved[0] && prices.prices[305] == moved[2] && prices.stale,
    )
    .await;
    assert_eq!(partly.prices[200..300], good.prices[200..300]);
    assert_eq!(partly.prices.len(), 500);

    let apart = until(
        "the pages are of different moments",
        RECOVERY * 2,
        async || board.prices_at_once(&query).await,
        |prices| !prices.coherent,
    )
    .await;
    assert_eq!(apart.prices.len(), 500);

    sim.clear_the_sky().await;
    let whole = until(
        "the page is back",
        RECOVERY,
        async || board.prices_at_once(&query).await,
        |prices| prices.prices[205] == moved[1] && !prices.stale,
    )
    .await;
    assert!(whole.coherent);
}
