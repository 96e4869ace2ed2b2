//! Accounts whose last connection broke. For a grace time they keep their seats and nobody hears of
//! it; after it they have left, and are reported to the application, once.

use chat_types::UserId;
use std::collections::{HashMap, VecDeque};

use super::Room;

/// A drop that is made good within so many seconds is none (product/1047/48734).
const GRACE_S: u32 = 20;
/// How long a reported account is remembered, so that its return can be reported.
const REPORTED_S: u32 = 24 * 3600;
/// Accounts of a room remembered at once: as many as a service takes connections. When it is full,
/// the oldest reported ones are forgotten; when there are none, a further drop is not remembered:
/// its account is out at once, and comes back as a new member.
const CAPACITY: usize = 20_000;

#[derive(Clone, Copy)]
struct Absence {
    since_s: u32,
    reported: bool,
}

#[derive(Default)]
pub(super) struct Absences {
    by_account: HashMap<UserId, Absence>,
    /// Drops and reports in the order of time. An entry counts while `by_account` has its equal.
    waiting: VecDeque<(UserId, u32)>,
    reported: VecDeque<(UserId, u32)>,
}

impl Absences {
    /// Whether the absence is remembered.
    pub(super) fn begin(&mut self, user_id: &UserId, now_s: u32) -> bool {
        if self.waiting.len() + self.reported.len() >= CAPACITY
            && let Some((user, since_s)) = self.reported.pop_front()
        {
            self.forget(&user, since_s);
        }
        if self.waiting.len() + self.reported.len() >= CAPACITY {
            return false;
        }
        let absence = Absence { since_s: now_s, reported: false };
        self.by_account.insert(user_id.clone(), absence);
        self.waiting.push_back((user_id.clone(), now_s));
        true
    }

    /// Ends an absence: `None` when there is none, otherwise whether it had been reported.
    pub(super) fn end(&mut self, user_id: &UserId) -> Option<bool> {
        self.by_account.remove(user_id).map(|absence| absence.reported)
    }

    pub(super) fn is_in_grace(&self, user_id: &UserId, now_s: u32) -> bool {
        let absence = self.by_account.get(user_id);
        absence.is_some_and(|absence| !absence.reported && !is_over(absence.since_s, now_s))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.reported.is_empty()
    }

    /// Whether any account may still come back as if nothing had been.
    pub(super) fn are_in_grace(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn forget(&mut self, user_id: &UserId, since_s: u32) {
        if self.by_account.get(user_id).is_some_and(|absence| absence.since_s == since_s) {
            self.by_account.remove(user_id);
        }
    }

    /// Accounts whose grace time is over, each of them once.
    fn take_due(&mut self, now_s: u32) -> Vec<UserId> {
        let mut due = Vec::new();
        while let Some((user, since_s)) = self.waiting.pop_front() {
            if !is_over(since_s, now_s) {
                self.waiting.push_front((user, since_s));
                break;
            }
            match self.by_account.get_mut(&user) {
                Some(absence) if absence.since_s == since_s && !absence.reported => {
                    absence.reported = true;
                    self.reported.push_back((user.clone(), since_s));
                    due.push(user);
                }
                _ => {}
            }
        }
        while let Some((user, since_s)) = self.reported.front().cloned() {
            if now_s.saturating_sub(since_s) < REPORTED_S {
                break;
            }
            self.reported.pop_front();
            self.forget(&user, since_s);
        }
        due
    }
}

/// A clock that was set back by more than the grace time ends it, too.
fn is_over(since_s: u32, now_s: u32) -> bool {
    now_s.abs_diff(since_s) > GRACE_S
}

impl Room {
    /// Takes their seats from accounts that have been away for longer than the grace time, and gives
    /// these accounts, each of them once.
    pub(crate) fn take_offline(&self, now_s: u32) -> Vec<UserId> {
        let mut state = self.lock();
        let gone = state.absences.take_due(now_s);
        for user_id in &gone {
            state.unseat(user_id);
        }
        gone
    }

    /// Whether an account is in the room with a connection, or lost its last one only just now.
    pub(crate) fn is_member(&self, user_id: &UserId, now_s: u32) -> bool {
        let state = self.lock();
        state.accounts.is_connected(user_id) || state.absences.is_in_grace(user_id, now_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    #[test]
    fn a_drop_is_reported_once_and_only_after_more_than_twenty_seconds() {
        let (mut absences, a) = (Absences::default(), user("a"));
        absences.begin(&a, 100);
        assert!(absences.is_in_grace(&a, 120));
        assert!(absences.take_due(120).is_empty());
        assert!(!absences.is_in_grace(&a, 121));
        assert_eq!(absences.take_due(121), std::slice::from_ref(&a));
        assert!(absences.take_due(200).is_empty());
        assert_eq!(absences.end(&a), Some(true), "the return of a reported account is told");
        absences.begin(&a, 300);
        assert_eq!(absences.end(&a), Some(false));
        absences.begin(&a, 310);
        assert!(absences.take_due(321).is_empty(), "each drop has a grace time of its own");
        assert_eq!(absences.take_due(331), std::slice::from_ref(&a));
        absences.begin(&a, 400);
        assert!(absences.take_due(390).is_empty(), "a clock that is set right ends nothing");
        assert_eq!(absences.take_due(379), [a], "one that goes back an hour holds nobody for one");
    }

    #[test]
    fn memory_of_absent_accounts_is_bounded_and_ends() {
        let mut absences = Absences::default();
        for number in 0..CAPACITY + 5 {
            let remembered = absences.begin(&user(&number.to_string()), 100);
            assert_eq!(remembered, number < CAPACITY);
        }
        assert_eq!(absences.by_account.len(), CAPACITY, "further ones are not remembered");
        assert_eq!(absences.take_due(121).len(), CAPACITY);
        absences.begin(&user("late"), 130);
        assert!(absences.is_in_grace(&user("late"), 130), "reported ones make room");
        assert_eq!(absences.by_account.len(), CAPACITY);
        absences.end(&user("late"));
        absences.take_due(100 + REPORTED_S);
        assert!(absences.by_account.is_empty() && absences.reported.is_empty());
    }
}
