//! What an operator's tools ask: `/healthz`, `/readyz` and `/metrics`. They need no UserSig and
//! tell no secret. All but the first are answered on a listener of their own, which only those tools
//! reach, and whoever asks costs the service next to nothing: whether the database answers is found
//! out by a routine, and rooms are counted once a second at most.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::gateway::Gateway;
use crate::metrics::{self, Moment};

/// A database that takes longer for a trivial query does not serve calls either.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);
/// How often the database is tried, with a reader and with the writer.
const TRY_EVERY: Duration = Duration::from_secs(1);
/// A trial that is older than this says nothing any more.
const TRIAL_LASTS: Duration = Duration::from_secs(10);
/// How long a count of rooms and their members is good.
const COUNT_LASTS_MS: u64 = 1_000;

/// Rooms in memory, accounts in them, guests in them.
type Visitors = (usize, u64, u64);

pub(crate) struct Health {
    gateway: Arc<Gateway>,
    trial: Mutex<Trial>,
    /// When the rooms were last counted, and what came of it.
    counted: Mutex<Option<(u64, Visitors)>>,
}

/// What the last trial of the database showed.
#[derive(Clone, Copy)]
struct Trial {
    at: Instant,
    /// Why it failed, if it did.
    failed: Option<&'static str>,
}

impl Health {
    /// Of a service that has just opened its database.
    pub(crate) fn new(gateway: Arc<Gateway>) -> Self {
        let trial = Mutex::new(Trial { at: Instant::now(), failed: None });
        Self { gateway, trial, counted: Mutex::default() }
    }

    /// Tries the database again and again until `stopping`.
    pub(crate) async fn keep_trying(self: Arc<Self>, stopping: CancellationToken) {
        let mut tick = interval(TRY_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = tick.tick() => self.try_database().await,
            }
        }
    }

    async fn try_database(&self) {
        let failed = match timeout(DATABASE_PATIENCE, self.gateway.service.storage.check()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                // Once for each time that it begins.
                if self.trial().failed.is_none() {
                    tracing::error!(%error, "storage failed");
                }
                Some("the database fails; the log says why")
            }
            Err(_) => Some("the database does not answer in time"),
        };
        *self.trial.lock().unwrap_or_else(PoisonError::into_inner) =
            Trial { at: Instant::now(), failed };
    }

    fn trial(&self) -> Trial {
        *self.trial.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why no new clients and calls are welcome; `None` when they are.
    fn unready(&self) -> Option<&'static str> {
        if self.gateway.stopping.is_cancelled() {
            return Some("the service stops");
        }
        let trial = self.trial();
        if trial.at.elapsed() > TRIAL_LASTS {
            return Some("the database has not been tried for too long");
        }
        trial.failed
    }

    fn visitors(&self) -> Visitors {
        let service = &self.gateway.service;
        let now_ms = service.clock.monotonic_ms();
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        match *counted {
            Some((at_ms, visitors)) if now_ms.saturating_sub(at_ms) < COUNT_LASTS_MS => visitors,
            _ => {
                let visitors = service.rooms_and_visitors();
                *counted = Some((now_ms, visitors));
                visitors
            }
        }
    }
}

/// For everybody: that the process serves, which a balancer may ask.
pub(crate) fn public_router() -> Router {
    let elsewhere = async || (StatusCode::NOT_FOUND, "asked on the address of --operator-listen");
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(elsewhere))
        .route("/metrics", get(elsewhere))
}

/// For the operator alone.
pub(crate) fn operator_router(health: Arc<Health>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(health)
}

/// 200 while new clients and calls are welcome, else 503 with the reason.
async fn ready(State(health): State<Arc<Health>>) -> Response {
    match health.unready() {
        None => "ready".into_response(),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason).into_response(),
    }
}

async fn scrape(State(health): State<Arc<Health>>) -> Response {
    let gateway = &health.gateway;
    let (rooms, members, guests) = health.visitors();
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
