use serde::{Deserialize, Serialize};

/// Why a call gave nothing. Each variant is something that the caller can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Error {
    /// 401: the token is missing, dead or revoked. Log in again.
    #[error("the token was refused")]
    Unauthorized,
    /// 403 at login: stop and alert, do not retry.
    #[error("the account is suspended")]
    Suspended,
    /// 422 at login.
    #[error("phone or password is wrong")]
    BadCredentials,
    /// 422 elsewhere: we sent something that CargoTech does not take.
    #[error("the request was refused: {fields}")]
    Rejected {
        /// The names of the refused parameters.
        fields: String,
    },
    /// 429.
    #[error("too many calls, come back in {retry_after_ms} ms")]
    RateLimited {
        /// From `X-RateLimit-Reset-After` or `Retry-After`.
        retry_after_ms: u64,
    },
    /// Any other status than 200.
    #[error("answered with status {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// 200, but not what was asked for.
    #[error("answered with nonsense: {reason}")]
    Malformed {
        /// What was missed.
        reason: String,
    },
    /// No answer: connection refused or cut, name not found, or the time was up.
    #[error("did not answer")]
    NoAnswer,
}

impl Error {
    /// Whether the service is in trouble, so that calling it less is right. A refused request or token is no such sign.
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. } | Self::Malformed { .. } | Self::NoAnswer
        )
    }
}
