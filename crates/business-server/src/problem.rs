//! What went wrong, for programs and for people (RFC 9457).

use serde::Serialize;
use utoipa::ToSchema;

use crate::storage;

/// `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The HTTP status again.
    pub status: u16,
    /// Stable: programs branch on it.
    #[schema(value_type = String, examples("balance"))]
    pub code: &'static str,
    /// One sentence that says what to change.
    pub detail: String,
    /// The same call may succeed after so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retry_after_ms: None }
    }

    /// 400: a value breaks its rule.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(400, "invalid", detail)
    }

    /// 404: `code` names what is not there.
    pub(crate) fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(404, code, detail)
    }

    /// 403.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(403, "forbidden", detail)
    }

    /// 409: `code` names what is in the way.
    pub(crate) fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(409, code, detail)
    }

    /// 401: a token that this service did not make, or for nobody whom it knows.
    pub(crate) fn foreign_token() -> Self {
        Self::new(401, "token", "the token is none of this service: sign in")
    }

    /// 500: the reason is in the log, not in the answer.
    pub(crate) fn internal() -> Self {
        Self::new(500, "internal", "the service failed inside; try again")
    }
}

impl From<storage::Error> for Problem {
    fn from(error: storage::Error) -> Self {
        tracing::error!(%error, "call failed");
        Self::internal()
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        storage::Error::from(error).into()
    }
}

impl From<chat_rest::Error> for Problem {
    /// 502: the chat service did not do what it was asked for.
    fn from(error: chat_rest::Error) -> Self {
        tracing::warn!(%error, "chat service refused or is away");
        Self::new(502, "chat", error.to_string())
    }
}
