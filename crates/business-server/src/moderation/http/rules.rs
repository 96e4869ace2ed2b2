//! Calls: the rules of a room.

use axum::extract::State;
use std::sync::Arc;
use utoipa_axum::routes;

use crate::Business;
use crate::audit::{self, Act};
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems, Role};
use crate::moderation::rules::Rules;
use crate::moderation::store;
use crate::rooms;
use crate::storage::Tx;

pub(super) fn routes() -> Api {
    Api::new().routes(routes!(rules, put_rules))
}

/// The room exists, and the caller is its host or a moderator.
async fn admit(tx: &mut Tx, room: &str, caller: &Caller) -> Result<(), Problem> {
    if caller.role >= Role::Moderator {
        return rooms::find(tx, room).await.map(|_| ());
    }
    rooms::find_for_host(tx, room, caller).await.map(|_| ())
}

/// The rules of a room: its host, or a moderator.
#[utoipa::path(get, path = "/rooms/{room}/moderation", tag = "moderation",
    params(("room" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Rules), Problems))]
async fn rules(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<Rules>, Problem> {
    let mut tx = business.database.read().await?;
    admit(&mut tx, &room, &caller).await?;
    Ok(axum::Json(store::rules(&mut tx, &room).await?))
}

/// Set the rules of a room: its host, or a moderator. They hold from the next message on; what is
/// left out has the value of a new room.
#[utoipa::path(put, path = "/rooms/{room}/moderation", tag = "moderation",
    params(("room" = String, Path)), request_body = Rules, security(("token" = [])),
    responses((status = 200, body = Rules), Problems))]
async fn put_rules(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    Body(rules): Body<Rules>,
) -> Result<axum::Json<Rules>, Problem> {
    rules.check().map_err(Problem::invalid)?;
    let mut tx = business.database.write().await?;
    admit(&mut tx, &room, &caller).await?;
    let before = store::rules(&mut tx, &room).await?;
    let act = Act::on(&room).in_room(&room).before(before).after(&rules);
    audit::note(&mut tx, &caller, act).await?;
    store::put_rules(&mut tx, &room, &rules).await?;
    tx.commit().await?;
    business.moderation.judges.changed();
    // Known from now on, also when nothing can be looked up.
    business.moderation.judges.of(&business.database, &room).await?;
    Ok(axum::Json(rules))
}
