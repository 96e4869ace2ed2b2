//! Calls: what the assistant does in a room.

use axum::extract::State;
use std::sync::Arc;
use utoipa_axum::routes;

use super::settings::AssistantSettings;
use super::store;
use crate::Business;
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems};
use crate::rooms;

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(settings, set))
}

/// What the assistant does in a room: the owner of the room, or an administrator.
#[utoipa::path(get, path = "/rooms/{room}/assistant", tag = "assistant",
    params(("room" = String, Path)), security(("token" = [])),
    responses((status = 200, body = AssistantSettings), Problems))]
async fn settings(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<AssistantSettings>, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find_for_host(&mut tx, &room, &caller).await?;
    Ok(axum::Json(store::kept(&mut tx, &room.group_id).await?.into()))
}

/// Set up what the assistant does in a room: the owner of the room, or an administrator.
#[utoipa::path(put, path = "/rooms/{room}/assistant", tag = "assistant",
    params(("room" = String, Path)), request_body = AssistantSettings, security(("token" = [])),
    responses((status = 200, body = AssistantSettings), Problems))]
async fn set(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    Body(body): Body<AssistantSettings>,
) -> Result<axum::Json<AssistantSettings>, Problem> {
    let mut tx = business.database.write().await?;
    let room = rooms::find_for_host(&mut tx, &room, &caller).await?;
    let before = store::kept(&mut tx, &room.group_id).await?;
    let kept = body.checked(before, business.clock.now_s())?;
    store::set_kept(&mut tx, &room.group_id, &kept).await?;
    tx.commit().await?;
    Ok(axum::Json(kept.into()))
}
