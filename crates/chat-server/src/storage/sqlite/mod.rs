//! [`Storage`](super::Storage) in one SQLite file with a write-ahead log.
//!
//! One connection writes and several read: SQLite takes one writer at a time anyway, and a queue
//! for the one connection is fairer than its busy waiting.

mod accounts;
mod applications;
mod c2c;
mod groups;
mod history;
#[cfg(test)]
mod tests;
mod upkeep;
mod webhooks;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite as Driver, SqlitePool, Transaction};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Error;
use super::lock::OpeningLock;

/// File name of the database inside the data folder.
pub const DATABASE_FILE: &str = "chat.db";
/// What makes its tables, step by step.
pub static MIGRATIONS: Migrator = sqlx::migrate!();
/// How long a writer waits for another process (the command line beside a running service).
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
const READERS: u32 = 4;

/// The open database.
#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    path: PathBuf,
    /// Of the file that was opened.
    identity: Identity,
}

/// Tells a file from another one under the same path, where the system can.
type Identity = (u64, u64);

fn identity(path: &Path) -> Result<Identity, Error> {
    let found =
        std::fs::metadata(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Ok((found.dev(), found.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = found;
        Ok((0, 0))
    }
}

impl Sqlite {
    pub(crate) async fn open(data_dir: &Path) -> Result<Self, Error> {
        let _one_at_a_time = OpeningLock::wait(data_dir).await?;
        let path = data_dir.join(DATABASE_FILE);
        owner_only(&path).map_err(|source| Error::File { path: path.clone(), source })?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit survives a power cut: what was acknowledged must not come undone.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true);
        let pool = async |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                // A connection to a file does not go bad by itself.
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
                .connect_with(options.clone())
                .await
                .map_err(|source| Error::Open { path: path.clone(), source })
        };
        let writer = pool(1).await?;
        MIGRATIONS
            .run(&writer)
            .await
            .map_err(|source| Error::Migrate { path: path.clone(), source })?;
        let identity = identity(&path)?;
        let readers = pool(READERS).await?;
        Ok(Self { writer, readers, path, identity })
    }

    /// A transaction in which every statement sees the same moment.
    async fn read(&self) -> Result<Transaction<'static, Driver>, Error> {
        Ok(self.readers.begin().await?)
    }

    /// A transaction that has the write lock from the start, so that what it reads stays true
    /// until it writes.
    async fn write(&self) -> Result<Transaction<'static, Driver>, Error> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// Makes sure that the file is there and that only its owner may read it: it holds keys. SQLite
/// gives the files that it puts beside it the same rights.
fn owner_only(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = options.mode(0o600).open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))
    }
    #[cfg(not(unix))]
    options.open(path).map(|_| ())
}

/// SQLite has no unsigned 64-bit column; Unix seconds and ids fit.
fn to_db(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn to_u32(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}

fn to_u64(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A value that is stored as JSON.
fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Value(error.to_string()))
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Value(error.to_string()))
}

/// The name under which an enum is stored: its name in JSON.
fn to_name<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(Error::Value("not a plain name".to_owned())),
    }
}

fn from_name<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, Error> {
    serde_json::from_value(serde_json::Value::String(name.to_owned()))
        .map_err(|error| Error::Value(error.to_string()))
}
