//! Accounts, online status, and the mute that holds everywhere.

use chat_types::rest::{
    AccountCheck, AccountDelete, AccountImport, AccountResults, GetNoSpeaking, Kick,
    MultiaccountImport, MultiaccountImported, NoSpeaking, OnlineStatuses, QueryOnlineStatus,
    SetNoSpeaking,
};

use crate::client::Client;
use crate::command as commands;
use crate::error::Error;

impl Client {
    /// Makes an account, or changes its nickname and avatar.
    pub async fn account_import(&self, body: &AccountImport) -> Result<(), Error> {
        self.tell(&commands::ACCOUNT_IMPORT, body).await
    }

    /// Makes up to 100 accounts; the answer names those that failed.
    pub async fn multiaccount_import(
        &self,
        body: &MultiaccountImport,
    ) -> Result<MultiaccountImported, Error> {
        self.call(&commands::MULTIACCOUNT_IMPORT, body).await
    }

    /// Removes up to 100 accounts. Each entry of the answer has its own code.
    pub async fn account_delete(&self, body: &AccountDelete) -> Result<AccountResults, Error> {
        self.call(&commands::ACCOUNT_DELETE, body).await
    }

    /// Asks which of up to 100 accounts exist.
    pub async fn account_check(&self, body: &AccountCheck) -> Result<AccountResults, Error> {
        self.call(&commands::ACCOUNT_CHECK, body).await
    }

    /// Ends every login of an account.
    pub async fn kick(&self, body: &Kick) -> Result<(), Error> {
        self.tell(&commands::KICK, body).await
    }

    /// Asks how up to 500 accounts can be reached.
    pub async fn query_online_status(
        &self,
        body: &QueryOnlineStatus,
    ) -> Result<OnlineStatuses, Error> {
        self.call(&commands::QUERY_ONLINE_STATUS, body).await
    }

    /// [`query_online_status`](Self::query_online_status) under its older name.
    pub async fn querystate(&self, body: &QueryOnlineStatus) -> Result<OnlineStatuses, Error> {
        self.call(&commands::QUERYSTATE, body).await
    }

    /// Mutes an account in all groups, in one-to-one messages, or both; 0 seconds end a mute.
    pub async fn setnospeaking(&self, body: &SetNoSpeaking) -> Result<(), Error> {
        self.tell(&commands::SETNOSPEAKING, body).await
    }

    /// How long an account is still muted everywhere.
    pub async fn getnospeaking(&self, body: &GetNoSpeaking) -> Result<NoSpeaking, Error> {
        self.call(&commands::GETNOSPEAKING, body).await
    }
}
