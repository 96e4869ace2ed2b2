//! Calls: how the outbox is.

use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::store::{self, Refused};
use crate::Business;
use crate::http::{Api, Caller, Problem, Problems, Role};

/// Postings of one kind in the answer, at most.
const LISTED: u32 = 20;

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(figures))
}

/// What is on its way to the rooms.
#[derive(Debug, Serialize, ToSchema)]
struct Figures {
    /// Postings that wait for the chat service.
    waiting: u64,
    /// Of these: their sender may not speak in the room.
    held: u64,
    /// With so many waiting for one room, gifts to it are refused.
    limit: u64,
    /// With so many waiting in all, without those that are held back, gifts are refused everywhere.
    total_limit: u64,
    /// Accepted by the chat service since the start.
    delivered: u64,
    /// Refused by it for good since the start.
    failed: u64,
    /// Of these, gifts that were given back, because nobody will be told of them.
    made_good: u64,
    /// Given up since the start, because their sender might not speak in the room until they were of
    /// no use any more: greetings, answers and notices after a minute, broadcasts after an hour, and
    /// notices of a slot or status that has changed since.
    out_of_date: u64,
    /// Gifts that were not taken because too much waited, since the start.
    refused_full: u64,
    /// The last that were refused for good, newest first, at most 20 of the last 30 days.
    last_failed: Vec<Refused>,
    /// Those that wait because their sender may not speak in the room, the longest first, at most 20:
    /// end the mute of the administrator or of the assistant there.
    held_back: Vec<Refused>,
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
    let (waiting, held) = store::waiting(&mut tx).await?;
    let last_failed = store::failed(&mut tx, LISTED).await?;
    let held_back = store::held_back(&mut tx, LISTED).await?;
    let counters = &business.outbox.counters;
    Ok(axum::Json(Figures {
        waiting,
        held,
        limit: business.outbox.room_limit,
        total_limit: business.outbox.total_limit,
        delivered: counters.delivered.load(Ordering::Relaxed),
        failed: counters.failed.load(Ordering::Relaxed),
        made_good: counters.made_good.load(Ordering::Relaxed),
        out_of_date: counters.out_of_date.load(Ordering::Relaxed),
        refused_full: counters.refused_full.load(Ordering::Relaxed),
        last_failed,
        held_back,
    }))
}
