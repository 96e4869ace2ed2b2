//! Events in the database.

use sqlx::Row;

use super::inbox::Arrived;
use crate::storage::{Error, Tx, from_db, to_db};

/// `state` of an event that waits.
const UNHEARD: i64 = 0;
/// Everybody has heard it; its key is kept against duplicates.
const HEARD: i64 = 1;
/// It failed too often and is kept for a person.
const SET_ASIDE: i64 = 2;

/// An event that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: u64,
    pub(super) body: String,
    pub(super) came_ms: u64,
    /// How often hearing it has failed.
    pub(super) failures: u64,
}

/// The number of the newest event; 0 when there is none.
pub(super) async fn last_id(tx: &mut Tx) -> Result<u64, Error> {
    let row = sqlx::query("SELECT COALESCE(MAX(id), 0) AS id FROM webhook_events")
        .fetch_one(&mut **tx)
        .await?;
    Ok(from_db(row.get("id")))
}

/// False when there is an event of this key already; nothing is changed then.
pub(super) async fn insert(tx: &mut Tx, id: u64, arrived: &Arrived) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO webhook_events (id, event_key, body, came_ms, state, failures)
         VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (event_key) DO NOTHING",
    )
    .bind(to_db(id))
    .bind(&arrived.key)
    .bind(&arrived.body)
    .bind(to_db(arrived.came_ms))
    .bind(UNHEARD)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn count_unheard(tx: &mut Tx) -> Result<usize, Error> {
    let row = sqlx::query("SELECT COUNT(*) AS waiting FROM webhook_events WHERE state = $1")
        .bind(UNHEARD)
        .fetch_one(&mut **tx)
        .await?;
    Ok(usize::try_from(row.get::<i64, _>("waiting")).unwrap_or(0))
}

/// The oldest events that wait, in their order.
pub(super) async fn unheard(tx: &mut Tx, limit: u32) -> Result<Vec<Waiting>, Error> {
    let rows = sqlx::query(
        "SELECT id, body, came_ms, failures FROM webhook_events WHERE state = $1
         ORDER BY id LIMIT $2",
    )
    .bind(UNHEARD)
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    let read = |row: &sqlx::sqlite::SqliteRow| Waiting {
        id: from_db(row.get("id")),
        body: row.get("body"),
        came_ms: from_db(row.get("came_ms")),
        failures: from_db(row.get("failures")),
    };
    Ok(rows.iter().map(read).collect())
}

/// Everybody has heard it: only its key is needed from now on.
pub(super) async fn heard(tx: &mut Tx, id: u64) -> Result<(), Error> {
    sqlx::query("UPDATE webhook_events SET state = $2, body = '' WHERE id = $1")
        .bind(to_db(id))
        .bind(HEARD)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Hearing it has failed so often.
pub(super) async fn failed(
    tx: &mut Tx,
    id: u64,
    failures: u64,
    set_aside: bool,
) -> Result<(), Error> {
    sqlx::query("UPDATE webhook_events SET failures = $2, state = $3 WHERE id = $1")
        .bind(to_db(id))
        .bind(to_db(failures))
        .bind(if set_aside { SET_ASIDE } else { UNHEARD })
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Forgets events that were heard before `heard_ms` or set aside before `set_aside_ms`, by the time
/// when they came.
pub(super) async fn purge(tx: &mut Tx, heard_ms: u64, set_aside_ms: u64) -> Result<u64, Error> {
    let done = sqlx::query(
        "DELETE FROM webhook_events
         WHERE (state = $1 AND came_ms < $2) OR (state = $3 AND came_ms < $4)",
    )
    .bind(HEARD)
    .bind(to_db(heard_ms))
    .bind(SET_ASIDE)
    .bind(to_db(set_aside_ms))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}
