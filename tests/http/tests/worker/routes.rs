//! What is found where, and what every answer has.

use reqwest::Method;
use tests_http::{ColdFilters, Loadboard, begin};

const PREFIXES: [&str; 4] = ["/api", "/api/v1", "/api/v2", "/api/v3"];

#[tokio::test]
async fn every_version_of_the_api_is_the_same_with_and_without_a_trailing_slash() {
    let (board, _sim) = begin().await;
    let cold = ColdFilters::new();
    let list = board.list(&cold.to_string()).await;
    let prices = board.prices(&cold.to_string()).await;
    for prefix in PREFIXES {
        for slash in ["", "/"] {
            let again = board.get(&format!("{prefix}/cargos{slash}?{cold}")).await;
            assert_eq!(again.list().cargos, list.cargos, "{}", again.request);
            let again = board
                .get(&format!("{prefix}/cargos/prices{slash}?{cold}"))
                .await;
            assert_eq!(again.prices().prices, prices.prices, "{}", again.request);
            let path = format!("{prefix}/auth/telegram{slash}");
            let refused = board
                .send(board.request(Method::POST, &path).body("{}"))
                .await;
            refused.expect_unauthorized();
        }
    }
}

#[tokio::test]
async fn what_is_nowhere_is_a_404_that_programs_can_read() {
    let (board, _sim) = begin().await;
    for path in [
        "/api/",
        "/api/cargo",
        "/api/cargos//",
        "/api/cargos/prices/x",
        "/api/CARGOS/",
        "/api/v0/cargos/",
        "/api/v4/cargos/",
        "/api/v1/v1/cargos/",
        "/api/auth/",
        "/api/health/live",
        "/health/",
        "/health/alive",
    ] {
        for board in [board.clone(), board.signed_out()] {
            board.get(path).await.expect_problem(404, "not-found");
        }
    }
}

#[tokio::test]
async fn another_method_is_a_405_that_names_the_right_one() {
    let (board, _sim) = begin().await;
    for (path, right) in [
        ("/api/cargos/", "GET, HEAD"),
        ("/api/v2/cargos/prices", "GET, HEAD"),
        ("/health/live", "GET, HEAD"),
        ("/health/ready/", "GET, HEAD"),
        ("/api/auth/telegram", "POST"),
    ] {
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
        ] {
            if right.contains(method.as_str()) {
                continue;
            }
            let reply = board.send(board.request(method, path)).await;
            reply.expect_problem(405, "method-not-allowed");
            assert_eq!(reply.expect_header("allow"), right, "{}", reply.request);
        }
    }
    let head = board
        .send(board.request(Method::HEAD, "/api/auth/telegram"))
        .await;
    assert_eq!(head.expect_status(405).expect_header("allow"), "POST");
}

#[tokio::test]
async fn a_body_that_says_it_is_no_json_is_a_415() {
    let (board, _sim) = begin().await;
    for path in [
        "/api/auth/telegram",
        "/api/internal/invalidate",
        "/api/v2/hooks/orders/",
        "/api/orders/MSK-1/status",
    ] {
        let send = async |content_type: &str| {
            let request = board.request(Method::POST, path).body("{}");
            board
                .send(request.header("content-type", content_type))
                .await
        };
        for other in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "json",
        ] {
            let reply = send(other).await;
            reply.expect_problem(415, "unsupported-media-type");
            assert_eq!(reply.expect_header("accept"), "application/json");
        }
        for json in ["application/json", "Application/JSON; charset=utf-8"] {
            assert_ne!(send(json).await.status, 415, "{path}");
        }
    }
    // A model may be anything.
    let request = board.request(Method::POST, "/api/quotes?material=PA12");
    let reply = board
        .send(request.header("content-type", "model/stl"))
        .await;
    assert_ne!(reply.status, 415);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let (board, _sim) = begin().await;
    let prices = format!("/api/cargos/prices/?{}", ColdFilters::new());
    let got = board.get(&prices).await;
    for path in [
        prices.as_str(),
        "/api/v1/cargos",
        "/health/live",
        "/health/ready",
    ] {
        let head = board.send(board.request(Method::HEAD, path)).await;
        head.expect_status(200);
        assert_eq!(head.body, "", "{}", head.request);
        assert_eq!(head.expect_header("content-type"), "application/json");
    }
    let head = board.send(board.request(Method::HEAD, &prices)).await;
    assert_eq!(head.expect_header("etag"), got.expect_header("etag"));
    let refused = board.signed_out();
    refused
        .send(refused.request(Method::HEAD, &prices))
        .await
        .expect_status(401);
}

#[tokio::test]
async fn health_needs_neither_a_session_nor_upstream() {
    let (_board, sim) = begin().await;
    let anybody = Loadboard::from_environment();
    for weather in ["ok", "hang"] {
        sim.weather(weather).await;
        for (path, status) in [
            ("/health/live", r#""status":"live""#),
            ("/health/ready/", r#""status":"ready""#),
        ] {
            let reply = anybody.get(path).await;
            reply.expect_status(200).expect_at_once();
            assert_eq!(reply.expect_header("cache-control"), "no-store");
            assert!(reply.body.contains(status), "{reply:?}");
        }
    }
}
