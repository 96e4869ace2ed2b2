//! The status of the accounts that this client follows.

use chat_types::gateway::{MAX_PRESENCE_ACCOUNTS, Presence};
use chat_types::presence::PresenceStatus;
use std::collections::BTreeMap;

use crate::view::PresenceView;

#[derive(Debug, Default)]
pub struct Presences {
    /// `None` while its status has not been told.
    accounts: BTreeMap<String, Option<PresenceStatus>>,
}

impl Presences {
    /// Follows these accounts, at most [`MAX_PRESENCE_ACCOUNTS`], and nobody else.
    pub fn follow(&mut self, user_ids: &[String]) {
        let before = std::mem::take(&mut self.accounts);
        let status = |user: &String| before.get(user).copied().flatten();
        let followed = user_ids.iter().take(MAX_PRESENCE_ACCOUNTS);
        self.accounts = followed.map(|user| (user.clone(), status(user))).collect();
    }

    /// Whom to follow again on another connection.
    pub fn followed(&self) -> Vec<String> {
        self.accounts.keys().cloned().collect()
    }

    /// What is different now. An account that is not followed is none of ours.
    pub fn told(&mut self, presence: &Presence) -> Option<PresenceView> {
        let known = self.accounts.get_mut(&presence.user_id)?;
        if known.replace(presence.status) == Some(presence.status) {
            return None;
        }
        let status = match presence.status {
            PresenceStatus::Online => "Online",
            PresenceStatus::PushOnline => "PushOnline",
            PresenceStatus::Offline => "Offline",
        };
        Some(PresenceView { user_id: presence.user_id.clone(), status: status.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_are_followed_and_only_what_is_new_is_told() {
        let mut presences = Presences::default();
        presences.follow(&["bo".into(), "al".into()]);
        let online = |user: &str| Presence { user_id: user.into(), status: PresenceStatus::Online };
        assert_eq!(presences.told(&online("bo")).unwrap().status, "Online");
        assert_eq!((presences.told(&online("bo")), presences.told(&online("cy"))), (None, None));
        presences.follow(&["bo".into()]);
        assert_eq!((presences.told(&online("bo")), presences.told(&online("al"))), (None, None));
        assert_eq!(presences.followed(), ["bo"]);
    }
}
