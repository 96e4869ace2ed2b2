//! What an operator's tools ask: `/healthz`, `/readyz` and `/metrics`. They need no UserSig and
//! tell no secret.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

use crate::gateway::Gateway;
use crate::metrics::{self, Moment};

/// A database that takes longer for a trivial query does not serve calls either.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(gateway)
}

/// 200 while new clients and calls are welcome, else 503 with the reason.
async fn ready(State(gateway): State<Arc<Gateway>>) -> Response {
    let unready = |reason: &'static str| (StatusCode::SERVICE_UNAVAILABLE, reason).into_response();
    if gateway.stopping.is_cancelled() {
        return unready("the service stops");
    }
    match timeout(DATABASE_PATIENCE, gateway.service.storage.check()).await {
        Ok(Ok(())) => "ready".into_response(),
        Ok(Err(error)) => {
            tracing::error!(%error, "storage failed");
            unready("the database fails; the log says why")
        }
        Err(_) => unready("the database does not answer in time"),
    }
}

async fn scrape(State(gateway): State<Arc<Gateway>>) -> Response {
    let (rooms, members, guests) = gateway.service.rooms_and_visitors();
    let webhooks = gateway.service.webhooks.backlog();
    let now = Moment { connections: gateway.open(), rooms, members, guests, webhooks };
    match gateway.service.metrics.text(now) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics not encoded");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
