//! Calls: following the host of a room.

use axum::extract::State;
use chat_types::UserId;
use chat_types::business::api::Follow;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::store;
use crate::Business;
use crate::http::{Api, Caller, PathOf, Problem, Problems, Signed};
use crate::rooms::{self, Room};
use crate::storage::{self, Tx};

pub(crate) fn routes() -> Api {
    Api::new().routes(routes!(standing, follow, unfollow)).routes(routes!(told))
}

async fn view(tx: &mut Tx, room: &Room, user_id: &UserId) -> Result<Follow, storage::Error> {
    Ok(Follow {
        following: store::follows(tx, user_id.as_str(), &room.owner).await?,
        followers: store::followers(tx, &room.owner).await?,
    })
}

/// Whether the caller follows the owner of a room.
#[utoipa::path(get, path = "/rooms/{room}/follow", tag = "follows",
    params(("room" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Follow), Problems))]
async fn standing(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<Follow>, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find(&mut tx, &room).await?;
    Ok(axum::Json(view(&mut tx, &room, &caller.user_id).await?))
}

/// Follow the owner of a room. Who does already goes on.
#[utoipa::path(put, path = "/rooms/{room}/follow", tag = "follows",
    params(("room" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Follow), Problems))]
async fn follow(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<Follow>, Problem> {
    set(&business, &caller, &room, true).await
}

/// Follow the owner of a room no more.
#[utoipa::path(delete, path = "/rooms/{room}/follow", tag = "follows",
    params(("room" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Follow), Problems))]
async fn unfollow(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<Follow>, Problem> {
    set(&business, &caller, &room, false).await
}

async fn set(
    business: &Business,
    caller: &Caller,
    room: &str,
    following: bool,
) -> Result<axum::Json<Follow>, Problem> {
    let mut tx = business.database.write().await?;
    let room = rooms::find(&mut tx, room).await?;
    let user_id = caller.user_id.as_str();
    if following && room.owner == user_id {
        return Err(Problem::conflict("own_room", "this is your own room: nobody follows oneself"));
    }
    store::put_own(&mut tx, user_id, &room.owner, following, business.clock.now_s()).await?;
    let view = view(&mut tx, &room, &caller.user_id).await?;
    tx.commit().await?;
    Ok(axum::Json(view))
}

/// Somebody follows a host, or follows no more, by the word of the shop's own server.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FollowTold {
    #[schema(value_type = String)]
    user: UserId,
    /// Account of the host.
    #[schema(value_type = String)]
    host: UserId,
    following: bool,
    /// When it happened, in Unix seconds: not more than five minutes away. An older word than the last
    /// one changes nothing.
    at_s: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct FollowTaken {
    /// False when a newer word was known already.
    taken: bool,
}

/// The shop's own server tells who follows whom. 404 `account` while one of the two has not been here.
#[utoipa::path(post, path = "/shop/follows", tag = "follows",
    params(("X-Signature" = String, Header,
        description = "HMAC-SHA256 of the body with the key of payments, in hexadecimal")),
    request_body = FollowTold, responses((status = 200, body = FollowTaken), Problems))]
async fn told(
    State(business): State<Arc<Business>>,
    Signed(FollowTold { user, host, following, at_s }): Signed<FollowTold>,
) -> Result<axum::Json<FollowTaken>, Problem> {
    if user == host {
        return Err(Problem::conflict("own_room", "nobody follows oneself"));
    }
    // A clock that is ahead would otherwise hold against every later word for so long.
    let told_s = at_s.min(business.clock.now_s());
    let mut tx = business.database.write().await?;
    for id in [&user, &host] {
        if !store::is_account(&mut tx, id.as_str()).await? {
            return Err(Problem::not_found("account", format!("there is no account {id}")));
        }
    }
    let taken = store::put(&mut tx, user.as_str(), host.as_str(), following, told_s).await?;
    tx.commit().await?;
    Ok(axum::Json(FollowTaken { taken }))
}
