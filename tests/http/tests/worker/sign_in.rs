//! Telegram's initData in, a session out; or the same 401 whatever was wrong.

use reqwest::Method;
use serde_json::{Value, json};
use tests_http::{ColdFilters, InitData, Loadboard, Reply, begin, unix_seconds};

const DRIVER: i64 = 7_000_000_000_001;
const HOUR: i64 = 3_600;

fn good() -> InitData {
    InitData::of(DRIVER)
}

#[tokio::test]
async fn real_init_data_gives_a_session_that_works() {
    let (board, _sim) = begin().await;
    let signed_in_at = unix_seconds();
    let session = board.signed_out().sign_in(&good().sign()).await.session();
    assert_eq!(session.driver.driver_id, DRIVER);
    assert_eq!(session.driver.first_name, "Иван & Co");
    assert_eq!(session.driver.username.as_deref(), Some("ivan"));
    assert_eq!(session.driver.language_code.as_deref(), Some("ru"));
    let ends_in = session.expires_at as i64 / 1_000 - signed_in_at;
    assert!((ends_in - 12 * HOUR).abs() <= 5, "ends in {ends_in} s");

    let board = board.with_token(&session.session_token);
    board.list(&ColdFilters::new().to_string()).await;
}

#[tokio::test]
async fn a_driver_may_have_neither_user_name_nor_language() {
    let user = json!({"id": DRIVER, "first_name": ""});
    let reply = Loadboard::from_environment()
        .sign_in(&good().with("user", user).sign())
        .await;
    let body: Value = serde_json::from_str(&reply.expect_status(200).body).unwrap();
    assert_eq!(
        body["driver"],
        json!({"driver_id": DRIVER, "first_name": "", "username": null, "language_code": null})
    );
}

#[tokio::test]
async fn init_data_is_good_for_a_day_and_for_clocks_a_little_ahead() {
    let board = Loadboard::from_environment();
    for age in [23 * HOUR + 3_500, 0, -30] {
        let init_data = good().with("auth_date", unix_seconds() - age).sign();
        board.sign_in(&init_data).await.session();
    }
}

#[tokio::test]
async fn fields_yet_to_come_are_signed_like_the_others() {
    let board = Loadboard::from_environment();
    let init_data = good().with("field_of_the_future", "1+1 =\n2").sign();
    board.sign_in(&init_data).await.session();
    let changed = init_data.replace("field_of_the_future", "field_of_the_past");
    board.sign_in(&changed).await.expect_unauthorized();
}

/// Whoever probes learns nothing of why, nor whether it was initData or a session that was refused.
#[tokio::test]
async fn whatever_is_wrong_is_the_same_401() {
    let board = Loadboard::from_environment();
    let signed = good().sign();
    // Control: all that follows differs from this by its one fault.
    board.sign_in(&signed).await.session();
    let (rest, hash) = signed.rsplit_once("&hash=").unwrap();
    let last_digit = if hash.ends_with('0') { "1" } else { "0" };

    let in_init_data = [
        String::new(),
        "hash=".to_owned(),
        "\u{0}&&=&%&%zz=%".to_owned(),
        rest.to_owned(),
        format!("{rest}&hash={}{last_digit}", &hash[..63]),
        format!("{rest}&hash={}", hash.to_uppercase()),
        format!("{rest}&hash={}", &hash[..62]),
        format!("{signed}&hash={hash}"),
        format!("{signed}&auth_date={}", unix_seconds()),
        format!("{signed}&start_param=x"),
        signed.replace("ivan", "igor"),
        good().without("signature").sign() + "&signature=c2lnbmF0dXJl",
        good().for_bot("7000000001:another-bot").sign(),
        good().for_bot("").sign(),
        good().with("auth_date", unix_seconds() - 25 * HOUR).sign(),
        good().with("auth_date", unix_seconds() + 120).sign(),
        good()
            .with("auth_date", unix_seconds() + 365 * 24 * HOUR)
            .sign(),
        good().with("auth_date", "soon").sign(),
        good().with("auth_date", -1).sign(),
        good().with("auth_date", u64::MAX).sign(),
        good().without("auth_date").sign(),
        good().without("user").sign(),
        good().with("user", "").sign(),
        good().with("user", "{}").sign(),
        good().with("user", json!({"id": "5"})).sign(),
        good().with("user", json!({"first_name": "nobody"})).sign(),
    ];
    let bodies = [
        String::new(),
        " ".to_owned(),
        "{".to_owned(),
        signed.clone(),
        format!("init_data={signed}"),
        "null".to_owned(),
        "{}".to_owned(),
        json!({"init_data": null}).to_string(),
        json!({"init_data": 5}).to_string(),
        json!({"init_data": [signed]}).to_string(),
        json!({"init_data": {"init_data": signed}}).to_string(),
        json!({"initData": signed}).to_string(),
        format!("{{\"init_data\":{0},\"init_data\":{0}}}", json!(signed)),
        format!("{}x", json!({"init_data": signed})),
        "[".repeat(10_000),
    ];

    let without_a_session = board.get("/api/cargos/").await;
    without_a_session.expect_unauthorized();
    let expect_the_same = |what: &str, reply: Reply| {
        assert_eq!(
            reply.face(),
            without_a_session.face(),
            "{}",
            what.chars().take(200).collect::<String>()
        );
    };
    for init_data in &in_init_data {
        expect_the_same(init_data, board.sign_in(init_data).await);
    }
    for body in &bodies {
        expect_the_same(body, board.post_sign_in(body.clone()).await);
    }
    // Signed well, but longer than Telegram ever was; and what is not even looked at.
    let long = good().with("chat", "x".repeat(17 * 1024)).sign();
    for body in [
        json!({"init_data": long}).to_string(),
        "x".repeat(2 * 1024 * 1024),
    ] {
        let reply = board.post_sign_in(body).await;
        reply.expect_problem(413, "too-large");
    }
    expect_the_same("no text", board.post_sign_in(vec![0xff_u8; 64]).await);
    let bodyless = board.request(Method::POST, "/api/auth/telegram");
    expect_the_same("no body", board.send(bodyless).await);
}
