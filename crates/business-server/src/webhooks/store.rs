//! Events in the database.

use sqlx::{FromRow, Row};

use super::inbox::Arrived;
use crate::storage::{Error, Tx, claim, from_db, to_db};

/// `state` of an event that waits.
const WAITING: i64 = 0;
/// It was processed; its key is kept against duplicates.
const PROCESSED: i64 = 1;
/// It failed too often and is kept for a person.
const SET_ASIDE: i64 = 2;

/// An event that waits.
#[derive(Debug, FromRow)]
pub(super) struct Waiting {
    #[sqlx(try_from = "i64")]
    pub(super) id: u64,
    pub(super) body: String,
    /// By the chat service's clock; 0 where an earlier version did not note it.
    #[sqlx(try_from = "i64")]
    pub(super) at_ms: u64,
    #[sqlx(try_from = "i64")]
    pub(super) came_ms: u64,
    /// How often processing it has failed.
    #[sqlx(try_from = "i64")]
    pub(super) failures: u64,
}

/// Takes numbers for so many events; answers the first of them.
pub(super) async fn claim_ids(tx: &mut Tx, count: usize) -> Result<u64, Error> {
    claim(tx, "webhook_events", "", u64::try_from(count).unwrap_or(u64::MAX)).await
}

/// False when there is an event of this key already; nothing is changed then.
pub(super) async fn insert(tx: &mut Tx, id: u64, arrived: &Arrived) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO webhook_events (id, event_key, body, at_ms, came_ms, state, failures)
         VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (event_key) DO NOTHING",
    )
    .bind(to_db(id))
    .bind(&arrived.key)
    .bind(&arrived.body)
    .bind(to_db(arrived.at_ms))
    .bind(to_db(arrived.came_ms))
    .bind(WAITING)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn count_waiting(tx: &mut Tx) -> Result<usize, Error> {
    let row = sqlx::query("SELECT COUNT(*) AS waiting FROM webhook_events WHERE state = $1")
        .bind(WAITING)
        .fetch_one(&mut **tx)
        .await?;
    Ok(usize::try_from(row.get::<i64, _>("waiting")).unwrap_or(0))
}

/// The time of the event that happened first of those that wait.
pub(super) async fn waiting_since_ms(tx: &mut Tx) -> Result<Option<u64>, Error> {
    let at_ms: Option<i64> =
        sqlx::query_scalar("SELECT MIN(at_ms) FROM webhook_events WHERE state = 0")
            .fetch_one(&mut **tx)
            .await?;
    Ok(at_ms.map(from_db))
}

/// When an event happened by the chat service's clock, and when it came by the own one.
#[derive(Debug, FromRow)]
pub(super) struct Times {
    #[sqlx(try_from = "i64")]
    pub(super) at_ms: u64,
    #[sqlx(try_from = "i64")]
    pub(super) came_ms: u64,
}

/// The times of the last events, whatever has become of them, the newest first.
pub(super) async fn last_times(tx: &mut Tx, limit: u32) -> Result<Vec<Times>, Error> {
    let times =
        sqlx::query_as("SELECT at_ms, came_ms FROM webhook_events ORDER BY id DESC LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(&mut **tx)
            .await?;
    Ok(times)
}

/// The oldest events that wait, in their order.
pub(super) async fn waiting(tx: &mut Tx, limit: u32) -> Result<Vec<Waiting>, Error> {
    let events = sqlx::query_as(
        "SELECT id, body, at_ms, came_ms, failures FROM webhook_events WHERE state = $1
         ORDER BY id LIMIT $2",
    )
    .bind(WAITING)
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(events)
}

/// It was processed: only its key is needed from now on.
pub(super) async fn processed(tx: &mut Tx, id: u64) -> Result<(), Error> {
    sqlx::query("UPDATE webhook_events SET state = $2, body = '' WHERE id = $1")
        .bind(to_db(id))
        .bind(PROCESSED)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Processing it has failed so often.
pub(super) async fn failed(
    tx: &mut Tx,
    id: u64,
    failures: u64,
    set_aside: bool,
) -> Result<(), Error> {
    sqlx::query("UPDATE webhook_events SET failures = $2, state = $3 WHERE id = $1")
        .bind(to_db(id))
        .bind(to_db(failures))
        .bind(if set_aside { SET_ASIDE } else { WAITING })
        .execute(&mut **tx)
        .await?;
    Ok(())
}
