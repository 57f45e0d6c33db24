//! initData: the signed query string with which Telegram tells a Mini App who opened it.
//!
//! <https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app>

use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::Sha256;

type HmacSha256 = Hmac<Sha256>;

/// The Telegram user who opened the app.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    /// The user's id; needs 64 bits.
    pub id: i64,
    /// The first name, may be empty.
    #[serde(default)]
    pub first_name: String,
    /// The user name without `@`.
    #[serde(default)]
    pub username: Option<String>,
    /// IETF tag of the user's language.
    #[serde(default)]
    pub language_code: Option<String>,
}

/// What initData proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Who opened the app.
    pub user: User,
    /// When Telegram signed it, Unix milliseconds.
    pub auth_date_ms: u64,
}

/// How old initData may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The longest time since `auth_date`, in milliseconds.
    pub max_age_ms: u64,
    /// How far `auth_date` may lie ahead of our clock, in milliseconds.
    pub max_ahead_ms: u64,
}

/// Why initData was refused. For logs and tests: a client is told nothing but that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// `hash` is missing or not 64 lower-case hexadecimal digits.
    #[error("no hash")]
    NoHash,
    /// A key stands twice, so the check string would be ambiguous.
    #[error("a key stands twice")]
    DuplicateKey,
    /// A key or a value could be read as another or as two, so that the hash would go with either.
    #[error("not the only way to read it")]
    Ambiguous,
    /// The hash is not ours.
    #[error("the hash does not match")]
    WrongHash,
    /// `auth_date` is missing or not a number of seconds.
    #[error("no auth_date")]
    NoAuthDate,
    /// Older than the window.
    #[error("expired")]
    Expired,
    /// Further ahead than clocks differ.
    #[error("from the future")]
    FromTheFuture,
    /// `user` is missing or not a user.
    #[error("no user")]
    NoUser,
}

/// Verifies initData as received from the WebView and tells who opened the app.
///
/// Every pair but `hash` is part of the check, fields yet to come included; `signature` too. `now_ms` is Unix milliseconds.
///
/// # Errors
/// The first reason to refuse it; the hash is compared, in constant time, before anything else is believed.
pub fn verify(
    init_data: &str,
    bot_token: &str,
    window: Window,
    now_ms: u64,
) -> Result<Proof, Rejected> {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(init_data.as_bytes())
        .into_owned()
        .collect();
    pairs.sort_unstable();
    if pairs.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(Rejected::DuplicateKey);
    }
    if pairs.iter().any(is_ambiguous) {
        return Err(Rejected::Ambiguous);
    }
    let hash = pairs
        .iter()
        .position(|(key, _)| key == "hash")
        .map(|position| pairs.remove(position).1)
        .and_then(|hash| from_hex(&hash))
        .ok_or(Rejected::NoHash)?;

    check(&pairs, bot_token)
        .verify_slice(&hash)
        .map_err(|_| Rejected::WrongHash)?;

    let value = |name| {
        pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let auth_date_ms = value("auth_date")
        .and_then(|seconds| seconds.parse::<u64>().ok())
        .and_then(|seconds| seconds.checked_mul(1000))
        .ok_or(Rejected::NoAuthDate)?;
    if auth_date_ms > now_ms.saturating_add(window.max_ahead_ms) {
        return Err(Rejected::FromTheFuture);
    }
    if now_ms.saturating_sub(auth_date_ms) > window.max_age_ms {
        return Err(Rejected::Expired);
    }
    let user = value("user")
        .and_then(|user| serde_json::from_str(user).ok())
        .ok_or(Rejected::NoUser)?;
    Ok(Proof { user, auth_date_ms })
}

/// What is signed is lines of `key=value`, and these can be cut in more than one way. Telegram sends none of them.
fn is_ambiguous((key, value): &(String, String)) -> bool {
    key.contains(['=', '\n']) || value.split('\n').skip(1).any(|line| line.contains('='))
}

/// Makes initData out of `fields`, signed as Telegram signs it: for the development link and for tests.
pub fn sign(bot_token: &str, fields: &[(&str, &str)]) -> String {
    let mut pairs: Vec<(String, String)> = fields
        .iter()
        .map(|&(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    pairs.sort_unstable();
    let hash = check(&pairs, bot_token).finalize().into_bytes();
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .append_pair("hash", &hex)
        .finish()
}

/// The HMAC over the check string of `pairs`, which are sorted by key.
fn check(pairs: &[(String, String)], bot_token: &str) -> HmacSha256 {
    let secret = keyed(b"WebAppData")
        .chain_update(bot_token)
        .finalize()
        .into_bytes();
    let mut mac = keyed(&secret);
    for (i, (key, value)) in pairs.iter().enumerate() {
        if i > 0 {
            mac.update(b"\n");
        }
        mac.update(key.as_bytes());
        mac.update(b"=");
        mac.update(value.as_bytes());
    }
    mac
}

fn keyed(key: &[u8]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// 32 bytes from exactly 64 lower-case digits: one hash has one spelling.
fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let text: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "7000000000:test";
    const AUTH_DATE: u64 = 1_795_000_000;
    const NOW: u64 = AUTH_DATE * 1000 + 5_000;
    const WINDOW: Window = Window {
        max_age_ms: 86_400_000,
        max_ahead_ms: 60_000,
    };
    const USER: &str = r#"{"id":5000000000123,"first_name":"Иван & Co","username":"ivan","language_code":"ru","is_premium":true}"#;

    fn fields(auth_date: &str) -> Vec<(&str, &str)> {
        vec![
            ("query_id", "AAHdF6IQAAAAAN0XohDhrOrc"),
            ("user", USER),
            ("auth_date", auth_date),
            ("signature", "c2lnbmF0dXJl"),
            ("field_of_the_future", "1+1 =\n2"),
        ]
    }

    fn signed() -> String {
        sign(TOKEN, &fields(&AUTH_DATE.to_string()))
    }

    fn verdict(init_data: &str) -> Result<User, Rejected> {
        verify(init_data, TOKEN, WINDOW, NOW).map(|proof| proof.user)
    }

    #[test]
    fn real_data_is_accepted() {
        let user = verdict(&signed()).unwrap();
        assert_eq!(
            (user.id, user.first_name.as_str()),
            (5_000_000_000_123, "Иван & Co")
        );
        assert_eq!(user.username.as_deref(), Some("ivan"));
    }

    #[test]
    fn the_order_of_fields_is_free() {
        let signed = signed();
        let mut pairs: Vec<_> = signed.split('&').collect();
        pairs.reverse();
        assert!(verdict(&pairs.join("&")).is_ok());
    }

    #[test]
    fn no_single_bit_can_be_flipped() {
        let user = verdict(&signed()).unwrap();
        let signed = signed().into_bytes();
        for position in 0..signed.len() {
            for bit in 0..8 {
                let mut flipped = signed.clone();
                flipped[position] ^= 1 << bit;
                // A flipped bit may spell the same text otherwise ("%2F" as "%2f"); it never makes another one pass.
                if let Ok(accepted) =
                    std::str::from_utf8(&flipped).map_or(Err(Rejected::WrongHash), verdict)
                {
                    assert_eq!(accepted, user);
                    let decoded = |bytes: &[u8]| {
                        form_urlencoded::parse(bytes)
                            .into_owned()
                            .collect::<Vec<_>>()
                    };
                    assert_eq!(decoded(&flipped), decoded(&signed));
                }
            }
        }
    }

    #[test]
    fn no_field_can_be_dropped_or_doubled_or_added() {
        let signed = signed();
        let pairs: Vec<_> = signed.split('&').collect();
        for i in 0..pairs.len() {
            let mut dropped = pairs.clone();
            dropped.remove(i);
            assert!(verdict(&dropped.join("&")).is_err(), "{}", pairs[i]);
            let mut doubled = pairs.clone();
            doubled.push(pairs[i]);
            assert_eq!(verdict(&doubled.join("&")), Err(Rejected::DuplicateKey));
        }
        assert_eq!(
            verdict(&format!("{signed}&start_param=x")),
            Err(Rejected::WrongHash)
        );
    }

    /// The hash of each is that of another one, too.
    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let date = AUTH_DATE.to_string();
        for (one, other) in [
            (vec![("a=b", "c")], vec![("a", "b=c")]),
            (vec![("a", "b\nab=c")], vec![("a", "b"), ("ab", "c")]),
            (vec![("a", "b"), ("ab\nc", "d")], vec![("a", "b\nab\nc=d")]),
        ] {
            let [one, other] = [one, other].map(|odd| sign(TOKEN, &[fields(&date), odd].concat()));
            let hash = |signed: &str| signed.split_once("&hash=").unwrap().1.to_owned();
            assert_eq!(hash(&one), hash(&other));
            assert_ne!(one, other);
            assert_eq!(verdict(&one), Err(Rejected::Ambiguous), "{one}");
        }
    }

    #[test]
    fn another_bots_data_is_refused() {
        assert_eq!(
            verify(&signed(), "7000000001:test", WINDOW, NOW),
            Err(Rejected::WrongHash)
        );
        assert_eq!(verify(&signed(), "", WINDOW, NOW), Err(Rejected::WrongHash));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let signed = signed();
        let (rest, hash) = signed.split_once("&hash=").unwrap();
        for spoilt in [
            "",
            &hash[1..],
            &hash.to_uppercase(),
            &format!("{hash}0"),
            &"я".repeat(32),
        ] {
            assert_eq!(
                verdict(&format!("{rest}&hash={spoilt}")),
                Err(Rejected::NoHash),
                "{spoilt}"
            );
        }
        assert_eq!(verdict(""), Err(Rejected::NoHash));
        assert_eq!(verdict("\u{0}&&=&%&%zz=%"), Err(Rejected::NoHash));
    }

    #[test]
    fn data_is_accepted_within_its_window_only() {
        let at = |now_ms| verify(&signed(), TOKEN, WINDOW, now_ms);
        let signed_at = AUTH_DATE * 1000;
        assert!(at(signed_at + WINDOW.max_age_ms).is_ok());
        assert_eq!(
            at(signed_at + WINDOW.max_age_ms + 1),
            Err(Rejected::Expired)
        );
        assert!(at(signed_at - WINDOW.max_ahead_ms).is_ok());
        assert_eq!(
            at(signed_at - WINDOW.max_ahead_ms - 1),
            Err(Rejected::FromTheFuture)
        );
    }

    #[test]
    fn a_signed_date_must_be_one() {
        for date in [
            "",
            "soon",
            "-1",
            "1e9",
            "99999999999999999999",
            "18446744073709551615",
        ] {
            assert_eq!(
                verdict(&sign(TOKEN, &fields(date))),
                Err(Rejected::NoAuthDate),
                "{date}"
            );
        }
        assert_eq!(
            verdict(&sign(TOKEN, &[("user", USER)])),
            Err(Rejected::NoAuthDate)
        );
    }

    #[test]
    fn a_signed_user_must_be_one() {
        let date = AUTH_DATE.to_string();
        for user in [
            "",
            "{}",
            "5",
            r#"{"id":"5"}"#,
            r#"{"id":99999999999999999999}"#,
        ] {
            let signed = sign(TOKEN, &[("auth_date", &date), ("user", user)]);
            assert_eq!(verdict(&signed), Err(Rejected::NoUser), "{user}");
        }
        assert_eq!(
            verdict(&sign(TOKEN, &[("auth_date", &date)])),
            Err(Rejected::NoUser)
        );
    }
}
