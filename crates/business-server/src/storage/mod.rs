//! The database: one SQLite file with a write-ahead log. Each subject holds its own statements in a
//! file `store.rs`; beside them only this folder and the secrets hold SQL. Statements keep to what
//! PostgreSQL takes as well: numbered parameters, `ON CONFLICT`, `RETURNING`, no types but BIGINT and
//! TEXT.

mod counters;

pub(crate) use counters::{claim, next_in};

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Pool, Sqlite, Transaction};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// File name of the database inside the data folder.
pub const DATABASE_FILE: &str = "business.db";
/// What makes its tables, step by step.
pub static MIGRATIONS: Migrator = sqlx::migrate!();
/// How long a writer waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections that read for the API and for what the service does by itself.
const READERS: u32 = 4;
/// Connections that read for webhooks alone: no call of the API, however many come, delays a decision
/// about what is said in a room.
const WEBHOOK_READERS: u32 = 4;

/// The driver. Nothing else in this crate but the opening below names it.
pub(crate) type Db = Sqlite;
pub(crate) type Tx = Transaction<'static, Db>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the folder {path} cannot be made: {source}", path = path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("the database {path} cannot be opened: {source}", path = path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    #[error(
        "the database {path} cannot be brought to this version: {source}; it was left as it is",
        path = path.display()
    )]
    Migrate { path: PathBuf, source: sqlx::migrate::MigrateError },
    #[error("the database failed: {0}")]
    Failed(#[from] sqlx::Error),
    #[error("the database holds a value that cannot be read: {0}")]
    Unreadable(String),
    #[error("{0} was changed by somebody else meanwhile: it is tried again")]
    Raced(String),
}

/// One connection writes and several read: SQLite takes one writer at a time anyway, and a queue
/// for the one connection is fairer than its busy waiting. Webhooks have readers of their own.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    writer: Pool<Db>,
    readers: Pool<Db>,
    webhook_readers: Pool<Db>,
}

impl Database {
    pub(crate) async fn open(data_dir: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(data_dir)
            .map_err(|source| Error::Folder { path: data_dir.to_owned(), source })?;
        let path = data_dir.join(DATABASE_FILE);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit survives a power cut: what was paid must not come undone.
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
        let readers = pool(READERS).await?;
        let webhook_readers = pool(WEBHOOK_READERS).await?;
        Ok(Self { writer, readers, webhook_readers })
    }

    /// A transaction in which every statement sees the same moment.
    pub(crate) async fn read(&self) -> Result<Tx, Error> {
        Ok(self.readers.begin().await?)
    }

    /// The same for a webhook that waits for its answer.
    pub(crate) async fn read_for_webhook(&self) -> Result<Tx, Error> {
        Ok(self.webhook_readers.begin().await?)
    }

    /// Every connection that reads for the API.
    pub(crate) async fn all_readers(&self) -> Result<Vec<Tx>, Error> {
        let mut held = Vec::new();
        for _ in 0..READERS {
            held.push(self.read().await?);
        }
        Ok(held)
    }

    /// A transaction that has the write lock from the start, so that what it reads stays true until
    /// it writes. It is undone unless it is committed.
    pub(crate) async fn write(&self) -> Result<Tx, Error> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Whether it answers at all, to a reader and to a writer.
    pub(crate) async fn check(&self) -> Result<(), Error> {
        for pool in [&self.readers, &self.webhook_readers, &self.writer] {
            sqlx::query("SELECT 1").execute(pool).await?;
        }
        Ok(())
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.webhook_readers.close().await;
        self.writer.close().await;
    }
}

/// A number of this kind that was never given before.
pub(crate) async fn next_number(tx: &mut Tx, name: &str) -> Result<u64, Error> {
    let number: i64 = sqlx::query_scalar(
        "INSERT INTO numbers_given (name, last) VALUES ($1, 1)
         ON CONFLICT (name) DO UPDATE SET last = numbers_given.last + 1 RETURNING last",
    )
    .bind(name)
    .fetch_one(&mut **tx)
    .await?;
    Ok(from_db(number))
}

/// A number as the database holds it. What is larger than the database takes becomes its largest:
/// no count or time of this service comes near it.
pub(crate) fn to_db(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that the database holds and that is never negative.
pub(crate) fn from_db(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
