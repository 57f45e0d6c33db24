//! How clients prove who they are.

use crate::openapi::{Map, SecurityScheme};

/// A session's token.
pub const SESSION: &str = "session";
/// Telegram's initData in place of a session.
pub const INIT_DATA: &str = "initData";
/// The key of the sales system, or of a seller.
pub const KEY: &str = "key";
/// What `/metrics` asks for.
pub const METRICS_TOKEN: &str = "metricsToken";
/// The signature of a body.
pub const SIGNATURE: &str = "signature";

/// For whom cargos are: drivers.
pub const DRIVERS: &[&str] = &[SESSION, INIT_DATA];
/// For whom orders are: operators, the sales system, sellers.
pub const FACTORY: &[&str] = &[SESSION, INIT_DATA, KEY];

/// All of them.
pub fn components() -> Map<SecurityScheme> {
    let http = |scheme, bearer_format, description| SecurityScheme::Http {
        scheme,
        bearer_format,
        description,
    };
    let schemes = [
        (
            SESSION,
            http(
                "bearer",
                Some("JWT"),
                "`Authorization: Bearer` with the `session_token` of a sign-in, or the newest `X-Session-Token`. Good for twelve hours.",
            ),
        ),
        (
            INIT_DATA,
            http(
                "tma",
                None,
                "`Authorization: tma` with Telegram's initData as it is: a sign-in and the first request in one. The session's token is in \
                 `X-Session-Token` of the answer.",
            ),
        ),
        (
            KEY,
            http(
                "bearer",
                None,
                "`Authorization: Bearer` with the key of the sales system, or of a seller, who may ask 60 times a minute.",
            ),
        ),
        (
            METRICS_TOKEN,
            http(
                "bearer",
                None,
                "`Authorization: Bearer` with `METRICS_TOKEN`.",
            ),
        ),
        (
            SIGNATURE,
            SecurityScheme::ApiKey {
                r#in: "header",
                name: "X-Signature",
                description: "HMAC-SHA256 of the body's bytes in hexadecimal digits, under `INTERNAL_SECRET` for invalidations and \
                    `MES_WEBHOOK_SECRET` for what the factory tells.",
            },
        ),
    ];
    schemes
        .into_iter()
        .map(|(name, scheme)| (name.to_owned(), scheme))
        .collect()
}
