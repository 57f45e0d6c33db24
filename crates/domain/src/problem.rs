//! What errors look like: problem+json (RFC 9457), and every kind of them.

use serde::{Deserialize, Serialize};

use crate::FieldError;

/// An error answer, `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// What kind of problem: stable, for programs.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// One entry for each wrong field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// The kinds of problems that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// There is no such address, or nothing at it that the client may see.
    NotFound,
    /// The address does not know this method.
    MethodNotAllowed,
    /// The body says that it is something else than the route reads.
    UnsupportedMediaType,
    /// No valid proof of who asks.
    Unauthorized,
    /// Parameters or a body that break their rules.
    InvalidParameters,
    /// The client is known, and may not do this.
    Forbidden,
    /// Somebody else has changed the order meanwhile.
    LostRace,
    /// It can't be done any more.
    Conflict,
    /// Nobody knows whether it was done.
    OutcomeUnknown,
    /// A body of more bytes than are taken.
    TooLarge,
    /// A body that does not come in time.
    TooSlow,
    /// An address of more bytes than are taken.
    UriTooLong,
    /// The same of headers.
    HeadersTooLarge,
    /// More than may be asked in so short a time.
    TooManyRequests,
    /// There is no copy, and upstream gave nothing in time.
    UpstreamUnavailable,
    /// The settings are incomplete.
    Misconfigured,
    /// Something of ours failed.
    Internal,
}

impl ProblemKind {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::UnsupportedMediaType,
        Self::Unauthorized,
        Self::InvalidParameters,
        Self::Forbidden,
        Self::LostRace,
        Self::Conflict,
        Self::OutcomeUnknown,
        Self::TooLarge,
        Self::TooSlow,
        Self::UriTooLong,
        Self::HeadersTooLarge,
        Self::TooManyRequests,
        Self::UpstreamUnavailable,
        Self::Misconfigured,
        Self::Internal,
    ];

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        self.about().0
    }

    /// The last part of its `type`.
    pub const fn name(self) -> &'static str {
        self.about().1
    }

    /// What people are told.
    pub const fn title(self) -> &'static str {
        self.about().2
    }

    /// Its `type`: an address beside the API's own.
    pub fn uri(self) -> String {
        format!("/problems/{}", self.name())
    }

    /// An answer of this kind that says nothing more.
    pub fn problem(self) -> Problem {
        Problem {
            kind: self.uri(),
            title: self.title().to_owned(),
            status: self.status(),
            detail: None,
            errors: Vec::new(),
        }
    }

    const fn about(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::NotFound => (404, "not-found", "There is nothing at this address."),
            Self::MethodNotAllowed => (
                405,
                "method-not-allowed",
                "This address does not know this method.",
            ),
            Self::UnsupportedMediaType => (415, "unsupported-media-type", "The body must be JSON."),
            Self::Unauthorized => (401, "unauthorized", "Sign in with Telegram's initData."),
            Self::InvalidParameters => {
                (422, "invalid-parameters", "Some parameters are not valid.")
            }
            Self::Forbidden => (403, "forbidden", "You may not do this."),
            Self::LostRace => (409, "lost-race", "Somebody else was quicker."),
            Self::Conflict => (409, "conflict", "This can't be done any more."),
            Self::OutcomeUnknown => (
                504,
                "outcome-unknown",
                "The factory does not answer: the order may have been moved or not. Look before you try again.",
            ),
            Self::TooLarge => (413, "too-large", "The body is too large."),
            Self::TooSlow => (408, "too-slow", "The body did not come in time."),
            Self::UriTooLong => (414, "uri-too-long", "The address is too long."),
            Self::HeadersTooLarge => (431, "headers-too-large", "The headers are too large."),
            Self::TooManyRequests => (429, "too-many-requests", "Ask again later, and less often."),
            Self::UpstreamUnavailable => (
                503,
                "upstream-unavailable",
                "The system behind this is not answering and there is no copy to show.",
            ),
            Self::Misconfigured => (500, "misconfigured", "The service is not configured."),
            Self::Internal => (500, "internal", "Something went wrong on our side."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_tell_all_kinds_apart() {
        for (i, kind) in ProblemKind::ALL.into_iter().enumerate() {
            let others = &ProblemKind::ALL[i + 1..];
            assert!(others.iter().all(|other| other.name() != kind.name()));
            assert!((400..600).contains(&kind.status()), "{kind:?}");
            let problem = kind.problem();
            let text = serde_json::to_string(&problem).unwrap();
            assert_eq!(serde_json::from_str::<Problem>(&text).unwrap(), problem);
            assert!(!text.contains("null") && !text.contains("errors"), "{text}");
        }
    }
}
