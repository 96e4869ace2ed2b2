//! Follows in the database.

use sqlx::Row;

use crate::storage::{Error, Tx, from_db, to_db};

/// Somebody follows a host from `told_s` on, or follows no more. False when a newer word is known
/// already; nothing is changed then.
pub(super) async fn put(
    tx: &mut Tx,
    user_id: &str,
    host: &str,
    following: bool,
    told_s: u64,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO follows (host, user_id, following, told_s) VALUES ($1, $2, $3, $4)
         ON CONFLICT (host, user_id) DO UPDATE
             SET following = excluded.following, told_s = excluded.told_s
             WHERE follows.told_s <= excluded.told_s",
    )
    .bind(host)
    .bind(user_id)
    .bind(i64::from(following))
    .bind(to_db(told_s))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The same by the own hand, which holds whatever was told before.
pub(super) async fn put_own(
    tx: &mut Tx,
    user_id: &str,
    host: &str,
    following: bool,
    now_s: u64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO follows (host, user_id, following, told_s) VALUES ($1, $2, $3, $4)
         ON CONFLICT (host, user_id) DO UPDATE
             SET following = excluded.following, told_s = excluded.told_s",
    )
    .bind(host)
    .bind(user_id)
    .bind(i64::from(following))
    .bind(to_db(now_s))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn follows(tx: &mut Tx, user_id: &str, host: &str) -> Result<bool, Error> {
    let row = sqlx::query("SELECT following FROM follows WHERE host = $1 AND user_id = $2")
        .bind(host)
        .bind(user_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.is_some_and(|row| row.get::<i64, _>("following") != 0))
}

pub(super) async fn followers(tx: &mut Tx, host: &str) -> Result<u64, Error> {
    let row =
        sqlx::query("SELECT COUNT(*) AS followers FROM follows WHERE host = $1 AND following = 1")
            .bind(host)
            .fetch_one(&mut **tx)
            .await?;
    Ok(from_db(row.get("followers")))
}
