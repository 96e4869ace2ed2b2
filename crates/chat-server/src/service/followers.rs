//! Who wants to know which accounts are online, and whom to tell when.
//!
//! Changes are noted here and told by one task, so that whoever signs in or out waits for nobody's
//! socket and two changes of one account never overtake each other. An account that goes to and fro
//! is told about once a second, the last of it always.

use chat_types::{PresenceStatus, UserId};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

use super::sessions::AccountKey;
use crate::outbox::Outbox;
use crate::room::ConnectionId;

/// Between two tellings of one account.
const PAUSE_MS: u64 = 1_000;

/// Which connections follow the status of which accounts. The number of connections bounds it,
/// and the number of accounts that each of them may follow.
#[derive(Default)]
pub(super) struct Followers {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Default)]
struct State {
    followed: HashMap<AccountKey, Followed>,
    following: HashMap<ConnectionId, Vec<AccountKey>>,
    /// Followed accounts whose status may be another by now, each once, by the moment from which that
    /// is told, in monotonic milliseconds.
    due: BTreeSet<(u64, AccountKey)>,
    /// The account whose followers are being told, until that is [confirmed](Followers::told).
    telling: Option<AccountKey>,
}

struct Followed {
    /// Never empty.
    by: HashMap<ConnectionId, Follower>,
    due_ms: Option<u64>,
    not_before_ms: u64,
}

struct Follower {
    outbox: Arc<Outbox>,
    /// What it was told last. `None` when that is not known: it was answered while the account was
    /// being told of, or the telling broke off.
    knows: Option<PresenceStatus>,
}

/// What the task that tells has to do next.
pub(super) enum Next {
    Tell {
        user: UserId,
        status: PresenceStatus,
        outboxes: Vec<Arc<Outbox>>,
    },
    /// Nothing before this moment, in monotonic milliseconds; `None` before something happens.
    Wait(Option<u64>),
}

impl Followers {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when there is something to tell.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// The status of an account may have changed.
    pub(super) fn changed(&self, key: &AccountKey, now_ms: u64) {
        if self.lock().note(key, now_ms) {
            self.wake.notify_one();
        }
    }

    /// A connection follows nobody any more.
    pub(super) fn unfollow(&self, connection: ConnectionId) {
        self.lock().unfollow(connection);
    }

    /// A connection follows these accounts, each named once, in place of those before. Gives their
    /// status, which the connection is to be told as the first of them.
    pub(super) fn follow(
        &self,
        connection: ConnectionId,
        outbox: &Arc<Outbox>,
        keys: Vec<AccountKey>,
        status: impl Fn(&AccountKey) -> PresenceStatus,
        now_ms: u64,
    ) -> Vec<PresenceStatus> {
        let mut state = self.lock();
        state.unfollow(connection);
        let mut statuses = Vec::with_capacity(keys.len());
        for key in &keys {
            // Read with the followers locked: whoever changes it from now on finds this one.
            let now = status(key);
            statuses.push(now);
            let is_being_told = state.telling.as_ref() == Some(key);
            let knows = (!is_being_told).then_some(now);
            let new = || Followed { by: HashMap::new(), due_ms: None, not_before_ms: 0 };
            let followed = state.followed.entry(key.clone()).or_insert_with(new);
            followed.by.insert(connection, Follower { outbox: Arc::clone(outbox), knows });
            if is_being_told && state.note(key, now_ms) {
                self.wake.notify_one();
            }
        }
        if !keys.is_empty() {
            state.following.insert(connection, keys);
        }
        statuses
    }

    /// What [`Followers::next`] has given was told to all of them.
    pub(super) fn told(&self) {
        self.lock().telling = None;
    }

    /// What is to be told next. Only one task asks. What was given before and is not
    /// [confirmed](Self::told) broke off at an unknown place, and is told again.
    pub(super) fn next(&self, status: impl Fn(&AccountKey) -> PresenceStatus, now_ms: u64) -> Next {
        let mut state = self.lock();
        if let Some(key) = state.telling.take() {
            state.note_again(&key, now_ms);
        }
        loop {
            match state.due.first() {
                None => return Next::Wait(None),
                Some((due_ms, _)) if *due_ms > now_ms => return Next::Wait(Some(*due_ms)),
                Some(_) => {}
            }
            let Some((_, key)) = state.due.pop_first() else { return Next::Wait(None) };
            let Some(followed) = state.followed.get_mut(&key) else { continue };
            followed.due_ms = None;
            // From here on, so that a panic does not lose the account.
            state.telling = Some(key.clone());
            let now = status(&key);
            let Some(followed) = state.followed.get_mut(&key) else { continue };
            let mut outboxes = Vec::new();
            for follower in followed.by.values_mut().filter(|each| each.knows != Some(now)) {
                follower.knows = Some(now);
                outboxes.push(Arc::clone(&follower.outbox));
            }
            if outboxes.is_empty() {
                state.telling = None;
                continue;
            }
            followed.not_before_ms = now_ms + PAUSE_MS;
            return Next::Tell { user: key.1, status: now, outboxes };
        }
    }
}

impl State {
    /// Whether there is something new to do.
    fn note(&mut self, key: &AccountKey, now_ms: u64) -> bool {
        let Some(followed) = self.followed.get_mut(key) else { return false };
        if followed.due_ms.is_some() {
            return false;
        }
        let due_ms = now_ms.max(followed.not_before_ms);
        followed.due_ms = Some(due_ms);
        self.due.insert((due_ms, key.clone()))
    }

    /// Nobody is known to have been told of this account.
    fn note_again(&mut self, key: &AccountKey, now_ms: u64) {
        let Some(followed) = self.followed.get_mut(key) else { return };
        for follower in followed.by.values_mut() {
            follower.knows = None;
        }
        self.note(key, now_ms);
    }

    fn unfollow(&mut self, connection: ConnectionId) {
        for key in self.following.remove(&connection).unwrap_or_default() {
            let Some(followed) = self.followed.get_mut(&key) else { continue };
            followed.by.remove(&connection);
            if followed.by.is_empty() {
                let due_ms = followed.due_ms;
                self.followed.remove(&key);
                if let Some(due_ms) = due_ms {
                    self.due.remove(&(due_ms, key));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::testing::outbox;
    use PresenceStatus::{Offline, Online};

    fn key(user: &str) -> AccountKey {
        (1, UserId::new(user).unwrap())
    }

    fn follow(followers: &Followers, connection: ConnectionId, user: &str, now: PresenceStatus) {
        let (outbox, ..) = outbox();
        let told = followers.follow(connection, &outbox, vec![key(user)], |_| now, 0);
        assert_eq!(told, [now]);
    }

    /// Whom the next telling reaches, with what; otherwise when there is one.
    fn next(
        followers: &Followers,
        now: PresenceStatus,
        now_ms: u64,
    ) -> Result<(PresenceStatus, usize), Option<u64>> {
        match followers.next(|_| now, now_ms) {
            Next::Tell { status, outboxes, .. } => {
                followers.told();
                Ok((status, outboxes.len()))
            }
            Next::Wait(until) => Err(until),
        }
    }

    #[test]
    fn an_account_that_goes_to_and_fro_is_told_once_a_second_and_the_last_of_it_always() {
        let followers = Followers::default();
        for connection in 0..3 {
            follow(&followers, connection, "host", Offline);
        }
        followers.changed(&key("host"), 0);
        followers.changed(&key("nobody"), 0);
        assert_eq!(next(&followers, Online, 0), Ok((Online, 3)), "the first change at once");
        for now_ms in 1..900 {
            followers.changed(&key("host"), now_ms);
            assert_eq!(next(&followers, Offline, now_ms), Err(Some(1_000)));
        }
        assert_eq!(next(&followers, Offline, 1_000), Ok((Offline, 3)));
        assert_eq!(next(&followers, Offline, 1_001), Err(None));
        followers.changed(&key("host"), 1_500);
        assert_eq!(next(&followers, Offline, 2_000), Err(None), "they know");
    }

    #[test]
    fn whoever_is_answered_while_the_account_is_told_of_is_told_once_more() {
        let followers = Followers::default();
        follow(&followers, 1, "host", Offline);
        follow(&followers, 2, "host", Offline);
        followers.changed(&key("host"), 0);
        assert!(matches!(followers.next(|_| Online, 0), Next::Tell { .. }));
        // What is being written to it may come before or after this answer.
        follow(&followers, 1, "host", Offline);
        followers.told();
        assert_eq!(next(&followers, Offline, 1), Err(Some(1_000)));
        assert_eq!(next(&followers, Online, 1_000), Ok((Online, 1)), "and nobody else");
    }

    #[test]
    fn a_telling_that_breaks_off_is_told_again_to_all_whom_it_may_have_missed() {
        let followers = Followers::default();
        follow(&followers, 1, "host", Offline);
        follow(&followers, 2, "host", Offline);
        followers.changed(&key("host"), 0);
        assert!(matches!(followers.next(|_| Online, 0), Next::Tell { .. }));
        assert_eq!(next(&followers, Online, 1), Err(Some(1_000)));
        let reading = || followers.next(|_| panic!("while the status is read"), 1_000);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(reading)).err().unwrap();
        assert_eq!(next(&followers, Online, 1_000), Ok((Online, 2)));
        followers.changed(&key("host"), 1_001);
        assert_eq!(next(&followers, Online, 2_000), Err(None), "they know");
    }

    #[test]
    fn nothing_stays_behind_of_those_whom_nobody_follows() {
        let followers = Followers::default();
        follow(&followers, 1, "host", Offline);
        followers.changed(&key("host"), 0);
        follow(&followers, 1, "other", Offline);
        followers.unfollow(1);
        let state = followers.lock();
        assert!(state.followed.is_empty() && state.following.is_empty() && state.due.is_empty());
    }
}
