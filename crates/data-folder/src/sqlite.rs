//! One SQLite file with a write-ahead log.
//!
//! One connection writes and several read: SQLite takes one writer at a time anyway, and a queue for
//! the one connection is fairer than its busy waiting.

use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Error, Lock, RESTORING};

/// How long a writer waits for another process, such as the command line beside a running service.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// A database that is open and has the tables of this version.
#[derive(Debug)]
pub struct Opened {
    pub path: PathBuf,
    /// The one connection that writes.
    pub writer: SqlitePool,
    options: SqliteConnectOptions,
}

impl Opened {
    /// Opens the file of this name in the data folder; makes both if they are absent. Only its owner
    /// may read the file: it holds keys.
    ///
    /// # Errors
    /// When it cannot be made or opened, or is not what this version can go on with.
    pub async fn open(data_dir: &Path, file: &str, migrations: &Migrator) -> Result<Self, Error> {
        let _one_at_a_time = Lock::wait_to_open(data_dir).await?;
        if data_dir.join(RESTORING).exists() {
            return Err(Error::HalfRestored(data_dir.to_owned()));
        }
        let path = data_dir.join(file);
        owner_only(&path).map_err(|source| Error::File { path: path.clone(), source })?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit survives a power cut: what was acknowledged must not come undone.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true);
        let writer = pool(&options, &path, 1).await?;
        migrations
            .run(&writer)
            .await
            .map_err(|source| Error::Migrate { path: path.clone(), source })?;
        Ok(Self { path, writer, options })
    }

    /// So many connections to read with.
    ///
    /// # Errors
    /// When the file cannot be opened any more.
    pub async fn readers(&self, connections: u32) -> Result<SqlitePool, Error> {
        pool(&self.options, &self.path, connections).await
    }
}

async fn pool(
    options: &SqliteConnectOptions,
    path: &Path,
    connections: u32,
) -> Result<SqlitePool, Error> {
    SqlitePoolOptions::new()
        .max_connections(connections)
        // A connection to a file does not go bad by itself.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options.clone())
        .await
        .map_err(|source| Error::Open { path: path.to_owned(), source })
}

/// Makes sure that the file is there and that only its owner may read it. SQLite gives the files that
/// it puts beside it the same rights.
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
