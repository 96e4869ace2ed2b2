//! The data folder of a service: who may use it, and how the SQLite file in it is opened. Both services
//! do it in the same way, and may share a folder.

mod lock;
mod sqlite;

pub use lock::{Lock, OPENING_FILE};
pub use sqlite::Opened;

use std::path::{Path, PathBuf};

/// Folder inside the data folder in which a restore makes what it puts into its place when all of it
/// is there. No database is opened beside it.
pub const RESTORING: &str = "restore.part";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the data folder {path} cannot be made: {source}; choose one that can be written",
        path = path.display()
    )]
    Folder { path: PathBuf, source: std::io::Error },
    #[error(
        "{path} cannot be made: {source}; choose a data folder that can be written",
        path = path.display()
    )]
    File { path: PathBuf, source: std::io::Error },
    #[error(
        "another service runs on the data folder {}: stop it first, or give this one a folder of its \
         own",
        .0.display()
    )]
    InUse(PathBuf),
    #[error(
        "a restore into {} was broken off: empty the folder and restore the backup again",
        .0.display()
    )]
    HalfRestored(PathBuf),
    #[error("the database {path} cannot be opened: {source}", path = path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    #[error(
        "the database {path} cannot be brought to this version: {source}; it was left as it is, and \
         may belong to a newer version of the program",
        path = path.display()
    )]
    Migrate { path: PathBuf, source: sqlx::migrate::MigrateError },
    #[error("the database was not opened: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

fn make(data_dir: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(data_dir)
        .map_err(|source| Error::Folder { path: data_dir.to_owned(), source })
}
