//! The REST API: `POST /v4/{service}/{command}?sdkappid=…&identifier=…&usersig=…&random=…
//! &contenttype=json` ("RESTful API Overview", product/1047/34620).
//!
//! Every answered call has HTTP status 200; success and failure stand in the envelope. Checks run
//! in this order: form of the URL (60002, 60012, 60004), application (60006), UserSig (70xxx),
//! administrator (60010), body (93000, 60003), command (60009, 10003), parameters (10004).

mod commands;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::rest::{Envelope, MAX_BODY_BYTES};
use futures_util::StreamExt;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

use crate::service::Service;

/// Bytes of an oversized body that are read for the sake of the answer.
const MAX_DISCARDED_BYTES: usize = 16 * MAX_BODY_BYTES;
/// For a whole body to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The administrator who makes a call.
pub(crate) struct Caller {
    pub(crate) sdk_app_id: u32,
    pub(crate) user_id: UserId,
}

pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/v4/{service}/{command}", any(answer))
        .fallback(no_such_path)
        .with_state(service)
}

async fn answer(
    State(service): State<Arc<Service>>,
    path: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Response {
    let Ok(Path((group, command))) = path else { return no_such_path().await };
    match call(&service, &group, &command, query.as_deref(), request).await {
        Ok(json) => respond(json),
        Err(error) => {
            tracing::debug!(service = group, command, code = error.code.0, "call refused");
            respond(to_json(&Envelope::fail(error)))
        }
    }
}

/// Also a path that is none of ours is answered as every call is.
async fn no_such_path() -> Response {
    let info = "no such path: calls go to /v4/{service}/{command}";
    respond(to_json(&Envelope::fail(ApiError::new(Code::UNKNOWN_PATH, info))))
}

fn respond(json: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        // As the cloud does. It opens nothing: a call counts only with an administrator's UserSig.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (StatusCode::OK, headers, json).into_response()
}

async fn call(
    service: &Service,
    group: &str,
    command: &str,
    query: Option<&str>,
    request: Request<Body>,
) -> Result<String, ApiError> {
    if request.method() != Method::POST {
        return Err(ApiError::new(Code::HTTP_FORM, "use POST"));
    }
    let caller = caller(service, query.unwrap_or_default()).await?;
    let body = read_body(request.into_body()).await?;
    commands::run(service, &caller, group, command, body).await
}

async fn caller(service: &Service, query: &str) -> Result<Caller, ApiError> {
    let query = parse_query(query);
    let value = |name: &str| query.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let Some(sdk_app_id) = value("sdkappid") else {
        return Err(ApiError::new(Code::APP_MISSING, "sdkappid is missing from the URL"));
    };
    let sdk_app_id = sdk_app_id.parse().map_err(|_| {
        ApiError::new(Code::APP_INVALID, "sdkappid is not the number of an application")
    })?;
    let Some(identifier) = value("identifier") else {
        return Err(ApiError::new(Code::URL_ACCOUNT, "identifier is missing from the URL"));
    };
    let user_id =
        UserId::new(identifier).map_err(|error| ApiError { code: Code::URL_ACCOUNT, ..error })?;
    if value("random").is_some_and(|random| random.parse::<u32>().is_err()) {
        return Err(ApiError::new(
            Code::URL_MALFORMED,
            "random is not a whole number from 0 to 4294967295",
        ));
    }
    if value("contenttype").is_some_and(|kind| kind != "json") {
        return Err(ApiError::new(Code::URL_MALFORMED, "contenttype has to be json"));
    }
    let user_sig = value("usersig").unwrap_or_default();
    let who = service.check_user_sig(sdk_app_id, user_id, user_sig).await?;
    if !service.is_admin(&who).await? {
        return Err(ApiError::new(
            Code::NOT_ADMIN,
            format!("{} is no administrator of application {sdk_app_id}", who.user_id),
        ));
    }
    Ok(Caller { sdk_app_id, user_id: who.user_id })
}

/// Query parameters by name. Of a repeated name the last value counts; a broken percent-escape is
/// kept as it stands, and then fails the check of its parameter.
fn parse_query(query: &str) -> HashMap<String, String> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

async fn read_body(body: Body) -> Result<Value, ApiError> {
    let bytes = collect(body).await?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| {
        ApiError::new(
            Code::BODY_NOT_JSON,
            format!("the body is not JSON: {error}; send {{}} when there is nothing to say"),
        )
    })?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(ApiError::new(Code::BODY_NOT_JSON, "the body has to be a JSON object"))
    }
}

/// The bytes of a body of at most [`MAX_BODY_BYTES`]. Of a longer one the rest is read and thrown
/// away up to a bound: a caller whose bytes are not taken sees a broken connection instead of the
/// answer.
async fn collect(body: Body) -> Result<Vec<u8>, ApiError> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut seen = 0_usize;
    let reading = async {
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| ApiError::new(Code::HTTP_FORM, "the body broke off"))?;
            seen = seen.saturating_add(chunk.len());
            if seen <= MAX_BODY_BYTES {
                bytes.extend_from_slice(&chunk);
            } else if seen > MAX_DISCARDED_BYTES {
                break;
            }
        }
        Ok::<(), ApiError>(())
    };
    timeout(BODY_TIMEOUT, reading)
        .await
        .map_err(|_| ApiError::new(Code::HTTP_FORM, "the body did not arrive in time"))??;
    if seen > MAX_BODY_BYTES {
        return Err(ApiError::new(
            Code::BODY_TOO_LONG,
            format!("the body is over {MAX_BODY_BYTES} bytes: send less at once"),
        ));
    }
    Ok(bytes)
}

fn to_json(value: &impl serde::Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(json) => json,
        Err(error) => {
            // Answers are plain data with text keys, which always encode.
            tracing::error!(%error, "answer not encoded");
            String::new()
        }
    }
}
