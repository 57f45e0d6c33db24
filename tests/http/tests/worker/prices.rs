//! `GET /api/cargos/prices/`: the prices of the first rows, and how little is sent while they stand still.

use std::time::Instant;

use domain::{CargoId, Kopecks, messages::PriceRow};
use tests_http::{
    ColdFilters, begin, until,
    windows::{LIST_FRESH, POLL_INTERVAL, PRICES_FRESH, RECOVERY, calls_due},
};

fn path(query: impl std::fmt::Display) -> String {
    format!("/api/cargos/prices/?{query}")
}

#[tokio::test]
async fn prices_are_those_that_upstream_gives_in_the_order_of_the_list() {
    let (board, sim) = begin().await;
    let truth = sim.prices().await;
    let cold = ColdFilters::new();
    for (query, limit) in [
        ("", 20),
        ("&limit=1", 1),
        ("&limit=100", 100),
        ("&limit=101", 101),
    ] {
        let prices = board.prices(&format!("{cold}{query}")).await;
        assert_eq!(prices.prices, truth.rows(limit), "{query}");
        assert_eq!(prices.total as usize, truth.order.my.len());
        assert!(prices.coherent, "a still list is whole");
    }
}

#[tokio::test]
async fn a_price_is_a_pair_of_id_and_kopecks_or_null() {
    let (board, sim) = begin().await;
    let newest = sim.prices().await.order.my[0];
    sim.set_price(newest, None).await;
    let cold = ColdFilters::new();
    let reply = board.get(&path(format!("{cold}&limit=2"))).await;
    let prices = reply.prices();
    assert_eq!(prices.prices[0], PriceRow(newest, None));
    let Some(PriceRow(second, Some(price))) = prices.prices.get(1) else {
        panic!("{prices:?}");
    };
    let written = format!(
        r#""prices":[["{newest}",null],["{second}",{}]]"#,
        price.get()
    );
    assert!(reply.body.contains(&written), "{}", reply.body);
    assert_eq!(
        board.list(&cold.to_string()).await.cargos[0].price_kopecks,
        None
    );
}

/// The incumbent deletes cards beyond position 300 though they live, and refreshes none beyond 200.
#[tokio::test]
async fn five_hundred_cards_on_five_pages_are_all_refreshed() {
    let (board, sim) = begin().await;
    let query = format!("{}&limit=500", ColdFilters::new());
    let prices = board.prices(&query).await;
    assert_eq!(prices.prices, sim.prices().await.rows(500));
    assert_eq!(prices.prices.len(), 500);

    let last = prices.prices[499].0;
    sim.set_price(last, Some(4_567_800)).await;
    let moved = PriceRow(last, Kopecks::new(4_567_800));
    until(
        "the last card's price moves",
        RECOVERY,
        async || board.prices_at_once(&query).await,
        |prices| prices.prices[499] == moved,
    )
    .await;
}

#[tokio::test]
async fn a_limit_beyond_the_end_gives_the_whole_list() {
    let (board, sim) = begin().await;
    let order = sim.prices().await.order.my;
    sim.tell(serde_json::json!({"remove": order[7..]})).await;
    let prices = board
        .prices(&format!("{}&limit=500", ColdFilters::new()))
        .await;
    assert_eq!(prices.prices, sim.prices().await.rows(7));
    assert_eq!(prices.total, 7);
}

#[tokio::test]
async fn a_known_tag_is_answered_without_a_body() {
    let (board, _sim) = begin().await;
    let path = path(ColdFilters::new());
    let tag = board.get(&path).await.prices().etag;
    let tag = tag.as_str();
    for if_none_match in [
        tag.to_owned(),
        format!("W/{tag}"),
        format!("\"other\", {tag}"),
        format!("\"other\",W/\"another\" ,W/{tag}"),
        "*".to_owned(),
    ] {
        let reply = board.get_unless(&path, &if_none_match).await;
        reply.expect_not_modified();
        assert_eq!(reply.expect_header("etag"), tag);
        assert!(reply.number("x-poll-after-ms") <= POLL_INTERVAL.as_millis() as u64);
        assert_eq!(reply.expect_header("cache-control"), "private, no-cache");
        assert!(
            reply
                .expect_header("cache-status")
                .starts_with("loadboard; ")
        );
    }
}

#[tokio::test]
async fn another_tag_is_answered_in_full() {
    let (board, _sim) = begin().await;
    let cold = ColdFilters::new();
    let path = path(&cold);
    let prices = board.get(&path).await.prices();
    let tag = prices.etag.as_str();
    let of_fewer_cards = board.prices(&format!("{cold}&limit=19")).await.etag;
    for if_none_match in [
        "",
        "\"\"",
        "\"other\"",
        "nonsense, \"",
        tag.trim_matches('"'),
        &tag.to_uppercase(),
        &format!("w/{tag}"),
        of_fewer_cards.as_str(),
        &"\"x\", ".repeat(500),
    ] {
        let reply = board.get_unless(&path, if_none_match).await;
        assert_eq!(reply.prices().prices, prices.prices, "{if_none_match}");
    }
}

#[tokio::test]
async fn a_304_tells_age_and_staleness() {
    let (board, sim) = begin().await;
    let path = path(ColdFilters::new());
    let tag = board.get(&path).await.prices().etag;
    sim.weather("hang").await;
    let stale = until(
        "the unchanged prices are two seconds old",
        PRICES_FRESH * 3,
        async || board.get_unless(&path, tag.as_str()).await,
        |reply| reply.number("age") >= 2,
    )
    .await;
    assert!(stale.expect_not_modified(), "and said to be stale");
    sim.clear_the_sky().await;
    until(
        "and fresh again, still unchanged",
        RECOVERY,
        async || {
            board
                .get_unless(&path, tag.as_str())
                .await
                .expect_not_modified()
        },
        |stale| !stale,
    )
    .await;
}

#[tokio::test]
async fn a_tag_lives_as_long_as_its_prices() {
    let (board, sim) = begin().await;
    let path = path(ColdFilters::new());
    let first = board.get(&path).await.prices();
    let same = until(
        "the prices were read again",
        RECOVERY,
        async || board.get(&path).await.prices(),
        |prices| prices.as_of > first.as_of,
    )
    .await;
    assert_eq!(same.etag, first.etag, "prices that stood still");

    let PriceRow(id, price) = first.prices[5];
    sim.set_price(id, Some(price.map_or(1, Kopecks::get) + 100))
        .await;
    let changed = until(
        "one price moves",
        RECOVERY,
        async || board.get_unless(&path, first.etag.as_str()).await,
        |reply| reply.status != 304,
    )
    .await
    .prices();
    assert_ne!(changed.etag, first.etag);
    let different = changed
        .prices
        .iter()
        .zip(&first.prices)
        .filter(|(now, then)| now != then);
    assert_eq!(different.count(), 1);

    sim.set_price(id, price.map(Kopecks::get)).await;
    until(
        "the old price is back, and with it the tag",
        RECOVERY,
        async || board.get_unless(&path, first.etag.as_str()).await,
        |reply| reply.status == 304,
    )
    .await;
}

#[tokio::test]
async fn cards_that_come_and_go_change_the_tag() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let query = format!("{cold}&limit=5");
    let first = board.prices(&query).await;
    sim.tell(serde_json::json!({"remove": [first.prices[2].0]}))
        .await;
    let gone = until(
        "the third card goes",
        RECOVERY,
        async || board.prices(&query).await,
        |prices| prices.etag != first.etag,
    )
    .await;
    assert_eq!(gone.prices[..2], first.prices[..2]);
    assert_eq!(gone.prices[2..4], first.prices[3..]);
    assert_eq!(gone.total, first.total - 1);

    sim.tell(serde_json::json!({"add": 1})).await;
    let come = until(
        "a new card comes",
        RECOVERY,
        async || board.prices(&query).await,
        |prices| prices.etag != gone.etag,
    )
    .await;
    assert_eq!(come.prices[1..], gone.prices[..4]);
}

#[tokio::test]
async fn cache_status_says_what_happened() {
    let (board, sim) = begin().await;
    let path = path(ColdFilters::new());
    let status = async || {
        board
            .get(&path)
            .await
            .expect_header("cache-status")
            .to_owned()
    };
    let first = status().await;
    assert!(
        first.starts_with("loadboard; fwd=miss; stored; ttl=")
            && first.ends_with("; detail=upstream"),
        "{first}"
    );
    let second = status().await;
    assert!(
        second.starts_with("loadboard; hit; ttl=") && second.ends_with("; detail=memory"),
        "{second}"
    );

    sim.weather("hang").await;
    until(
        "a hit on a copy that is stale",
        RECOVERY,
        status,
        |status| {
            status.starts_with("loadboard; hit; ttl=-")
                && (status.ends_with("=memory") || status.ends_with("=kv"))
        },
    )
    .await;
}

/// A reader who waited for a slow upstream gets what was true when upstream was asked: that long ago.
#[tokio::test]
async fn prices_that_took_long_to_come_are_as_old_as_that() {
    let (board, sim) = begin().await;
    sim.tell(serde_json::json!({"weather": {"kind": "ok", "latency_ms": 1_500}}))
        .await;
    let reply = board.get(&path(ColdFilters::new())).await;
    let prices = reply.prices();
    assert!(
        (1_400..3_000).contains(&prices.age_ms) && prices.stale,
        "{} ms old after {:?}",
        prices.age_ms,
        reply.took
    );
}

#[tokio::test]
async fn the_pace_asked_for_is_never_idle_and_never_slower_than_usual() {
    let (board, sim) = begin().await;
    let path = path(ColdFilters::new());
    let usual = POLL_INTERVAL.as_millis() as u64;
    for weather in ["ok", "hang"] {
        sim.weather(weather).await;
        let stale = weather == "hang";
        let reply = until(
            weather,
            RECOVERY,
            async || board.get(&path).await,
            |reply| reply.prices().stale == stale,
        )
        .await;
        let pace = reply.prices().poll_after_ms;
        // Longer where nothing new will come.
        let longest = if stale { 3 * usual } else { usual };
        assert!(
            (usual / 4..=longest).contains(&pace),
            "{pace} ms in {weather}"
        );
    }
}

/// Forty and sixty cards are one record, as are equal filters however they are written.
#[tokio::test]
async fn equal_questions_share_a_record() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let began = Instant::now();
    for query in [
        "limit=40&load_types=1,2&mode=my",
        "mode=&load_types=2,1&limit=60&_rid=17",
        "load_types=2,1,2&_rid=18&utm_source=x&start_point_type=2",
        "load%5Ftypes=01%2C2&limit=100&seen_ids=1,2&start_date=",
    ] {
        board.prices(&format!("{query}&{cold}")).await;
        board
            .list(&format!("{cold}&load_types=1,2&limit=7&_rid=3"))
            .await;
    }
    let shared = sim.stats().await.calls_for(&cold);
    assert!((1..=calls_due(began)).contains(&shared), "{shared} calls");

    let others = ColdFilters::new();
    for query in [
        "load_types=1",
        "load_types=1,2&mode=all",
        "load_types=1&truck_types=2",
    ] {
        board.list(&format!("{query}&{others}")).await;
    }
    assert_eq!(sim.stats().await.calls_for(&others), 3, "others do not");
}

/// One account serves all drivers.
#[tokio::test]
async fn drivers_of_one_account_share_records() {
    let (board, sim) = begin().await;
    let colleague = tests_http::Loadboard::signed_in().await;
    let cold = ColdFilters::new();
    let list = board.list(&cold.to_string()).await;
    let reply = colleague.get(&format!("/api/cargos/?{cold}")).await;
    assert_eq!(reply.list().cargos, list.cargos);
    assert!(reply.expect_header("cache-status").contains("; hit; "));
    assert_eq!(sim.stats().await.calls_for(&cold), 1);
}

#[tokio::test]
async fn list_and_prices_read_one_record_each_with_its_own_patience() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let query = cold.to_string();
    let first = board.prices(&query).await;
    let reply = until(
        "the list is older than prices stay fresh",
        LIST_FRESH,
        async || board.get(&format!("/api/cargos/?{query}")).await,
        |reply| reply.number("age") > PRICES_FRESH.as_secs(),
    )
    .await;
    let list = reply.list();
    assert_eq!((list.as_of, list.stale), (first.as_of, false));
    assert_eq!(
        sim.stats().await.calls_for(&cold),
        1,
        "it asked for nothing"
    );

    let prices = board.prices(&query).await;
    assert_eq!((prices.as_of, prices.stale), (first.as_of, true));
    until(
        "the prices that asked are fresh, and the list with them",
        RECOVERY,
        async || board.list(&query).await,
        |list| list.as_of > first.as_of,
    )
    .await;
}

/// However late some answers of upstream come, the prices only ever get newer, and each was once true.
#[tokio::test]
async fn prices_never_go_back_in_time() {
    let (board, sim) = begin().await;
    sim.tell(serde_json::json!({
        "walk_ms": 50,
        "weather": {"kind": "ok", "latency_ms": 10, "jitter_ms": 900},
    }))
    .await;
    let path = path(format!("{}&limit=100", ColdFilters::new()));
    let mut shown = Vec::new();
    let mut as_of = 0;
    until(
        "the prices were read four times",
        PRICES_FRESH * 10,
        async || {
            let prices = board.get(&path).await.prices();
            assert!(
                prices.as_of >= as_of,
                "from {as_of} back to {}",
                prices.as_of
            );
            as_of = prices.as_of;
            shown.push(prices);
            shown.dedup_by_key(|prices| prices.as_of);
            shown.len()
        },
        |reads| *reads >= 4,
    )
    .await;
    for prices in &shown {
        sim.expect_given(&prices.prices).await;
    }
    assert!(
        shown.windows(2).any(|two| two[0].etag != two[1].etag),
        "they walk"
    );
}

#[tokio::test]
async fn ids_come_as_text_and_once() {
    let (board, _sim) = begin().await;
    let prices = board
        .prices(&format!("{}&limit=500", ColdFilters::new()))
        .await;
    let different: std::collections::HashSet<CargoId> =
        prices.prices.iter().map(|row| row.0).collect();
    assert_eq!(different.len(), prices.prices.len());
}

/// More cards than one answer holds are asked for in parts.
#[tokio::test]
async fn a_part_of_the_list_begins_with_any_row() {
    let (board, _sim) = begin().await;
    let cold = ColdFilters::new();
    let whole = board.prices(&format!("{cold}&limit=400")).await;
    for (offset, limit) in [(100, 100), (90, 30), (150, 250), (399, 1)] {
        let part = board
            .prices(&format!("{cold}&limit={limit}&offset={offset}"))
            .await;
        assert_eq!(part.prices, whole.prices[offset..offset + limit]);
        assert_eq!(part.total, whole.total);
    }
    let beyond = board.prices(&format!("{cold}&offset=100000")).await;
    assert_eq!((beyond.prices, beyond.total), (vec![], whole.total));
    let wrong = board.get(&path(format!("{cold}&offset=-1"))).await;
    wrong.expect_invalid(&["offset"]);
}
