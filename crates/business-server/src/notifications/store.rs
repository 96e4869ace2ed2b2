//! Events for the shop in the database.

use serde::Serialize;
use utoipa::ToSchema;

use crate::config::EventKind;
use crate::storage::{Error, Tx, next, to_db};

/// The counter of events.
pub(super) const NUMBERS: &str = "notifications";

/// An event that is to be delivered.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Waiting {
    pub(super) number: i64,
    pub(super) id: String,
    pub(super) body: String,
    pub(super) queued_ms: i64,
    /// When the receiver first refused it for its content.
    pub(super) refused_ms: Option<i64>,
}

/// An event that was given up.
#[derive(Debug, sqlx::FromRow, Serialize, ToSchema)]
#[schema(as = DeadNotification)]
pub(super) struct Dead {
    #[sqlx(try_from = "i64")]
    pub(super) number: u64,
    id: String,
    kind: EventKind,
    /// Empty when it concerns no room.
    room: String,
    /// The body of the call, byte for byte.
    body: String,
    #[sqlx(try_from = "i64")]
    attempts: u64,
    /// Why the last attempt failed.
    reason: String,
    #[sqlx(try_from = "i64")]
    queued_at_s: u64,
    #[sqlx(try_from = "i64")]
    given_up_at_s: u64,
}

/// What is counted in the database, so that it is true after a restart as well.
#[derive(Debug, Clone, Copy)]
pub(super) enum Figure {
    /// Events that may wait.
    Limit,
    Waiting,
    Dropped,
    Forgotten,
}

impl Figure {
    fn name(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Waiting => "waiting",
            Self::Dropped => "dropped",
            Self::Forgotten => "forgotten",
        }
    }
}

/// Takes over how the service is configured.
pub(super) async fn configure(tx: &mut Tx, kinds: &[EventKind], limit: u64) -> Result<(), Error> {
    sqlx::query("DELETE FROM notification_kinds").execute(&mut **tx).await?;
    for kind in kinds {
        sqlx::query("INSERT INTO notification_kinds (kind) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(kind)
            .execute(&mut **tx)
            .await?;
    }
    sqlx::query("UPDATE notification_figures SET value = $1 WHERE name = 'limit'")
        .bind(to_db(limit))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether the shop is told of this kind.
pub(super) async fn is_wanted(tx: &mut Tx, kind: EventKind) -> Result<bool, Error> {
    let found = sqlx::query("SELECT kind FROM notification_kinds WHERE kind = $1")
        .bind(kind)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(found.is_some())
}

/// How many more events may wait.
pub(super) async fn places(tx: &mut Tx) -> Result<i64, Error> {
    Ok(figure(tx, Figure::Limit).await?.saturating_sub(figure(tx, Figure::Waiting).await?).max(0))
}

pub(super) async fn figure(tx: &mut Tx, figure: Figure) -> Result<i64, Error> {
    let (value,) = sqlx::query_as("SELECT value FROM notification_figures WHERE name = $1")
        .bind(figure.name())
        .fetch_one(&mut **tx)
        .await?;
    Ok(value)
}

/// Gives what the figure is then.
pub(super) async fn add(tx: &mut Tx, figure: Figure, by: i64) -> Result<i64, Error> {
    let (value,) = sqlx::query_as(
        "UPDATE notification_figures SET value = value + $2 WHERE name = $1 RETURNING value",
    )
    .bind(figure.name())
    .bind(by)
    .fetch_one(&mut **tx)
    .await?;
    Ok(value)
}

pub(super) async fn insert(
    tx: &mut Tx,
    event: &Waiting,
    kind: EventKind,
    room: &str,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO notifications (number, id, kind, room, body, state, attempts, queued_ms)
         VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6)",
    )
    .bind(event.number)
    .bind(&event.id)
    .bind(kind)
    .bind(room)
    .bind(&event.body)
    .bind(event.queued_ms)
    .execute(&mut **tx)
    .await?;
    add(tx, Figure::Waiting, 1).await?;
    Ok(())
}

/// Numbers and rooms of up to `limit` events that wait and come after the number `after`.
pub(super) async fn written_after(
    tx: &mut Tx,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, String)>, Error> {
    let written = sqlx::query_as(
        "SELECT number, room FROM notifications WHERE state = 'waiting' AND number > $1
         ORDER BY number LIMIT $2",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(written)
}

/// Up to `limit` events of the room that wait, the oldest first.
pub(super) async fn first_of(tx: &mut Tx, room: &str, limit: u32) -> Result<Vec<Waiting>, Error> {
    let first = sqlx::query_as(
        "SELECT number, id, body, queued_ms, refused_ms FROM notifications
         WHERE state = 'waiting' AND room = $1 ORDER BY number LIMIT $2",
    )
    .bind(room)
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(first)
}

/// The receiver has it.
pub(super) async fn delivered(tx: &mut Tx, number: i64) -> Result<(), Error> {
    let done = sqlx::query("DELETE FROM notifications WHERE number = $1 AND state = 'waiting'")
        .bind(number)
        .execute(&mut **tx)
        .await?;
    if done.rows_affected() == 1 {
        add(tx, Figure::Waiting, -1).await?;
    }
    Ok(())
}

/// An attempt has failed, and another one follows.
pub(super) async fn failed(
    tx: &mut Tx,
    number: i64,
    reason: &str,
    refused_ms: Option<i64>,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE notifications SET attempts = attempts + 1, reason = $2, refused_ms = $3
         WHERE number = $1",
    )
    .bind(number)
    .bind(reason)
    .bind(refused_ms)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The last attempt has failed.
pub(super) async fn give_up(
    tx: &mut Tx,
    number: i64,
    reason: &str,
    now_ms: u64,
) -> Result<(), Error> {
    let done = sqlx::query(
        "UPDATE notifications
         SET state = 'dead', attempts = attempts + 1, reason = $2, dead_ms = $3
         WHERE number = $1 AND state = 'waiting'",
    )
    .bind(number)
    .bind(reason)
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 {
        add(tx, Figure::Waiting, -1).await?;
    }
    Ok(())
}

/// Up to `limit` events that were given up and come before the number `before`, the latest first.
pub(super) async fn dead(tx: &mut Tx, before: i64, limit: u32) -> Result<Vec<Dead>, Error> {
    let dead = sqlx::query_as(
        "SELECT number, id, kind, room, body, attempts, COALESCE(reason, '') AS reason,
             queued_ms / 1000 AS queued_at_s, COALESCE(dead_ms, queued_ms) / 1000 AS given_up_at_s
         FROM notifications WHERE state = 'dead' AND number < $1 ORDER BY number DESC LIMIT $2",
    )
    .bind(before)
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(dead)
}

pub(super) async fn count_dead(tx: &mut Tx) -> Result<i64, Error> {
    let (dead,) = sqlx::query_as("SELECT COUNT(*) FROM notifications WHERE state = 'dead'")
        .fetch_one(&mut **tx)
        .await?;
    Ok(dead)
}

/// Ids of up to `limit` events that were given up, the oldest first.
pub(super) async fn oldest_dead(tx: &mut Tx, limit: i64) -> Result<Vec<String>, Error> {
    let ids: Vec<(String,)> = sqlx::query_as(
        "SELECT id FROM notifications WHERE state = 'dead' ORDER BY number LIMIT $1",
    )
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// Lets an event that was given up wait again, behind what waits already. False when there is none of
/// this id.
pub(super) async fn revive(tx: &mut Tx, id: &str, now_ms: u64) -> Result<bool, Error> {
    let number = to_db(next(tx, NUMBERS).await?);
    let done = sqlx::query(
        "UPDATE notifications SET state = 'waiting', number = $2, attempts = 0, queued_ms = $3,
             dead_ms = NULL, refused_ms = NULL
         WHERE id = $1 AND state = 'dead'",
    )
    .bind(id)
    .bind(number)
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    let is_revived = done.rows_affected() == 1;
    if is_revived {
        add(tx, Figure::Waiting, 1).await?;
    }
    Ok(is_revived)
}
