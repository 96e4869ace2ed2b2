//! Files whose lock says that the folder is in use. The system lets a lock go when its process ends,
//! however it ends; the file stays, and means nothing by itself.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::{Error, make};

/// File of the lock that is held while a database is opened.
pub const OPENING_FILE: &str = "opening.lock";

/// Held for as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of this file name for this holder alone; makes the folder if it is absent.
    ///
    /// # Errors
    /// When somebody else has it, or the file cannot be made.
    pub fn take(data_dir: &Path, file: &str) -> Result<Self, Error> {
        Self::try_with(data_dir, file, File::try_lock)
    }

    /// Takes the lock of this file name beside others who share it.
    ///
    /// # Errors
    /// When somebody has it alone, or the file cannot be made.
    pub fn share(data_dir: &Path, file: &str) -> Result<Self, Error> {
        Self::try_with(data_dir, file, File::try_lock_shared)
    }

    fn try_with(
        data_dir: &Path,
        file: &str,
        lock: impl FnOnce(&File) -> Result<(), TryLockError>,
    ) -> Result<Self, Error> {
        let path = data_dir.join(file);
        let file = open(data_dir, &path)?;
        match lock(&file) {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(data_dir.to_owned())),
            Err(TryLockError::Error(source)) => Err(Error::File { path, source }),
        }
    }

    /// Waits until nobody else opens a database of this folder. SQLite's own locks do not keep two
    /// processes that make or migrate one database at the same moment from failing at each other.
    pub(super) async fn wait_to_open(data_dir: &Path) -> Result<Self, Error> {
        let path = data_dir.join(OPENING_FILE);
        let file = open(data_dir, &path)?;
        tokio::task::spawn_blocking(move || match file.lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(source) => Err(Error::File { path, source }),
        })
        .await?
    }
}

fn open(data_dir: &Path, path: &Path) -> Result<File, Error> {
    make(data_dir)?;
    // Some systems share no lock of a file that cannot be read.
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(|source| Error::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

    use super::*;

    #[test]
    fn who_shares_a_lock_and_who_has_it_alone_keep_each_other_out() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |lock: Result<Lock, Error>| matches!(lock, Err(Error::InUse(_)));
        let (one, two) = (Lock::share(dir.path(), "l"), Lock::share(dir.path(), "l"));
        assert!(one.is_ok() && two.is_ok());
        assert!(refused(Lock::take(dir.path(), "l")));
        drop((one, two));
        let alone = Lock::take(dir.path(), "l").unwrap();
        assert!(refused(Lock::take(dir.path(), "l")) && refused(Lock::share(dir.path(), "l")));
        drop(alone);
        assert!(Lock::share(dir.path(), "l").is_ok());
    }
}
