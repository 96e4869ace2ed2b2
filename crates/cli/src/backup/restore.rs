//! `liveroom restore`

use data_folder::{Lock, RESTORING};
use serde_json::json;
use std::fs;
use std::path::Path;

use super::database::Database;
use super::{Copied, DATABASES, Error, MANIFEST, Manifest, RestoreArguments, folder};
use crate::print_line;

/// What the services hold while they run.
const LOCKS: [&str; 2] = [chat_server::storage::LOCK_FILE, business_server::LOCK_FILE];
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
    let _locks = empty(&data_dir)?;
    let part = data_dir.join(RESTORING);
    folder::make(&part)?;
    let restored = match fill(&from, &part, &databases).await {
        Ok(()) => place(&part, &data_dir, &databases),
        Err(error) => Err(error),
    };
    if let Err(error) = restored {
        // Nobody takes a part of it for all of it.
        for (database, _) in &databases {
            folder::remove_file(&data_dir.join(database.file));
        }
        folder::remove(&part);
        return Err(error.into());
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

/// Copies the databases into a folder of their own, as they will be.
async fn fill(
    from: &Path,
    part: &Path,
    databases: &[(&'static Database, &Copied)],
) -> Result<(), Error> {
    for (database, listed) in databases {
        let copy = part.join(database.file);
        let copied = folder::copy(database.file, &from.join(database.file), &copy).await?;
        compare(&copy, listed, &copied)?;
        if database.file == business_server::DATABASE_FILE {
            let failed = |source| Error::Renew { path: copy.clone(), source };
            let renewed = business_server::renew_restored(&copy).await;
            renewed.map_err(|error| failed(error.into()))?;
            folder::settle(&copy)?;
        }
    }
    folder::settle(part)
}

/// Puts what is made into its place. No service starts before all of it is there.
fn place(
    part: &Path,
    data_dir: &Path,
    databases: &[(&'static Database, &Copied)],
) -> Result<(), Error> {
    for (database, _) in databases {
        folder::rename(&part.join(database.file), &data_dir.join(database.file))?;
    }
    folder::remove_empty(part)
}

/// Makes sure that the folder is there and empty, and keeps services out of it.
fn empty(data_dir: &Path) -> Result<[Lock; 2], Error> {
    // That a service runs there says more than that the folder is not empty.
    for file in LOCKS.into_iter().filter(|file| data_dir.join(file).exists()) {
        Lock::take(data_dir, file)?;
    }
    if data_dir.exists() {
        let failed = |source| Error::File { path: data_dir.to_owned(), source };
        for entry in fs::read_dir(data_dir).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if !name.to_str().is_some_and(is_lock) {
                return Err(Error::NotEmpty(data_dir.to_owned()));
            }
        }
    }
    let [chat, business] = LOCKS;
    Ok([Lock::take(data_dir, chat)?, Lock::take(data_dir, business)?])
}

/// Whether a file says nothing but that a service runs, or has run.
fn is_lock(file: &str) -> bool {
    file == LOCKS[0] || file == data_folder::OPENING_FILE || business_server::is_lock(file)
}
