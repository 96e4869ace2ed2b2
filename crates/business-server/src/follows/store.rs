//! Follows in the database.

use crate::storage::{Error, Tx, from_db, to_db};

/// What is known of one account and one host.
#[derive(sqlx::FromRow)]
struct Follow {
    following: bool,
    #[sqlx(try_from = "i64")]
    told_s: u64,
}

async fn find(tx: &mut Tx, user_id: &str, host: &str) -> Result<Option<Follow>, Error> {
    let found = sqlx::query_as(
        "SELECT following <> 0 AS following, told_s FROM follows WHERE host = $1 AND user_id = $2",
    );
    Ok(found.bind(host).bind(user_id).fetch_optional(&mut **tx).await?)
}

/// Somebody follows a host from `told_s` on, or follows no more. False when a newer word is known
/// already; nothing is changed then.
pub(super) async fn put(
    tx: &mut Tx,
    user_id: &str,
    host: &str,
    following: bool,
    told_s: u64,
) -> Result<bool, Error> {
    let before = find(tx, user_id, host).await?;
    if before.as_ref().is_some_and(|before| before.told_s > told_s) {
        return Ok(false);
    }
    set(tx, user_id, host, before.is_some_and(|before| before.following), following, told_s)
        .await?;
    Ok(true)
}

/// The same by the own hand, which holds whatever was told before.
pub(super) async fn put_own(
    tx: &mut Tx,
    user_id: &str,
    host: &str,
    following: bool,
    now_s: u64,
) -> Result<(), Error> {
    let before = find(tx, user_id, host).await?.is_some_and(|before| before.following);
    set(tx, user_id, host, before, following, now_s).await
}

async fn set(
    tx: &mut Tx,
    user_id: &str,
    host: &str,
    before: bool,
    following: bool,
    told_s: u64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO follows (host, user_id, following, told_s) VALUES ($1, $2, $3, $4)
         ON CONFLICT (host, user_id) DO UPDATE
             SET following = excluded.following, told_s = excluded.told_s",
    )
    .bind(host)
    .bind(user_id)
    .bind(i64::from(following))
    .bind(to_db(told_s))
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO follow_sums (host, followers) VALUES ($1, $2)
         ON CONFLICT (host) DO UPDATE SET followers = follow_sums.followers + excluded.followers",
    )
    .bind(host)
    .bind(i64::from(following) - i64::from(before))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn follows(tx: &mut Tx, user_id: &str, host: &str) -> Result<bool, Error> {
    Ok(find(tx, user_id, host).await?.is_some_and(|follow| follow.following))
}

pub(super) async fn followers(tx: &mut Tx, host: &str) -> Result<u64, Error> {
    let sum = sqlx::query_scalar("SELECT followers FROM follow_sums WHERE host = $1").bind(host);
    Ok(sum.fetch_optional(&mut **tx).await?.map_or(0, from_db))
}

/// Whether there is an account of this id.
pub(super) async fn is_account(tx: &mut Tx, user_id: &str) -> Result<bool, Error> {
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM accounts WHERE user_id = $1")
        .bind(user_id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(found.is_some())
}
