//! The REST API: `POST /v4/{service}/{command}?sdkappid=…&identifier=…&usersig=…&random=…
//! &contenttype=json` ("RESTful API Overview", product/1047/34620).
//!
//! Every answered call has HTTP status 200; success and failure stand in the envelope. Checks run
//! in this order: form of the URL (60002, 60012, 60004), application (60006), UserSig (70xxx),
//! administrator (60010), body (93000, 60003), rate of the application (60011), command (60009,
//! 10003, 60017), rate of the command (60007), form of the body (the codes of `catalogue`).

mod body;
mod catalogue;
mod commands;
pub mod fuzz;
mod rate;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::rest::{Envelope, ErrorDisplay, MAX_BODY_BYTES};
use futures_util::StreamExt;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

use crate::application::Application;
use crate::listener::{ClientAddress, Place};
use crate::metrics::OTHER_COMMAND;
use crate::service::{Origin, Service};
use rate::{admit_app, admit_command};

/// Bytes of an oversized body that are read for the sake of the answer.
const MAX_DISCARDED_BYTES: usize = 16 * MAX_BODY_BYTES;
/// For a whole body to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The administrator who makes a call.
pub(crate) struct Caller {
    pub(crate) app: Arc<Application>,
    pub(crate) user_id: UserId,
    pub(crate) origin: Origin,
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
    let Ok(Path((group, command))) = path else { return no_such_path(request).await };
    let begun = Instant::now();
    let answered = call(&service, &group, &command, query.as_deref(), request).await;
    let code = answered.as_ref().map_or_else(|error| error.code, |_| Code::OK);
    let known = catalogue::find(&group, &command).map_or(OTHER_COMMAND, |known| known.name);
    service.metrics.rest_call(known, code, begun.elapsed().as_secs_f64());
    match answered {
        Ok(json) => respond(json),
        Err(error) => {
            tracing::debug!(service = group, command, code = error.code.0, "call refused");
            respond(refusal(&group, error))
        }
    }
}

/// Refused calls of the profile service have a member more (product/269/1639).
fn refusal(service: &str, error: ApiError) -> String {
    match service {
        "profile" => to_json(&Envelope::fail_with(error, ErrorDisplay::default())),
        _ => to_json(&Envelope::fail(error)),
    }
}

/// Also a path that is none of ours is answered as every call is.
async fn no_such_path(request: Request<Body>) -> Response {
    discard(request.into_body());
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
    service: &Arc<Service>,
    group: &str,
    command: &str,
    query: Option<&str>,
    request: Request<Body>,
) -> Result<String, ApiError> {
    let is_post = request.method() == Method::POST;
    let client_ip = request.extensions().get::<ClientAddress>().map(|client| client.0);
    let place = request.extensions().get::<Arc<Place>>().map(Arc::clone);
    let body = request.into_body();
    let caller = match caller(service, is_post, query.unwrap_or_default(), client_ip).await {
        Ok(caller) => caller,
        Err(error) => {
            discard(body);
            return Err(error);
        }
    };
    if let Some(place) = place {
        place.called();
    }
    let body = collect(body).await?;
    let mut body = body::read(&body)?;
    let sdk_app_id = caller.app.sdk_app_id;
    let (admission, counters) = (&service.admission, &service.counters);
    admit_app(admission, counters, sdk_app_id, caller.app.settings.calls_per_second)?;
    let command = catalogue::find(group, command)?;
    let call = command.call()?;
    admit_command(admission, counters, sdk_app_id, command)?;
    catalogue::check(command, &body)?;
    catalogue::use_main_names(command, &mut body);
    // A task of its own: a caller that hangs up drops this future, and what has begun to be stored
    // has to be shown to the room all the same.
    let code = command.family.unreadable();
    let running = {
        let service = Arc::clone(service);
        async move { (call.run)(&service, &caller, body.into(), code).await }
    };
    let done = tokio::spawn(service.calls.track_future(running)).await;
    done.unwrap_or_else(|error| {
        tracing::error!(%error, "call ended early");
        Err(ApiError::new(Code::INTERNAL, "the service failed inside; try again"))
    })
}

/// What is checked before anything of the body is read.
async fn caller(
    service: &Service,
    is_post: bool,
    query: &str,
    client_ip: Option<IpAddr>,
) -> Result<Caller, ApiError> {
    if !is_post {
        return Err(ApiError::new(Code::HTTP_FORM, "use POST"));
    }
    let Parameters { sdk_app_id, user_id, user_sig } = parameters(query)?;
    let who = service.check_user_sig(sdk_app_id, user_id, &user_sig).await?;
    if !who.app.is_admin(who.user_id.as_str()) {
        return Err(ApiError::new(
            Code::NOT_ADMIN,
            format!("{} is no administrator of application {sdk_app_id}", who.user_id),
        ));
    }
    let origin = Origin { platform: "RESTAPI", client_ip };
    Ok(Caller { app: who.app, user_id: who.user_id, origin })
}

/// What the URL of a call says about the caller, unproven.
struct Parameters {
    sdk_app_id: u32,
    user_id: UserId,
    /// Empty when it is missing.
    user_sig: String,
}

/// The checks of a URL's form: 60002, 60006, 60012, 60004.
fn parameters(query: &str) -> Result<Parameters, ApiError> {
    let query = parse_query(query);
    let value = |name: &str| query.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let Some(sdk_app_id) = value("sdkappid") else {
        return Err(ApiError::new(Code::APP_MISSING, "sdkappid is missing from the URL"));
    };
    let sdk_app_id = number(sdk_app_id).ok_or_else(|| {
        ApiError::new(Code::APP_INVALID, "sdkappid is not the number of an application")
    })?;
    let Some(identifier) = value("identifier") else {
        return Err(ApiError::new(Code::URL_ACCOUNT, "identifier is missing from the URL"));
    };
    let user_id =
        UserId::new(identifier).map_err(|error| ApiError { code: Code::URL_ACCOUNT, ..error })?;
    if value("random").is_some_and(|random| number(random).is_none()) {
        return Err(ApiError::new(
            Code::URL_MALFORMED,
            "random is not a whole number from 0 to 4294967295",
        ));
    }
    if value("contenttype").is_some_and(|kind| kind != "json") {
        return Err(ApiError::new(Code::URL_MALFORMED, "contenttype has to be json"));
    }
    let user_sig = value("usersig").unwrap_or_default().to_owned();
    Ok(Parameters { sdk_app_id, user_id, user_sig })
}

/// A number of digits alone.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Query parameters by name. Of a repeated name the last value counts; a broken percent-escape is
/// kept as it stands, and then fails the check of its parameter.
fn parse_query(query: &str) -> HashMap<String, String> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
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

/// Reads what a refused caller is still sending, up to a bound and beside the answer: a caller whose
/// bytes are not taken sees a broken connection instead of it.
fn discard(body: Body) {
    if body.is_end_stream() {
        return;
    }
    tokio::spawn(async move {
        let mut chunks = body.into_data_stream();
        let mut seen = 0_usize;
        let reading = async {
            while let Some(Ok(chunk)) = chunks.next().await {
                seen = seen.saturating_add(chunk.len());
                if seen > MAX_BODY_BYTES {
                    break;
                }
            }
        };
        // The connection ends with whoever is too slow.
        let _ = timeout(BODY_TIMEOUT, reading).await;
    });
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
