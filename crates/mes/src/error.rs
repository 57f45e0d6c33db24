use serde::{Deserialize, Serialize};

/// Why a call gave nothing. Each variant is something that the caller can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Error {
    /// 401: the token is wrong. Nobody but the operator of this program can help: alert, do not retry.
    #[error("the token was refused")]
    Unauthorized,
    /// We asked for something that the MES does not take, and would not take a second time.
    #[error("the request was refused: {reason}")]
    Rejected {
        /// The MES's words, at most 200 characters of them.
        reason: String,
    },
    /// Any other status than the good ones. What was to be written may be written, or not.
    #[error("answered with status {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// A good status, but not what was asked for. What was to be written is likely written.
    #[error("answered with nonsense: {reason}")]
    Malformed {
        /// The field that was missed or is wrong, and how.
        reason: String,
    },
    /// No answer: connection refused or cut, name not found, or the time was up. What was to be written may be
    /// written, or not: ask before saying either.
    #[error("did not answer")]
    NoAnswer,
}

impl Error {
    /// Whether the MES is in trouble, so that calling it less is right. A refused request or token is no such sign.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Malformed { .. } | Self::NoAnswer => true,
            Self::Unauthorized | Self::Rejected { .. } => false,
        }
    }

    /// Whether a write that ended so may have been done all the same. If not, it was not.
    pub fn leaves_the_outcome_open(&self) -> bool {
        self.is_outage()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_says_that_nothing_was_written() {
        assert!(!Error::Unauthorized.leaves_the_outcome_open());
        let refused = Error::Rejected {
            reason: String::new(),
        };
        assert!(!refused.leaves_the_outcome_open() && !refused.is_outage());
        assert!(Error::NoAnswer.leaves_the_outcome_open());
        assert!(Error::Unavailable { status: 504 }.leaves_the_outcome_open());
    }
}
