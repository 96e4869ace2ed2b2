//! What went wrong, for programs and for people (RFC 9457).

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::{Content, RefOr, ResponseBuilder, ResponsesBuilder};

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

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let seconds = self.retry_after_ms.map(|ms| ms.div_ceil(1_000).to_string());
        let mut response = (status, axum::Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = seconds.and_then(|seconds| seconds.parse().ok()) {
            headers.insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

/// The entry of every call's documentation for what goes wrong.
pub(crate) struct Problems;

impl utoipa::IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let content =
            Content::new(Some(RefOr::Ref(utoipa::openapi::Ref::from_schema_name(Problem::name()))));
        let response = ResponseBuilder::new()
            .description("What went wrong, with a stable `code`")
            .content("application/problem+json", content)
            .build();
        ResponsesBuilder::new().response("default", response).build().responses
    }
}
