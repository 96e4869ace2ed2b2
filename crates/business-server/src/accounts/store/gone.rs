//! Ids of accounts that were deleted a short time ago.

use crate::storage::{Error, Tx, from_db, to_db};

/// Nobody is let in under this id until then.
pub(in crate::accounts) async fn add(
    tx: &mut Tx,
    user_id: &str,
    until_ms: u64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO gone_accounts (user_id, until_ms) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE SET until_ms = excluded.until_ms",
    )
    .bind(user_id)
    .bind(to_db(until_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Until when at least nobody is let in under this id, in Unix milliseconds.
pub(in crate::accounts) async fn until_ms(
    tx: &mut Tx,
    user_id: &str,
) -> Result<Option<u64>, Error> {
    let until = sqlx::query_scalar("SELECT until_ms FROM gone_accounts WHERE user_id = $1")
        .bind(user_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(until.map(from_db))
}

/// Up to `limit` ids whose time is over, and which the chat service is not asked to delete already.
pub(in crate::accounts) async fn over(
    tx: &mut Tx,
    now_ms: u64,
    limit: u32,
) -> Result<Vec<String>, Error> {
    let over = sqlx::query_scalar(
        "SELECT user_id FROM gone_accounts
         WHERE until_ms <= $1 AND user_id NOT IN (SELECT user_id FROM account_jobs)
         ORDER BY until_ms LIMIT $2",
    )
    .bind(to_db(now_ms))
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(over)
}

/// The id may be anybody's again.
pub(in crate::accounts) async fn remove(tx: &mut Tx, user_id: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM gone_accounts WHERE user_id = $1")
        .bind(user_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
