//! One database, whichever of the two services it belongs to.

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::path::Path;

use super::Error;

pub(super) struct Database {
    /// Name inside the data folder and inside a backup.
    pub(super) file: &'static str,
    /// What this version of the program has made of its tables.
    pub(super) migrations: &'static Migrator,
}

impl Database {
    /// Writes everything that was committed at one moment into a new file. Whoever reads or writes
    /// the database meanwhile goes on.
    pub(super) async fn copy(&self, from: &Path, to: &Path) -> Result<(), Error> {
        let of_source = |source| Error::Database { path: from.to_owned(), source };
        let target = to.to_str().ok_or_else(|| Error::File {
            path: to.to_owned(),
            source: std::io::ErrorKind::InvalidFilename.into(),
        })?;
        // Not read only: the last service may have left a log that has to be taken up first.
        let options = SqliteConnectOptions::new().filename(from).create_if_missing(false);
        let mut connection = options.connect().await.map_err(of_source)?;
        sqlx::query("VACUUM INTO $1")
            .bind(target)
            .execute(&mut connection)
            .await
            .map_err(of_source)?;
        connection.close().await.map_err(of_source)
    }

    /// Whether a copy is sound and of a version that this program knows.
    pub(super) async fn check(&self, copy: &Path) -> Result<(), Error> {
        let of_copy = |source| Error::Database { path: copy.to_owned(), source };
        let options = SqliteConnectOptions::new().filename(copy).read_only(true).immutable(true);
        let mut connection = options.connect().await.map_err(of_copy)?;
        let sound = self.check_open(&mut connection, copy).await;
        connection.close().await.map_err(of_copy)?;
        sound
    }

    async fn check_open(
        &self,
        connection: &mut SqliteConnection,
        copy: &Path,
    ) -> Result<(), Error> {
        let damaged = |reason: String| Error::Damaged { file: copy.to_owned(), reason };
        let (found,): (String,) = sqlx::query_as("PRAGMA integrity_check(1)")
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| damaged(error.to_string()))?;
        if found != "ok" {
            return Err(damaged(found));
        }
        let applied: Vec<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
                .fetch_all(&mut *connection)
                .await
                .map_err(|error| damaged(error.to_string()))?;
        if applied.is_empty() {
            return Err(damaged("it holds nothing".to_owned()));
        }
        let is_known = |version, checksum: &[u8]| {
            let mut known = self.migrations.iter();
            known.any(|known| known.version == version && *known.checksum == *checksum)
        };
        match applied.iter().find(|(version, checksum)| !is_known(*version, checksum)) {
            Some((version, _)) => {
                Err(Error::OtherVersion { file: copy.to_owned(), version: *version })
            }
            None => Ok(()),
        }
    }
}
