//! Rooms in the database.

pub(super) mod streams;

pub(crate) use streams::{last_stream, open_or_next_stream, open_stream};

use chat_types::business::LiveStatus;
use chat_types::business::api::Role;
use sqlx::FromRow;

use crate::storage::{Error, Tx, to_db};

/// A room as it is kept.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Room {
    pub(crate) group_id: String,
    pub(crate) owner: String,
    pub(crate) title: String,
    #[sqlx(try_from = "String")]
    pub(crate) status: LiveStatus,
    #[sqlx(try_from = "i64")]
    pub(crate) status_since_s: u64,
    /// Since when its group is gone.
    pub(super) gone_s: Option<i64>,
}

impl Room {
    /// It has no group any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone_s.is_some()
    }

    /// Its stream runs; a pause belongs to it, and its viewers are still there.
    pub(crate) fn is_on_air(&self) -> bool {
        matches!(self.status, LiveStatus::Live | LiveStatus::Paused)
    }
}

/// False when there is a room of this id already; nothing is changed then.
pub(crate) async fn insert(
    tx: &mut Tx,
    group_id: &str,
    owner: &str,
    title: &str,
    now_s: u64,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO rooms (group_id, owner, title, status, status_since_s, created_s)
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (group_id) DO NOTHING",
    )
    .bind(group_id)
    .bind(owner)
    .bind(title)
    .bind(LiveStatus::ToBeStarted.name())
    .bind(to_db(now_s))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn find(tx: &mut Tx, group_id: &str) -> Result<Option<Room>, Error> {
    let room = sqlx::query_as("SELECT * FROM rooms WHERE group_id = $1")
        .bind(group_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(room)
}

/// Up to `limit` rooms whose ids come after `after`, by id.
pub(crate) async fn list(tx: &mut Tx, after: &str, limit: u32) -> Result<Vec<Room>, Error> {
    let rooms =
        sqlx::query_as("SELECT * FROM rooms WHERE group_id > $1 ORDER BY group_id LIMIT $2")
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut **tx)
            .await?;
    Ok(rooms)
}

/// Rooms whose host is on or pauses, by id.
pub(crate) async fn on_air(tx: &mut Tx) -> Result<Vec<Room>, Error> {
    let rooms = sqlx::query_as("SELECT * FROM rooms WHERE status IN ($1, $2) ORDER BY group_id")
        .bind(LiveStatus::Live.name())
        .bind(LiveStatus::Paused.name())
        .fetch_all(&mut **tx)
        .await?;
    Ok(rooms)
}

pub(super) async fn set_status(
    tx: &mut Tx,
    group_id: &str,
    status: LiveStatus,
    now_s: u64,
) -> Result<(), Error> {
    sqlx::query("UPDATE rooms SET status = $2, status_since_s = $3 WHERE group_id = $1")
        .bind(group_id)
        .bind(status.name())
        .bind(to_db(now_s))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn set_owner(tx: &mut Tx, group_id: &str, owner: &str) -> Result<(), Error> {
    sqlx::query("UPDATE rooms SET owner = $2 WHERE group_id = $1")
        .bind(group_id)
        .bind(owner)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Notes that the group of the room is gone, or that there is one again.
pub(super) async fn set_gone(
    tx: &mut Tx,
    group_id: &str,
    gone_s: Option<u64>,
) -> Result<(), Error> {
    sqlx::query("UPDATE rooms SET gone_s = $2 WHERE group_id = $1")
        .bind(group_id)
        .bind(gone_s.map(to_db))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn set_title(tx: &mut Tx, group_id: &str, title: &str) -> Result<(), Error> {
    sqlx::query("UPDATE rooms SET title = $2 WHERE group_id = $1")
        .bind(group_id)
        .bind(title)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Rooms of an account whose streams run.
pub(super) async fn on_air_of(tx: &mut Tx, owner: &str) -> Result<Vec<Room>, Error> {
    let rooms = sqlx::query_as(
        "SELECT * FROM rooms WHERE owner = $1 AND status IN ($2, $3) ORDER BY group_id",
    )
    .bind(owner)
    .bind(LiveStatus::Live.name())
    .bind(LiveStatus::Paused.name())
    .fetch_all(&mut **tx)
    .await?;
    Ok(rooms)
}

/// Whether this account has a role in which it may run rooms, and is not kept out.
pub(super) async fn runs_rooms(tx: &mut Tx, user_id: &str) -> Result<bool, Error> {
    let role: Option<String> =
        sqlx::query_scalar("SELECT role FROM accounts WHERE user_id = $1 AND blocked_s IS NULL")
            .bind(user_id)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(role.and_then(|role| Role::from_name(&role)).is_some_and(|role| role >= Role::Host))
}
