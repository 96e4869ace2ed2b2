//! Calls: the mutes and bans that hold now.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::Business;
use crate::http::{Api, Caller, PathOf, Problem, Problems, QueryOf};
use crate::moderation::rank::admit;
use crate::moderation::store::{self, Sanctions, Whose};
use crate::rooms;

/// Accounts, or rooms, in one answer.
const PAGE: u32 = 100;

pub(super) fn routes() -> Api {
    Api::new().routes(routes!(room_sanctions)).routes(routes!(account_sanctions))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AfterName {
    /// Those after this account, or room; absent: from the first.
    #[serde(default)]
    after: String,
}

/// Mutes and bans that hold now.
#[derive(Debug, Serialize, ToSchema)]
struct SanctionsPage {
    /// A hundred at most.
    sanctions: Vec<Sanctions>,
    /// `after` of the next page; absent when this was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Who is muted in a room or banned from it, by account: who moderates the room.
#[utoipa::path(get, path = "/rooms/{room}/sanctions", tag = "moderation",
    params(("room" = String, Path), AfterName), security(("token" = [])),
    responses((status = 200, body = SanctionsPage), Problems))]
async fn room_sanctions(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    QueryOf(AfterName { after }): QueryOf<AfterName>,
) -> Result<axum::Json<SanctionsPage>, Problem> {
    let mut tx = business.database.read().await?;
    admit(&mut tx, &caller, Some(&room)).await?;
    let room = rooms::find(&mut tx, &room).await?.group_id;
    let (whose, now_s) = (Whose::Room(&room), business.clock.now_s());
    let found = store::sanctions(&mut tx, whose, &after, now_s, PAGE + 1).await?;
    Ok(axum::Json(page(found, |sanctions| &sanctions.user_id)))
}

/// Where an account is muted or banned, by room: moderators of all rooms.
#[utoipa::path(get, path = "/accounts/{user}/sanctions", tag = "moderation",
    params(("user" = String, Path), AfterName), security(("token" = [])),
    responses((status = 200, body = SanctionsPage), Problems))]
async fn account_sanctions(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(user): PathOf<String>,
    QueryOf(AfterName { after }): QueryOf<AfterName>,
) -> Result<axum::Json<SanctionsPage>, Problem> {
    let mut tx = business.database.read().await?;
    admit(&mut tx, &caller, None).await?;
    let (whose, now_s) = (Whose::Account(&user), business.clock.now_s());
    let found = store::sanctions(&mut tx, whose, &after, now_s, PAGE + 1).await?;
    Ok(axum::Json(page(found, |sanctions| &sanctions.room)))
}

/// One more than a page was read, to know whether there is another.
fn page(mut sanctions: Vec<Sanctions>, name: fn(&Sanctions) -> &String) -> SanctionsPage {
    let has_more = sanctions.len() > PAGE as usize;
    sanctions.truncate(PAGE as usize);
    let next = sanctions.last().map(name).filter(|_| has_more).cloned();
    SanctionsPage { sanctions, next }
}
