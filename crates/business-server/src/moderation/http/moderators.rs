//! Calls: who moderates a room.

use axum::extract::State;
use chat_types::UserId;
use std::sync::Arc;
use utoipa_axum::routes;

use crate::audit::{self, Act};
use crate::http::{Api, Caller, PathOf, Problem, Problems};
use crate::moderation::rank::admit;
use crate::moderation::store::{self, RoomModerator};
use crate::{Business, rooms};

/// Moderators of one room.
const MOST: u32 = 100;

pub(super) fn routes() -> Api {
    Api::new().routes(routes!(moderators)).routes(routes!(add_moderator, remove_moderator))
}

/// The moderators of a room: who moderates it.
#[utoipa::path(get, path = "/rooms/{room}/moderators", tag = "moderation",
    params(("room" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Vec<RoomModerator>), Problems))]
async fn moderators(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<Vec<RoomModerator>>, Problem> {
    let mut tx = business.database.read().await?;
    admit(&mut tx, &caller, Some(&room)).await?;
    let room = rooms::find(&mut tx, &room).await?;
    Ok(axum::Json(store::moderators(&mut tx, &room.group_id).await?))
}

/// Make an account a moderator of a room: its host, or an administrator. It may mute, ban and review
/// there, and its own messages are not moderated there. A room has at most 100.
#[utoipa::path(put, path = "/rooms/{room}/moderators/{user}", tag = "moderation",
    params(("room" = String, Path), ("user" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Vec<RoomModerator>), Problems))]
async fn add_moderator(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf((room, user)): PathOf<(String, String)>,
) -> Result<axum::Json<Vec<RoomModerator>>, Problem> {
    let user_id = UserId::new(user).map_err(|error| Problem::invalid(error.info))?;
    let mut tx = business.database.write().await?;
    let room = rooms::find_for_host(&mut tx, &room, &caller).await?;
    let (group_id, user) = (room.group_id.as_str(), user_id.as_str());
    if store::sender(&mut tx, group_id, user).await?.created_s.is_none() {
        let info = format!("{user} has not come in yet: only an account can moderate");
        return Err(Problem::not_found("account", info));
    }
    let (by, now_s) = (caller.user_id.as_str(), business.clock.now_s());
    if !store::add_moderator(&mut tx, group_id, user, by, now_s, MOST).await? {
        let info = format!("a room has at most {MOST} moderators: take one away first");
        return Err(Problem::conflict("moderators", info));
    }
    let moderators = store::moderators(&mut tx, group_id).await?;
    audit::note(&mut tx, &caller, Act::on(user).in_room(group_id)).await?;
    tx.commit().await?;
    business.moderation.judges.changed();
    tracing::info!(%group_id, user, by, "moderator of a room added");
    Ok(axum::Json(moderators))
}

/// Make an account a moderator of a room no more: its host, or an administrator.
#[utoipa::path(delete, path = "/rooms/{room}/moderators/{user}", tag = "moderation",
    params(("room" = String, Path), ("user" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Vec<RoomModerator>), Problems))]
async fn remove_moderator(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf((room, user)): PathOf<(String, String)>,
) -> Result<axum::Json<Vec<RoomModerator>>, Problem> {
    let mut tx = business.database.write().await?;
    let room = rooms::find_for_host(&mut tx, &room, &caller).await?;
    store::remove_moderator(&mut tx, &room.group_id, &user).await?;
    let moderators = store::moderators(&mut tx, &room.group_id).await?;
    audit::note(&mut tx, &caller, Act::on(&user).in_room(&room.group_id)).await?;
    tx.commit().await?;
    business.moderation.judges.changed();
    let by = caller.user_id.as_str();
    tracing::info!(group_id = room.group_id, user, by, "moderator of a room removed");
    Ok(axum::Json(moderators))
}
