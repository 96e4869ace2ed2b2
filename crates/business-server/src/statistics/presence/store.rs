//! Who is in which room, in the database.

use super::Presence;
use crate::storage::{Error, Tx, from_db, to_db};

pub(super) async fn find(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
) -> Result<Option<(Presence, u64)>, Error> {
    let found: Option<(Presence, i64)> = sqlx::query_as(
        "SELECT state, since_ms FROM statistics_presence WHERE user_id = $1 AND group_id = $2",
    )
    .bind(user_id)
    .bind(group_id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(|(state, since_ms)| (state, from_db(since_ms))))
}

/// Only for rooms of this service.
pub(super) async fn put(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
    state: Presence,
    since_ms: u64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO statistics_presence (user_id, group_id, state, since_ms)
         SELECT $1, group_id, $3, $4 FROM rooms WHERE group_id = $2
         ON CONFLICT (user_id, group_id) DO UPDATE SET state = excluded.state,
             since_ms = excluded.since_ms",
    )
    .bind(user_id)
    .bind(group_id)
    .bind(state)
    .bind(to_db(since_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn forget(tx: &mut Tx, group_id: &str, user_id: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM statistics_presence WHERE user_id = $1 AND group_id = $2")
        .bind(user_id)
        .bind(group_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Wherever the account is, its connection was lost; unless it was heard of since.
pub(super) async fn lose(tx: &mut Tx, user_id: &str, at_ms: u64) -> Result<(), Error> {
    sqlx::query(
        "UPDATE statistics_presence SET state = $3, since_ms = $2
         WHERE user_id = $1 AND state IN ($4, $5) AND since_ms <= $2",
    )
    .bind(user_id)
    .bind(to_db(at_ms))
    .bind(Presence::Lost)
    .bind(Presence::Here)
    .bind(Presence::Returned)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The account is where it was lost at `lost_ms` or later, and where it was not lost.
pub(super) async fn find_again(
    tx: &mut Tx,
    user_id: &str,
    lost_ms: u64,
    at_ms: u64,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE statistics_presence SET since_ms = $3,
             state = CASE WHEN state = $5 THEN $4 ELSE state END
         WHERE user_id = $1 AND ((state = $5 AND since_ms >= $2)
             OR (state IN ($4, $6) AND since_ms < $3))",
    )
    .bind(user_id)
    .bind(to_db(lost_ms))
    .bind(to_db(at_ms))
    .bind(Presence::Here)
    .bind(Presence::Lost)
    .bind(Presence::Returned)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An account whose connection was lost in a room.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Lost {
    pub(super) group_id: String,
    pub(super) user_id: String,
    #[sqlx(try_from = "i64")]
    pub(super) since_ms: u64,
}

/// Up to `limit` accounts whose connection was lost before this time.
pub(super) async fn lost_before(
    tx: &mut Tx,
    before_ms: u64,
    limit: u32,
) -> Result<Vec<Lost>, Error> {
    let lost = sqlx::query_as(
        "SELECT group_id, user_id, since_ms FROM statistics_presence
         WHERE state = $1 AND since_ms < $2 ORDER BY since_ms LIMIT $3",
    );
    let lost = lost.bind(Presence::Lost).bind(to_db(before_ms)).bind(i64::from(limit));
    Ok(lost.fetch_all(&mut **tx).await?)
}
