//! Error answers: problem+json (RFC 9457). The log gets the detail, the client what it can act on.

use domain::{
    FieldError,
    messages::ProblemKind,
    orders::{Order, messages::LostRace},
};

use crate::{
    config::ConfigError,
    http::{Answer, VARY_WITH_FRAGMENTS},
};

const NOTHING_TO_SERVE: &str = "loadboard; fwd=miss";

/// Why a request gets no answer of its route.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No such route.
    #[error("not found")]
    NotFound,
    /// The route knows only the method named.
    #[error("method not allowed")]
    MethodNotAllowed {
        /// The value of `Allow`.
        allow: &'static str,
    },
    /// A body that says it is something else than JSON.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// No valid session; or, at sign-in, initData that is refused for whatever reason.
    #[error("unauthorized")]
    Unauthorized,
    /// Parameters that break their rules.
    #[error("invalid parameters")]
    Invalid(Vec<FieldError>),
    /// He is known, and may not do this.
    #[error("forbidden")]
    Forbidden,
    /// Somebody else has changed the order: here is what it is now.
    #[error("lost race")]
    LostRace(Box<Order>),
    /// Nobody knows whether it was done.
    #[error("outcome unknown")]
    OutcomeUnknown,
    /// A body of more bytes than are taken.
    #[error("too large")]
    TooLarge {
        /// The most that are taken.
        most: u64,
    },
    /// A body that does not come to its end in time.
    #[error("too slow")]
    TooSlow,
    /// A longer address than anybody needs.
    #[error("URI too long")]
    UriTooLong,
    /// More in the headers than anybody has to say.
    #[error("headers too large")]
    HeadersTooLarge,
    /// More than may be asked in so short a time.
    #[error("too many requests")]
    TooMany {
        /// When there may be more, in seconds.
        retry_after_s: u32,
    },
    /// It can't be done any more.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// Nothing that could be served, and upstream gave nothing in time.
    #[error("nothing to serve")]
    Unavailable {
        /// When it may be better, in milliseconds.
        retry_after_ms: u64,
    },
    /// The settings are incomplete.
    #[error(transparent)]
    Misconfigured(#[from] ConfigError),
    /// The platform failed us.
    #[error("platform: {0}")]
    Platform(#[from] worker::Error),
}

impl Failure {
    /// One field is wrong.
    pub fn of_field(field: &str, message: String) -> Self {
        Self::Invalid(vec![FieldError {
            field: field.to_owned(),
            message,
        }])
    }

    fn kind(&self) -> ProblemKind {
        match self {
            Self::NotFound => ProblemKind::NotFound,
            Self::MethodNotAllowed { .. } => ProblemKind::MethodNotAllowed,
            Self::UnsupportedMediaType => ProblemKind::UnsupportedMediaType,
            Self::Unauthorized => ProblemKind::Unauthorized,
            Self::Invalid(_) => ProblemKind::InvalidParameters,
            Self::Forbidden => ProblemKind::Forbidden,
            Self::LostRace(_) => ProblemKind::LostRace,
            Self::OutcomeUnknown => ProblemKind::OutcomeUnknown,
            Self::TooLarge { .. } => ProblemKind::TooLarge,
            Self::TooSlow => ProblemKind::TooSlow,
            Self::UriTooLong => ProblemKind::UriTooLong,
            Self::HeadersTooLarge => ProblemKind::HeadersTooLarge,
            Self::TooMany { .. } => ProblemKind::TooManyRequests,
            Self::Conflict(_) => ProblemKind::Conflict,
            Self::Unavailable { .. } => ProblemKind::UpstreamUnavailable,
            Self::Misconfigured(_) => ProblemKind::Misconfigured,
            Self::Platform(_) => ProblemKind::Internal,
        }
    }

    /// The answer to send to a page that htmx keeps up to date: the screen stays as it is.
    pub fn into_fragment(self) -> Answer {
        let answer = match self {
            // As if nothing had changed, which is all that is known.
            Self::Unavailable { retry_after_ms } => Answer::html(String::new())
                .header("cache-control", "no-store")
                .header("cache-status", NOTHING_TO_SERVE)
                .header("retry-after", seconds(retry_after_ms)),
            other => other.into_answer(),
        };
        answer
            .header("hx-reswap", "none")
            .header("vary", VARY_WITH_FRAGMENTS)
    }

    /// The answer to send.
    pub fn into_answer(self) -> Answer {
        let kind = self.kind();
        let mut problem = kind.problem();
        let mut headers = Vec::new();
        let mut order = None;
        match self {
            Self::MethodNotAllowed { allow } => headers.push(("allow", allow.to_owned())),
            // What would be taken (RFC 9110, 15.5.16).
            Self::UnsupportedMediaType => headers.push(("accept", "application/json".to_owned())),
            Self::Unauthorized => headers.push(("www-authenticate", "Bearer".to_owned())),
            Self::Invalid(errors) => problem.errors = errors,
            Self::LostRace(now) => order = Some(*now),
            Self::TooLarge { most } => {
                problem.detail = Some(format!("At most {most} bytes are taken."));
            }
            Self::TooMany { retry_after_s } => {
                headers.push(("retry-after", retry_after_s.to_string()));
            }
            Self::Conflict(detail) => problem.detail = Some(detail.to_owned()),
            Self::Unavailable { retry_after_ms } => {
                headers.push(("retry-after", seconds(retry_after_ms).to_string()));
                headers.push(("cache-status", NOTHING_TO_SERVE.to_owned()));
            }
            // Names of settings are no secret, and whoever set them up reads this first.
            Self::Misconfigured(error) => problem.detail = Some(error.to_string()),
            Self::Platform(_)
            | Self::NotFound
            | Self::Forbidden
            | Self::OutcomeUnknown
            | Self::TooSlow
            | Self::UriTooLong
            | Self::HeadersTooLarge => {}
        }
        let body = match order {
            Some(order) => serde_json::to_vec(&LostRace { problem, order }),
            None => serde_json::to_vec(&problem),
        };
        let answer = Answer::bytes(
            kind.status(),
            "application/problem+json",
            body.expect("a problem has only string keys"),
        )
        .header("cache-control", "no-store");
        headers
            .into_iter()
            .fold(answer, |answer, (name, value)| answer.header(name, value))
    }
}

/// For `Retry-After`: whole seconds, at least one.
fn seconds(ms: u64) -> u64 {
    ms.div_ceil(1_000).max(1)
}
