//! Signing in, importing, finding and deleting accounts, and the mute that holds everywhere.

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::gateway::{KickCause, ServerFrame};
use chat_types::rest::{
    AccountImport, AccountResult, AccountStatus, MAX_ACCOUNTS_PER_CALL, MAX_PROFILE_VALUE_BYTES,
    NoSpeaking, SetNoSpeaking,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use usersig::Expected;

use super::{Service, internal, no_such_application};
use crate::application::Application;
use crate::storage::{self, Account, AccountPatch, FOREVER, GroupChange};

/// Somebody whose UserSig was checked.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) sdk_app_id: u32,
    /// The application as it was at this moment.
    pub(crate) app: Arc<Application>,
    pub(crate) user_id: UserId,
    /// Seconds until the UserSig runs out.
    pub(crate) valid_for_s: u64,
}

impl Service {
    /// Checks the UserSig of an account: 60006 for an unknown application, then the codes of
    /// [`usersig::Error`] in its order.
    ///
    /// What is in memory decides, before anything is asked of the database. Then it is looked whether
    /// the configuration has changed, so that a key, an administrator or a setting counts from the
    /// next call on: for the bearer of a valid UserSig at once, for everybody else together.
    pub(crate) async fn check_user_sig(
        &self,
        sdk_app_id: u32,
        user_id: UserId,
        user_sig: &str,
    ) -> Result<SignedIn, ApiError> {
        let known = self.directory.get(sdk_app_id);
        let checked = self.verify(known.clone(), sdk_app_id, &user_id, user_sig);
        match &checked {
            Ok(_) => self.directory.refresh(&*self.storage).await.map_err(internal)?,
            Err(_) => {
                self.directory.refresh_for_strangers(&*self.storage).await.map_err(internal)?;
            }
        }
        let current = self.directory.get(sdk_app_id);
        let is_same = match (&known, &current) {
            (Some(known), Some(current)) => Arc::ptr_eq(known, current),
            (None, None) => true,
            _ => false,
        };
        if is_same {
            return checked;
        }
        self.verify(current, sdk_app_id, &user_id, user_sig)
    }

    fn verify(
        &self,
        app: Option<Arc<Application>>,
        sdk_app_id: u32,
        user_id: &UserId,
        user_sig: &str,
    ) -> Result<SignedIn, ApiError> {
        let app = app.ok_or_else(|| no_such_application(sdk_app_id))?;
        let now_s = self.clock.now_s();
        let expected =
            Expected { sdk_app_id, key: app.key.reveal(), identifier: user_id.as_str(), now_s };
        let claims = usersig::verify(user_sig, &expected)
            .map_err(|error| ApiError::new(Code(error.code()), error.to_string()))?;
        let valid_for_s = claims.expires_at_s().saturating_sub(now_s);
        Ok(SignedIn { sdk_app_id, app, user_id: user_id.clone(), valid_for_s })
    }

    /// Makes sure that the account exists, as the first login of an account does in the cloud, and
    /// returns its nickname.
    pub(crate) async fn account_of_login(&self, who: &SignedIn) -> Result<String, ApiError> {
        if let Some(account) = self.account(who.sdk_app_id, who.user_id.as_str()).await? {
            return Ok(account.nick.clone());
        }
        let patch = AccountPatch { user_id: who.user_id.to_string(), ..AccountPatch::default() };
        self.write_accounts(&who.app, &[patch]).await?;
        Ok(String::new())
    }

    /// Adds an account or changes its nickname and picture. 70402 for a wrong value, 70398 when
    /// the application has as many accounts as it may have.
    pub(crate) async fn import_account(
        &self,
        app: &Application,
        account: AccountImport,
    ) -> Result<(), ApiError> {
        let patch = checked(account)?;
        let shown = self.shown_profiles(app.sdk_app_id, std::slice::from_ref(&patch)).await?;
        self.write_accounts(app, std::slice::from_ref(&patch)).await?;
        self.show_nicks(app.sdk_app_id, std::slice::from_ref(&patch));
        self.show_profiles(app.sdk_app_id, shown).await;
        Ok(())
    }

    /// Like [`Service::import_account`] for many. Gives those whose values are wrong; the others
    /// are imported, all of them or (70398) none.
    pub(crate) async fn import_accounts(
        &self,
        app: &Application,
        accounts: Vec<AccountImport>,
    ) -> Result<Vec<String>, ApiError> {
        if accounts.is_empty() {
            return Err(parameter("Accounts is missing: give 1 to 100 accounts"));
        }
        if accounts.len() > MAX_ACCOUNTS_PER_CALL {
            return Err(ApiError::new(
                Code::ACCOUNT_BATCH,
                format!(
                    "{} accounts are given; {MAX_ACCOUNTS_PER_CALL} is the most",
                    accounts.len()
                ),
            ));
        }
        let mut failed = Vec::new();
        let mut patches = Vec::with_capacity(accounts.len());
        for account in accounts {
            let user_id = account.user_id.clone();
            match checked(account) {
                Ok(patch) => patches.push(patch),
                Err(_) => failed.push(user_id),
            }
        }
        let shown = self.shown_profiles(app.sdk_app_id, &patches).await?;
        self.write_accounts(app, &patches).await?;
        self.show_nicks(app.sdk_app_id, &patches);
        self.show_profiles(app.sdk_app_id, shown).await;
        Ok(failed)
    }

    /// Writes accounts that may be new, if the application may have as many.
    async fn write_accounts(
        &self,
        app: &Application,
        patches: &[AccountPatch],
    ) -> Result<(), ApiError> {
        let limit = u64::from(app.settings.account_limit);
        // Two callers at once must not both take the last place.
        let _one_at_a_time = if limit > 0 { Some(self.accounts_coming.lock().await) } else { None };
        if limit > 0 {
            let users: BTreeSet<String> =
                patches.iter().map(|patch| patch.user_id.clone()).collect();
            let users: Vec<String> = users.into_iter().collect();
            let existing = self.existing(app.sdk_app_id, &users).await.map_err(failed_inside)?;
            let new = (users.len() - existing.len()) as u64;
            let count = self.storage.count_accounts(app.sdk_app_id).await.map_err(failed_inside)?;
            if new > 0 && count.saturating_add(new) > limit {
                return Err(ApiError::new(
                    Code::ACCOUNT_LIMIT,
                    format!(
                        "the application has {count} accounts and may have {limit}: delete some, \
                         or raise account_limit"
                    ),
                ));
            }
        }
        self.put_accounts(app.sdk_app_id, patches).await.map_err(failed_inside)
    }

    /// Shows new nicknames to the rooms that the accounts own.
    pub(super) fn show_nicks(&self, sdk_app_id: u32, patches: &[AccountPatch]) {
        let nick = |patch: &'_ AccountPatch| Some((patch.user_id.clone(), patch.nick.clone()?));
        let nicks: HashMap<String, String> = patches.iter().filter_map(nick).collect();
        if !nicks.is_empty() {
            for room in self.rooms_of(sdk_app_id) {
                room.accounts_renamed(&nicks);
            }
        }
    }

    /// The accounts whose nickname or picture these patches may change and that are signed in, as
    /// their connections know them.
    pub(super) async fn shown_profiles(
        &self,
        sdk_app_id: u32,
        patches: &[AccountPatch],
    ) -> Result<Vec<Arc<Account>>, ApiError> {
        let mut shown = Vec::new();
        for patch in patches.iter().filter(|patch| patch.nick.is_some() || patch.face_url.is_some())
        {
            let user_id = UserId::new(&*patch.user_id)?;
            if !self.sessions.of(sdk_app_id, &user_id).is_empty() {
                shown.extend(self.account(sdk_app_id, &patch.user_id).await?);
            }
        }
        Ok(shown)
    }

    /// Tells the connections of these accounts what is different from what they know. The accounts
    /// have been written: what cannot be read now is told with the next change.
    pub(super) async fn show_profiles(&self, sdk_app_id: u32, before: Vec<Arc<Account>>) {
        for before in before {
            let Ok(user_id) = UserId::new(&*before.user_id) else { continue };
            // Of two changes the later one is read, and told, last.
            let _in_order = self.sessions.order(&user_id).await;
            let Ok(Some(now)) = self.account(sdk_app_id, user_id.as_str()).await else { continue };
            if (&now.nick, &now.face_url) != (&before.nick, &before.face_url) {
                let (nick, face_url) = (now.nick.clone(), now.face_url.clone());
                let frame =
                    ServerFrame::ProfileChanged { user_id: user_id.to_string(), nick, face_url };
                self.sessions.tell(sdk_app_id, &user_id, &frame, None);
            }
        }
    }

    /// Whether each of the accounts exists; 70402 in the entry of an id that cannot be one.
    pub(crate) async fn check_accounts(
        &self,
        app: &Application,
        users: Vec<String>,
    ) -> Result<Vec<AccountResult>, ApiError> {
        let existing = self.existing(app.sdk_app_id, &users).await.map_err(failed_inside)?;
        let check = |user: String| {
            let checked = match UserId::new(&*user) {
                Err(error) => Err(ApiError { code: Code::ACCOUNT_PARAMETER, ..error }),
                Ok(_) if existing.contains(&user) => Ok(AccountStatus::Imported),
                Ok(_) => Ok(AccountStatus::NotImported),
            };
            let account_status = checked.as_ref().ok().copied();
            AccountResult { account_status, ..result_of(user, checked.map(|_| ())) }
        };
        Ok(users.into_iter().map(check).collect())
    }

    /// Deletes each of the accounts: its logins end, and no group has it as a member or an
    /// administrator any more. Messages that it sent and groups that it owns stay. An entry has
    /// 70107 for an account that does not exist, and 70402 for an id that cannot be one and for an
    /// administrator of the application.
    pub(crate) async fn delete_accounts(
        &self,
        app: &Arc<Application>,
        users: Vec<String>,
    ) -> Vec<AccountResult> {
        let mut results = Vec::with_capacity(users.len());
        for user in users {
            let deleted = self.delete_account(app, &user).await;
            results.push(result_of(user, deleted));
        }
        results
    }

    async fn delete_account(&self, app: &Arc<Application>, user: &str) -> Result<(), ApiError> {
        let user = UserId::new(user)
            .map_err(|error| ApiError { code: Code::ACCOUNT_PARAMETER, ..error })?;
        if app.is_admin(user.as_str()) {
            return Err(parameter(format!(
                "{user} is an administrator of the application and is not deleted: take this \
                 right away first"
            )));
        }
        let sdk_app_id = app.sdk_app_id;
        {
            // A room that comes in after this is read without the account.
            let _nobody_comes_in = self.accounts_going.write().await;
            let deleted = self.storage.delete_account(sdk_app_id, user.as_str()).await;
            self.forget_accounts(sdk_app_id, std::iter::once(user.as_str()));
            if !deleted.map_err(failed_inside)? {
                return Err(no_such_account(user.as_str()));
            }
        }
        self.kick_account(app, &user, KickCause::AccountDeleted).await;
        let gone = [
            GroupChange::RemoveMember(user.to_string()),
            GroupChange::RemoveAdmin(user.to_string()),
        ];
        let nicks = HashMap::from([(user.to_string(), String::new())]);
        for room in self.rooms_of(sdk_app_id) {
            // Whoever adds the account finds it absent under this lock, or has added it by now.
            let _one_at_a_time = room.changing.lock().await;
            let left = room.with(|group| {
                group.members.contains_key(user.as_str()) || group.admins.contains(user.as_str())
            });
            // The account is gone, whether the room was dismissed or storage fails now.
            if left && self.change_group(sdk_app_id, &room, &gone).await.is_err() {
                room.apply(&gone, self.now_s());
            }
            room.account_deleted(&user);
            room.accounts_renamed(&nicks);
        }
        Ok(())
    }

    /// Ends every login of an account; 70107 when it does not exist.
    pub(crate) async fn end_logins(
        &self,
        app: &Arc<Application>,
        user_id: &str,
    ) -> Result<(), ApiError> {
        self.existing_account(app.sdk_app_id, user_id).await?;
        let user_id = UserId::new(user_id)?;
        self.kick_account(app, &user_id, KickCause::Administrator).await;
        Ok(())
    }

    /// Mutes an account in all groups, in all conversations, or in both; a time that is absent
    /// leaves that mute as it is. 70107 when the account does not exist.
    pub(crate) async fn set_global_mute(
        &self,
        app: &Application,
        body: SetNoSpeaking,
    ) -> Result<(), ApiError> {
        if body.c2c_time.is_none() && body.group_time.is_none() {
            return Err(parameter(
                "nothing to set: give C2CmsgNospeakingTime, GroupmsgNospeakingTime or both",
            ));
        }
        self.existing_account(app.sdk_app_id, &body.set_account).await?;
        let now_s = self.now_s();
        let end = |seconds: u32| match seconds {
            0 => 0,
            FOREVER => FOREVER,
            seconds => now_s.saturating_add(seconds),
        };
        let patch = AccountPatch {
            user_id: body.set_account,
            c2c_muted_until: body.c2c_time.map(end),
            group_muted_until: body.group_time.map(end),
            ..AccountPatch::default()
        };
        self.put_accounts(app.sdk_app_id, &[patch]).await.map_err(failed_inside)
    }

    /// What is left of the mutes of an account; 70107 when it does not exist.
    pub(crate) async fn global_mute(
        &self,
        app: &Application,
        user_id: &str,
    ) -> Result<NoSpeaking, ApiError> {
        let account = self.existing_account(app.sdk_app_id, user_id).await?;
        let now_s = self.now_s();
        let left =
            |until: u32| if until == FOREVER { FOREVER } else { until.saturating_sub(now_s) };
        Ok(NoSpeaking {
            c2c_time: left(account.c2c_muted_until),
            group_time: left(account.group_muted_until),
        })
    }

    /// 70107 when it does not exist.
    async fn existing_account(
        &self,
        sdk_app_id: u32,
        user_id: &str,
    ) -> Result<Arc<Account>, ApiError> {
        self.account(sdk_app_id, user_id).await?.ok_or_else(|| no_such_account(user_id))
    }
}

/// What to write for an imported account.
fn checked(account: AccountImport) -> Result<AccountPatch, ApiError> {
    let AccountImport { user_id, nick, face_url } = account;
    let user_id = UserId::new(user_id).map_err(|error| parameter(error.info))?;
    for (field, value) in [("Nick", &nick), ("FaceUrl", &face_url)] {
        if value.as_ref().is_some_and(|value| value.len() > MAX_PROFILE_VALUE_BYTES) {
            return Err(parameter(format!(
                "{field} is over {MAX_PROFILE_VALUE_BYTES} bytes: shorten it"
            )));
        }
    }
    Ok(AccountPatch { user_id: user_id.into(), nick, face_url, ..AccountPatch::default() })
}

fn result_of(user_id: String, done: Result<(), ApiError>) -> AccountResult {
    let ApiError { code, info, .. } = done.err().unwrap_or_else(|| ApiError::new(Code::OK, ""));
    AccountResult { user_id, result_code: code.0, result_info: info, account_status: None }
}

fn parameter(info: impl Into<String>) -> ApiError {
    ApiError::new(Code::ACCOUNT_PARAMETER, info)
}

fn no_such_account(user_id: &str) -> ApiError {
    ApiError::new(
        Code::ACCOUNT_UNKNOWN,
        format!("the account {user_id} does not exist: import it first"),
    )
}

/// Like [`internal`], with the code of the account service.
fn failed_inside(error: storage::Error) -> ApiError {
    ApiError { code: Code::ACCOUNT_INTERNAL, ..internal(error) }
}
