//! Fragments of HTML for a front end of htmx, which may stand on another site.

use domain::CargoId;
use reqwest::Method;
use serde_json::json;
use tests_http::{ColdFilters, Loadboard, Reply, begin, until, windows};

const PRICES: &str = "/api/cargos/prices/";
const LIST: &str = "/api/cargos/";
/// The one that `cargo xtask test` allows.
const OTHER_SITE: &str = "https://cargos.example";

async fn as_htmx(board: &Loadboard, path: &str) -> Reply {
    let request = board.request(Method::GET, path);
    board.send(request.header("hx-request", "true")).await
}

async fn accepting(board: &Loadboard, path: &str, accept: &str) -> Reply {
    let request = board.request(Method::GET, path);
    board.send(request.header("accept", accept)).await
}

fn fragment(reply: &Reply) -> &str {
    let reply = reply.expect_status(200);
    assert_eq!(
        reply.expect_header("content-type"),
        "text/html; charset=utf-8"
    );
    assert_eq!(
        reply.expect_header("vary"),
        "authorization, accept, hx-request, origin"
    );
    &reply.body
}

fn span(id: u64, price: &str) -> String {
    format!(
        "<span id=\"cargo-price-{id}\" class=\"cargo-price cargo-price-inline\" hx-swap-oob=\"outerHTML\">{price}</span>"
    )
}

#[tokio::test]
async fn whoever_prefers_html_gets_it_and_all_others_json() {
    let (board, _sim) = begin().await;
    let cold = ColdFilters::new();
    for path in [format!("{PRICES}?{cold}"), format!("{LIST}?{cold}")] {
        let html = as_htmx(&board, &path).await;
        assert!(fragment(&html).contains("cargo-price-"));
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        let same = accepting(&board, &path, browser).await;
        assert_eq!(fragment(&same), html.body);
        for accept in ["*/*", "application/json", "application/json, text/html"] {
            let json = accepting(&board, &path, accept).await;
            json.json::<serde_json::Value>();
            assert_eq!(json.header("vary"), html.header("vary"));
        }
    }
}

#[tokio::test]
async fn a_poll_tells_the_prices_of_the_cards_on_the_page() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let list = board.list(&format!("{cold}&limit=100")).await;
    let [first, .., last] = &list.cargos[..] else {
        panic!("there are cargos")
    };
    sim.tell(json!({"set_price": {"id": first.id, "kopecks": 1_350_000}}))
        .await;
    sim.tell(json!({"set_price": {"id": last.id, "kopecks": null}}))
        .await;
    // Far below the twenty rows that are asked for otherwise.
    let seen = format!("{PRICES}?{cold}&seen_ids={},{}", last.id, first.id);
    let both = span(last.id.get(), "—") + &span(first.id.get(), "13 500 ₽");
    until(
        "both are told",
        windows::RECOVERY,
        async || as_htmx(&board, &seen).await,
        |reply| fragment(reply) == both,
    )
    .await;
    let all = as_htmx(&board, &format!("{PRICES}?{cold}")).await;
    assert_eq!(fragment(&all).matches("<span").count(), 20);

    let tag = as_htmx(&board, &seen)
        .await
        .expect_header("etag")
        .to_owned();
    let request = board.request(Method::GET, &seen);
    let again = request
        .header("hx-request", "true")
        .header("if-none-match", &tag);
    board.send(again).await.expect_status(304);
    let json = board.get_unless(&seen, &tag).await;
    json.expect_status(200).prices();
}

/// Polls until the answer is such, and expects no card to be taken off meanwhile.
async fn poll_while_all_stay(
    board: &Loadboard,
    path: &str,
    what: &str,
    condition: impl Fn(&str) -> bool,
) {
    let poll = async || {
        let reply = as_htmx(board, path).await;
        assert!(!fragment(&reply).contains("delete"), "{what}: {reply:?}");
        reply
    };
    let deadline = windows::WATCHED_FRESH + windows::RECOVERY;
    until(what, deadline, poll, |reply| condition(&reply.body)).await;
}

#[tokio::test]
async fn a_card_is_taken_off_when_there_is_no_such_cargo() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let list = board.list(&cold.to_string()).await;
    let (gone, here) = (list.cargos[3].id, list.cargos[4].id);
    let seen = format!("{PRICES}?{cold}&seen_ids={gone},{here}");
    let price_of = |id: CargoId| format!("cargo-price-{id}\"");
    assert!(fragment(&as_htmx(&board, &seen).await).contains(&price_of(gone)));

    // That lists show it no more is not enough.
    sim.tell(json!({
        "remove": [gone],
        "weather": {"kind": "error503", "endpoint": "detail"},
    }))
    .await;
    let told_nothing = |html: &str| !html.contains(&price_of(gone));
    poll_while_all_stay(&board, &seen, "no list shows it", told_nothing).await;
    let refused = async || sim.stats().await.endpoint("detail").calls;
    let asked = async || {
        poll_while_all_stay(&board, &seen, "it is asked for by name", told_nothing).await;
        refused().await
    };
    until(
        "CargoTech says nothing of it",
        windows::RECOVERY,
        asked,
        |calls| *calls > 0,
    )
    .await;

    sim.clear_the_sky().await;
    let end = format!("<div id=\"cargo-card-{gone}\" hx-swap-oob=\"delete\"></div>");
    let told = until(
        "it is taken off",
        windows::WATCHED_FRESH + windows::RECOVERY,
        async || as_htmx(&board, &seen).await,
        |reply| fragment(reply).contains(&end),
    )
    .await;
    assert_eq!(told.body.matches("<div").count(), 1);
    assert!(told.body.contains(&price_of(here)));
}

#[tokio::test]
async fn cards_of_cargos_that_a_list_does_not_show_stay_and_have_their_price() {
    let (board, sim) = begin().await;
    let order = sim.prices().await.order;
    // No other test reads these by their ids.
    let seen = format!("seen_ids={},{}", order.my[150], order.my[151]);
    let has_both = |html: &str| html.matches("<span id=").count() == 2;

    // Filters have been chosen and not been applied yet.
    let chosen = format!(
        "{PRICES}?{}&start_date=2031-01-01&{seen}",
        ColdFilters::new()
    );
    poll_while_all_stay(&board, &chosen, "prices that other filters hide", has_both).await;
    let calls = sim.stats().await.endpoint("detail").calls;
    assert_eq!(calls, 2, "each was asked for by name, once");

    // An empty list: by mistake, and read twice.
    sim.tell(json!({"weather": {"kind": "empty", "endpoint": "list", "latency_ms": 30}}))
        .await;
    let cold = ColdFilters::new();
    let empty = format!("{PRICES}?{cold}&{seen}");
    poll_while_all_stay(&board, &empty, "prices though the list is empty", has_both).await;
    assert_eq!(board.list(&cold.to_string()).await.total, 0);
}

#[tokio::test]
async fn a_list_leads_from_page_to_page_under_its_filters() {
    let (board, _sim) = begin().await;
    let cold = ColdFilters::new();
    let first = as_htmx(&board, &format!("/api/v2/cargos/?{cold}&limit=30&_rid=5")).await;
    let html = fragment(&first);
    assert_eq!(html.matches("<article").count(), 30);
    let (_, more) = html.split_once("hx-get=\"").expect("there is more");
    let (more, _) = more.split_once('"').expect("an attribute ends");
    let more = more.replace("&amp;", "&");
    assert!(more.starts_with("/api/v2/cargos/?"), "{more}");
    assert!(!more.contains("_rid"), "{more}");
    let second = as_htmx(&board, &more).await;
    let rest = board.list(&format!("{cold}&limit=30&offset=30")).await;
    let cards = fragment(&second);
    assert_eq!(cards.matches("<article").count(), rest.cargos.len());
    for cargo in &rest.cargos {
        assert!(cards.contains(&format!("id=\"cargo-card-{}\"", cargo.id)));
    }
    let loaded = 30 + rest.cargos.len();
    assert!(cards.contains(&format!(">{loaded} из {}</span>", rest.total)));
}

#[tokio::test]
async fn the_next_rows_are_those_below_the_last_card_wherever_that_stands_by_then() {
    let (board, sim) = begin().await;
    let cold = ColdFilters::new();
    let first = as_htmx(&board, &format!("{LIST}?{cold}&limit=10&offset=90")).await;
    let (_, more) = fragment(&first)
        .split_once("hx-get=\"")
        .expect("there is more");
    let (more, _) = more.split_once('"').expect("an attribute ends");
    let more = more.replace("&amp;", "&");
    let before = sim.prices().await.order.my;
    let next: Vec<CargoId> = before[100..110].to_vec();

    let shows_next = async |changed: &str| {
        until(
            changed,
            windows::LIST_FRESH + windows::RECOVERY,
            async || {
                // Both of the pages that may hold it have been read anew.
                let all = board.list(&format!("{cold}&limit=20&offset=90")).await;
                (all, as_htmx(&board, &more).await)
            },
            |(_, reply)| {
                let cards = fragment(reply).split("<article id=\"cargo-card-").skip(1);
                let ids = cards.filter_map(|card| card.split_once('"')?.0.parse().ok());
                ids.collect::<Vec<CargoId>>() == next
            },
        )
        .await;
    };
    shows_next("nothing has changed").await;
    let total = board.list(&cold.to_string()).await.total;
    for (change, by) in [(json!({"add": 3}), 3), (json!({"remove": before[..8]}), -5)] {
        sim.tell(change).await;
        until(
            "the list has changed",
            windows::LIST_FRESH + windows::RECOVERY,
            async || board.list(&cold.to_string()).await.total,
            |now| i64::from(*now) == i64::from(total) + by,
        )
        .await;
        shows_next("others have come or gone above").await;
    }
}

#[tokio::test]
async fn what_goes_wrong_leaves_the_screen_as_it_is() {
    let (board, sim) = begin().await;
    sim.tell(json!({"weather": {"kind": "error503"}})).await;
    for path in [PRICES, LIST] {
        let reply = as_htmx(&board, &format!("{path}?{}", ColdFilters::new())).await;
        assert_eq!(fragment(&reply), "");
        assert_eq!(reply.expect_header("hx-reswap"), "none");
        reply.expect_header("retry-after");
    }
    for path in [PRICES, LIST] {
        let wrong = as_htmx(&board, &format!("{path}?limit=0")).await;
        wrong.expect_invalid(&["limit"]);
        assert_eq!(wrong.expect_header("hx-reswap"), "none");
        let stranger = as_htmx(&board.signed_out(), path).await;
        stranger.expect_unauthorized();
        assert_eq!(stranger.expect_header("hx-reswap"), "none");
    }
}

#[tokio::test]
async fn a_page_of_another_site_may_ask_if_it_is_allowed_and_no_other() {
    let (board, _sim) = begin().await;
    let path = format!("{PRICES}?{}", ColdFilters::new());
    let of = async |origin: &str, method: Method| {
        let request = board.request(method, &path).header("origin", origin);
        board
            .send(request.header("access-control-request-method", "GET"))
            .await
    };
    let asked = of(OTHER_SITE, Method::OPTIONS).await;
    asked.expect_status(204);
    assert_eq!(
        asked.expect_header("access-control-allow-origin"),
        OTHER_SITE
    );
    let allowed = asked.expect_header("access-control-allow-headers");
    for header in ["authorization", "hx-request", "hx-current-url", "hx-target"] {
        assert!(allowed.contains(header), "{allowed}");
    }
    assert_eq!(asked.header("access-control-allow-credentials"), None);
    let answer = of(OTHER_SITE, Method::GET).await;
    answer.expect_status(200).prices();
    assert_eq!(
        answer.expect_header("access-control-allow-origin"),
        OTHER_SITE
    );
    assert!(
        answer
            .expect_header("access-control-expose-headers")
            .contains("x-session-token")
    );
    // Its errors too, or its scripts could not tell what is wrong.
    let request = board.signed_out().request(Method::GET, &path);
    let refused = board.send(request.header("origin", OTHER_SITE)).await;
    refused.expect_unauthorized();
    refused.expect_header("access-control-allow-origin");

    for stranger in [
        "https://evil.example",
        "null",
        "https://cargos.example.evil",
        "http://cargos.example",
    ] {
        of(stranger, Method::OPTIONS)
            .await
            .expect_problem(405, "method-not-allowed");
        let answer = of(stranger, Method::GET).await;
        answer.expect_status(200);
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}
