//! No input whatever gives a 5xx, drops the connection or reaches upstream.

use std::time::Duration;

use reqwest::{Method, header::HeaderValue};
use tests_http::{ColdFilters, Loadboard, Reply, SessionToken, begin};

/// Expects an answer that blames the request, in the one form that errors have.
fn expect_blame(reply: &Reply) {
    assert!((400..500).contains(&reply.status), "{reply:?}");
    assert_eq!(
        reply.expect_header("content-type"),
        "application/problem+json",
        "{reply:?}"
    );
}

#[tokio::test]
async fn ugly_paths_are_nowhere() {
    let (board, _sim) = begin().await;
    for path in [
        "/api/%",
        "/api/%zz/",
        "/api/%00",
        "/api/cargos%00/",
        "/api/cargos/%2e%2e%2fprices",
        "/api/%63argos/",
        "/api/cargos;x=1/",
        "/api/cargos/prices/6236980507'--",
        "/api/я/🚚/",
        "/api/%ff%fe/",
        "/api/{}|^`<>\"",
        "/api/cargos/%0d%0aX-Session-Token:%20x",
        &format!("/api/{}", "a/".repeat(2_000)),
        &format!("/api/{}", "%F0%9F%9A%9A".repeat(600)),
        "/health/live%20",
        "/health/ready/x",
    ] {
        for board in [board.clone(), board.signed_out()] {
            let reply = board.get(path).await;
            expect_blame(&reply);
            assert_eq!(reply.status, 404, "{reply:?}");
        }
    }
}

#[tokio::test]
async fn ugly_queries_are_read_or_refused() {
    let (board, _sim) = begin().await;
    let cold = ColdFilters::new();
    // Once warm, what is read costs no call.
    board.prices(&format!("{cold}&limit=100")).await;
    for query in [
        "%",
        "%zz=%zz",
        "%00",
        "limit=%00",
        "limit=20%00",
        "limit=%ff%fe",
        "mode=%E2%80%AEym",
        "start_date=2026-01-1%EF%BC%95",
        "load_types=%D9%A1",
        "weight_volume=NaN-Infinity",
        "weight_volume=99999999999999999999999-1",
        "weight_volume=0.0000000000000000001-1",
        "start_point_id[]=1&start_point_id[id]=2",
        "limit='%20OR%201=1--",
        "limit=<script>alert(1)</script>",
        "limit=${jndi:ldap://x}&offset={{7*7}}",
        "offset=9007199254740993",
        "a=я&🚚=🚚",
        "&&&===;;;???",
        &format!("x={}", "a".repeat(12_000)),
        &"a=1&".repeat(3_000),
        &"limit=".repeat(1_000),
        &"limit=1&".repeat(1_500),
        &format!("load_types={}", "1,".repeat(5_000)),
        &format!("seen_ids={}", "6236980507,".repeat(1_000)),
    ] {
        for route in ["/api/cargos/", "/api/cargos/prices"] {
            let reply = board.get(&format!("{route}?{query}&{cold}")).await;
            match reply.status {
                200 => {}
                422 | 414 => expect_blame(&reply),
                _ => panic!("{reply:?}"),
            }
        }
    }
}

#[tokio::test]
async fn ugly_headers_are_no_session_and_no_tag() {
    let (board, _sim) = begin().await;
    let path = format!("/api/cargos/prices/?{}", ColdFilters::new());
    let prices = board.get(&path).await.prices().prices;
    let stranger = Loadboard::from_environment();
    for value in [
        &b"\xff\xfe\xfd"[..],
        b"Bearer \xff\xfe",
        "Bearer яяя.яяя.яяя".as_bytes(),
        b"Bearer \t \t",
        b"Bearer a b c",
        b"Bearer ...",
        b"Bearer eyJ9.eyJ9.eyJ9",
        &[b'a'; 7_000],
        &[b','; 1_000],
        b"\"",
        b"W/",
        b"W/\",W/\",*x",
    ] {
        let value = HeaderValue::from_bytes(value).unwrap();
        let request = stranger
            .request(Method::GET, &path)
            .header("authorization", value.clone());
        stranger.send(request).await.expect_unauthorized();
        let request = board
            .request(Method::GET, &path)
            .header("if-none-match", value);
        assert_eq!(board.send(request).await.prices().prices, prices);
    }
}

#[tokio::test]
async fn a_body_where_none_belongs_changes_nothing() {
    let (board, _sim) = begin().await;
    let request = board.request(Method::GET, &format!("/api/cargos/?{}", ColdFilters::new()));
    board.send(request.body("x".repeat(100_000))).await.list();
    let request = board
        .request(Method::POST, "/api/cargos/")
        .body("x".repeat(100_000));
    board
        .send(request)
        .await
        .expect_problem(405, "method-not-allowed");
}

/// Some thousand pieces of queries thrown together. Each ends in a wrong one, so that none of them is worth a call.
#[tokio::test]
async fn queries_thrown_together_are_refused_by_name() {
    const NAMES: [&str; 12] = [
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
        "offset",
        "%6cimit",
    ];
    const VALUES: [&str; 22] = [
        "",
        "my",
        "all",
        "0",
        "1",
        "62",
        "-1",
        "20-83",
        "1.5-9",
        "2026-01-15",
        "2026-02-30",
        "1,2,3",
        ",",
        "%00",
        "%",
        "%FF",
        "+",
        "я",
        "4294967295",
        "4294967296",
        "1e9",
        "%F0%9F%9A%9A",
    ];
    let (board, sim) = begin().await;
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut below = |bound: usize| {
        // xorshift64: the same queries in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    };
    let queries: Vec<String> = (0..300)
        .map(|_| {
            let mut query = String::new();
            for _ in 0..1 + below(6) {
                query += &format!(
                    "{}={}&",
                    NAMES[below(NAMES.len())],
                    VALUES[below(VALUES.len())]
                );
            }
            query + "truck_types=none"
        })
        .collect();
    for some in queries.chunks(20) {
        let paths = some.iter().map(|query| format!("/api/cargos/?{query}"));
        for reply in board.get_all(paths).await {
            let problem = reply.expect_problem(422, "invalid-parameters");
            let mut named: Vec<&str> = problem
                .errors
                .iter()
                .map(|error| error.field.as_str())
                .collect();
            assert!(named.contains(&"truck_types"), "{reply:?}");
            assert!(named.iter().all(|name| NAMES.contains(name)), "{reply:?}");
            named.sort_unstable();
            named.dedup();
            assert_eq!(
                named.len(),
                problem.errors.len(),
                "one entry a field: {reply:?}"
            );
        }
    }
    assert_eq!(sim.stats().await.calls, 0);
}

#[tokio::test]
async fn nobody_needs_so_long_an_address_or_such_headers() {
    let (board, _sim) = begin().await;
    let long = "a".repeat(9_000);
    let address = format!("/api/cargos/?x={long}");
    for board in [board.clone(), board.signed_out()] {
        board
            .get(&address)
            .await
            .expect_problem(414, "uri-too-long");
    }
    for name in ["authorization", "if-none-match", "accept"] {
        let request = board.signed_out().request(Method::GET, "/api/cargos/");
        let reply = board.send(request.header(name, long.repeat(2))).await;
        match name {
            // Only so much of it as could prefer HTML is looked at.
            "accept" => reply.expect_unauthorized(),
            _ => {
                reply.expect_problem(431, "headers-too-large");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_goes_deep_is_read_no_deeper() {
    let (board, _sim) = begin().await;
    let crm = Loadboard::crm();
    for open in ["[", "{\"a\":"] {
        let deep = open.repeat(800 / open.len());
        board.post_sign_in(deep.clone()).await.expect_unauthorized();
        let path = "/api/orders/MSK-1/status";
        crm.post(path, deep).await.expect_invalid(&["body"]);
    }
}

#[tokio::test]
async fn a_body_that_does_not_end_is_not_waited_for() {
    let (board, _sim) = begin().await;
    let chunks = futures_util::stream::unfold(0, |sent| async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Some((Ok::<_, std::io::Error>("x"), sent + 1))
    });
    let reply = board.post_sign_in(reqwest::Body::wrap_stream(chunks)).await;
    reply.expect_problem(408, "too-slow");
    assert!(reply.took > Duration::from_secs(9), "{reply:?}");

    // Short enough for the buffers in between: who goes on sending to whoever has hung up may never read the answer.
    let chunk = || Ok::<_, std::io::Error>(vec![b'x'; 10_000]);
    let chunks = futures_util::stream::iter((0..5).map(move |_| chunk()));
    let reply = board.post_sign_in(reqwest::Body::wrap_stream(chunks)).await;
    reply.expect_problem(413, "too-large");
}

#[tokio::test]
async fn who_asks_far_too_often_is_told_so_and_nobody_else() {
    let (_, sim) = begin().await;
    let path = format!("/api/cargos/prices/?{}", ColdFilters::new());
    let token = SessionToken::ending_in(7_000_000_000_801, 3_600).sign();
    let board = Loadboard::from_environment().with_token(&token);
    board.get(&path).await.prices();
    let mut refused = 0;
    for _ in 0..400 {
        let reply = board.get(&path).await;
        match reply.status {
            200 => {}
            _ => {
                reply.expect_problem(429, "too-many-requests");
                assert_eq!(reply.number("retry-after"), 10);
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
    Loadboard::signed_in().await.get(&path).await.prices();

    let stranger = Loadboard::from_environment();
    let mut refused = 0;
    for _ in 0..600 {
        let reply = stranger.get(&path).await;
        match reply.status {
            401 => {}
            _ => {
                reply.expect_problem(429, "too-many-requests");
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
    assert_eq!(sim.stats().await.endpoint("login").calls, 0);
    Loadboard::from_environment()
        .get(&path)
        .await
        .expect_unauthorized();
}
