//! What accounts are in a room, and what holds against them.

use serde::Serialize;
use utoipa::ToSchema;

use super::changed;
use super::measures::MeasureResult;
use crate::http::Role;
use crate::moderation::ladder::Measure;
use crate::moderation::rank::Rank;
use crate::storage::{Error, Tx, from_db, to_db};

/// Who speaks in a room.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::moderation) struct Sender {
    pub(in crate::moderation) owns_room: bool,
    /// By the host's word.
    pub(in crate::moderation) moderates_room: bool,
    pub(in crate::moderation) role: Role,
    /// When the account came to this service; `None` for one that never did.
    pub(in crate::moderation) created_s: Option<u64>,
}

impl Sender {
    pub(in crate::moderation) fn rank(self) -> Rank {
        match self.role {
            Role::Admin => Rank::Admin,
            Role::Moderator => Rank::Moderator,
            _ if self.owns_room => Rank::Host,
            _ if self.moderates_room => Rank::RoomModerator,
            _ => Rank::Viewer,
        }
    }
}

pub(in crate::moderation) async fn sender(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
) -> Result<Sender, Error> {
    let (owned, moderated, role, created_s): (i64, i64, Option<String>, Option<i64>) =
        sqlx::query_as(
            "SELECT
                 (SELECT COUNT(*) FROM rooms WHERE group_id = $1 AND owner = $2),
                 (SELECT COUNT(*) FROM room_moderators WHERE group_id = $1 AND user_id = $2),
                 (SELECT role FROM accounts WHERE user_id = $2),
                 (SELECT created_s FROM accounts WHERE user_id = $2)",
        )
        .bind(group_id)
        .bind(user_id)
        .fetch_one(&mut **tx)
        .await?;
    Ok(Sender {
        owns_room: owned > 0,
        moderates_room: moderated > 0,
        role: role.and_then(|role| Role::from_name(&role)).unwrap_or_default(),
        created_s: created_s.map(from_db),
    })
}

/// An account that moderates one room.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub(in crate::moderation) struct RoomModerator {
    user_id: String,
    nick: String,
    added_by: String,
    #[sqlx(try_from = "i64")]
    added_s: u64,
}

/// By account; a room has few.
pub(in crate::moderation) async fn moderators(
    tx: &mut Tx,
    group_id: &str,
) -> Result<Vec<RoomModerator>, Error> {
    let found = sqlx::query_as(
        "SELECT m.user_id, a.nick, m.added_by, m.added_s
         FROM room_moderators m JOIN accounts a ON a.user_id = m.user_id
         WHERE m.group_id = $1 ORDER BY m.user_id",
    )
    .bind(group_id)
    .fetch_all(&mut **tx)
    .await?;
    Ok(found)
}

/// Who is one already stays one. False when the room has `most` already; nothing is changed then.
pub(in crate::moderation) async fn add_moderator(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
    added_by: &str,
    now_s: u64,
    most: u32,
) -> Result<bool, Error> {
    sqlx::query(
        "INSERT INTO room_moderators (group_id, user_id, added_by, added_s)
         VALUES ($1, $2, $3, $4) ON CONFLICT (group_id, user_id) DO NOTHING",
    )
    .bind(group_id)
    .bind(user_id)
    .bind(added_by)
    .bind(to_db(now_s))
    .execute(&mut **tx)
    .await?;
    changed(tx, group_id).await?;
    let number: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM room_moderators WHERE group_id = $1")
            .bind(group_id)
            .fetch_one(&mut **tx)
            .await?;
    Ok(number <= i64::from(most))
}

pub(in crate::moderation) async fn remove_moderator(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM room_moderators WHERE group_id = $1 AND user_id = $2")
        .bind(group_id)
        .bind(user_id)
        .execute(&mut **tx)
        .await?;
    changed(tx, group_id).await
}

/// What holds against one account in one room now.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::moderation) struct Sanctions {
    pub(in crate::moderation) room: String,
    pub(in crate::moderation) user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted_until_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted_because: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    banned_until_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    banned_because: Option<String>,
}

#[derive(sqlx::FromRow)]
struct SanctionsRow {
    group_id: String,
    user_id: String,
    muted_until_s: Option<i64>,
    muted_because: Option<String>,
    banned_until_s: Option<i64>,
    banned_because: Option<String>,
}

/// Whose sanctions are listed.
#[derive(Debug, Clone, Copy)]
pub(in crate::moderation) enum Whose<'a> {
    /// In one room, by account.
    Room(&'a str),
    /// Of one account, by room.
    Account(&'a str),
}

/// Those that hold now and whose account, or room, comes after `after`. A mute that the chat service
/// refused does not hold; a ban does, since this service keeps it itself.
pub(in crate::moderation) async fn sanctions(
    tx: &mut Tx,
    whose: Whose<'_>,
    after: &str,
    now_s: u64,
    limit: u32,
) -> Result<Vec<Sanctions>, Error> {
    let statement = match whose {
        Whose::Room(_) => {
            "SELECT group_id, user_id,
                 MAX(CASE WHEN measure = $4 THEN until_s END) AS muted_until_s,
                 MAX(CASE WHEN measure = $4 THEN reason END) AS muted_because,
                 MAX(CASE WHEN measure = $5 THEN until_s END) AS banned_until_s,
                 MAX(CASE WHEN measure = $5 THEN reason END) AS banned_because
             FROM moderation_measures
             WHERE group_id = $1 AND user_id > $2 AND until_s > $3
                 AND (measure = $5 OR (measure = $4 AND state <> $6))
             GROUP BY group_id, user_id ORDER BY user_id LIMIT $7"
        }
        Whose::Account(_) => {
            "SELECT group_id, user_id,
                 MAX(CASE WHEN measure = $4 THEN until_s END) AS muted_until_s,
                 MAX(CASE WHEN measure = $4 THEN reason END) AS muted_because,
                 MAX(CASE WHEN measure = $5 THEN until_s END) AS banned_until_s,
                 MAX(CASE WHEN measure = $5 THEN reason END) AS banned_because
             FROM moderation_measures
             WHERE user_id = $1 AND group_id > $2 AND until_s > $3
                 AND (measure = $5 OR (measure = $4 AND state <> $6))
             GROUP BY group_id, user_id ORDER BY group_id LIMIT $7"
        }
    };
    let (Whose::Room(id) | Whose::Account(id)) = whose;
    let rows: Vec<SanctionsRow> = sqlx::query_as(statement)
        .bind(id)
        .bind(after)
        .bind(to_db(now_s))
        .bind(Measure::Mute)
        .bind(Measure::Ban)
        .bind(MeasureResult::Refused)
        .bind(i64::from(limit))
        .fetch_all(&mut **tx)
        .await?;
    let view = |row: SanctionsRow| Sanctions {
        room: row.group_id,
        user_id: row.user_id,
        muted_until_s: row.muted_until_s.map(from_db),
        muted_because: row.muted_because,
        banned_until_s: row.banned_until_s.map(from_db),
        banned_because: row.banned_because,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Whether this service has an account of this id.
pub(in crate::moderation) async fn is_account(tx: &mut Tx, user_id: &str) -> Result<bool, Error> {
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM accounts WHERE user_id = $1")
        .bind(user_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(found.is_some())
}
