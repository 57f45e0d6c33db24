//! Telegram's proof of who opens the app. What was signed is accepted, in any order; what differs from it in anything is not;
//! and another implementation makes the same signatures.

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use telegram::init_data::{Rejected, Window, sign, verify};

const TOKEN: &str = "7342037359:AAHI25ES9xCOMPokpYoz-p8XVrZUdygo2J4";
const NOW_MS: u64 = 1_800_000_000_000;
const WINDOW: Window = Window {
    max_age_ms: 86_400_000,
    max_ahead_ms: 300_000,
};

#[derive(Arbitrary, Debug)]
struct Opening<'a> {
    /// Anything at all.
    raw: &'a str,
    user_id: i64,
    first_name: &'a str,
    seconds_ago: i32,
    /// Fields yet to come.
    others: Vec<(&'a str, &'a str)>,
    /// What is spoilt, and how.
    position: u16,
    flip: u8,
    turn: u8,
}

/// Whether another implementation makes this signature, too.
fn theirs(init_data: &str) -> bool {
    init_data
        .rsplit_once("&hash=")
        .is_some_and(|(fields, hash)| init_data_rs::sign(fields, TOKEN).is_ok_and(|it| it == hash))
}

/// A name as Telegram has them. Other characters sort differently with `=` behind them, as the other implementation does it.
fn is_usual(name: &str) -> bool {
    let is_usual = |char: char| char.is_ascii_lowercase() || char == '_';
    !name.is_empty() && name.chars().all(is_usual)
}

fuzz_target!(|data: &[u8]| {
    let Ok(opening) = Opening::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    assert!(
        verify(opening.raw, TOKEN, WINDOW, NOW_MS).is_err(),
        "nobody has signed that"
    );

    let user =
        serde_json::json!({"id": opening.user_id, "first_name": opening.first_name}).to_string();
    let signed_at = (NOW_MS as i64 / 1_000 - i64::from(opening.seconds_ago)).max(0);
    let auth_date = signed_at.to_string();
    let mut fields = vec![("user", user.as_str()), ("auth_date", auth_date.as_str())];
    for &(name, value) in &opening.others {
        if name != "hash" && fields.iter().all(|(other, _)| *other != name) {
            fields.push((name, value));
        }
    }
    let signed = sign(TOKEN, &fields);
    let verdict = verify(&signed, TOKEN, WINDOW, NOW_MS);
    if fields.iter().any(|(name, value)| {
        let more = value.split_once('\n').map_or("", |(_, more)| more);
        name.contains(['=', '\n']) || more.contains('=')
    }) {
        assert_eq!(verdict, Err(Rejected::Ambiguous));
        return;
    }
    match opening.seconds_ago {
        ..-300 => assert_eq!(verdict, Err(Rejected::FromTheFuture)),
        86_401.. => assert_eq!(verdict, Err(Rejected::Expired)),
        _ => {
            let proof = verdict.clone().expect("it is as Telegram makes it");
            assert_eq!(proof.user.id, opening.user_id);
            assert_eq!(proof.auth_date_ms, signed_at as u64 * 1_000);
            if fields.iter().all(|(name, _)| is_usual(name)) {
                assert!(theirs(&signed), "{signed}");
            }
        }
    }

    // Any order.
    let mut pairs: Vec<&str> = signed.split('&').collect();
    let turns = usize::from(opening.turn) % pairs.len();
    pairs.rotate_left(turns);
    assert_eq!(verify(&pairs.join("&"), TOKEN, WINDOW, NOW_MS), verdict);
    // None missing, none twice.
    let pair = pairs[0];
    let missing = pairs[1..].join("&");
    assert!(
        verify(&missing, TOKEN, WINDOW, NOW_MS).is_err(),
        "without {pair}"
    );
    let doubled = [&pairs[..], &[pair]].concat().join("&");
    assert_eq!(
        verify(&doubled, TOKEN, WINDOW, NOW_MS),
        Err(Rejected::DuplicateKey)
    );

    // Nothing else.
    let mut spoilt = signed.clone().into_bytes();
    let position = usize::from(opening.position) % spoilt.len();
    spoilt[position] ^= opening.flip;
    if let Ok(spoilt) = String::from_utf8(spoilt) {
        let pairs = |text: &str| {
            let mut pairs: Vec<_> = form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect();
            pairs.sort();
            pairs
        };
        let is_same = pairs(&spoilt) == pairs(&signed);
        let accepted = verify(&spoilt, TOKEN, WINDOW, NOW_MS).is_ok();
        assert_eq!(accepted, is_same && verdict.is_ok(), "{spoilt}");
        // The other implementation reads some names in two ways.
        let is_theirs = pairs(&spoilt).iter().all(|(name, _)| is_usual(name)) && theirs(&spoilt);
        assert!(is_same || !is_theirs, "{spoilt}");
    }
});
