//! `liveroom restore`

use chat_server::storage::{SERVICE_LOCK_FILE, ServiceLock};
use serde_json::json;
use std::fs;
use std::path::Path;

use super::database::Database;
use super::{Copied, DATABASES, Error, MANIFEST, Manifest, RestoreArguments, folder, part_of};
use crate::print_line;

/// A longer list is none of ours.
const MAX_MANIFEST_BYTES: u64 = 64 * 1024;

pub(crate) async fn restore(arguments: RestoreArguments) -> Result<(), crate::Error> {
    let RestoreArguments { from, data_dir } = arguments;
    let manifest = read(&from)?;
    let databases = named(&from, &manifest)?;
    for (database, listed) in &databases {
        let copy = from.join(database.file);
        compare(&copy, listed, &folder::digest(database.file, &copy).await?)?;
        database.check(&copy).await?;
    }
    let _lock = empty(&data_dir)?;
    for (database, listed) in &databases {
        let part = part_of(&data_dir.join(database.file));
        let copied = folder::copy(database.file, &from.join(database.file), &part).await?;
        compare(&part, listed, &copied)?;
    }
    for (database, _) in &databases {
        let file = data_dir.join(database.file);
        folder::rename(&part_of(&file), &file)?;
    }
    let restored = json!({
        "restored": data_dir,
        "at_s": manifest.at_s,
        "files": manifest.files,
    });
    print_line(&restored.to_string())
}

fn read(from: &Path) -> Result<Manifest, Error> {
    let none = |reason: String| Error::NoBackup { folder: from.to_owned(), reason };
    let path = from.join(MANIFEST);
    let of_list = |error: &dyn std::fmt::Display| none(format!("its {MANIFEST}: {error}"));
    let length = fs::metadata(&path).map_err(|error| of_list(&error))?.len();
    if length > MAX_MANIFEST_BYTES {
        return Err(of_list(&"it is too long"));
    }
    let list = fs::read(&path).map_err(|error| of_list(&error))?;
    serde_json::from_slice(&list).map_err(|error| of_list(&error))
}

/// The databases of a backup, each with its line of the list.
fn named<'a>(
    from: &Path,
    manifest: &'a Manifest,
) -> Result<Vec<(&'static Database, &'a Copied)>, Error> {
    let none = |reason: String| Error::NoBackup { folder: from.to_owned(), reason };
    let mut databases = Vec::new();
    for listed in &manifest.files {
        let known = DATABASES.iter().find(|database| database.file == listed.file);
        let known = known.ok_or_else(|| none(format!("it has a file {:?}", listed.file)))?;
        databases.push((known, listed));
    }
    if databases.is_empty() {
        return Err(none("it has no database".to_owned()));
    }
    Ok(databases)
}

fn compare(path: &Path, listed: &Copied, found: &Copied) -> Result<(), Error> {
    if listed == found {
        return Ok(());
    }
    let reason = "it is not what was written when the backup was made".to_owned();
    Err(Error::Damaged { file: path.to_owned(), reason })
}

/// Makes sure that the folder is there and empty, and keeps services out of it.
fn empty(data_dir: &Path) -> Result<ServiceLock, Error> {
    // That a service runs there says more than that the folder is not empty.
    let lock = match data_dir.join(SERVICE_LOCK_FILE).exists() {
        true => Some(ServiceLock::take(data_dir)?),
        false => None,
    };
    if data_dir.exists() {
        let failed = |source| Error::File { path: data_dir.to_owned(), source };
        for entry in fs::read_dir(data_dir).map_err(failed)? {
            if entry.map_err(failed)?.file_name() != SERVICE_LOCK_FILE {
                return Err(Error::NotEmpty(data_dir.to_owned()));
            }
        }
    }
    Ok(match lock {
        Some(lock) => lock,
        None => ServiceLock::take(data_dir)?,
    })
}
