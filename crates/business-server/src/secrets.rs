//! Secrets of the service itself, made at the first start and kept in the database.

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection, Row};
use std::path::Path;

use crate::storage::{Error, MIGRATIONS, Tx};

/// With which orders of this database are told from those of others.
pub(crate) const ORDER_TAG: &str = "order_tag";
/// The key that signs tokens.
pub(crate) const TOKEN_KEY: &str = "token_key";
/// More numbers than were given since any backup.
const MANY: i64 = 1 << 32;

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

/// Makes a database that comes out of a backup one of its own, of this version. What was given since
/// the backup is not in it, and numbers are given on from there: so orders get another name, messages
/// another `Random`, and all tokens end, whichever key has signed them. No service may have the file
/// open.
///
/// # Errors
/// When the file cannot be opened or written; what is in it is of no use then.
pub async fn renew_restored(file: &Path) -> Result<(), Error> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        // Leaves no files beside it.
        .journal_mode(SqliteJournalMode::Delete);
    let mut connection = options.connect().await?;
    let migrated = MIGRATIONS.run(&mut connection).await;
    migrated.map_err(|source| data_folder::Error::Migrate { path: file.to_owned(), source })?;
    let mut tx = connection.begin().await?;
    sqlx::query("DELETE FROM secrets WHERE name IN ($1, $2)")
        .bind(ORDER_TAG)
        .bind(TOKEN_KEY)
        .execute(&mut *tx)
        .await?;
    let epoch: i64 = sqlx::query_scalar(
        "INSERT INTO counters (name, scope, n) VALUES ('epoch', '', $1)
         ON CONFLICT (name, scope) DO UPDATE SET n = counters.n + excluded.n RETURNING n",
    )
    .bind(MANY)
    .fetch_one(&mut *tx)
    .await?;
    sqlx::query("UPDATE accounts SET token_epoch = $1").bind(epoch).execute(&mut *tx).await?;
    // The `Random` of a message is made of its number: the chat service takes a second one for a repeat.
    sqlx::query("UPDATE counters SET n = n + $1 WHERE name = 'outbox' AND scope = ''")
        .bind(MANY)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    connection.close().await?;
    Ok(())
}
