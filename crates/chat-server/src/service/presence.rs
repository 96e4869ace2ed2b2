//! Which accounts are online, and who wants to know.

use chat_types::code::{ApiError, Code};
use chat_types::gateway::{MAX_PRESENCE_ACCOUNTS, Presence, ServerFrame};
use chat_types::rest::{AccountError, OnlineStatus, OnlineStatuses, PlatformStatus};
use chat_types::{PresenceStatus, UserId};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::sessions::AccountKey;
use super::{Login, Service, SignedIn, internal};
use crate::application::Application;
use crate::outbox::{Outbox, encode};
use crate::room::ConnectionId;

/// Which connections follow the status of which accounts. The number of connections bounds it,
/// and the number of accounts that each of them may follow.
#[derive(Default)]
pub(super) struct Followers {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    followed: HashMap<AccountKey, Followed>,
    following: HashMap<ConnectionId, Vec<AccountKey>>,
}

struct Followed {
    /// What the followers know.
    told: PresenceStatus,
    /// Never empty.
    by: HashMap<ConnectionId, Arc<Outbox>>,
}

impl Followers {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection follows nobody any more.
    pub(super) fn unfollow(&self, connection: ConnectionId) {
        self.lock().unfollow(connection);
    }
}

impl State {
    fn unfollow(&mut self, connection: ConnectionId) {
        for key in self.following.remove(&connection).unwrap_or_default() {
            if let Some(followed) = self.followed.get_mut(&key) {
                followed.by.remove(&connection);
                if followed.by.is_empty() {
                    self.followed.remove(&key);
                }
            }
        }
    }
}

impl Service {
    /// Tells the followers of an account whether it is online, unless they know.
    pub(crate) fn presence_changed(&self, sdk_app_id: u32, user: &UserId) {
        let mut state = self.sessions.followers.lock();
        let Some(followed) = state.followed.get_mut(&(sdk_app_id, user.clone())) else { return };
        // Read under the followers' lock: of two changes at once both tell what is true last.
        let status = self.sessions.reach(sdk_app_id, user, self.now_s()).status;
        if followed.told == status {
            return;
        }
        followed.told = status;
        let frame = encode(&ServerFrame::PresenceChanged { user_id: user.to_string(), status });
        for outbox in followed.by.values() {
            outbox.control_frame(frame.clone());
        }
    }

    /// Answers the request `id` of a connection with the status of accounts, which it follows from
    /// now on in place of those before. The answer is written here, so that no change of them can
    /// come before it. 10005 for too many accounts, 10004 for an id that cannot be one.
    pub(crate) fn follow(
        &self,
        who: &SignedIn,
        login: &Login,
        id: u32,
        user_ids: &[String],
    ) -> Result<(), ApiError> {
        if user_ids.len() > MAX_PRESENCE_ACCOUNTS {
            return Err(ApiError::new(
                Code::TOO_MANY_ACCOUNTS,
                format!(
                    "a connection follows at most {MAX_PRESENCE_ACCOUNTS} accounts; {} were asked \
                     for",
                    user_ids.len()
                ),
            ));
        }
        let mut users = Vec::with_capacity(user_ids.len());
        let mut seen = HashSet::new();
        for user in user_ids {
            let user = UserId::new(&**user)?;
            if seen.insert(user.clone()) {
                users.push(user);
            }
        }
        let now_s = self.now_s();
        let mut state = self.sessions.followers.lock();
        state.unfollow(login.connection);
        let mut accounts = Vec::with_capacity(users.len());
        let mut following = Vec::with_capacity(users.len());
        for user in users {
            let status = self.sessions.reach(who.sdk_app_id, &user, now_s).status;
            accounts.push(Presence { user_id: user.to_string(), status });
            let key = (who.sdk_app_id, user);
            let followed = state
                .followed
                .entry(key.clone())
                .or_insert_with(|| Followed { told: status, by: HashMap::new() });
            followed.by.insert(login.connection, Arc::clone(&login.outbox));
            following.push(key);
        }
        if !following.is_empty() {
            state.following.insert(login.connection, following);
        }
        login.outbox.answer(&ServerFrame::PresenceOk { id, accounts });
        Ok(())
    }

    /// Status of accounts, in their order; those that do not exist stand apart with 70107.
    pub(crate) async fn online_statuses(
        &self,
        app: &Application,
        users: &[String],
        with_devices: bool,
    ) -> Result<OnlineStatuses, ApiError> {
        let known = self.existing(app.sdk_app_id, users).await.map_err(internal)?;
        let now_s = self.now_s();
        let mut statuses = OnlineStatuses::default();
        for user in users {
            let (Ok(user_id), true) = (UserId::new(&**user), known.contains(user)) else {
                let error_code = Code::ACCOUNT_UNKNOWN;
                statuses.error_list.push(AccountError { to_account: user.clone(), error_code });
                continue;
            };
            let reach = self.sessions.reach(app.sdk_app_id, &user_id, now_s);
            let device = |(platform, status): (&'static str, PresenceStatus)| PlatformStatus {
                platform: platform.to_owned(),
                status,
            };
            let devices = reach.devices.into_iter().filter(|_| with_devices).map(device).collect();
            statuses.query_result.push(OnlineStatus::new(user, reach.status, devices));
        }
        Ok(statuses)
    }
}
