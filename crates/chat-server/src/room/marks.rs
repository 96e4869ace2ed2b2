//! Marks of accounts that are in the room. They live in memory and end with the stay of the account.

use chat_types::UserId;
use chat_types::gateway::ServerFrame;
use chat_types::rest::{LEAST_OWN_MARK, MARK_ROBOT};
use std::collections::{BTreeMap, BTreeSet};

use super::online::Seats;
use super::{Room, State, To};

/// Different marks that one room may use, the special ones not counted (product/1047/50294).
pub(crate) const MARKS_PER_ROOM: usize = 10;
/// Accounts that may have the same mark.
const ACCOUNTS_PER_MARK: usize = 1_000;
/// How long a robot counts as online.
const ROBOT_S: u32 = 3 * 24 * 3600;

/// An account and the marks that it gets or loses.
pub(crate) type Marking = (UserId, Vec<u32>);

/// Why marks were not written. Nothing was changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("none of these accounts is in the room now")]
    NobodyThere,
    #[error("a room may use {MARKS_PER_ROOM} different marks: remove one first")]
    TooManyMarks,
    #[error("{ACCOUNTS_PER_MARK} accounts may have mark {0}: remove it from some first")]
    TooManyAccounts(u32),
    #[error("the group has been dismissed")]
    Dismissed,
}

impl Seats {
    fn set_mark(&mut self, mark: u32, user_id: &UserId) -> bool {
        let Some(seat) = self.by_account.get_mut(user_id) else { return false };
        seat.marks.insert(mark);
        self.marked.entry(mark).or_default().insert(user_id.clone())
    }

    fn remove_mark(&mut self, mark: u32, user_id: &UserId) -> bool {
        let Some(seat) = self.by_account.get_mut(user_id) else { return false };
        let had = seat.marks.remove(&mark);
        self.forget_mark(mark, user_id);
        if mark == MARK_ROBOT {
            self.robots.remove(user_id);
        }
        had
    }

    pub(super) fn forget_mark(&mut self, mark: u32, user_id: &UserId) {
        if let Some(users) = self.marked.get_mut(&mark) {
            users.remove(user_id);
            if users.is_empty() {
                self.marked.remove(&mark);
            }
        }
    }

    fn check_limits(&self, wanted: &[Marking]) -> Result<(), Error> {
        let mut added: BTreeMap<u32, BTreeSet<&UserId>> = BTreeMap::new();
        for (user, marks) in wanted {
            for mark in marks {
                added.entry(*mark).or_default().insert(user);
            }
        }
        let own: BTreeSet<u32> = self.marked.keys().chain(added.keys()).copied().collect();
        if own.range(LEAST_OWN_MARK..).count() > MARKS_PER_ROOM {
            return Err(Error::TooManyMarks);
        }
        for (mark, users) in added {
            let have = self.marked.get(&mark);
            let new =
                users.into_iter().filter(|user| have.is_none_or(|have| !have.contains(*user)));
            if have.map_or(0, BTreeSet::len) + new.count() > ACCOUNTS_PER_MARK {
                return Err(Error::TooManyAccounts(mark));
            }
        }
        Ok(())
    }
}

impl Room {
    /// Gives marks to accounts that are in the room, and to whoever becomes a robot by it. Tells
    /// the members and returns what was applied.
    pub(crate) fn mark(&self, wanted: &[Marking], now_s: u32) -> Result<Vec<Marking>, Error> {
        let mut state = self.lock();
        if state.dismissed {
            return Err(Error::Dismissed);
        }
        let applied = state.markable(wanted, now_s);
        if applied.is_empty() {
            return Err(Error::NobodyThere);
        }
        state.accounts.check_limits(&applied)?;
        let mut changed: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for (user, marks) in &applied {
            if marks.contains(&MARK_ROBOT) {
                if !state.accounts.by_account.contains_key(user) {
                    state.accounts.seat(user, now_s);
                    state.came(user);
                }
                state.accounts.robots.insert(user.clone(), now_s.saturating_add(ROBOT_S));
            }
            for mark in marks {
                if state.accounts.set_mark(*mark, user) {
                    changed.entry(*mark).or_default().push(user.to_string());
                }
            }
        }
        state.tell_of_marks(changed, true);
        drop(state);
        self.wake();
        Ok(applied)
    }

    /// Takes marks from accounts and returns those that they had. A robot that loses its mark and has
    /// no connection is gone.
    pub(crate) fn unmark(&self, wanted: &[Marking]) -> Result<Vec<Marking>, Error> {
        let mut state = self.lock();
        let present = |(user, _): &&Marking| state.accounts.by_account.contains_key(user);
        let there: Vec<Marking> = wanted.iter().filter(present).cloned().collect();
        if there.is_empty() {
            return Err(Error::NobodyThere);
        }
        let mut changed: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        let mut applied = Vec::new();
        for (user, mut marks) in there {
            let ends_robot = marks.contains(&MARK_ROBOT);
            marks.retain(|mark| state.accounts.remove_mark(*mark, &user));
            if ends_robot {
                state.robot_ended(&user);
            }
            for mark in &marks {
                changed.entry(*mark).or_default().push(user.to_string());
            }
            if !marks.is_empty() {
                applied.push((user, marks));
            }
        }
        state.tell_of_marks(changed, false);
        drop(state);
        self.wake();
        Ok(applied)
    }
}

impl State {
    /// Those that are in the room, and those that become robots; never a banned account.
    fn markable(&self, wanted: &[Marking], now_s: u32) -> Vec<Marking> {
        let seats = &self.accounts.by_account;
        let banned =
            |user: &UserId| self.group.bans.get(user.as_str()).is_some_and(|ban| ban.until > now_s);
        let may = |user: &UserId, marks: &[u32]| {
            seats.contains_key(user) || (marks.contains(&MARK_ROBOT) && !banned(user))
        };
        wanted.iter().filter(|(user, marks)| may(user, marks)).cloned().collect()
    }

    /// The special marks are between the service and the application.
    fn tell_of_marks(&mut self, changed: BTreeMap<u32, Vec<String>>, on: bool) {
        for (mark, users) in changed.into_iter().filter(|(mark, _)| *mark >= LEAST_OWN_MARK) {
            let group_id = self.group.group_id.clone();
            self.tell(&To::All, &ServerFrame::MarksChanged { group_id, mark, users, on });
        }
    }

    /// Ends the robots whose time is over.
    pub(super) fn end_robots(&mut self, now_s: u32) {
        let robots = self.accounts.robots.iter();
        let ended: Vec<UserId> =
            robots.filter(|(_, until)| **until <= now_s).map(|(user, _)| user.clone()).collect();
        for user in ended {
            self.accounts.remove_mark(MARK_ROBOT, &user);
            self.robot_ended(&user);
        }
    }

    /// An account is no robot any more: unless it is in the room by itself, it is gone.
    fn robot_ended(&mut self, user_id: &UserId) {
        if !self.accounts.is_present(user_id) {
            self.unseat(user_id);
        }
    }
}
