//! `GET /api/cargos/`: the rows of a list.

use std::collections::HashSet;

use domain::{
    Cargo, CargoId, LoadingTime,
    messages::{CardRow, CargoList},
};
use serde_json::{Value, json};
use tests_http::{ColdFilters, Loadboard, begin};

fn ids(list: &CargoList) -> Vec<CargoId> {
    list.cargos.iter().map(|cargo| cargo.id).collect()
}

/// Every row behind these filters, read in windows of `limit`.
async fn whole_list(board: &Loadboard, filters: &str, limit: u32) -> Vec<Cargo> {
    let mut cargos = Vec::new();
    let mut offset = 0;
    loop {
        let query = format!("{filters}&limit={limit}&offset={offset}");
        let list = board.list(&query).await;
        assert_eq!(list.offset, offset);
        cargos.extend(list.cargos);
        match list.next_offset {
            Some(next) => offset = next,
            None => return cargos,
        }
    }
}

#[tokio::test]
async fn the_list_begins_with_the_twenty_newest() {
    let (board, sim) = begin().await;
    let list = board.list(&ColdFilters::new().to_string()).await;
    let truth = sim.prices().await;
    assert_eq!(ids(&list), truth.order.my[..20]);
    assert_eq!((list.offset, list.next_offset), (0, Some(20)));
    assert_eq!(list.total as usize, truth.order.my.len());
    assert!(!list.stale);
    assert_eq!(list.left_out, 0);
    for cargo in &list.cargos {
        assert_eq!(cargo.price_kopecks, truth.prices[&cargo.id]);
    }
}

#[tokio::test]
async fn whoever_shows_them_gets_them_as_cards() {
    let (board, _) = begin().await;
    let cold = ColdFilters::new();
    let cargos = board.list(&cold.to_string()).await;
    for (tag, word) in [("ru", "Следить за грузом"), ("de", "Watch this cargo")] {
        let path = format!("/api/cargos/?{cold}&html={tag}");
        let cards: CargoList<CardRow> = board.get(&path).await.expect_at_once().json();
        assert_eq!((cards.total, cards.as_of), (cargos.total, cargos.as_of));
        for (card, cargo) in cards.cargos.iter().zip(&cargos.cargos) {
            assert_eq!(
                (card.id, card.price_kopecks),
                (cargo.id, cargo.price_kopecks)
            );
            assert!(card.html.contains(word), "{}", card.html);
            let city = cargo.from.city.as_deref().unwrap_or_default();
            assert!(card.html.contains(city) && card.route.starts_with(city));
        }
        assert_eq!(cards.cargos.len(), 20);
        // Watched cargos are shown on cards too.
        let path = format!("/api/cargos/?ids={}&html={tag}", cargos.cargos[0].id);
        let watched: CargoList<CardRow> = board.get(&path).await.json();
        assert_eq!(watched.cargos[0].route, cards.cargos[0].route);
    }
}

/// Compared with what upstream says, in its own units and words.
#[tokio::test]
async fn every_field_of_a_cargo_is_what_upstream_says() {
    let (board, sim) = begin().await;
    let upstream = sim.first_page().await;
    let query = format!("{}&limit=100", ColdFilters::new());
    let answer = board.get(&format!("/api/cargos/?{query}")).await;
    answer.list();
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    let rows = answer["cargos"].as_array().unwrap();
    assert_eq!((rows.len(), upstream.len()), (100, 100));

    let positive = |value: &Value| value.as_i64().filter(|kopecks| *kopecks > 0);
    let place = |point: &Value| {
        let date: LoadingTime = point["first_date"].as_str().unwrap().parse().unwrap();
        json!({"city": point["city"]["name"], "date": date})
    };
    let names = |types: &Value| -> Vec<Value> {
        let types = types.as_array().unwrap();
        types
            .iter()
            .map(|entry| entry["short_name"].clone())
            .collect()
    };
    for (row, item) in rows.iter().zip(&upstream) {
        let expected = json!({
            "id": item["id"],
            "from": place(&item["points"]["start"]),
            "to": place(&item["points"]["finish"]),
            "price_kopecks": positive(&item["price_carrier"]).or(positive(&item["price"])),
            "price_per_km_kopecks": positive(&item["price_per_km"]),
            "weight_kg": item["weight"],
            "volume_m3": item["volume"].as_f64(),
            "distance_km": item["distance"],
            "load_types": names(&item["load_types"]),
            "truck_types": names(&item["truck_types"]),
            "company": item["company"]["name"],
        });
        assert_eq!(*row, expected);
    }
    assert!(rows.iter().any(|row| row["price_kopecks"].is_null()));
    assert!(
        rows.iter()
            .any(|row| row["from"]["date"].as_str().unwrap().contains('T'))
    );
}

#[tokio::test]
async fn a_window_holds_its_rows_whatever_pages_they_lie_on() {
    let (board, sim) = begin().await;
    let order = sim.prices().await.order.my;
    let cold = ColdFilters::new();
    for (offset, limit) in [
        (0, 1),
        (0, 100),
        (90, 20),
        (99, 1),
        (99, 2),
        (100, 1),
        (150, 100),
        (399, 100),
        (order.len() - 5, 20),
    ] {
        let list = board
            .list(&format!("{cold}&offset={offset}&limit={limit}"))
            .await;
        let end = (offset + limit).min(order.len());
        assert_eq!(ids(&list), order[offset..end], "{limit} rows from {offset}");
        let next = (end < order.len()).then_some(end as u32);
        assert_eq!(list.next_offset, next, "{limit} rows from {offset}");
    }
}

#[tokio::test]
async fn next_offset_leads_to_the_end_without_a_gap_or_a_repeat() {
    let (board, sim) = begin().await;
    let truth = sim.prices().await;
    for (mode, order) in [("my", truth.order.my), ("all", truth.order.all)] {
        let filters = format!("{}&mode={mode}", ColdFilters::new());
        let cargos = whole_list(&board, &filters, 37).await;
        let read: Vec<CargoId> = cargos.iter().map(|cargo| cargo.id).collect();
        assert_eq!(read, order, "{mode}");
    }
}

#[tokio::test]
async fn beyond_the_end_there_is_nothing_and_it_is_said_how_much_there_is() {
    let (board, sim) = begin().await;
    let total = sim.prices().await.order.my.len() as u32;
    let cold = ColdFilters::new();
    for offset in [total, total + 7, 100_000, u32::MAX] {
        let list = board
            .list(&format!("{cold}&offset={offset}&limit=100"))
            .await;
        assert_eq!(list.cargos, [], "from {offset}");
        assert_eq!(
            (list.next_offset, list.total),
            (None, total),
            "from {offset}"
        );
    }
}

#[tokio::test]
async fn filters_that_nothing_passes_give_an_empty_list() {
    let (board, _sim) = begin().await;
    let nowhere = format!("{}&start_point_id=4000000000", ColdFilters::new());
    let list = board.list(&nowhere).await;
    assert_eq!(list.cargos, []);
    assert_eq!((list.total, list.next_offset, list.stale), (0, None, false));
    let prices = board.prices(&nowhere).await;
    assert_eq!((prices.total, prices.prices), (0, vec![]));
}

#[tokio::test]
async fn my_list_is_a_part_of_all() {
    let (board, sim) = begin().await;
    let truth = sim.prices().await;
    assert!(truth.order.my.len() < truth.order.all.len());
    for (mode, expected) in [
        ("", &truth.order.my),
        ("&mode=my", &truth.order.my),
        ("&mode=all", &truth.order.all),
    ] {
        let list = board.list(&format!("{}{mode}", ColdFilters::new())).await;
        assert_eq!(list.total as usize, expected.len(), "{mode}");
        assert_eq!(ids(&list), expected[..20], "{mode}");
    }
}

/// What passes is exactly what passes by the fields that a driver sees.
async fn expect_filter(filter: &str, cold: &str, passes: impl Fn(&Cargo) -> bool) {
    let (board, _sim) = begin().await;
    let everything = whole_list(&board, cold, 100).await;
    let filtered = whole_list(&board, &format!("{cold}&{filter}"), 100).await;
    let expected: Vec<&Cargo> = everything.iter().filter(|cargo| passes(cargo)).collect();
    assert!(
        !expected.is_empty() && expected.len() < everything.len(),
        "{filter} tells nothing: {} of {} pass",
        expected.len(),
        everything.len()
    );
    assert_eq!(filtered.iter().collect::<Vec<_>>(), expected, "{filter}");
}

fn is_one_of(city: &Option<String>, cities: &[&str]) -> bool {
    city.as_deref().is_some_and(|city| cities.contains(&city))
}

/// Moscow, and the cities of the simulator within 50 km of it.
const AROUND_MOSCOW: [&str; 5] = ["Москва", "Подольск", "Химки", "Мытищи", "Домодедово"];

#[tokio::test]
async fn a_start_point_is_where_loading_is_with_50_km_around() {
    let cold = ColdFilters::new().to_string();
    expect_filter("start_point_id=62", &cold, |cargo| {
        is_one_of(&cargo.from.city, &AROUND_MOSCOW)
    })
    .await;
}

#[tokio::test]
async fn a_finish_point_is_where_unloading_is_with_50_km_around() {
    let cold = ColdFilters::new().to_string();
    expect_filter("finish_point_id=62&finish_point_type=2", &cold, |cargo| {
        is_one_of(&cargo.to.city, &AROUND_MOSCOW)
    })
    .await;
}

#[tokio::test]
async fn a_point_is_looked_for_with_the_type_it_is_given_with() {
    let (board, _sim) = begin().await;
    let cold = ColdFilters::new();
    let total = async |filter: &str| board.list(&format!("{cold}&{filter}")).await.total;
    let cities = total("start_point_id=62").await;
    assert!(cities > 0);
    assert_eq!(total("start_point_id=62&start_point_type=2").await, cities);
    // The simulator knows no points of this type.
    assert_eq!(total("start_point_id=62&start_point_type=9").await, 0);
    let everything = board.list(&cold.to_string()).await.total;
    assert_eq!(total("start_point_type=9").await, everything, "no point");
}

#[tokio::test]
async fn a_start_date_is_the_first_day_of_loading() {
    let (board, _sim) = begin().await;
    let cold = ColdFilters::new().to_string();
    let list = board.list(&format!("{cold}&limit=100")).await;
    let mut dates: Vec<_> = list
        .cargos
        .iter()
        .filter_map(|cargo| cargo.from.date)
        .map(|time| time.date)
        .collect();
    dates.sort_unstable();
    let middle = dates[dates.len() / 2];
    expect_filter(&format!("start_date={middle}"), &cold, |cargo| {
        cargo.from.date.is_some_and(|time| time.date >= middle)
    })
    .await;
}

#[tokio::test]
async fn weight_and_volume_are_what_the_truck_takes() {
    // Not through `ColdFilters`, which are a truck themselves.
    let unseen = format!("load_types=1,2,3,4,5,6,7,{}", tests_http::unix_seconds());
    expect_filter("weight_volume=5.25-36.5", &unseen, |cargo| {
        cargo.weight_kg.is_some_and(|kg| kg <= 5_250)
            && cargo.volume_m3.is_some_and(|m3| m3 <= 36.5)
    })
    .await;
}

#[tokio::test]
async fn load_types_are_ways_of_which_one_suffices() {
    let cold = ColdFilters::new().to_string();
    expect_filter("load_types=2,3", &cold, |cargo| {
        cargo
            .load_types
            .iter()
            .any(|name| name == "бок." || name == "верх.")
    })
    .await;
}

#[tokio::test]
async fn truck_types_are_trucks_of_which_one_suffices() {
    let cold = ColdFilters::new().to_string();
    expect_filter("truck_types=6,9", &cold, |cargo| {
        cargo
            .truck_types
            .iter()
            .any(|name| name == "реф." || name == "самосв.")
    })
    .await;
}

#[tokio::test]
async fn filters_narrow_each_other() {
    let cold = ColdFilters::new().to_string();
    expect_filter("mode=my&start_point_id=62&truck_types=1", &cold, |cargo| {
        is_one_of(&cargo.from.city, &AROUND_MOSCOW)
            && cargo.truck_types.iter().any(|name| name == "тент")
    })
    .await;
}

/// The incumbent's "load more" brings cards twice.
#[tokio::test]
async fn a_cargo_stands_in_one_row() {
    let (board, _sim) = begin().await;
    let cargos = whole_list(&board, &ColdFilters::new().to_string(), 100).await;
    let different: HashSet<CargoId> = cargos.iter().map(|cargo| cargo.id).collect();
    assert_eq!(different.len(), cargos.len());
}
