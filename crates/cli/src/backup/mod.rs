//! `liveroom backup` and `liveroom restore`: what a data folder holds, as of one moment while the
//! services run, and back again.
//!
//! A backup is a folder with a copy of each database and a list of them. The keys of applications and
//! the secrets of the business service are in the databases, so there is nothing else to keep.

mod database;
mod folder;
mod restore;

pub(crate) use restore::restore;

use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};

use crate::print_line;
use chat_server::clock::{Clock, SystemClock};
use database::Database;

/// Name of the list inside of a backup.
const MANIFEST: &str = "backup.json";
/// Of what the backup is made in until it is whole.
const PART: &str = "part";

/// In the order in which they are copied. What the business service has decided it tells the chat
/// service again and again, and the other way about nothing is repeated that was answered: so the
/// chat service's copy is the later one, and holds every room and account that the other one names.
const DATABASES: [Database; 2] = [
    Database { file: business_server::DATABASE_FILE, migrations: &business_server::MIGRATIONS },
    Database {
        file: chat_server::storage::DATABASE_FILE,
        migrations: &chat_server::storage::MIGRATIONS,
    },
];

#[derive(clap::Args)]
pub(crate) struct BackupArguments {
    /// Folder of the databases; the services may run
    #[arg(long, env = "LIVEROOM_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
    /// Folder that is made for the backup; it holds the keys of the applications
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct RestoreArguments {
    /// Folder that `liveroom backup` has made
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Folder for the databases; it is made if it is absent, and has to be empty otherwise
    #[arg(long, env = "LIVEROOM_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no database in {}: check --data-dir", .0.display())]
    NoDatabase(PathBuf),
    #[error("{} is there already: give --to a folder that is not", .0.display())]
    Exists(PathBuf),
    #[error(
        "{} is there: another backup runs, or one was broken off; in that case remove it",
        .0.display()
    )]
    Unfinished(PathBuf),
    #[error("{} is no backup: {reason}", folder.display())]
    NoBackup { folder: PathBuf, reason: String },
    #[error(
        "{} is damaged: {reason}; take another backup",
        file.display()
    )]
    Damaged { file: PathBuf, reason: String },
    #[error(
        "{} is of another version of the program, which knows its change {version}: use that version",
        file.display()
    )]
    OtherVersion { file: PathBuf, version: i64 },
    #[error(
        "{} is not empty: a backup is restored into an empty folder, so that nothing is lost",
        .0.display()
    )]
    NotEmpty(PathBuf),
    #[error(transparent)]
    Folder(#[from] data_folder::Error),
    #[error("the copy {} cannot be made one of its own: {source}", path.display())]
    Renew { path: PathBuf, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("{} cannot be read or written: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("the database {} cannot be read: {source}", path.display())]
    Database { path: PathBuf, source: sqlx::Error },
    #[error("the copying was broken off: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// What stands in [`MANIFEST`].
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    /// Version of the program that made it.
    version: String,
    /// When the backup was begun, in Unix seconds.
    at_s: u64,
    files: Vec<Copied>,
}

/// A database of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Copied {
    file: String,
    bytes: u64,
    sha256: String,
}

pub(crate) async fn backup(arguments: BackupArguments) -> Result<(), crate::Error> {
    let BackupArguments { data_dir, to } = arguments;
    let present = DATABASES.iter().filter(|database| data_dir.join(database.file).exists());
    let present: Vec<&Database> = present.collect();
    if present.is_empty() {
        return Err(Error::NoDatabase(data_dir).into());
    }
    if to.exists() {
        return Err(Error::Exists(to).into());
    }
    let part = part_of(&to);
    folder::make(&part)?;
    let made = match fill(&data_dir, &part, &present).await {
        Ok(manifest) => folder::rename(&part, &to).map(|()| manifest),
        Err(error) => Err(error),
    };
    let manifest = match made {
        Ok(manifest) => manifest,
        Err(error) => {
            // Nobody takes half of a backup for a whole one.
            folder::remove(&part);
            return Err(error.into());
        }
    };
    print_line(&json!({ "backup": to, "files": manifest.files }).to_string())
}

async fn fill(data_dir: &Path, part: &Path, databases: &[&Database]) -> Result<Manifest, Error> {
    let mut manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at_s: SystemClock.now_s(),
        files: Vec::new(),
    };
    for database in databases {
        let copy = part.join(database.file);
        database.copy(&data_dir.join(database.file), &copy).await?;
        folder::owner_only(&copy)?;
        database.check(&copy).await?;
        folder::settle(&copy)?;
        manifest.files.push(folder::digest(database.file, &copy).await?);
    }
    let list = part.join(MANIFEST);
    folder::write(&list, json!(manifest).to_string().as_bytes())?;
    folder::settle(part)?;
    Ok(manifest)
}

/// Beside what is made, so that it can be renamed to it.
fn part_of(path: &Path) -> PathBuf {
    path.with_added_extension(PART)
}
