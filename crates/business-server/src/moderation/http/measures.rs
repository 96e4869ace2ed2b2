//! Calls: mutes and bans by who moderates a room.

use axum::extract::State;
use axum::http::StatusCode;
use chat_types::UserId;
use chat_types::rest::{AccountCheck, AccountResult, AccountStatus, UserIdItem};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::audit::{self, Act};
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems, Role};
use crate::moderation::ladder::{MAX_SECONDS, Measure};
use crate::moderation::measures::carry_out_soon;
use crate::moderation::rank::{Rank, admit};
use crate::moderation::record::write_measure;
use crate::moderation::store::{self, Over, PendingMeasure};
use crate::storage::Tx;
use crate::{Business, rooms};

pub(super) fn routes() -> Api {
    Api::new().routes(routes!(mute)).routes(routes!(ban))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMeasure {
    user_id: String,
    /// 0 lifts it.
    seconds: u32,
}

/// What was written down; the chat service does it as soon as it answers.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureTaken {
    room: String,
    user_id: String,
    measure: Measure,
    /// 0 when it was lifted.
    until_s: u64,
    /// What a ban became: a `mute` where the application bans nobody. Absent when the chat service
    /// has not answered yet, or has refused it, which the log then says.
    #[serde(skip_serializing_if = "Option::is_none")]
    carried: Option<Measure>,
}

/// Mute an account in a room, or let it speak again: who moderates the room. What somebody of a higher
/// rank has set is lifted and shortened by nobody of a lower one (403). 404 `account` for one that
/// neither this service nor the chat service knows.
#[utoipa::path(post, path = "/rooms/{room}/mutes", tag = "moderation",
    params(("room" = String, Path)), request_body = NewMeasure, security(("token" = [])),
    responses((status = 202, body = MeasureTaken), Problems))]
async fn mute(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    Body(new): Body<NewMeasure>,
) -> Result<(StatusCode, axum::Json<MeasureTaken>), Problem> {
    pass(&business, &caller, &room, new, Measure::Mute).await
}

/// Ban an account from a room, or let it in again: who moderates the room. What somebody of a higher
/// rank has set is lifted and shortened by nobody of a lower one (403). 404 `account` for one that
/// neither this service nor the chat service knows.
#[utoipa::path(post, path = "/rooms/{room}/bans", tag = "moderation",
    params(("room" = String, Path)), request_body = NewMeasure, security(("token" = [])),
    responses((status = 202, body = MeasureTaken), Problems))]
async fn ban(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
    Body(new): Body<NewMeasure>,
) -> Result<(StatusCode, axum::Json<MeasureTaken>), Problem> {
    pass(&business, &caller, &room, new, Measure::Ban).await
}

async fn pass(
    business: &Business,
    caller: &Caller,
    room: &str,
    NewMeasure { user_id, seconds }: NewMeasure,
    measure: Measure,
) -> Result<(StatusCode, axum::Json<MeasureTaken>), Problem> {
    admit(&mut business.database.read().await?, caller, Some(room)).await?;
    let user_id = UserId::new(user_id).map_err(|error| Problem::invalid(error.info))?;
    if seconds > MAX_SECONDS {
        return Err(Problem::invalid(format!("seconds is 0 to {MAX_SECONDS}")));
    }
    if user_id == caller.user_id && caller.role < Role::Admin {
        return Err(Problem::forbidden("nobody decides over the own mute or ban"));
    }
    let now_ms = business.clock.now_ms();
    let now_s = now_ms / 1_000;
    // What should not have been done may be undone.
    if seconds > 0 {
        spare_administrators(business, &user_id).await?;
    }
    check_known(business, room, &user_id, measure).await?;
    let mut tx = business.database.write().await?;
    let rank = admit(&mut tx, caller, Some(room)).await?;
    let (room, user_id) = (rooms::find(&mut tx, room).await?.group_id, user_id.to_string());
    if seconds > 0 {
        check(business, &mut tx, rank, &room, &user_id).await?;
    }
    let due = written_by(By { caller, rank }, &room, &user_id, measure, seconds, now_s);
    check_rank(&mut tx, &due, now_s).await?;
    write_measure(&mut tx, &due, Over::Any, now_ms).await?;
    let state = json!({"measure": measure, "until_s": due.until_s});
    audit::note(&mut tx, caller, Act::on(&user_id).in_room(&room).after(state)).await?;
    tx.commit().await?;
    let carried = match measure {
        Measure::Ban if seconds > 0 => carry_out_soon(business, &due).await,
        _ => None,
    };
    business.moderation.due.notify_one();
    let taken = MeasureTaken { room, user_id, measure, until_s: due.until_s, carried };
    Ok((StatusCode::ACCEPTED, axum::Json(taken)))
}

/// 404 for an account that neither this service nor the chat service knows, unless there is a measure
/// against it, which may be lifted also when the account was deleted. While the chat service is away
/// nobody knows, and a measure waits for it all the same.
async fn check_known(
    business: &Business,
    room: &str,
    user_id: &UserId,
    measure: Measure,
) -> Result<(), Problem> {
    let mut tx = business.database.read().await?;
    let id = user_id.as_str();
    let is_known = store::is_account(&mut tx, id).await?
        || store::holding(&mut tx, room, id, measure, business.clock.now_s()).await?.is_some();
    drop(tx);
    if is_known {
        return Ok(());
    }
    let check = AccountCheck { check_item: vec![UserIdItem { user_id: id.to_owned() }] };
    let found = business.chat.account_check(&check).await;
    let is_unknown =
        |result: &AccountResult| result.account_status == Some(AccountStatus::NotImported);
    if found.is_ok_and(|found| found.result_item.iter().any(is_unknown)) {
        return Err(Problem::not_found("account", format!("there is no account {user_id}")));
    }
    Ok(())
}

/// 403 for an administrator of the application, who may speak for others. While the chat service is
/// away nobody knows who is one, and a measure waits for it all the same.
pub(super) async fn spare_administrators(
    business: &Business,
    user_id: &UserId,
) -> Result<(), Problem> {
    if matches!(business.chat.is_admin(user_id).await, Ok(true)) {
        return Err(Problem::forbidden(format!(
            "{user_id} is an administrator of the application: take that away first"
        )));
    }
    Ok(())
}

/// 403 for an account that a caller of this rank may not mute or ban.
pub(super) async fn check(
    business: &Business,
    tx: &mut Tx,
    rank: Rank,
    group_id: &str,
    user_id: &str,
) -> Result<(), Problem> {
    if business.config.chat.is_own(user_id) {
        return Err(Problem::forbidden(format!(
            "the service speaks as {user_id}: muted, it could tell the room of no gift"
        )));
    }
    let target = store::sender(tx, group_id, user_id).await?;
    if target.owns_room {
        return Err(Problem::forbidden("nobody is muted in their own room or banned from it"));
    }
    if target.rank() >= rank {
        return Err(Problem::forbidden(format!(
            "{user_id} is {}, and you are {}: this takes a higher rank",
            target.rank().name(),
            rank.name()
        )));
    }
    Ok(())
}

/// 403 where a lower rank would lift or shorten what a higher one has set.
async fn check_rank(tx: &mut Tx, due: &PendingMeasure, now_s: u64) -> Result<(), Problem> {
    let PendingMeasure { group_id, user_id, measure, until_s, rank, .. } = due;
    let held = store::holding(tx, group_id, user_id, *measure, now_s).await?;
    match held {
        Some((held_until_s, by)) if by > *rank && *until_s < held_until_s => {
            Err(Problem::forbidden(format!(
                "{} has set the {} of {user_id}, and you are {}: to lift or shorten it takes that \
                 rank or a higher one",
                by.name(),
                measure.name(),
                rank.name()
            )))
        }
        _ => Ok(()),
    }
}

/// Who takes a measure.
#[derive(Clone, Copy)]
pub(super) struct By<'a> {
    pub(super) caller: &'a Caller,
    /// In the room of the measure.
    pub(super) rank: Rank,
}

/// A measure by a moderator.
pub(super) fn written_by(
    by: By<'_>,
    group_id: &str,
    user_id: &str,
    measure: Measure,
    seconds: u32,
    now_s: u64,
) -> PendingMeasure {
    let until_s = if seconds == 0 { 0 } else { now_s.saturating_add(u64::from(seconds)) };
    PendingMeasure {
        group_id: group_id.to_owned(),
        user_id: user_id.to_owned(),
        measure,
        until_s,
        reason: format!("moderator {}", by.caller.user_id),
        rank: by.rank,
        attempts: 0,
    }
}
