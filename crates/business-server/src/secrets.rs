//! Secrets of the service itself, made at the first start and kept in the database.

use sqlx::Row;

use crate::storage::{Error, Tx};

/// The secret of this name; `fresh` is kept if there is none yet.
pub(crate) async fn secret(tx: &mut Tx, name: &str, fresh: &str) -> Result<String, Error> {
    sqlx::query("INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(fresh)
        .execute(&mut **tx)
        .await?;
    let row = sqlx::query("SELECT value FROM secrets WHERE name = $1")
        .bind(name)
        .fetch_one(&mut **tx)
        .await?;
    Ok(row.get("value"))
}
