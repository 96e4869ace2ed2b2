//! What an operator's tools ask: `/readyz` and `/metrics`, on a listener of their own that nobody else
//! needs to reach. They need no token and tell no secret.

mod metrics;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

use crate::{Business, health};

/// For everybody: that the process serves, which a balancer may ask.
pub(crate) fn public_router() -> Router<Arc<Business>> {
    let elsewhere =
        async || (StatusCode::NOT_FOUND, "asked on the address of --business-operator-listen");
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(elsewhere))
        .route("/metrics", get(elsewhere))
}

/// For the operator alone.
pub(crate) fn router(business: Arc<Business>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(business)
}

/// 200 while calls are welcome and everything runs, else 503 with the reason.
async fn ready(State(business): State<Arc<Business>>) -> Response {
    match health::unready(&business).await {
        None => "ready".into_response(),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason).into_response(),
    }
}

async fn scrape(State(business): State<Arc<Business>>) -> Response {
    match metrics::text(&business).await {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics not read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
