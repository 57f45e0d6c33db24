//! `POST /api/quotes` and `GET /api/quotes/{id}`: calculated once, however many ask.

use domain::orders::{
    QuoteId,
    messages::{Quote, QuoteState},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use tests_http::{Loadboard, Reply, begin_with_orders, unix_millis, until, windows};

const QUERY: &str = "/api/quotes?material=PA12&quantity=4";

/// A model that nobody has sent before.
fn model(bytes: usize) -> Vec<u8> {
    let name = format!("solid {}\n", unix_millis());
    let mut model = name.into_bytes();
    model.resize(bytes.max(model.len()), b'v');
    model
}

#[track_caller]
fn quote(reply: &Reply) -> Quote {
    assert!([200, 202].contains(&reply.status), "{reply:?}");
    let quote: Quote = serde_json::from_str(&reply.body).expect("a quote");
    let is_ready = !matches!(quote.state, QuoteState::Calculating { .. });
    assert_eq!(reply.status, if is_ready { 200 } else { 202 });
    assert_eq!(
        reply.expect_header("location"),
        format!("/api/quotes/{}", quote.id)
    );
    quote
}

async fn look(board: &Loadboard, id: QuoteId) -> QuoteState {
    quote(&board.get(&format!("/api/quotes/{id}")).await).state
}

async fn until_it_ends(board: &Loadboard, id: QuoteId) -> QuoteState {
    until(
        "it is calculated",
        windows::WHOLE_RECOVERY,
        async || look(board, id).await,
        |state| !matches!(state, QuoteState::Calculating { .. }),
    )
    .await
}

#[tokio::test]
async fn fifty_who_send_the_same_model_at_once_cost_one_calculation() {
    let (board, sim) = begin_with_orders().await;
    let model = model(200_000);
    let sending: Vec<_> = (0..50)
        .map(|_| {
            let (board, model) = (board.clone(), model.clone());
            tokio::spawn(async move { board.post(QUERY, model).await })
        })
        .collect();
    let mut ids = Vec::new();
    for sent in sending {
        ids.push(quote(&sent.await.unwrap()).id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let ready = until_it_ends(&board, ids[0]).await;
    assert!(matches!(ready, QuoteState::Ready { .. }), "{ready:?}");
    assert_eq!(sim.mes_stats().await.calculations.started, 1);
}

#[tokio::test]
async fn a_known_quote_is_answered_at_once_and_in_time_calculated_anew() {
    let (board, sim) = begin_with_orders().await;
    let model = model(10_000);
    let first = quote(&board.post(QUERY, model.clone()).await);
    let QuoteState::Ready { quoted, .. } = until_it_ends(&board, first.id).await else {
        panic!("not calculated");
    };
    let again = quote(&board.post(QUERY, model.clone()).await);
    assert!(matches!(again.state, QuoteState::Ready { quoted: known, .. } if known == quoted));
    // Whoever knows the model's hash need not send it.
    let mut name = Sha256::new();
    name.update(Sha256::digest(&model));
    name.update("\nPA12\n4");
    assert_eq!(QuoteId(name.finalize().into()), first.id);

    let other = quote(
        &board
            .post("/api/quotes?material=PA12&quantity=5", model.clone())
            .await,
    );
    assert_ne!(other.id, first.id);
    until_it_ends(&board, other.id).await;
    assert_eq!(sim.mes_stats().await.calculations.started, 2);
    until(
        "its time is over",
        windows::QUOTE_FRESH + windows::SLACK,
        async || board.get(&format!("/api/quotes/{}", first.id)).await.status,
        |status| *status == 404,
    )
    .await;
    let anew = quote(&board.post(QUERY, model).await);
    assert!(matches!(anew.state, QuoteState::Calculating { .. }));
}

#[tokio::test]
async fn progress_is_shown_and_whoever_leaves_cancels_nothing() {
    let (board, sim) = begin_with_orders().await;
    sim.tell_mes(json!({"calculation_ms": 4_000})).await;
    let id = quote(&board.post(QUERY, model(1_000)).await).id;
    let percent = until(
        "it goes on",
        windows::WHOLE_RECOVERY,
        async || look(&board, id).await,
        |state| matches!(state, QuoteState::Calculating { percent: 20.., .. }),
    )
    .await;
    assert!(matches!(
        percent,
        QuoteState::Calculating {
            poll_after_ms: 1..,
            ..
        }
    ));
    let stranger = Loadboard::crm();
    assert!(matches!(
        until_it_ends(&stranger, id).await,
        QuoteState::Ready { .. }
    ));
    assert_eq!(sim.mes_stats().await.calculations.started, 1);
}

#[tokio::test]
async fn a_failure_is_told_for_a_while_and_then_tried_again() {
    let (board, sim) = begin_with_orders().await;
    sim.tell_mes(json!({"fail_calculations": 1})).await;
    let model = model(1_000);
    let id = quote(&board.post(QUERY, model.clone()).await).id;
    let failed = until_it_ends(&board, id).await;
    let QuoteState::Failed {
        reason,
        retry_after_ms,
    } = failed
    else {
        panic!("{failed:?}")
    };
    assert!(!reason.is_empty() && u128::from(retry_after_ms) <= windows::QUOTE_FAILED.as_millis());
    let again = until(
        "it is tried again",
        windows::QUOTE_FAILED + windows::SLACK,
        async || quote(&board.post(QUERY, model.clone()).await).state,
        |state| !matches!(state, QuoteState::Failed { .. }),
    )
    .await;
    assert!(matches!(again, QuoteState::Calculating { .. }));
    assert!(matches!(
        until_it_ends(&board, id).await,
        QuoteState::Ready { .. }
    ));
    assert_eq!(sim.mes_stats().await.calculations.started, 2);
}

#[tokio::test]
async fn a_calculation_that_the_factory_forgot_or_never_heard_of_is_ordered_again() {
    let (board, sim) = begin_with_orders().await;
    sim.tell_mes(json!({"weather": "error503", "for_calls": ["calculation_put"], "times": 1}))
        .await;
    let id = quote(&board.post(QUERY, model(1_000)).await).id;
    assert!(matches!(
        until_it_ends(&board, id).await,
        QuoteState::Ready { .. }
    ));
    assert_eq!(sim.mes_stats().await.calculations.started, 1);
}

#[tokio::test]
async fn a_factory_that_hangs_keeps_nobody_waiting() {
    let (board, sim) = begin_with_orders().await;
    sim.tell_mes(json!({"calculation_ms": 1_000})).await;
    let model = model(1_000);
    let id = quote(&board.post(QUERY, model.clone()).await).id;
    sim.tell_mes(json!({"weather": "hang"})).await;
    let sent = board.post(QUERY, model).await;
    sent.expect_in_time().expect_honest_503();
    for _ in 0..2 {
        let looked = board.get(&format!("/api/quotes/{id}")).await;
        quote(looked.expect_in_time());
    }
    sim.tell_mes(json!({"weather": "ok"})).await;
    assert!(matches!(
        until_it_ends(&board, id).await,
        QuoteState::Ready { .. }
    ));
}

#[tokio::test]
async fn what_is_no_request_for_a_quote_is_refused() {
    let (board, sim) = begin_with_orders().await;
    board
        .post("/api/quotes", "model")
        .await
        .expect_invalid(&["material", "quantity"]);
    board
        .post("/api/quotes?material=PA12&quantity=0", "model")
        .await
        .expect_invalid(&["quantity"]);
    board.post(QUERY, "").await.expect_invalid(&["body"]);
    let id = QuoteId([7; 32]);
    board
        .get(&format!("/api/quotes/{id}"))
        .await
        .expect_problem(404, "not-found");
    let too_long = vec![b'v'; 50 * 1024 * 1024 + 1];
    board
        .post(QUERY, too_long)
        .await
        .expect_problem(413, "too-large");
    assert_eq!(sim.mes_stats().await.calculations.started, 0);
}

#[tokio::test]
async fn the_longest_model_goes_through() {
    let (board, _) = begin_with_orders().await;
    let id = quote(&board.post(QUERY, model(50 * 1024 * 1024)).await).id;
    assert!(matches!(
        until_it_ends(&board, id).await,
        QuoteState::Ready { .. }
    ));
}
