//! The audit in the database.

use chat_types::business::api::Role;

use crate::storage::{Error, Tx, next, to_db};

/// An act that is to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) at_ms: u64,
    pub(super) actor: &'a str,
    pub(super) role: Role,
    pub(super) call: &'a str,
    pub(super) room: Option<&'a str>,
    pub(super) target: &'a str,
    pub(super) before: Option<&'a str>,
    pub(super) after: Option<&'a str>,
    pub(super) request: &'a str,
}

pub(super) async fn insert(tx: &mut Tx, row: Row<'_>) -> Result<(), Error> {
    let number = next(tx, "audit").await?;
    sqlx::query(
        "INSERT INTO audit (number, at_ms, actor, role, call, room, target, state_before,
             state_after, request)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(to_db(number))
    .bind(to_db(row.at_ms))
    .bind(row.actor)
    .bind(row.role.name())
    .bind(row.call)
    .bind(row.room)
    .bind(row.target)
    .bind(row.before)
    .bind(row.after)
    .bind(row.request)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An act as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Kept {
    #[sqlx(try_from = "i64")]
    pub(super) number: u64,
    #[sqlx(try_from = "i64")]
    pub(super) at_ms: u64,
    pub(super) actor: String,
    pub(super) role: String,
    pub(super) call: String,
    pub(super) room: Option<String>,
    pub(super) target: String,
    pub(super) state_before: Option<String>,
    pub(super) state_after: Option<String>,
    pub(super) request: String,
}

/// What is looked for; what is absent does not matter.
#[derive(Debug, Default)]
pub(super) struct Search<'a> {
    pub(super) actor: Option<&'a str>,
    pub(super) target: Option<&'a str>,
    pub(super) room: Option<&'a str>,
    pub(super) call: Option<&'a str>,
    /// From this time on, in Unix milliseconds.
    pub(super) from_ms: u64,
    /// Up to this time and without it.
    pub(super) to_ms: u64,
    /// Numbers before this one.
    pub(super) before: u64,
}

/// Up to `limit` acts, newest first.
pub(super) async fn search(
    tx: &mut Tx,
    search: &Search<'_>,
    limit: u32,
) -> Result<Vec<Kept>, Error> {
    let found = sqlx::query_as(
        "SELECT number, at_ms, actor, role, call, room, target, state_before, state_after, request
         FROM audit
         WHERE number < $1 AND at_ms >= $2 AND at_ms < $3 AND ($4 IS NULL OR actor = $4)
           AND ($5 IS NULL OR target = $5) AND ($6 IS NULL OR room = $6)
           AND ($7 IS NULL OR call = $7)
         ORDER BY number DESC LIMIT $8",
    )
    .bind(to_db(search.before))
    .bind(to_db(search.from_ms))
    .bind(to_db(search.to_ms))
    .bind(search.actor)
    .bind(search.target)
    .bind(search.room)
    .bind(search.call)
    .bind(i64::from(limit))
    .fetch_all(&mut **tx)
    .await?;
    Ok(found)
}
