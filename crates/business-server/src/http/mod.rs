//! The HTTP API under `/api/v1`: what all calls have in common. The calls themselves stand beside
//! their subjects, in files named `http.rs`; each has an entry in the OpenAPI document, which is
//! served at `/api/v1/openapi.json`.
//!
//! A caller shows who it is by `Authorization: Bearer TOKEN`; there is no cookie. Bodies are JSON of
//! at most 64 KiB. What went wrong is told as `application/problem+json` with a stable `code`.

mod body;
mod caller;
mod client_address;
mod page;
mod problem;
mod rate;
mod signed;
mod trail;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::routing::get;
use chat_types::business::api::PATH;
use std::sync::Arc;
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

pub(crate) use crate::problem::Problem;
pub(crate) use body::{Body, PathOf, QueryOf, number};
pub(crate) use caller::Caller;
pub(crate) use chat_types::business::api::Role;
pub(crate) use client_address::ClientAddress;
pub(crate) use page::page_of;
pub(crate) use problem::Problems;
pub(crate) use rate::{CallRates, EntryRates};
pub(crate) use signed::Signed;
pub(crate) use trail::{REQUEST_ID, Trail};

use crate::Business;

/// Largest body of a call, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;
/// A call that takes longer is answered 503.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

pub(crate) type Api = OpenApiRouter<Arc<Business>>;

#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem)),
    info(
        title = "Liveroom business API",
        description = "Gifts, likes, products, draws, moderation and statistics of live rooms. Times \
        are Unix seconds unless a name says otherwise; amounts of money are whole coins."
    )
)]
struct Document;

/// Everything that is answered, and the document that describes it: the calls of the `subjects`, and
/// what is answered `beside` the API.
pub(crate) fn router(
    business: &Arc<Business>,
    subjects: impl IntoIterator<Item = Api>,
    beside: Router<Arc<Business>>,
) -> (Router, utoipa::openapi::OpenApi) {
    let api = subjects
        .into_iter()
        .fold(Api::with_openapi(Document::openapi()), |api, subject| api.nest(PATH, subject));
    let (router, mut document) = api.split_for_parts();
    name_operations(&mut document);
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("token", token);
    let served = document.clone();
    let router = router
        .merge(beside)
        .route(&format!("{PATH}/openapi.json"), get(async move || axum::Json(served.clone())))
        .fallback(async || Problem::not_found("path", "there is no such path"))
        .method_not_allowed_fallback(async || {
            Problem::new(405, "method", "this path does not take this method")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            CALL_TIMEOUT,
        ))
        .layer(cors(&business.config.cors_origins))
        .with_state(Arc::clone(business));
    (router, document)
}

/// Each call has a name of its own: that of its function, behind that of its subject.
fn name_operations(document: &mut utoipa::openapi::OpenApi) {
    for item in document.paths.paths.values_mut() {
        let calls = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
        for call in calls.into_iter().flatten() {
            let subject = call.tags.iter().flatten().next();
            if let (Some(subject), Some(name)) = (subject, &call.operation_id) {
                call.operation_id = Some(format!("{subject}_{name}"));
            }
        }
    }
}

fn cors(origins: &[String]) -> CorsLayer {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            REQUEST_ID,
        ])
        .expose_headers([REQUEST_ID])
        .max_age(Duration::from_secs(3_600))
}
