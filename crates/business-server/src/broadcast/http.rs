//! Calls: make a broadcast, and see how far it is.

use axum::extract::State;
use axum::http::StatusCode;
use chat_types::business::{MAX_ANNOUNCEMENT_CHARS, MAX_BUSINESS_ID_BYTES};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::store::{self, Broadcast, RoomCounts};
use super::{BroadcastState, BroadcastWay, MAX_WAITING};
use crate::Business;
use crate::audit::{self, Act};
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems, Role};
use crate::storage::Tx;

/// When a broadcast may be tried again that had to wait for others.
const BUSY_MS: u64 = 1_000;

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(make)).routes(routes!(one))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBroadcast {
    /// The caller's own, 1 to 64 bytes of printable ASCII without spaces: a repeat of the call with
    /// the same id sends nothing twice.
    id: String,
    /// 1 to 300 characters.
    text: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct BroadcastProgress {
    id: String,
    text: String,
    made_by: String,
    made_s: u64,
    way: BroadcastWay,
    /// `waiting` as long as a room may still be told.
    state: BroadcastState,
    /// Why it goes room by room, or why it failed: the sentence of the chat service.
    reason: Option<String>,
    /// Rooms on air when it was found that it goes room by room.
    rooms: u64,
    /// Rooms whose message the chat service has accepted. One where nobody may speak is told when
    /// that ends, within an hour.
    rooms_told: u64,
}

async fn progress(tx: &mut Tx, broadcast: Broadcast) -> Result<BroadcastProgress, Problem> {
    let RoomCounts { rooms, told, waiting } = store::count_rooms(tx, &broadcast.id).await?;
    let state = if waiting > 0 { BroadcastState::Waiting } else { broadcast.state };
    Ok(BroadcastProgress {
        id: broadcast.id,
        text: broadcast.text,
        made_by: broadcast.made_by,
        made_s: broadcast.made_ms / 1_000,
        way: broadcast.way,
        state,
        reason: broadcast.reason,
        rooms,
        rooms_told: told,
    })
}

async fn find(tx: &mut Tx, id: &str) -> Result<Broadcast, Problem> {
    let found = store::find(tx, id).await?;
    found.ok_or_else(|| Problem::not_found("broadcast", format!("there is no broadcast {id}")))
}

/// Tell everybody in all rooms: an administrator. The answer does not wait for it.
#[utoipa::path(post, path = "/broadcasts", tag = "broadcasts", request_body = NewBroadcast,
    security(("token" = [])), responses((status = 202, body = BroadcastProgress), Problems))]
async fn make(
    State(business): State<Arc<Business>>,
    caller: Caller,
    Body(body): Body<NewBroadcast>,
) -> Result<(StatusCode, axum::Json<BroadcastProgress>), Problem> {
    caller.require(Role::Admin)?;
    let NewBroadcast { id, text } = body;
    if !(1..=MAX_BUSINESS_ID_BYTES).contains(&id.len())
        || !id.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
        || [".", ".."].contains(&&*id)
    {
        return Err(Problem::invalid(format!(
            "an id has 1 to {MAX_BUSINESS_ID_BYTES} bytes of printable ASCII without spaces, and is \
             neither . nor .., which clients take out of addresses"
        )));
    }
    if text.trim().is_empty()
        || text.chars().count() > MAX_ANNOUNCEMENT_CHARS
        || text.chars().any(char::is_control)
    {
        return Err(Problem::invalid(format!(
            "a broadcast has 1 to {MAX_ANNOUNCEMENT_CHARS} characters, and no control characters"
        )));
    }
    let mut tx = business.database.write().await?;
    if let Some(before) = store::find(&mut tx, &id).await? {
        if before.text != text {
            return Err(Problem::conflict(
                "broadcast_exists",
                format!("broadcast {id} has another text: take another id"),
            ));
        }
        return Ok((StatusCode::ACCEPTED, axum::Json(progress(&mut tx, before).await?)));
    }
    if store::count_waiting(&mut tx).await? >= MAX_WAITING {
        return Err(Problem {
            retry_after_ms: Some(BUSY_MS),
            ..Problem::new(429, "busy", format!("{MAX_WAITING} broadcasts are on their way: wait"))
        });
    }
    let made_by = caller.user_id.as_str();
    store::insert(&mut tx, &id, &text, made_by, business.clock.now_ms()).await?;
    audit::note(&mut tx, &caller, Act::on(&id).after(json!({"text": text}))).await?;
    let made = find(&mut tx, &id).await?;
    let answer = progress(&mut tx, made).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, axum::Json(answer)))
}

/// Which way a broadcast took, and how far it is: an administrator.
#[utoipa::path(get, path = "/broadcasts/{broadcast}", tag = "broadcasts",
    params(("broadcast" = String, Path)), security(("token" = [])),
    responses((status = 200, body = BroadcastProgress), Problems))]
async fn one(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(id): PathOf<String>,
) -> Result<axum::Json<BroadcastProgress>, Problem> {
    caller.require(Role::Admin)?;
    let mut tx = business.database.read().await?;
    let broadcast = find(&mut tx, &id).await?;
    Ok(axum::Json(progress(&mut tx, broadcast).await?))
}
