//! What no log may hold: the secrets of the Worker under test, tokens that are made meanwhile, and what tests plant wherever
//! clients send what is nobody else's business.

use super::servers::{PREVIOUS_SESSION_SECRET, SELLER_KEY};
use crate::dev_vars::Secrets;
use crate::link;

/// Tests plant this in initData, tokens, keys, signatures and bodies.
pub const PLANTED: &str = "canary-7d41f0c2a9";
/// And this where it is to be written down: if it is, what the Worker says gets into the log.
pub const TO_BE_SEEN: &str = "seen-7d41f0c2a9";

/// How a session token begins: `{"alg":"HS256"}`.
const SESSION_TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9";

/// The names of what this log holds and must not.
pub fn leaks(log: &str, secrets: &Secrets) -> Vec<String> {
    let (seller_key, _) = SELLER_KEY.split_once('{').unwrap_or((SELLER_KEY, ""));
    let fixed = [
        ("what a test has planted", PLANTED),
        ("initData", link::QUERY_ID),
        ("a session token", SESSION_TOKEN),
        ("the previous SESSION_SECRET", PREVIOUS_SESSION_SECRET),
        ("a seller's key", seller_key),
    ];
    // Those of the drivers and operators are names; they are no secret.
    let secrets = secrets
        .pairs()
        .filter(|(name, value)| *name != "OPERATORS" && !value.is_empty());
    let mut leaks: Vec<String> = fixed
        .into_iter()
        .chain(secrets)
        .filter(|(_, text)| log.contains(text))
        .map(|(name, _)| name.to_owned())
        .collect();
    if log
        .split('|')
        .zip(log.split('|').skip(1))
        .any(is_upstream_token)
    {
        leaks.push("CargoTech's token".to_owned());
    }
    leaks
}

/// Whether a token of CargoTech, `12345|` and some forty letters, is where these two meet at a bar.
fn is_upstream_token((before, after): (&str, &str)) -> bool {
    let digits = before.bytes().rev().take_while(u8::is_ascii_digit).count();
    let opaque = after.bytes().take_while(u8::is_ascii_alphanumeric).count();
    digits > 0 && opaque >= 40
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(log: &str) -> Vec<String> {
        leaks(
            log,
            &Secrets::of("MES_TOKEN=mes-token-of-the-example\nOPERATORS=5:Anna\n"),
        )
    }

    #[test]
    fn every_kind_of_secret_is_found_by_its_name() {
        assert_eq!(found("{\"reason\": \"expired\"} 5:Anna 1 | 2"), [""; 0]);
        for (line, name) in [
            ("a canary-7d41f0c2a9b", "what a test has planted"),
            ("query_id=AAHdF6IQAAAAAN0XohDhrOrc&", "initData"),
            ("Bearer eyJhbGciOiJIUzI1NiJ9.x.y", "a session token"),
            ("x-key: test-key-of-seller-7-0123", "a seller's key"),
            ("mes-token-of-the-example", "MES_TOKEN"),
            (PREVIOUS_SESSION_SECRET, "the previous SESSION_SECRET"),
            (
                "12345|abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV",
                "CargoTech's token",
            ),
        ] {
            assert_eq!(found(&format!("before {line} after")), [name]);
        }
    }
}
