//! How a call answers with a [`Problem`].

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::{Content, RefOr, ResponseBuilder, ResponsesBuilder};

use crate::problem::Problem;

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
