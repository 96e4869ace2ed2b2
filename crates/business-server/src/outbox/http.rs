//! Calls: how the outbox is.

use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::store;
use crate::Business;
use crate::http::{Api, Caller, Problem, Problems, Role};

/// Refused postings in the answer, at most.
const LAST_FAILED: u32 = 20;

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(figures))
}

/// What is on its way to the rooms.
#[derive(Debug, Serialize, ToSchema)]
struct Figures {
    /// Postings that wait for the chat service.
    waiting: u64,
    /// With so many waiting, gifts are refused.
    limit: u64,
    /// Accepted by the chat service since the start.
    delivered: u64,
    /// Refused by it for good since the start.
    failed: u64,
    /// Gifts that were not taken because too much waited, since the start.
    refused_full: u64,
    /// The last that were refused for good, newest first, at most 20 of the last 30 days.
    last_failed: Vec<FailedPosting>,
}

#[derive(Debug, Serialize, ToSchema)]
struct FailedPosting {
    key: String,
    room: String,
    /// The chat service's sentence.
    reason: String,
    at_s: u64,
}

/// What is on its way to the rooms. For administrators.
#[utoipa::path(get, path = "/outbox", tag = "service", security(("token" = [])),
    responses((status = 200, body = Figures), Problems))]
async fn figures(
    State(business): State<Arc<Business>>,
    caller: Caller,
) -> Result<axum::Json<Figures>, Problem> {
    caller.require(Role::Admin)?;
    let mut tx = business.database.read().await?;
    let waiting = store::waiting(&mut tx).await?;
    let last_failed = store::failed(&mut tx, LAST_FAILED).await?;
    let last_failed = last_failed.into_iter().map(|failed| FailedPosting {
        key: failed.key,
        room: failed.group_id,
        reason: failed.reason,
        at_s: failed.done_ms / 1_000,
    });
    let counters = &business.outbox.counters;
    Ok(axum::Json(Figures {
        waiting,
        limit: business.outbox.limit,
        delivered: counters.delivered.load(Ordering::Relaxed),
        failed: counters.failed.load(Ordering::Relaxed),
        refused_full: counters.refused_full.load(Ordering::Relaxed),
        last_failed: last_failed.collect(),
    }))
}
