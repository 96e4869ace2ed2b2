//! [`Storage`] in one SQLite file with a write-ahead log.
//!
//! One connection writes and several read: SQLite takes one writer at a time anyway, and a queue
//! for the one connection is fairer than its busy waiting.

mod accounts;
mod applications;
mod c2c;
mod groups;
mod history;
#[cfg(test)]
mod tests;
mod webhooks;

use async_trait::async_trait;
use chat_types::code::ApiError;
use chat_types::group::GroupType;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite as Driver, SqlitePool, Transaction};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::lock::OpeningLock;
use super::records::*;
use super::{Decide, Error, Storage};
use crate::application::{Application, Edition};

/// File name of the database inside the data folder.
pub const DATABASE_FILE: &str = "chat.db";
/// How long a writer waits for another process (the command line beside a running service).
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
const READERS: u32 = 4;
/// Old messages that are removed in one transaction.
const PURGED_AT_ONCE: i64 = 1_000;

/// What is old is found by the index of its time.
const OLD_C2C: &str = "
    DELETE FROM c2c_messages WHERE (sdk_app_id, low, high, number) IN (
        SELECT sdk_app_id, low, high, number FROM c2c_messages WHERE expire_time <= $1 LIMIT $2)";
const OLD_GROUP_MESSAGES: &str = "
    DELETE FROM group_messages WHERE (sdk_app_id, group_id, seq) IN (
        SELECT sdk_app_id, group_id, seq FROM group_messages WHERE time_s < $1 LIMIT $2)";
const OLD_MUTES: &str = "
    DELETE FROM group_mutes WHERE (sdk_app_id, group_id, user_id) IN (
        SELECT sdk_app_id, group_id, user_id FROM group_mutes WHERE muted_until <= $1 LIMIT $2)";
const OLD_BANS: &str = "
    DELETE FROM group_bans WHERE (sdk_app_id, group_id, user_id) IN (
        SELECT sdk_app_id, group_id, user_id FROM group_bans WHERE banned_until <= $1 LIMIT $2)";

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
    let found =
        std::fs::metadata(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
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
        let _one_at_a_time = OpeningLock::wait(data_dir).await?;
        let path = data_dir.join(DATABASE_FILE);
        owner_only(&path).map_err(|source| Error::File { path: path.clone(), source })?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit survives a power cut: what was acknowledged must not come undone.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true);
        let pool = async |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                // A connection to a file does not go bad by itself.
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
                .connect_with(options.clone())
                .await
                .map_err(|source| Error::Open { path: path.clone(), source })
        };
        let writer = pool(1).await?;
        sqlx::migrate!()
            .run(&writer)
            .await
            .map_err(|source| Error::Migrate { path: path.clone(), source })?;
        let identity = identity(&path)?;
        let readers = pool(READERS).await?;
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

    /// Runs a statement that removes at most so many rows until there are no more.
    async fn remove_older(&self, sql: &'static str, time_s: u64) -> Result<u64, Error> {
        let mut removed = 0;
        loop {
            let done = sqlx::query(sql)
                .bind(to_db(time_s))
                .bind(PURGED_AT_ONCE)
                .execute(&self.writer)
                .await?;
            if done.rows_affected() == 0 {
                return Ok(removed);
            }
            removed += done.rows_affected();
        }
    }
}

#[async_trait]
impl Storage for Sqlite {
    async fn configuration_version(&self) -> Result<u64, Error> {
        self.read_configuration_version().await
    }

    async fn insert_application(
        &self,
        name: &str,
        key: &str,
        edition: Edition,
        first_admin: &str,
        now_s: u64,
    ) -> Result<u32, Error> {
        self.add_application(name, key, edition, first_admin, now_s).await
    }

    async fn application(&self, sdk_app_id: u32) -> Result<Option<Application>, Error> {
        self.read_application(sdk_app_id).await
    }

    async fn applications(&self) -> Result<Vec<Application>, Error> {
        self.read_applications().await
    }

    async fn change_application(
        &self,
        sdk_app_id: u32,
        decide: Decide<'_>,
    ) -> Result<Result<(), ApiError>, Error> {
        self.write_application(sdk_app_id, decide).await
    }

    async fn accounts(&self, sdk_app_id: u32, users: &[&str]) -> Result<Vec<Account>, Error> {
        self.read_accounts(sdk_app_id, users).await
    }

    async fn put_accounts(
        &self,
        sdk_app_id: u32,
        patches: &[AccountPatch],
        now_s: u64,
    ) -> Result<(), Error> {
        self.write_accounts(sdk_app_id, patches, now_s).await
    }

    async fn delete_account(&self, sdk_app_id: u32, user_id: &str) -> Result<bool, Error> {
        self.remove_account(sdk_app_id, user_id).await
    }

    async fn count_accounts(&self, sdk_app_id: u32) -> Result<u64, Error> {
        self.number_of_accounts(sdk_app_id).await
    }

    async fn insert_group(&self, sdk_app_id: u32, group: &StoredGroup) -> Result<bool, Error> {
        self.add_group(sdk_app_id, group).await
    }

    async fn group(&self, sdk_app_id: u32, group_id: &str) -> Result<Option<StoredGroup>, Error> {
        self.read_group(sdk_app_id, group_id).await
    }

    async fn change_group(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        changes: &[GroupChange],
        now_s: u64,
    ) -> Result<bool, Error> {
        self.write_group(sdk_app_id, group_id, changes, now_s).await
    }

    async fn delete_group(&self, sdk_app_id: u32, group_id: &str) -> Result<bool, Error> {
        self.remove_group(sdk_app_id, group_id).await
    }

    async fn group_ids(
        &self,
        sdk_app_id: u32,
        group_type: Option<GroupType>,
        offset: u64,
        limit: u32,
    ) -> Result<GroupIdPage, Error> {
        self.read_group_ids(sdk_app_id, group_type, offset, limit).await
    }

    async fn groups_of_member(
        &self,
        sdk_app_id: u32,
        user_id: &str,
        group_type: Option<GroupType>,
    ) -> Result<Vec<String>, Error> {
        self.read_groups_of_member(sdk_app_id, user_id, group_type).await
    }

    async fn claim_numbers(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        count: u32,
    ) -> Result<Option<ClaimedNumbers>, Error> {
        self.take_numbers(sdk_app_id, group_id, count).await
    }

    async fn release_numbers(&self, groups: &[(u32, &str, u32, u32)]) -> Result<(), Error> {
        self.lower_numbers(groups).await
    }

    async fn record_messages(&self, records: &[MessageRecord]) -> Result<(), Error> {
        self.write_records(records).await
    }

    async fn group_messages(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        up_to: u32,
        oldest_s: u32,
        limit: u32,
    ) -> Result<Vec<StoredGroupMessage>, Error> {
        self.read_group_messages(sdk_app_id, group_id, up_to, oldest_s, limit).await
    }

    async fn recall_group_messages(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        seqs: &[u32],
    ) -> Result<(), Error> {
        self.write_recalled(sdk_app_id, group_id, seqs).await
    }

    async fn change_group_message(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        message: &chat_types::gateway::Message,
    ) -> Result<(), Error> {
        self.write_group_message(sdk_app_id, group_id, message).await
    }

    async fn next_broadcast_seq(&self, sdk_app_id: u32) -> Result<u32, Error> {
        self.count_broadcast(sdk_app_id).await
    }

    async fn group_messages_by(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        user_id: &str,
    ) -> Result<Vec<u32>, Error> {
        self.read_group_messages_by(sdk_app_id, group_id, user_id).await
    }

    async fn insert_c2c(&self, sdk_app_id: u32, messages: &[StoredC2c]) -> Result<(), Error> {
        self.add_c2c(sdk_app_id, messages).await
    }

    async fn c2c_by_client_id(
        &self,
        sdk_app_id: u32,
        from: &str,
        to: &str,
        client_id: &str,
        since_s: u64,
    ) -> Result<Option<StoredC2c>, Error> {
        self.read_c2c_by_client_id(sdk_app_id, from, to, client_id, since_s).await
    }

    async fn c2c_messages(
        &self,
        sdk_app_id: u32,
        range: C2cRange<'_>,
    ) -> Result<Vec<StoredC2c>, Error> {
        self.read_c2c_messages(sdk_app_id, range).await
    }

    async fn c2c_message(
        &self,
        sdk_app_id: u32,
        one: &str,
        other: &str,
        key: &str,
        now_s: u64,
    ) -> Result<Option<StoredC2c>, Error> {
        self.read_c2c_message(sdk_app_id, one, other, key, now_s).await
    }

    async fn withdraw_c2c(
        &self,
        sdk_app_id: u32,
        from: &str,
        to: &str,
        key: &str,
        now_s: u64,
    ) -> Result<SentChange, Error> {
        self.write_withdrawn(sdk_app_id, from, to, key, now_s).await
    }

    async fn modify_c2c(
        &self,
        sdk_app_id: u32,
        from: &str,
        to: &str,
        key: &str,
        change: &C2cChange,
        now_s: u64,
    ) -> Result<SentChange, Error> {
        self.write_c2c_change(sdk_app_id, from, to, key, change, now_s).await
    }

    async fn read_c2c(&self, sdk_app_id: u32, user_id: &str, peer: &str) -> Result<(), Error> {
        self.write_read(sdk_app_id, user_id, peer).await
    }

    async fn conversations(
        &self,
        sdk_app_id: u32,
        user_id: &str,
        now_s: u64,
        limit: u32,
    ) -> Result<Vec<StoredConversation>, Error> {
        self.read_conversations(sdk_app_id, user_id, now_s, limit).await
    }

    async fn unread_c2c(
        &self,
        sdk_app_id: u32,
        user_id: &str,
        now_s: u64,
    ) -> Result<Vec<(String, u32)>, Error> {
        self.read_unread(sdk_app_id, user_id, now_s).await
    }

    async fn purge(&self, now_s: u64, oldest_group_s: u64) -> Result<u64, Error> {
        let c2c = self.remove_older(OLD_C2C, now_s);
        let group = self.remove_older(OLD_GROUP_MESSAGES, oldest_group_s);
        let mutes = self.remove_older(OLD_MUTES, now_s);
        let bans = self.remove_older(OLD_BANS, now_s);
        Ok(c2c.await? + group.await? + mutes.await? + bans.await?)
    }

    async fn check(&self) -> Result<(), Error> {
        if identity(&self.path)? != self.identity {
            return Err(Error::Value("the database file was put away or replaced".to_owned()));
        }
        sqlx::query("SELECT version FROM configuration").fetch_one(&self.readers).await?;
        // That it can be read does not say that it can be written.
        self.write().await?.rollback().await?;
        Ok(())
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Makes sure that the file is there and that only its owner may read it: it holds keys. SQLite
/// gives the files that it puts beside it the same rights.
fn owner_only(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = options.mode(0o600).open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))
    }
    #[cfg(not(unix))]
    options.open(path).map(|_| ())
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
