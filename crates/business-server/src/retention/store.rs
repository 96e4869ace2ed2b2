//! Statements of the rules. Their parts stand in `rules.rs`, and none of them comes from outside.

use sqlx::AssertSqlSafe;

use super::rules::Rule;
use crate::storage::{Error, Tx, to_db};

/// Whether anything is old enough to go.
pub(super) async fn has_old(tx: &mut Tx, rule: &Rule, before: u64) -> Result<bool, Error> {
    let first = format!("{} LIMIT 1", rule.old);
    let found = sqlx::query(AssertSqlSafe(first)).bind(to_db(before));
    Ok(found.fetch_optional(&mut **tx).await?.is_some())
}

/// Removes up to `limit` rows; answers how many.
pub(super) async fn remove(
    tx: &mut Tx,
    rule: &Rule,
    before: u64,
    limit: u32,
) -> Result<u64, Error> {
    let Rule { table, key, old, counted, .. } = rule;
    let some = format!("DELETE FROM {table} WHERE ({key}) IN ({old} LIMIT $2)");
    let done = sqlx::query(AssertSqlSafe(some)).bind(to_db(before)).bind(i64::from(limit));
    let rows = done.execute(&mut **tx).await?.rows_affected();
    if let Some(counted) = counted.filter(|_| rows > 0) {
        sqlx::query(counted).bind(to_db(rows)).execute(&mut **tx).await?;
    }
    Ok(rows)
}

/// How the database looks for the rows of a rule.
#[cfg(test)]
pub(super) async fn plan(tx: &mut Tx, rule: &Rule) -> Vec<String> {
    let plan = format!("EXPLAIN QUERY PLAN {}", rule.old);
    let steps = sqlx::query_as::<_, (i64, i64, i64, String)>(AssertSqlSafe(plan)).bind(0_i64);
    steps.fetch_all(&mut **tx).await.unwrap().into_iter().map(|(.., step)| step).collect()
}

/// Gift messages of one millisecond each, from `first_ms` on.
#[cfg(test)]
pub(super) async fn fill_experience_gifts(tx: &mut Tx, rows: u64, first_ms: u64) {
    sqlx::query(
        "INSERT INTO experience_gifts (message, at_ms)
         WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $1)
         SELECT 'm' || n, $2 + n FROM numbers",
    )
    .bind(to_db(rows))
    .bind(to_db(first_ms))
    .execute(&mut **tx)
    .await
    .unwrap();
}

/// Events for the shop that were given up a millisecond after one another, from `first_ms` on, while as
/// many as `limit` may wait.
#[cfg(test)]
pub(super) async fn fill_dead_notifications(tx: &mut Tx, rows: u64, first_ms: u64, limit: u64) {
    sqlx::query("UPDATE notification_figures SET value = $1 WHERE name = 'limit'")
        .bind(to_db(limit))
        .execute(&mut **tx)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO notifications (number, id, kind, room, body, state, attempts, queued_ms, dead_ms)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
         SELECT n, 'i' || n, 'muted', 'r', '{}', 'dead', 1, $2 + n - 1, $2 + n - 1 FROM numbers",
    )
    .bind(to_db(rows))
    .bind(to_db(first_ms))
    .execute(&mut **tx)
    .await
    .unwrap();
}

/// How many events for the shop are left, and how many were forgotten.
#[cfg(test)]
pub(super) async fn notifications(tx: &mut Tx) -> (i64, i64) {
    sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM notifications), value FROM notification_figures
         WHERE name = 'forgotten'",
    )
    .fetch_one(&mut **tx)
    .await
    .unwrap()
}
