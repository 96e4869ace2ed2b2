//! Files and folders of a backup: for the owner's eyes alone, and on the disk before anybody is told.

use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::{Copied, Error};

const CHUNK_BYTES: usize = 1 << 20;

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    |source| Error::File { path, source }
}

/// Makes a folder that nobody else may look into.
pub(super) fn make(path: &Path) -> Result<(), Error> {
    #[allow(unused_mut, reason = "only some systems have rights")]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Error::Unfinished(path.to_owned()))
        }
        made => made.map_err(failed(path)),
    }
}

/// Removes a folder that [`make`] has made, as far as that is possible.
pub(super) fn remove(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::warn!(path = %path.display(), %error, "what was made so far is not removed");
    }
}

/// Removes a folder in which nothing is left.
pub(super) fn remove_empty(path: &Path) -> Result<(), Error> {
    fs::remove_dir(path).map_err(failed(path))?;
    path.parent().map_or(Ok(()), settle)
}

/// Removes a file, if it is there, as far as that is possible.
pub(super) fn remove_file(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "what was made so far is not removed");
        }
        _ => {}
    }
}

/// A new file that nobody else may read.
pub(super) fn create(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(failed(path))
}

/// Keeps others from a file that the database has made, should it be moved out of its folder.
pub(super) fn owner_only(path: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed(path))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(())
    }
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = create(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed(path))
}

/// Waits until a file, or the entries of a folder, are on the disk.
pub(super) fn settle(path: &Path) -> Result<(), Error> {
    if cfg!(windows) && path.is_dir() {
        return Ok(());
    }
    File::open(path).and_then(|file| file.sync_all()).map_err(failed(path))
}

/// Gives a file or a folder its name, for good.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(failed(to))?;
    match to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => settle(parent),
        None => settle(Path::new(".")),
    }
}

/// Length and hash of a file.
pub(super) async fn digest(name: &str, path: &Path) -> Result<Copied, Error> {
    copied(name, path, None).await
}

/// Copies a file into a new one; gives length and hash of what was written.
pub(super) async fn copy(name: &str, from: &Path, to: &Path) -> Result<Copied, Error> {
    copied(name, from, Some(to)).await
}

async fn copied(name: &str, from: &Path, to: Option<&Path>) -> Result<Copied, Error> {
    let (name, from, to) = (name.to_owned(), from.to_owned(), to.map(Path::to_owned));
    tokio::task::spawn_blocking(move || {
        let mut source = File::open(&from).map_err(failed(&from))?;
        let mut target = to.as_deref().map(create).transpose()?;
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let read = source.read(&mut chunk).map_err(failed(&from))?;
            if read == 0 {
                break;
            }
            hash.update(&chunk[..read]);
            bytes += u64::try_from(read).unwrap_or(u64::MAX);
            if let (Some(file), Some(to)) = (&mut target, &to) {
                file.write_all(&chunk[..read]).map_err(failed(to))?;
            }
        }
        if let (Some(file), Some(to)) = (&target, &to) {
            file.sync_all().map_err(failed(to))?;
        }
        Ok(Copied { file: name, bytes, sha256: hex::encode(hash.finalize()) })
    })
    .await?
}
