//! One service at a time on a data folder: two would give out the same sequence numbers, and the
//! members of a room would be split between them. The command line needs no such lock. Opening the
//! database has a lock of its own, which everybody waits for.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::{Error, make_folder};

/// File name of the lock inside the data folder.
pub const SERVICE_LOCK_FILE: &str = "service.lock";
const OPENING_FILE: &str = "opening.lock";

/// Held while a service runs. The system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub struct ServiceLock {
    _file: File,
}

impl ServiceLock {
    /// # Errors
    /// When a service runs on the folder, or the file of the lock cannot be made.
    pub fn take(data_dir: &Path) -> Result<Self, Error> {
        let path = data_dir.join(SERVICE_LOCK_FILE);
        let file = lock_file(data_dir, &path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(data_dir.to_owned())),
            Err(TryLockError::Error(source)) => Err(Error::File { path, source }),
        }
    }
}

/// Held while a database is opened. SQLite's own locks do not keep two processes that make or
/// migrate one database at the same moment from failing at each other.
#[derive(Debug)]
pub(super) struct OpeningLock {
    _file: File,
}

impl OpeningLock {
    /// Waits until nobody else opens the database of this folder.
    pub(super) async fn wait(data_dir: &Path) -> Result<Self, Error> {
        let path = data_dir.join(OPENING_FILE);
        let file = lock_file(data_dir, &path)?;
        tokio::task::spawn_blocking(move || match file.lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(source) => Err(Error::File { path, source }),
        })
        .await?
    }
}

fn lock_file(data_dir: &Path, path: &Path) -> Result<File, Error> {
    make_folder(data_dir)?;
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .map_err(|source| Error::File { path: path.to_owned(), source })
}
