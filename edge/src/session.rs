//! Sessions: a signed, stateless token. Nothing is stored, so checking one costs no I/O.

use chrono::{DateTime, TimeDelta, Utc};
use jwt_compact::{
    AlgorithmExt, Claims, Header, TimeOptions, UntrustedToken,
    alg::{Hs256, Hs256Key},
};
use serde::{Deserialize, Serialize};
use swr::UnixMillis;

/// Makes and checks session tokens.
pub struct Sessions {
    key: Hs256Key,
    ttl_ms: u64,
}

/// A session token and when it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The token.
    pub token: String,
    /// When it ends.
    pub expires_at: UnixMillis,
}

/// Who a valid token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The driver.
    pub driver_id: i64,
    /// A new token, once less than half of the life of this one is left.
    pub renewed: Option<Issued>,
}

#[derive(Serialize, Deserialize)]
struct Custom {
    sub: i64,
}

impl Sessions {
    /// Sessions signed with `secret` (32 bytes or more), each valid for `ttl_ms` milliseconds.
    pub fn new(secret: &str, ttl_ms: u64) -> Self {
        Self {
            key: Hs256Key::new(secret),
            ttl_ms,
        }
    }

    /// A new session of a driver. `None` only if the clock is beyond what a token can say.
    pub fn issue(&self, driver_id: i64, now: UnixMillis) -> Option<Issued> {
        // Tokens count in seconds: what is said outside must be what the token holds.
        let expires_at = UnixMillis(now.plus(self.ttl_ms).0 / 1000 * 1000);
        let mut claims = Claims::new(Custom { sub: driver_id });
        claims.expiration = Some(moment(expires_at)?);
        let token = Hs256.token(&Header::empty(), &claims, &self.key).ok()?;
        Some(Issued { token, expires_at })
    }

    /// Who the token belongs to; `None` if it is not ours, was tampered with, or has ended. The signature is compared
    /// in constant time.
    pub fn verify(&self, token: &str, now: UnixMillis) -> Option<Signed> {
        let token = UntrustedToken::new(token).ok()?;
        let token = Hs256.validator::<Custom>(&self.key).validate(&token).ok()?;
        let now_moment = moment(now)?;
        let claims = token.claims();
        claims
            .validate_expiration(&TimeOptions::new(TimeDelta::zero(), || now_moment))
            .ok()?;
        let left_ms = (claims.expiration? - now_moment).num_milliseconds();
        let driver_id = claims.custom.sub;
        let renewed = (left_ms < (self.ttl_ms / 2) as i64)
            .then(|| self.issue(driver_id, now))
            .flatten();
        Some(Signed { driver_id, renewed })
    }
}

fn moment(at: UnixMillis) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(i64::try_from(at.0).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;
    const NOW: UnixMillis = UnixMillis(1_795_000_000_000);

    fn sessions() -> Sessions {
        Sessions::new("0123456789abcdef0123456789abcdef", 12 * HOUR)
    }

    fn issued() -> Issued {
        sessions().issue(5_000_000_000_123, NOW).unwrap()
    }

    #[test]
    fn a_token_tells_its_driver() {
        assert_eq!(
            sessions().verify(&issued().token, NOW),
            Some(Signed {
                driver_id: 5_000_000_000_123,
                renewed: None
            })
        );
    }

    #[test]
    fn a_token_ends_when_it_said() {
        assert_eq!(issued().expires_at, NOW.plus(12 * HOUR));
        assert!(
            sessions()
                .verify(&issued().token, NOW.plus(12 * HOUR))
                .is_some()
        );
        assert!(
            sessions()
                .verify(&issued().token, NOW.plus(12 * HOUR + 1))
                .is_none()
        );
    }

    #[test]
    fn a_token_is_renewed_in_its_second_half() {
        let renewed = |ms| {
            sessions()
                .verify(&issued().token, NOW.plus(ms))
                .unwrap()
                .renewed
        };
        assert_eq!(renewed(6 * HOUR), None);
        let renewed = renewed(6 * HOUR + 1).unwrap();
        assert_eq!(renewed.expires_at.0 / 1000, NOW.plus(18 * HOUR).0 / 1000);
        assert!(
            sessions()
                .verify(&renewed.token, NOW.plus(17 * HOUR))
                .is_some()
        );
    }

    #[test]
    fn nobody_else_can_make_or_change_a_token() {
        let other = Sessions::new("another secret of thirty-two bytes", 12 * HOUR);
        assert_eq!(other.verify(&issued().token, NOW), None);

        let token = issued().token.into_bytes();
        for position in 0..token.len() {
            for bit in 0..8 {
                let mut flipped = token.clone();
                flipped[position] ^= 1 << bit;
                if let Ok(flipped) = std::str::from_utf8(&flipped) {
                    assert_eq!(
                        sessions().verify(flipped, NOW),
                        None,
                        "bit {bit} of byte {position}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let token = issued().token;
        let (unsigned, _) = token.rsplit_once('.').unwrap();
        // {"alg":"none"} in place of the header.
        let none = format!(
            "eyJhbGciOiJub25lIn0.{}.",
            unsigned.split_once('.').unwrap().1
        );
        for text in [
            "",
            ".",
            "..",
            "a.b.c",
            unsigned,
            &format!("{unsigned}."),
            &format!("{unsigned}.AAAA"),
            &none,
            "я.я.я",
        ] {
            assert_eq!(sessions().verify(text, NOW), None, "{text}");
        }
    }
}
