//! Decisions.

use serde::Serialize;
use utoipa::ToSchema;

use crate::storage::{Error, Tx, from_db, next, to_db};

/// A decision that is to be noted.
#[derive(Debug, Clone, Copy)]
pub(in crate::moderation) struct Entry<'a> {
    pub(in crate::moderation) group_id: &'a str,
    pub(in crate::moderation) user_id: &'a str,
    pub(in crate::moderation) text: &'a str,
    pub(in crate::moderation) reason: &'a str,
    pub(in crate::moderation) action: &'a str,
    pub(in crate::moderation) is_strike: bool,
    pub(in crate::moderation) at_s: u64,
}

/// A decision that was noted.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub(in crate::moderation) struct LogRow {
    #[sqlx(try_from = "i64")]
    id: u64,
    #[sqlx(rename = "group_id")]
    room: String,
    user_id: String,
    /// The message, or the beginning of a long one.
    text: String,
    /// The rule, or list and word, or who decided.
    reason: String,
    /// `refuse`, `replace`, `drop`, `review`; `warn`, `mute`, `ban`, `lift`, and `failed`
    /// when one of them cannot be carried out; `approve`, `remove`.
    action: String,
    /// It counts against the account.
    is_strike: bool,
    #[sqlx(try_from = "i64")]
    at_s: u64,
}

pub(in crate::moderation) async fn insert_entry(
    tx: &mut Tx,
    entry: Entry<'_>,
) -> Result<(), Error> {
    let id = next(tx, "moderation_log").await?;
    sqlx::query(
        "INSERT INTO moderation_log (id, group_id, user_id, text, reason, action, strike, at_s)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(to_db(id))
    .bind(entry.group_id)
    .bind(entry.user_id)
    .bind(entry.text)
    .bind(entry.reason)
    .bind(entry.action)
    .bind(i64::from(entry.is_strike))
    .bind(to_db(entry.at_s))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Strikes against an account in a room after a moment.
pub(in crate::moderation) async fn strikes(
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
    after_s: u64,
) -> Result<u64, Error> {
    let strikes = sqlx::query_scalar(
        "SELECT COUNT(*) FROM moderation_log
         WHERE group_id = $1 AND user_id = $2 AND strike = 1 AND at_s > $3",
    )
    .bind(group_id)
    .bind(user_id)
    .bind(to_db(after_s))
    .fetch_one(&mut **tx)
    .await?;
    Ok(from_db(strikes))
}

/// Decisions before one, newest first, of a room or of all.
pub(in crate::moderation) async fn log(
    tx: &mut Tx,
    group_id: Option<&str>,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<LogRow>, Error> {
    let found = sqlx::query_as(
        "SELECT id, group_id, user_id, text, reason, action, strike = 1 AS is_strike, at_s
         FROM moderation_log
         WHERE id < $1 AND ($2 = '' OR group_id = $2) ORDER BY id DESC LIMIT $3",
    )
    .bind(before.map_or(i64::MAX, to_db))
    .bind(group_id.unwrap_or_default())
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(found)
}
