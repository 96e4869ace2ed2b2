//! Everything that survives a restart, behind the trait [`Storage`]. What is stored stands in
//! [`records`]; the SQLite implementation is the only place that holds SQL.

mod after_queue;
#[cfg(test)]
pub(crate) mod conformance;
pub mod records;
mod sqlite;

use async_trait::async_trait;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::model::{Application, Edition};
pub(crate) use after_queue::{
    AfterQueue, FAR_MS, NewAfter, Retry, StoredAfter, StoredKey, Subject,
};
use chat_types::code::{ApiError, Code};
use chat_types::group::GroupType;
pub use records::*;
pub use sqlite::{DATABASE_FILE, MIGRATIONS};

/// File of the lock that a service holds while it runs. One at a time on a data folder: two would give
/// out the same sequence numbers, and the members of a room would be split between them. The command
/// line needs no such lock.
pub const LOCK_FILE: &str = "service.lock";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Folder(#[from] data_folder::Error),
    #[error("the database refused a statement: {0}")]
    Statement(#[from] sqlx::Error),
    #[error("a stored value cannot be read: {0}")]
    Value(String),
}

/// Hides a failure from the caller and puts it into the log.
pub(crate) fn internal(error: Error) -> ApiError {
    tracing::error!(%error, "storage failed");
    internal_failure()
}

pub(crate) fn internal_failure() -> ApiError {
    ApiError::new(Code::INTERNAL, "the service failed inside; try again")
}

/// Chooses the changes of an application, which is `None` when there is none with the id.
pub type Decide<'a> =
    &'a (dyn Fn(Option<&Application>) -> Result<Vec<ApplicationChange>, ApiError> + Send + Sync);

/// Opens the database in `data_dir`, makes both if they are absent, and runs the migrations that it
/// has not had yet.
pub async fn open(data_dir: &Path) -> Result<Arc<dyn Storage>, Error> {
    Ok(open_all(data_dir).await?.storage)
}

/// The two faces of one database.
pub(crate) struct Stores {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) after_queue: Arc<dyn AfterQueue>,
}

/// Like [`open`], with the queue of after-webhooks.
pub(crate) async fn open_all(data_dir: &Path) -> Result<Stores, Error> {
    let database = Arc::new(sqlite::Sqlite::open(data_dir).await?);
    Ok(Stores { storage: Arc::clone(&database) as _, after_queue: database })
}

/// A database: all subjects in one. Every method is one transaction: when it returns without an error,
/// what it wrote survives a crash; when it returns with one, nothing was written. Ids are taken as
/// they are; the service has checked them.
pub trait Storage:
    Applications + Accounts + Groups + History + C2c + Upkeep + fmt::Debug + 'static
{
}

impl<T> Storage for T where
    T: Applications + Accounts + Groups + History + C2c + Upkeep + fmt::Debug + 'static
{
}

/// Applications and their configuration.
#[async_trait]
pub trait Applications: Send + Sync {
    /// A number that grows with every change of the configuration of any application.
    async fn configuration_version(&self) -> Result<u64, Error>;

    /// Stores a new application with its first administrator (and the account of it) and returns
    /// its id.
    async fn insert_application(
        &self,
        name: &str,
        key: &str,
        edition: Edition,
        first_admin: &str,
        now_s: u64,
    ) -> Result<u32, Error>;

    async fn application(&self, sdk_app_id: u32) -> Result<Option<Application>, Error>;

    /// All applications, oldest first.
    async fn applications(&self) -> Result<Vec<Application>, Error>;

    /// Shows the application to `decide` and stores the changes that it gives back, so that of two
    /// who decide at once the second sees what the first has done. What `decide` refuses is handed
    /// on, and nothing is written.
    async fn change_application(
        &self,
        sdk_app_id: u32,
        decide: Decide<'_>,
    ) -> Result<Result<(), ApiError>, Error>;

    /// The number of the next broadcast of an application: 1 the first time, never the same again.
    async fn next_broadcast_seq(&self, sdk_app_id: u32) -> Result<u32, Error>;
}

/// Accounts and profiles.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Those of the accounts that exist, in no order.
    async fn accounts(&self, sdk_app_id: u32, users: &[&str]) -> Result<Vec<Account>, Error>;

    /// Adds accounts or changes them.
    async fn put_accounts(
        &self,
        sdk_app_id: u32,
        patches: &[AccountPatch],
        now_s: u64,
    ) -> Result<(), Error>;

    /// Removes an account with its profile, its memberships and what it has read. Messages stay,
    /// and none counts as unread for an account that comes back under the id; so do mutes and bans,
    /// which nobody escapes by being deleted. `false` when it does not exist.
    async fn delete_account(&self, sdk_app_id: u32, user_id: &str) -> Result<bool, Error>;

    async fn count_accounts(&self, sdk_app_id: u32) -> Result<u64, Error>;
}

/// Groups with everything in them except their messages.
#[async_trait]
pub trait Groups: Send + Sync {
    /// Stores a new group with everything in it. `false` when the id is taken.
    async fn insert_group(&self, sdk_app_id: u32, group: &StoredGroup) -> Result<bool, Error>;

    async fn group(&self, sdk_app_id: u32, group_id: &str) -> Result<Option<StoredGroup>, Error>;

    /// Applies all changes or none. `false` when the group does not exist.
    async fn change_group(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        changes: &[GroupChange],
        now_s: u64,
    ) -> Result<bool, Error>;

    /// Removes the group and everything in it. `false` when it does not exist.
    async fn delete_group(&self, sdk_app_id: u32, group_id: &str) -> Result<bool, Error>;

    /// Ids of the groups of a type (`None`: of all), after the first `offset`.
    async fn group_ids(
        &self,
        sdk_app_id: u32,
        group_type: Option<GroupType>,
        offset: u64,
        limit: u32,
    ) -> Result<GroupIdPage, Error>;

    /// Groups of a type, or of all, that store the account as a member, by id.
    async fn groups_of_member(
        &self,
        sdk_app_id: u32,
        user_id: &str,
        group_type: Option<GroupType>,
    ) -> Result<Vec<String>, Error>;

    /// Takes the next `count` message numbers of a group for the caller alone: whoever claims later,
    /// also after a crash, gets higher ones. Fewer or none when the group has no more. `None` when
    /// there is no such group.
    async fn claim_numbers(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        count: u32,
    ) -> Result<Option<ClaimedNumbers>, Error>;

    /// Gives numbers back that were claimed and never used: of each group those above the last
    /// figure, if the figure before it is the highest that anybody has claimed. Only for a clean stop.
    async fn release_numbers(&self, groups: &[(u32, &str, u32, u32)]) -> Result<(), Error>;
}

/// Messages of groups that are kept.
#[async_trait]
pub trait History: Send + Sync {
    /// Keeps messages of groups and how their members stand, all or none, and forgets messages that
    /// are over the bound of their group or too old. Groups and members that are gone are left out;
    /// what a member has read and when it spoke never goes back.
    async fn record_messages(&self, records: &[MessageRecord]) -> Result<(), Error>;

    /// Kept messages with a number up to `up_to` and not older than `oldest_s`, newest first.
    async fn group_messages(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        up_to: u32,
        oldest_s: u32,
        limit: u32,
    ) -> Result<Vec<StoredGroupMessage>, Error>;

    /// Marks kept messages as recalled and drops what they said.
    async fn recall_group_messages(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        seqs: &[u32],
    ) -> Result<(), Error>;

    /// Puts a changed message into the place of the kept one with its number.
    async fn change_group_message(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        message: &chat_types::gateway::Message,
    ) -> Result<(), Error>;

    /// Numbers of the kept messages that this account sent and that are not recalled.
    async fn group_messages_by(
        &self,
        sdk_app_id: u32,
        group_id: &str,
        user_id: &str,
    ) -> Result<Vec<u32>, Error>;
}

/// One-to-one messages and how far they are read.
#[async_trait]
pub trait C2c: Send + Sync {
    /// Stores messages, all or none. Their numbers are made here.
    async fn insert_c2c(&self, sdk_app_id: u32, messages: &[StoredC2c]) -> Result<(), Error>;

    /// The message that a sender has sent to a receiver under this `client_id` since a time.
    async fn c2c_by_client_id(
        &self,
        sdk_app_id: u32,
        from: &str,
        to: &str,
        client_id: &str,
        since_s: u64,
    ) -> Result<Option<StoredC2c>, Error>;

    /// Messages of a conversation, newest first, withdrawn ones included.
    async fn c2c_messages(
        &self,
        sdk_app_id: u32,
        range: C2cRange<'_>,
    ) -> Result<Vec<StoredC2c>, Error>;

    /// The message with this key between two accounts, whichever of them sent it.
    async fn c2c_message(
        &self,
        sdk_app_id: u32,
        one: &str,
        other: &str,
        key: &str,
        now_s: u64,
    ) -> Result<Option<StoredC2c>, Error>;

    /// Marks a message as withdrawn and drops what it said.
    async fn withdraw_c2c(
        &self,
        sdk_app_id: u32,
        from: &str,
        to: &str,
        key: &str,
        now_s: u64,
    ) -> Result<SentChange, Error>;

    /// Changes what a message says; `None` leaves it as it is.
    async fn modify_c2c(
        &self,
        sdk_app_id: u32,
        from: &str,
        to: &str,
        key: &str,
        change: &C2cChange,
        now_s: u64,
    ) -> Result<SentChange, Error>;

    /// Notes that an account has read what a peer sent it so far; whether anything of it was unread.
    async fn read_c2c(&self, sdk_app_id: u32, user_id: &str, peer: &str) -> Result<bool, Error>;

    /// Conversations of an account, the latest first.
    async fn conversations(
        &self,
        sdk_app_id: u32,
        user_id: &str,
        now_s: u64,
        limit: u32,
    ) -> Result<Vec<StoredConversation>, Error>;

    /// Unread messages of an account by peer; peers without any are left out.
    async fn unread_c2c(
        &self,
        sdk_app_id: u32,
        user_id: &str,
        now_s: u64,
    ) -> Result<Vec<(String, u32)>, Error>;
}

/// The database itself.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Removes one-to-one messages, mutes and bans whose time is over, and group messages older than
    /// `oldest_group_s`. Not one transaction but many small ones: writers wait for none of them
    /// long.
    async fn purge(&self, now_s: u64, oldest_group_s: u64) -> Result<u64, Error>;

    /// Answers when the database does.
    async fn check(&self) -> Result<(), Error>;

    /// Ends every connection; later calls fail.
    async fn close(&self);
}
