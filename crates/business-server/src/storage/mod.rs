//! The database: one SQLite file with a write-ahead log. Each subject holds its own statements in a
//! file `store.rs`; beside them only this folder and the secrets hold SQL. Statements keep to what
//! PostgreSQL takes as well: numbered parameters, `ON CONFLICT`, `RETURNING`, no types but BIGINT and
//! TEXT.

mod columns;
mod counters;

pub(crate) use columns::{Flag, Optional};
pub(crate) use counters::{claim, next, next_in};

use data_folder::{Lock, Opened};
use sqlx::migrate::Migrator;
use sqlx::{Pool, Sqlite, Transaction};
use std::path::Path;

/// File name of the database inside the data folder.
pub const DATABASE_FILE: &str = "business.db";
/// What makes its tables, step by step.
pub static MIGRATIONS: Migrator = sqlx::migrate!();
/// File of the lock that every running service of a data folder shares. Who wants the folder for
/// itself takes it alone.
pub const LOCK_FILE: &str = "business.lock";
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
    #[error(transparent)]
    Folder(#[from] data_folder::Error),
    #[error("the database failed: {0}")]
    Failed(#[from] sqlx::Error),
    #[error("the database holds a value that cannot be read: {0}")]
    Unreadable(String),
    #[error("{0} was changed by somebody else meanwhile: it is tried again")]
    Raced(String),
}

/// What a running service holds of its data folder: nobody else runs under its name there, and nobody
/// has the folder for itself. Nodes of other names may share it.
#[derive(Debug)]
pub(crate) struct Locks {
    _folder: Lock,
    _node: Lock,
}

impl Locks {
    pub(crate) fn take(data_dir: &Path, node: &str) -> Result<Self, Error> {
        let folder = Lock::share(data_dir, LOCK_FILE)?;
        Ok(Self { _folder: folder, _node: Lock::take(data_dir, &node_lock(node))? })
    }
}

/// File of the lock of one node.
fn node_lock(node: &str) -> String {
    format!("business-{node}.lock")
}

/// Whether a file of a data folder is a lock of this service.
pub fn is_lock(file: &str) -> bool {
    let of_node = |file: &str| file.starts_with("business-") && file.ends_with(".lock");
    file == LOCK_FILE || of_node(file)
}

/// One connection writes and several read. Webhooks have readers of their own.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    writer: Pool<Db>,
    readers: Pool<Db>,
    webhook_readers: Pool<Db>,
}

impl Database {
    pub(crate) async fn open(data_dir: &Path) -> Result<Self, Error> {
        let opened = Opened::open(data_dir, DATABASE_FILE, &MIGRATIONS).await?;
        let readers = opened.readers(READERS).await?;
        let webhook_readers = opened.readers(WEBHOOK_READERS).await?;
        Ok(Self { writer: opened.writer, readers, webhook_readers })
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

/// A number as the database holds it. What is larger than the database takes becomes its largest:
/// no count or time of this service comes near it.
pub(crate) fn to_db(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that the database holds and that is never negative.
pub(crate) fn from_db(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// All tables, each with its columns.
#[cfg(test)]
pub(crate) async fn schema(tx: &mut Tx) -> std::collections::BTreeMap<String, Vec<String>> {
    let mut schema = std::collections::BTreeMap::<_, Vec<_>>::new();
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c
         WHERE t.type = 'table'",
    )
    .fetch_all(&mut **tx)
    .await
    .expect("the schema");
    for (table, column) in columns {
        schema.entry(table).or_default().push(column);
    }
    schema
}
