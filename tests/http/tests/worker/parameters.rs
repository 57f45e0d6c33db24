//! Parameters that break their rules: one entry for each, and never anything else than 422.

use tests_http::{ColdFilters, Reply, begin};

const LIST: &str = "/api/cargos/";
const PRICES: &str = "/api/cargos/prices/";

fn ids(count: usize) -> String {
    let ids: Vec<String> = (1..=count).map(|id| id.to_string()).collect();
    ids.join(",")
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let (board, sim) = begin().await;
    let too_many_ids = ids(101);
    for (field, values) in [
        ("mode", &["MY", "any", "my,all", "1", "\0"][..]),
        (
            "start_point_id",
            &["0", "-1", "+1", "1.5", "1e3", "Москва", " 62", "4294967296"],
        ),
        ("start_point_type", &["0", "city", "-2"]),
        ("finish_point_id", &["0", "x", "99999999999999999999"]),
        ("finish_point_type", &["0", "2.0"]),
        (
            "start_date",
            &[
                "2026-02-30",
                "2026-13-01",
                "2026-1-5",
                "15.01.2026",
                "20260115",
                "2026-01-15T00:00:00Z",
                "tomorrow",
                "0000-01-01",
            ],
        ),
        (
            "weight_volume",
            &[
                "20", "20-", "-83", "0-83", "0.09-9", "1000.1-9", "20-200.1", "20-0.09", "1e1-9",
                "1,5-9", "20–83", "a-b", "20-83-5", "inf-nan", " 20-83",
            ],
        ),
        (
            "load_types",
            &[
                "a",
                "1,",
                ",1",
                "1,,2",
                "1 2",
                "1;2",
                "-1",
                "1.5",
                "[1]",
                too_many_ids.as_str(),
            ],
        ),
        ("truck_types", &["x", "1, 2", "٣", ","]),
        (
            "limit",
            &[
                "0",
                "-1",
                "101",
                "1.5",
                "ten",
                "1e2",
                "0x10",
                " 20",
                "+20",
                "99999999999999999999",
                "\u{202e}20",
            ],
        ),
        ("offset", &["-1", "1.5", "x", "4294967296"]),
    ] {
        for value in values {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair(field, value)
                .finish();
            let reply = board.get(&format!("{LIST}?{query}")).await;
            reply.expect_invalid(&[field]);
            expect_not_repeated(&reply, value);
            // The list's own limit is shorter, and prices are always those of the first rows.
            if !matches!((field, *value), ("offset", _) | ("limit", "101")) {
                let reply = board.get(&format!("{PRICES}?{query}")).await;
                reply.expect_invalid(&[field]);
            }
        }
    }
    assert_eq!(sim.stats().await.calls, 0, "nothing of it reached upstream");
}

/// A message tells what was expected and repeats nothing of what came: it may be anything.
fn expect_not_repeated(reply: &Reply, value: &str) {
    if value.len() > 3 {
        assert!(!reply.body.contains(value), "{}", reply.body);
    }
}

#[tokio::test]
async fn prices_have_limits_of_their_own() {
    let (board, _sim) = begin().await;
    let cold = ColdFilters::new();
    board.prices(&format!("{cold}&limit=500")).await;
    for (query, field) in [
        ("limit=501", "limit"),
        ("limit=0", "limit"),
        ("seen_ids=a", "seen_ids"),
        ("seen_ids=1,,2", "seen_ids"),
        ("seen_ids=1;2", "seen_ids"),
        ("seen_ids=-1", "seen_ids"),
    ] {
        board
            .get(&format!("{PRICES}?{query}&{cold}"))
            .await
            .expect_invalid(&[field]);
    }
    board.prices(&format!("{cold}&seen_ids={}", ids(300))).await;
}

#[tokio::test]
async fn every_wrong_parameter_is_named_in_one_answer() {
    let (board, _sim) = begin().await;
    let query = "mode=theirs&start_point_id=0&start_point_type=x&finish_point_id=-1&finish_point_type=0\
        &start_date=tomorrow&weight_volume=20&load_types=a&truck_types=b&limit=0";
    let all = [
        "mode",
        "start_point_id",
        "start_point_type",
        "finish_point_id",
        "finish_point_type",
        "start_date",
        "weight_volume",
        "load_types",
        "truck_types",
        "limit",
    ];
    let mut of_the_list = all.to_vec();
    of_the_list.push("offset");
    board
        .get(&format!("{LIST}?{query}&offset=-1"))
        .await
        .expect_invalid(&of_the_list);
    board
        .get(&format!("{PRICES}?{query}"))
        .await
        .expect_invalid(&all);
}

#[tokio::test]
async fn a_repeated_parameter_is_refused_even_if_both_agree() {
    let (board, _sim) = begin().await;
    for (query, fields) in [
        ("limit=5&limit=5", &["limit"][..]),
        ("limit=5&limit=", &["limit"]),
        ("mode=my&%6Dode=all", &["mode"]),
        ("mode=my&mode=my&mode=my", &["mode"]),
        (
            "load_types=1&truck_types=1&load_types=2&truck_types=x",
            &["load_types", "truck_types"],
        ),
        ("start_point_id=62&start_point_id=62", &["start_point_id"]),
    ] {
        board
            .get(&format!("{LIST}?{query}"))
            .await
            .expect_invalid(fields);
        board
            .get(&format!("{PRICES}?{query}"))
            .await
            .expect_invalid(fields);
    }
}

#[tokio::test]
async fn what_is_unknown_or_empty_counts_for_nothing() {
    let (board, _sim) = begin().await;
    let cold = ColdFilters::new();
    let plain = board.prices(&cold.to_string()).await.prices;
    for query in [
        "_rid=5&_rid=6",
        "utm_source=x&LIMIT=0&Mode=theirs&limit[]=7&filter[mode]=all",
        "mode=&start_point_id=&start_point_type=&finish_point_id=&finish_point_type=&start_date=&load_types=&truck_types=&limit=&offset=&seen_ids=",
        "=&&=x&&&",
        "%00=%00&\u{1f69a}=1&%zz=%&+=+",
        "offset=0",
    ] {
        let list = board.list(&format!("{query}&{cold}")).await;
        assert_eq!(list.cargos.len(), 20, "{query}");
        assert_eq!(
            board.prices(&format!("{cold}&{query}")).await.prices,
            plain,
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_presets_of_the_product_are_valid() {
    let (board, _sim) = begin().await;
    for preset in [
        "20-83", "15-65", "10-54", "7.5-45", "5-36", "3-16", "1.5-9", "any", "", "0.1-0.1",
        "1000-200",
    ] {
        board.list(&format!("weight_volume={preset}&limit=1")).await;
    }
}
