//! Who is in which room, in the database.

use sqlx::Row;

use super::Whereabouts;
use crate::storage::{Error, Tx, from_db, to_db};

pub(super) async fn find(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
) -> Result<Option<(Whereabouts, u64)>, Error> {
    let row = sqlx::query(
        "SELECT state, since_ms FROM statistics_presence WHERE user_id = $1 AND group_id = $2",
    )
    .bind(user_id)
    .bind(group_id)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        let state = Whereabouts::from_name(row.get("state"));
        let state = state.ok_or_else(|| Error::Unreadable(format!("where {user_id} is")))?;
        Ok((state, from_db(row.get("since_ms"))))
    })
    .transpose()
}

/// Only for rooms of this service.
pub(super) async fn put(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
    state: Whereabouts,
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
    .bind(state.name())
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
    .bind(Whereabouts::Lost.name())
    .bind(Whereabouts::Here.name())
    .bind(Whereabouts::Returned.name())
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
    .bind(Whereabouts::Here.name())
    .bind(Whereabouts::Lost.name())
    .bind(Whereabouts::Returned.name())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Up to `limit` accounts whose connection was lost before this time: room, account and when.
pub(super) async fn lost_before(
    tx: &mut Tx,
    before_ms: u64,
    limit: u32,
) -> Result<Vec<(String, String, u64)>, Error> {
    let rows = sqlx::query(
        "SELECT group_id, user_id, since_ms FROM statistics_presence
         WHERE state = $1 AND since_ms < $2 ORDER BY since_ms LIMIT $3",
    )
    .bind(Whereabouts::Lost.name())
    .bind(to_db(before_ms))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    let read = |row: &sqlx::sqlite::SqliteRow| {
        (row.get("group_id"), row.get("user_id"), from_db(row.get("since_ms")))
    };
    Ok(rows.iter().map(read).collect())
}
