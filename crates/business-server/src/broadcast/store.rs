//! Broadcasts in the database.

use super::{BroadcastState, BroadcastWay};
use crate::storage::{Error, Tx, from_db, to_db};

#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Broadcast {
    #[sqlx(rename = "broadcast")]
    pub(super) id: String,
    pub(super) text: String,
    pub(super) made_by: String,
    #[sqlx(try_from = "i64")]
    pub(super) made_ms: u64,
    pub(super) way: BroadcastWay,
    /// Why this way, or why it failed.
    pub(super) reason: Option<String>,
    pub(super) state: BroadcastState,
}

pub(super) async fn insert(
    tx: &mut Tx,
    id: &str,
    text: &str,
    made_by: &str,
    now_ms: u64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO broadcasts (broadcast, text, made_by, made_ms, way, state)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(text)
    .bind(made_by)
    .bind(to_db(now_ms))
    .bind(BroadcastWay::Undecided)
    .bind(BroadcastState::Waiting)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, id: &str) -> Result<Option<Broadcast>, Error> {
    let found = sqlx::query_as("SELECT * FROM broadcasts WHERE broadcast = $1").bind(id);
    Ok(found.fetch_optional(&mut **tx).await?)
}

pub(super) async fn count_waiting(tx: &mut Tx) -> Result<u64, Error> {
    let waiting = sqlx::query_scalar("SELECT COUNT(*) FROM broadcasts WHERE state = 'waiting'");
    Ok(from_db(waiting.fetch_one(&mut **tx).await?))
}

/// The broadcasts that are on this way, in the order in which they were made.
pub(super) async fn waiting(tx: &mut Tx, way: BroadcastWay) -> Result<Vec<Broadcast>, Error> {
    let waiting = sqlx::query_as(
        "SELECT * FROM broadcasts WHERE state = 'waiting' AND way = $1
         ORDER BY made_ms, broadcast",
    );
    Ok(waiting.bind(way).fetch_all(&mut **tx).await?)
}

pub(super) async fn set_progress(
    tx: &mut Tx,
    id: &str,
    way: BroadcastWay,
    state: BroadcastState,
    reason: Option<&str>,
) -> Result<(), Error> {
    sqlx::query("UPDATE broadcasts SET way = $2, state = $3, reason = $4 WHERE broadcast = $1")
        .bind(id)
        .bind(way)
        .bind(state)
        .bind(reason)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn insert_room(tx: &mut Tx, id: &str, group_id: &str) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO broadcast_rooms (broadcast, group_id) VALUES ($1, $2)
         ON CONFLICT (broadcast, group_id) DO NOTHING",
    )
    .bind(id)
    .bind(group_id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Up to `limit` rooms that have not been told.
pub(super) async fn rooms_to_tell(tx: &mut Tx, id: &str, limit: u32) -> Result<Vec<String>, Error> {
    let rooms = sqlx::query_scalar(
        "SELECT group_id FROM broadcast_rooms WHERE broadcast = $1 AND posted = 0
         ORDER BY group_id LIMIT $2",
    );
    Ok(rooms.bind(id).bind(i64::from(limit)).fetch_all(&mut **tx).await?)
}

pub(super) async fn note_posted(tx: &mut Tx, id: &str, group_id: &str) -> Result<(), Error> {
    sqlx::query("UPDATE broadcast_rooms SET posted = 1 WHERE broadcast = $1 AND group_id = $2")
        .bind(id)
        .bind(group_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// How far a broadcast is that goes room by room.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(super) struct RoomCounts {
    #[sqlx(try_from = "i64")]
    pub(super) rooms: u64,
    /// The chat service has accepted the message.
    #[sqlx(try_from = "i64")]
    pub(super) told: u64,
    /// The message is on its way.
    #[sqlx(try_from = "i64")]
    pub(super) waiting: u64,
}

pub(super) async fn count_rooms(tx: &mut Tx, id: &str) -> Result<RoomCounts, Error> {
    // What was delivered is forgotten by the outbox first.
    let counts = sqlx::query_as(
        "SELECT COUNT(*) AS rooms,
             COUNT(CASE WHEN r.posted = 1 AND COALESCE(o.state, 'delivered') = 'delivered'
                 THEN 1 END) AS told,
             COUNT(CASE WHEN o.state = 'waiting' THEN 1 END) AS waiting
         FROM broadcast_rooms r
         LEFT JOIN outbox o ON o.key = 'broadcast:' || r.broadcast || ':' || r.group_id
         WHERE r.broadcast = $1",
    );
    Ok(counts.bind(id).fetch_one(&mut **tx).await?)
}
