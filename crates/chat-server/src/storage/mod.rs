//! Everything that survives a restart, in one SQLite file. No other module holds SQL.

mod accounts;
mod applications;
mod groups;
mod lock;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use applications::StoredApplication;
pub use groups::{GroupPatch, NewGroup, StoredGroup};
pub(crate) use lock::ServiceLock;

/// File name of the database inside the data folder.
pub const DATABASE_FILE: &str = "chat.db";
/// How long a writer waits for another process (the command line beside a running service).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_CONNECTIONS: u32 = 4;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the data folder {path} cannot be made: {source}; choose one that can be written")]
    DataDir { path: PathBuf, source: std::io::Error },
    #[error("{path} cannot be made: {source}; choose a data folder that can be written")]
    File { path: PathBuf, source: std::io::Error },
    #[error(
        "another service runs on the data folder {0}: stop it first, or give this one a folder of \
         its own"
    )]
    InUse(PathBuf),
    #[error("the database {path} cannot be opened: {source}")]
    Open { path: PathBuf, source: sqlx::Error },
    #[error(
        "the database {path} cannot be brought to this version: {source}; it may belong to a newer \
         version of the program"
    )]
    Migrate { path: PathBuf, source: sqlx::migrate::MigrateError },
    #[error("the database refused a statement: {0}")]
    Statement(#[from] sqlx::Error),
}

/// The open database.
#[derive(Debug, Clone)]
pub struct Storage {
    pool: SqlitePool,
}

impl Storage {
    /// Opens the database in `data_dir`, makes both if they are absent, and runs the migrations
    /// that it has not had yet.
    pub async fn open(data_dir: &Path) -> Result<Self, Error> {
        make_folder(data_dir)?;
        let path = data_dir.join(DATABASE_FILE);
        owner_only(&path).map_err(|source| Error::File { path: path.clone(), source })?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit survives a power cut: a reserved block of numbers must not come back.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .connect_with(options)
            .await
            .map_err(|source| Error::Open { path: path.clone(), source })?;
        sqlx::migrate!()
            .run(&pool)
            .await
            .map_err(|source| Error::Migrate { path: path.clone(), source })?;
        Ok(Self { pool })
    }

    /// Closes every connection; statements after this fail.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

fn make_folder(data_dir: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(data_dir)
        .map_err(|source| Error::DataDir { path: data_dir.to_owned(), source })
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
