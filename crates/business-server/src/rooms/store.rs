//! Rooms and streams in the database.

use chat_types::business::LiveStatus;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::storage::{Error, Tx, from_db, to_db};

/// A room as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) group_id: String,
    pub(crate) owner: String,
    pub(crate) title: String,
    pub(crate) status: LiveStatus,
    pub(crate) status_since_s: u64,
}

fn read(row: &SqliteRow) -> Result<Room, Error> {
    let group_id: String = row.get("group_id");
    let status = LiveStatus::from_name(row.get("status"))
        .ok_or_else(|| Error::Unreadable(format!("the status of room {group_id}")))?;
    Ok(Room {
        owner: row.get("owner"),
        title: row.get("title"),
        status,
        status_since_s: from_db(row.get("status_since_s")),
        group_id,
    })
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
    let row = sqlx::query(
        "SELECT group_id, owner, title, status, status_since_s FROM rooms WHERE group_id = $1",
    )
    .bind(group_id)
    .fetch_optional(&mut **tx)
    .await?;
    row.as_ref().map(read).transpose()
}

/// Up to `limit` rooms whose ids come after `after`, by id.
pub(crate) async fn list(tx: &mut Tx, after: &str, limit: u32) -> Result<Vec<Room>, Error> {
    let rows = sqlx::query(
        "SELECT group_id, owner, title, status, status_since_s FROM rooms
         WHERE group_id > $1 ORDER BY group_id LIMIT $2",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(read).collect()
}

/// Rooms whose host is on or pauses, by id.
pub(crate) async fn on_air(tx: &mut Tx) -> Result<Vec<Room>, Error> {
    let rows = sqlx::query(
        "SELECT group_id, owner, title, status, status_since_s FROM rooms
         WHERE status IN ($1, $2) ORDER BY group_id",
    )
    .bind(LiveStatus::Live.name())
    .bind(LiveStatus::Paused.name())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(read).collect()
}

pub(crate) async fn set_status(
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

/// The number of the stream that runs; numbers of a room begin at 1.
pub(crate) async fn open_stream(tx: &mut Tx, group_id: &str) -> Result<Option<u64>, Error> {
    let row = sqlx::query("SELECT stream FROM streams WHERE group_id = $1 AND ended_s IS NULL")
        .bind(group_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.map(|row| from_db(row.get("stream"))))
}

/// The number of the new stream.
pub(crate) async fn begin_stream(tx: &mut Tx, group_id: &str, now_s: u64) -> Result<u64, Error> {
    let row = sqlx::query(
        "INSERT INTO streams (stream, group_id, began_s)
         SELECT COALESCE(MAX(stream), 0) + 1, $1, $2 FROM streams WHERE group_id = $1
         RETURNING stream",
    )
    .bind(group_id)
    .bind(to_db(now_s))
    .fetch_one(&mut **tx)
    .await?;
    Ok(from_db(row.get("stream")))
}

/// Ends the stream that runs, if one does.
pub(crate) async fn end_stream(tx: &mut Tx, group_id: &str, now_s: u64) -> Result<(), Error> {
    sqlx::query("UPDATE streams SET ended_s = $2 WHERE group_id = $1 AND ended_s IS NULL")
        .bind(group_id)
        .bind(to_db(now_s))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
