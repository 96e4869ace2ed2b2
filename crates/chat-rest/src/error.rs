//! Why a call failed, and what that says about whether it was carried out.

use chat_types::Code;
use std::time::Duration;

use crate::MAX_ANSWER_BYTES;
use crate::outcome;
pub use crate::outcome::Outcome;

/// Why there is no answer, or which code the service answered with.
///
/// No text and no `Debug` form holds a URL, a UserSig or a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The [`Config`](crate::Config) cannot be worked with.
    #[error("the client cannot be made: {0}")]
    Config(String),

    /// The administrator's UserSig cannot be made.
    #[error("the UserSig of the administrator cannot be made: {0}")]
    UserSig(#[from] usersig::Error),

    /// The request cannot be written as JSON. Nothing was sent.
    #[error("{command}: the request cannot be written as JSON: {why}")]
    Encode { command: &'static str, why: String },

    /// The request is longer than the service reads. Nothing was sent.
    #[error(
        "{command}: the request has {bytes} bytes, and the service reads {}: say less at once",
        chat_types::rest::MAX_BODY_BYTES
    )]
    RequestTooLong { command: &'static str, bytes: usize },

    /// No connection was made. Nothing was sent.
    #[error("{command}: the service cannot be reached: {why}")]
    Connect { command: &'static str, why: String },

    /// The connection broke before the answer was there.
    #[error("{command}: the connection broke: {why}")]
    Transport { command: &'static str, why: String },

    /// The answer did not come in time.
    #[error("{command}: no answer within {} ms", after.as_millis())]
    Timeout { command: &'static str, after: Duration },

    /// An HTTP status that the service itself never answers with: something stands between, or the
    /// address is another server's.
    #[error(
        "{command}: HTTP status {status}: check the address, and what stands before the service"
    )]
    Status { command: &'static str, status: u16 },

    /// The answer has more than [`MAX_ANSWER_BYTES`].
    #[error("{command}: the answer has more than {MAX_ANSWER_BYTES} bytes: ask for less at once")]
    TooLong { command: &'static str },

    /// The answer is not the JSON that it has to be.
    #[error("{command}: the answer cannot be read: {why}")]
    Malformed { command: &'static str, why: String },

    /// The service refused.
    #[error("{command}: {info} (code {})", code.0)]
    Api {
        command: &'static str,
        code: Code,
        /// The service's sentence, at most 1 KiB of it.
        info: String,
        /// An attempt before this one may have been carried out without its answer coming back. A
        /// code such as 10025, "the group id is used already by the same owner", then probably speaks
        /// of that attempt.
        after_unclear: bool,
    },
}

impl Error {
    /// What the failure says about the call.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Config(_) | Self::UserSig(_) => Outcome::Unauthorized,
            Self::Encode { .. } | Self::RequestTooLong { .. } => Outcome::Refused,
            Self::Connect { .. } => Outcome::NotAccepted,
            Self::Transport { .. }
            | Self::Timeout { .. }
            | Self::TooLong { .. }
            | Self::Malformed { .. } => Outcome::Unclear,
            Self::Status { status, .. } => outcome::of_status(*status),
            Self::Api { after_unclear: true, .. } => Outcome::Unclear,
            Self::Api { code, .. } => outcome::of_code(*code),
        }
    }

    /// The same call may succeed later without anybody doing anything, whether or not it was carried
    /// out this time.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::TooLong { .. } => false,
            Self::Api { code, .. } => {
                matches!(outcome::of_code(*code), Outcome::NotAccepted | Outcome::Unclear)
            }
            _ => matches!(self.outcome(), Outcome::NotAccepted | Outcome::Unclear),
        }
    }

    /// The service says that it has handled this very call before (10024).
    pub fn is_duplicate(&self) -> bool {
        self.code() == Some(outcome::ALREADY_HANDLED)
    }

    /// Nothing was done, for certain: saying it again cannot say it twice.
    pub fn was_not_accepted(&self) -> bool {
        self.outcome() != Outcome::Unclear
    }

    /// The call may have been carried out.
    pub fn may_be_accepted(&self) -> bool {
        self.outcome() == Outcome::Unclear
    }

    /// The service will refuse the same call again: it has to be changed, or given up.
    pub fn is_refused_for_good(&self) -> bool {
        self.outcome() == Outcome::Refused
    }

    /// The code that the service answered with.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Api { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// The command that failed, such as `send_group_msg`.
    pub fn command(&self) -> Option<&'static str> {
        match self {
            Self::Config(_) | Self::UserSig(_) => None,
            Self::Encode { command, .. }
            | Self::RequestTooLong { command, .. }
            | Self::Connect { command, .. }
            | Self::Transport { command, .. }
            | Self::Timeout { command, .. }
            | Self::Status { command, .. }
            | Self::TooLong { command }
            | Self::Malformed { command, .. }
            | Self::Api { command, .. } => Some(command),
        }
    }

    /// Something between here and the service failed, or the service below its API: another address
    /// of it may work.
    pub fn is_of_the_way(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Transport { .. } | Self::Timeout { .. } => true,
            Self::Status { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// As the error of a call of which an earlier attempt failed with `unclear`.
    pub(crate) fn after(self, unclear: Option<Self>) -> Self {
        match (self, unclear) {
            (Self::Api { command, code, info, .. }, Some(_)) => {
                Self::Api { command, code, info, after_unclear: true }
            }
            // That nothing was sent this time says nothing of the time before.
            (last, Some(unclear)) if last.outcome() != Outcome::Unclear => unclear,
            (last, _) => last,
        }
    }
}
