//! [`Storage`](super::Storage) in one SQLite file.

mod accounts;
mod applications;
mod c2c;
mod groups;
mod history;
#[cfg(test)]
mod tests;
mod upkeep;
mod webhooks;

use data_folder::Opened;
use sqlx::migrate::Migrator;
use sqlx::{Sqlite as Driver, SqlitePool, Transaction};
use std::path::{Path, PathBuf};

use super::Error;

/// File name of the database inside the data folder.
pub const DATABASE_FILE: &str = "chat.db";
/// What makes its tables, step by step.
pub static MIGRATIONS: Migrator = sqlx::migrate!();
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
    let failed = |source| data_folder::Error::File { path: path.to_owned(), source };
    let found = std::fs::metadata(path).map_err(failed)?;
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
        let opened = Opened::open(data_dir, DATABASE_FILE, &MIGRATIONS).await?;
        let readers = opened.readers(READERS).await?;
        let Opened { path, writer, .. } = opened;
        let identity = identity(&path)?;
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
