//! Sessions: a signed, stateless token. Nothing is stored, so checking one costs no I/O.
//!
//! The key can be changed without signing anybody out: tokens under the previous one count, and are renewed at once. Sessions of
//! one driver or of all are revoked by a setting, [`Revoked`].

use std::{collections::BTreeMap, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use jwt_compact::{
    AlgorithmExt, Claims, Header, TimeOptions, UntrustedToken,
    alg::{Hs256, Hs256Key},
};
use serde::{Deserialize, Serialize};
use swr::UnixMillis;

/// Makes and checks session tokens.
pub struct Sessions<'a> {
    /// What tokens are signed with.
    key: Hs256Key,
    /// What they were signed with before.
    previous: Option<Hs256Key>,
    ttl_ms: u64,
    revoked: &'a Revoked,
}

/// Which proofs of who somebody is no longer count, though they have not ended: those from before a moment, of one driver or of
/// all. Later ones do, so whoever signs in anew with new initData is in again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    all: UnixMillis,
    of_driver: BTreeMap<i64, UnixMillis>,
}

impl Revoked {
    /// Whether what a driver got at this moment counts.
    pub fn permits(&self, driver_id: i64, at: UnixMillis) -> bool {
        let of_driver = self.of_driver.get(&driver_id).copied();
        at >= self.all.max(of_driver.unwrap_or_default())
    }
}

/// `all:1795000000,5000000001:1795000000`: whose, and from which Unix second on they count.
impl FromStr for Revoked {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut revoked = Self::default();
        for entry in text.split(',').filter(|entry| !entry.trim().is_empty()) {
            let (whose, seconds) = entry.trim().split_once(':').ok_or(())?;
            let seconds: u64 = seconds.parse().map_err(|_| ())?;
            let from = UnixMillis(seconds.checked_mul(1_000).ok_or(())?);
            match whose {
                "all" => revoked.all = revoked.all.max(from),
                driver => {
                    let driver = driver.parse().map_err(|_| ())?;
                    let known = revoked.of_driver.entry(driver).or_default();
                    *known = from.max(*known);
                }
            }
        }
        Ok(revoked)
    }
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
    /// A new token, once less than half of the life of this one is left, or its key is the previous one.
    pub renewed: Option<Issued>,
}

#[derive(Serialize, Deserialize)]
struct Custom {
    sub: i64,
}

impl<'a> Sessions<'a> {
    /// Sessions signed with `secret`, or before with `previous` (32 bytes or more each), each valid for `ttl_ms` milliseconds
    /// unless it is revoked.
    pub fn new(secret: &str, previous: Option<&str>, ttl_ms: u64, revoked: &'a Revoked) -> Self {
        Self {
            key: Hs256Key::new(secret),
            previous: previous.map(Hs256Key::new),
            ttl_ms,
            revoked,
        }
    }

    /// A new session of a driver. `None` only if the clock is beyond what a token can say.
    pub fn issue(&self, driver_id: i64, now: UnixMillis) -> Option<Issued> {
        // Tokens count in seconds: what is said outside must be what the token holds.
        let expires_at = UnixMillis(now.plus(self.ttl_ms).0 / 1000 * 1000);
        let mut claims = Claims::new(Custom { sub: driver_id });
        claims.issued_at = Some(moment(now)?);
        claims.expiration = Some(moment(expires_at)?);
        let token = Hs256.token(&Header::empty(), &claims, &self.key).ok()?;
        Some(Issued { token, expires_at })
    }

    /// Who the token belongs to; `None` if it is not ours, was tampered with, has ended, or is revoked. The signature is
    /// compared in constant time.
    pub fn verify(&self, token: &str, now: UnixMillis) -> Option<Signed> {
        let token = UntrustedToken::new(token).ok()?;
        let by = |key| Hs256.validator::<Custom>(key).validate(&token).ok();
        let (token, is_of_previous) = match by(&self.key) {
            Some(token) => (token, false),
            None => (self.previous.as_ref().and_then(by)?, true),
        };
        let now_moment = moment(now)?;
        let claims = token.claims();
        claims
            .validate_expiration(&TimeOptions::new(TimeDelta::zero(), || now_moment))
            .ok()?;
        let expires_at = claims.expiration?;
        let driver_id = claims.custom.sub;
        let issued_at = claims.issued_at.unwrap_or_else(|| {
            // As all tokens once were.
            expires_at - TimeDelta::milliseconds(self.ttl_ms as i64)
        });
        let issued_at = UnixMillis(u64::try_from(issued_at.timestamp_millis()).ok()?);
        if !self.revoked.permits(driver_id, issued_at) {
            return None;
        }
        let left_ms = (expires_at - now_moment).num_milliseconds();
        let renewed = (is_of_previous || left_ms < (self.ttl_ms / 2) as i64)
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

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const NEXT_SECRET: &str = "fedcba9876543210fedcba9876543210";
    static NONE_REVOKED: Revoked = Revoked {
        all: UnixMillis(0),
        of_driver: BTreeMap::new(),
    };

    fn sessions() -> Sessions<'static> {
        Sessions::new(SECRET, None, 12 * HOUR, &NONE_REVOKED)
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
    fn a_new_key_signs_nobody_out_and_the_old_one_ends() {
        let old = issued();
        let later = NOW.plus(1_000);
        let both = Sessions::new(NEXT_SECRET, Some(SECRET), 12 * HOUR, &NONE_REVOKED);
        let signed = both.verify(&old.token, later).unwrap();
        assert_eq!(signed.driver_id, 5_000_000_000_123);
        let renewed = signed.renewed.unwrap().token;

        let next = Sessions::new(NEXT_SECRET, None, 12 * HOUR, &NONE_REVOKED);
        assert_eq!(next.verify(&old.token, later), None);
        assert_eq!(next.verify(&renewed, later).unwrap().renewed, None);
        assert_eq!(both.verify(&renewed, later).unwrap().renewed, None);
        assert_eq!(sessions().verify(&renewed, later), None);
    }

    #[test]
    fn what_is_revoked_counts_no_more() {
        let second = NOW.0 / 1_000;
        let verdict = |revoked: String| {
            let revoked: Revoked = revoked.parse().unwrap();
            let sessions = Sessions::new(SECRET, None, 12 * HOUR, &revoked);
            sessions.verify(&issued().token, NOW.plus(HOUR)).is_some()
        };
        let later = second + 1;
        for (revoked, counts) in [
            (String::new(), true),
            (format!("all:{second}"), true),
            (format!("all:{later}"), false),
            (format!("5000000000123:{second}"), true),
            (format!("5000000000123:{later}"), false),
            (format!("5000000000124:{later}"), true),
            (format!("7:{later}, 5000000000123:{later}, all:1"), false),
            (format!("5000000000123:{later},5000000000123:1"), false),
        ] {
            assert_eq!(verdict(revoked.clone()), counts, "{revoked}");
        }
        for wrong in ["all", "all:", ":5", "x:5", "all:-1", "all:1:2", "5 6"] {
            assert_eq!(wrong.parse::<Revoked>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn a_token_from_before_tokens_told_when_they_were_made_can_be_revoked_too() {
        let mut claims = Claims::new(Custom { sub: 5 });
        claims.expiration = moment(NOW.plus(12 * HOUR));
        let token = Hs256
            .token(&Header::empty(), &claims, &Hs256Key::new(SECRET))
            .unwrap();
        assert!(sessions().verify(&token, NOW).is_some());
        let revoked = format!("all:{}", NOW.0 / 1_000 + 1).parse().unwrap();
        let sessions = Sessions::new(SECRET, None, 12 * HOUR, &revoked);
        assert_eq!(sessions.verify(&token, NOW), None);
    }

    #[test]
    fn nobody_else_can_make_or_change_a_token() {
        let other = Sessions::new(
            "another secret of thirty-two bytes",
            None,
            12 * HOUR,
            &NONE_REVOKED,
        );
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
