//! First answers of calls that move coins, for repeats of them.

use crate::storage::{Error, Tx, to_db};

/// The request and the answer that are kept for a key of this account.
pub(in crate::gifts) async fn find(
    tx: &mut Tx,
    user: &str,
    key: &str,
) -> Result<Option<(String, String)>, Error> {
    let kept = sqlx::query_as(
        "SELECT request, answer FROM idempotency_keys WHERE user_id = $1 AND key = $2",
    )
    .bind(user)
    .bind(key)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(kept)
}

pub(in crate::gifts) async fn keep(
    tx: &mut Tx,
    user: &str,
    key: &str,
    request: &str,
    answer: &str,
    now_ms: u64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO idempotency_keys (user_id, key, request, answer, at_ms)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(user)
    .bind(key)
    .bind(request)
    .bind(answer)
    .bind(to_db(now_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}
