//! Why a call was not done.

use chat_types::business::api::ProblemView;
use std::time::Duration;

/// No text and no `Debug` form holds a token.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing was done: the service was not reached.
    #[error("the shop cannot be reached: {0}")]
    Away(String),

    /// The call may have been done or not: its answer did not come, or cannot be read.
    #[error("no answer from the shop: {0}")]
    Unclear(String),

    /// The service refused. Nothing was done, unless the status is 500: then that is not known.
    #[error("{}", .0.detail)]
    Refused(ProblemView),
}

impl Error {
    /// Stable: the code of the service, or `away`, or `unclear`.
    pub fn code(&self) -> &str {
        match self {
            Self::Away(_) => "away",
            Self::Unclear(_) => "unclear",
            Self::Refused(problem) => &problem.code,
        }
    }

    /// Whether the same call, with the same key, may be answered otherwise in a moment.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Away(_) | Self::Unclear(_) => true,
            Self::Refused(problem) => problem.status == 429 || problem.status >= 500,
        }
    }

    /// Whether the call may have been done all the same.
    pub fn may_be_done(&self) -> bool {
        match self {
            Self::Unclear(_) => true,
            // A service that fails inside may have failed after it was done.
            Self::Refused(problem) => problem.status == 500,
            Self::Away(_) => false,
        }
    }

    /// As the error of a call of which an earlier attempt may have been done.
    pub(crate) fn after(self, may_be_done: bool) -> Self {
        match self {
            Self::Unclear(why) => Self::Unclear(why),
            error if may_be_done && error.is_passing() => Self::Unclear(error.to_string()),
            error => error,
        }
    }

    /// The least time to wait before the same call is made again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(problem) => problem.retry_after_ms.map(Duration::from_millis),
            _ => None,
        }
    }

    /// Whether the token is none, or has ended.
    pub(crate) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Refused(problem) if problem.status == 401)
    }
}
