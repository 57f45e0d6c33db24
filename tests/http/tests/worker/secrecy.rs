//! What clients send that is nobody else's business. None of it is handed back; and that no log holds it, `cargo xtask test`
//! finds out when all tests are through.

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tests_http::{InitData, Loadboard, begin, variable};

const DRIVER: i64 = 7_000_000_000_901;
const INTERNAL: [&str; 3] = [
    "/api/internal/invalidate",
    "/api/hooks/orders",
    "/api/orders/MSK-1/status",
];

#[tokio::test]
async fn a_secret_that_is_not_taken_is_not_told_to_anybody() {
    begin().await;
    let canary = variable("LOADBOARD_CANARY");
    let board = Loadboard::from_environment();
    let refused = async |request: RequestBuilder| {
        let reply = board.send(request).await;
        assert!((400..500).contains(&reply.status), "{reply:?}");
        let headers = format!("{:?}", reply.headers);
        assert!(!reply.body.contains(&canary) && !headers.contains(&canary));
    };
    let good = InitData::of(DRIVER);
    let init_data = [
        good.clone().for_bot("7000000000:another").sign(),
        good.clone().with("auth_date", 1).sign(),
        good.clone().with("user", &canary).sign(),
        good.clone()
            .without("hash")
            .sign()
            .replace("hash=", "hush="),
        format!("hash={canary}&user={canary}"),
        canary.clone(),
    ];
    for init_data in init_data {
        let sign_in = board.request(Method::POST, "/api/auth/telegram");
        refused(sign_in.body(json!({"init_data": init_data}).to_string())).await;
        let sign_in = board.request(Method::POST, "/api/auth/telegram");
        refused(sign_in.body(format!("{{\"init_data\": \"{init_data}"))).await;
        let list = board.request(Method::GET, "/api/cargos/");
        refused(list.header("authorization", format!("tma {init_data}"))).await;
    }
    for scheme in ["Bearer ", "Basic ", ""] {
        for path in ["/api/cargos/prices/", "/api/orders/", "/metrics"] {
            let request = board.request(Method::GET, path);
            let request = request.header("authorization", format!("{scheme}{canary}"));
            refused(request.header("cookie", format!("session={canary}"))).await;
        }
    }
    for path in INTERNAL {
        let request = board.request(Method::POST, path);
        let request = request.header("x-signature", &canary).bearer_auth(&canary);
        refused(request.body(format!("{{\"timestamp\": \"{canary}\""))).await;
    }
}

#[tokio::test]
async fn what_the_worker_writes_down_gets_into_its_log() {
    begin().await;
    let board = Loadboard::from_environment();
    let request = board.request(Method::GET, "/api/cargos/");
    // The platform's name for a request is on every line about it.
    let request = request.header("cf-ray", variable("LOADBOARD_CANARY_TO_BE_SEEN"));
    let reply = board.send(request.header("authorization", "tma x")).await;
    reply.expect_unauthorized();
}
