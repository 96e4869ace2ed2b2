//! One service at a time on a data folder: two would give out the same sequence numbers, and the
//! members of a room would be split between them. The command line needs no lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::{Error, make_folder};

const LOCK_FILE: &str = "service.lock";

/// Held while a service runs. The system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct ServiceLock {
    _file: File,
}

impl ServiceLock {
    pub(crate) fn take(data_dir: &Path) -> Result<Self, Error> {
        make_folder(data_dir)?;
        let path = data_dir.join(LOCK_FILE);
        let failed = |source| Error::File { path: path.clone(), source };
        let file = OpenOptions::new().append(true).create(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(data_dir.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}
