//! The signed, stateless session of every request after the first.

use tests_http::{ColdFilters, InitData, Loadboard, SessionToken, begin};

const DRIVER: i64 = 7_000_000_000_002;
const HOUR: i64 = 3_600;
const LIFE: i64 = 12 * HOUR;

const GUARDED: [&str; 4] = [
    "/api/cargos/",
    "/api/cargos/prices/?limit=500",
    "/api/v1/cargos",
    "/api/v3/cargos/prices",
];

/// The second of the three parts of a token in place of another's.
fn with_claims_of(token: &str, other: &str) -> String {
    let [ours, theirs] = [token, other].map(|token| token.split('.').collect::<Vec<_>>());
    format!("{}.{}.{}", ours[0], theirs[1], ours[2])
}

#[tokio::test]
async fn without_a_session_nothing_is_answered() {
    begin().await;
    let board = Loadboard::from_environment();
    for path in GUARDED {
        board.get(path).await.expect_unauthorized();
    }
    // Nor does a stranger learn which parameters there are.
    board
        .get("/api/cargos/?limit=0")
        .await
        .expect_unauthorized();
}

#[tokio::test]
async fn only_a_bearer_token_is_a_session() {
    begin().await;
    let board = Loadboard::from_environment();
    let token = SessionToken::ending_in(DRIVER, LIFE).sign();
    let with = |value: String| {
        let request = board.request(reqwest::Method::GET, "/api/cargos/");
        board.send(request.header("authorization", value))
    };
    for value in [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        token.clone(),
        format!("Basic {token}"),
        format!("Bearer{token}"),
        format!("Bearer {token}, Bearer {token}"),
    ] {
        with(value).await.expect_unauthorized();
    }
    with(format!("Bearer {token}")).await.list();
    with(format!("bearer  {token}")).await.list();
    for elsewhere in [
        format!("/api/cargos/?token={token}"),
        format!("/api/cargos/?authorization=Bearer%20{token}"),
    ] {
        board.get(&elsewhere).await.expect_unauthorized();
    }
}

/// A cold start has one round trip less to wait for.
#[tokio::test]
async fn the_first_request_of_all_may_carry_telegrams_proof() {
    begin().await;
    let board = Loadboard::from_environment();
    let with = |path: &str, value: String| {
        let request = board.request(reqwest::Method::GET, path);
        board.send(request.header("authorization", value))
    };
    let init_data = InitData::of(DRIVER).sign();
    let reply = with("/api/cargos/", format!("tma {init_data}")).await;
    reply.list();
    let token = reply.expect_header("x-session-token").to_owned();
    board.with_token(&token).get("/api/cargos/").await.list();

    for wrong in [
        format!("tma {init_data}0"),
        format!("Bearer {init_data}"),
        format!("tma {token}"),
        "tma ".to_owned(),
    ] {
        let reply = with("/api/cargos/", wrong).await;
        reply.expect_unauthorized();
        assert_eq!(reply.header("x-session-token"), None);
    }
    // A session stands, whatever becomes of the request that began it.
    let reply = with("/api/cargos/?limit=0", format!("tma {init_data}")).await;
    assert_eq!(reply.status, 422);
    reply.expect_header("x-session-token");
}

#[tokio::test]
async fn a_token_that_is_not_ours_or_has_ended_is_no_session() {
    let (board, _sim) = begin().await;
    let good = SessionToken::ending_in(DRIVER, LIFE);
    let token = good.sign();
    // Control: all that follows differs from this by its one fault.
    board.with_token(&token).get("/api/cargos/").await.list();

    let unsigned = token.rsplit_once('.').unwrap().0;
    let claims = unsigned.split_once('.').unwrap().1;
    let another_driver = SessionToken::ending_in(DRIVER + 1, LIFE).sign();
    let middle = token.len() - 20;
    let flipped = if token.as_bytes()[middle] == b'A' {
        "B"
    } else {
        "A"
    };
    for refused in [
        "garbage".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "%00%ff".to_owned(),
        "a".repeat(7_000),
        unsigned.to_owned(),
        format!("{unsigned}."),
        format!("{token}A"),
        // {"alg":"none"}
        format!("eyJhbGciOiJub25lIn0.{claims}."),
        format!("{}{flipped}{}", &token[..middle], &token[middle + 1..]),
        with_claims_of(&token, &another_driver),
        SessionToken::ending_in(DRIVER, -2).sign(),
        SessionToken::ending_in(DRIVER, -LIFE).sign(),
        good.clone().endless().sign(),
        good.clone()
            .signed_with("another secret of thirty-two bytes")
            .sign(),
        good.signed_with("").sign(),
    ] {
        for path in &GUARDED[..2] {
            let reply = board.with_token(&refused).get(path).await;
            reply.expect_unauthorized();
            assert_eq!(reply.renewed_token(), None);
        }
    }
}

#[tokio::test]
async fn a_session_is_renewed_in_the_second_half_of_its_life() {
    let (board, _sim) = begin().await;
    let cold = ColdFilters::new();
    let prices = format!("/api/cargos/prices/?{cold}");
    let old = board.with_token(&SessionToken::ending_in(DRIVER, LIFE / 2 - 60).sign());

    let reply = old.get(&prices).await;
    let tag = reply.prices().etag;
    let renewed = reply.renewed_token().expect("a new token").to_owned();
    let list = old.get(&format!("/api/cargos/?{cold}")).await;
    list.list();
    assert!(list.renewed_token().is_some(), "on every route");
    let unchanged = old.get_unless(&prices, tag.as_str()).await;
    unchanged.expect_not_modified();
    assert!(
        unchanged.renewed_token().is_some(),
        "a driver whose prices stand still is renewed too"
    );

    let young = board.with_token(&renewed).get(&prices).await;
    young.prices();
    assert_eq!(young.renewed_token(), None, "the new one is young");
}

#[tokio::test]
async fn a_young_session_is_not_renewed() {
    let (board, _sim) = begin().await;
    for left in [LIFE, LIFE / 2 + 60] {
        let young = board.with_token(&SessionToken::ending_in(DRIVER, left).sign());
        let reply = young.get("/api/cargos/").await;
        reply.list();
        assert_eq!(reply.renewed_token(), None, "{left} s left");
    }
}

#[tokio::test]
async fn a_session_is_good_to_its_last_minute() {
    let (board, _sim) = begin().await;
    let last = board.with_token(&SessionToken::ending_in(DRIVER, 30).sign());
    let reply = last.get("/api/cargos/").await;
    reply.list();
    assert!(reply.renewed_token().is_some());
}

#[tokio::test]
async fn a_token_under_the_previous_key_counts_and_is_renewed_at_once() {
    begin().await;
    let old = SessionToken::ending_in(DRIVER, LIFE).under_the_previous_key();
    let board = Loadboard::from_environment().with_token(&old.sign());
    let reply = board.get("/api/cargos/").await;
    reply.list();
    let renewed = reply.expect_header("x-session-token").to_owned();
    let reply = board.with_token(&renewed).get("/api/cargos/").await;
    reply.list();
    assert_eq!(
        reply.header("x-session-token"),
        None,
        "under the present key"
    );
}

#[tokio::test]
async fn a_driver_who_is_revoked_is_out_whatever_he_shows() {
    const REVOKED: i64 = 7_000_000_000_666;
    begin().await;
    let board = Loadboard::from_environment();
    let token = SessionToken::ending_in(REVOKED, LIFE).sign();
    board
        .with_token(&token)
        .get("/api/cargos/")
        .await
        .expect_unauthorized();
    let init_data = InitData::of(REVOKED).sign();
    board.sign_in(&init_data).await.expect_unauthorized();
    let request = board.request(reqwest::Method::GET, "/api/cargos/");
    let request = request.header("authorization", format!("tma {init_data}"));
    board.send(request).await.expect_unauthorized();
}
