//! The accounts that count as being in the room: how many they are, who came last, and the figure
//! that the REST API shows.

use chat_types::UserId;
use chat_types::rest::MARK_HIDDEN;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Room, State};

/// From this many accounts on the shown figure follows in steps, and with any web client
/// (product/1047/38521).
pub(super) const LARGE_ROOM: usize = 300;
const STEP_S: u32 = 10;

/// An account that counts as being in the room.
pub(super) struct Seat {
    /// How many of its connections are; 0 only of a robot, and while the seat is held.
    connections: u32,
    /// The last connection broke, and the account may still come back to its seat.
    held: bool,
    /// Unix seconds of the first of them.
    join_time: u32,
    /// Place in the order of arrival, unique in the room.
    arrival: u64,
    pub(super) marks: BTreeSet<u32>,
}

/// How an account has been seated for one of its connections.
#[derive(Default)]
pub(super) struct Seated {
    /// It has no other connection in the room.
    pub(super) is_only: bool,
    /// It had no seat before.
    pub(super) is_new: bool,
}

/// All seats, by account and in the order of arrival.
#[derive(Default)]
pub(super) struct Seats {
    pub(super) by_account: HashMap<UserId, Seat>,
    by_arrival: BTreeMap<u64, UserId>,
    pub(super) marked: BTreeMap<u32, BTreeSet<UserId>>,
    /// Accounts that count without a connection, with the end of that in Unix seconds.
    pub(super) robots: BTreeMap<UserId, u32>,
    last_arrival: u64,
}

impl Seats {
    pub(super) fn len(&self) -> usize {
        self.by_account.len()
    }

    pub(super) fn is_connected(&self, user_id: &UserId) -> bool {
        self.by_account.get(user_id).is_some_and(|seat| seat.connections > 0)
    }

    /// Whether an account is in the room by itself, and not only as a robot.
    pub(super) fn is_present(&self, user_id: &UserId) -> bool {
        self.by_account.get(user_id).is_some_and(|seat| seat.connections > 0 || seat.held)
    }

    /// Counts a connection of an account in, which comes back to a seat that was held for it.
    pub(super) fn connect(&mut self, user_id: &UserId, now_s: u32) -> Seated {
        let is_new = !self.is_present(user_id) && self.seat(user_id, now_s);
        let Some(seat) = self.by_account.get_mut(user_id) else { return Seated::default() };
        seat.held = false;
        seat.connections += 1;
        Seated { is_only: seat.connections == 1, is_new }
    }

    /// Counts a connection of an account out. Whether it was the last one: what becomes of the seat
    /// is then to be said with [`Seats::hold`], [`Seats::release`] or [`Seats::vacate`].
    pub(super) fn disconnect(&mut self, user_id: &UserId) -> bool {
        let Some(seat) = self.by_account.get_mut(user_id) else { return false };
        seat.connections = seat.connections.saturating_sub(1);
        seat.connections == 0
    }

    /// Keeps the seat of an account whose last connection broke.
    pub(super) fn hold(&mut self, user_id: &UserId) {
        if let Some(seat) = self.by_account.get_mut(user_id) {
            seat.held = true;
        }
    }

    /// Holds the seat of an account no longer. Whether it is lost, because there is no connection
    /// and no robot either.
    pub(super) fn release(&mut self, user_id: &UserId) -> bool {
        let Some(seat) = self.by_account.get_mut(user_id) else { return false };
        seat.held = false;
        seat.connections == 0 && !self.robots.contains_key(user_id) && self.vacate(user_id)
    }

    /// Gives an account a seat that begins now. Whether it had none before.
    pub(super) fn seat(&mut self, user_id: &UserId, now_s: u32) -> bool {
        let is_new = !self.by_account.contains_key(user_id);
        // Milliseconds as far as possible, so that it reads as a time; never the same one twice.
        self.last_arrival = (self.last_arrival + 1).max(u64::from(now_s) * 1_000);
        let arrival = self.last_arrival;
        let seat = self.by_account.entry(user_id.clone()).or_insert_with(|| Seat {
            connections: 0,
            held: false,
            join_time: now_s,
            arrival,
            marks: BTreeSet::new(),
        });
        self.by_arrival.remove(&seat.arrival);
        (seat.join_time, seat.arrival) = (now_s, arrival);
        self.by_arrival.insert(arrival, user_id.clone());
        is_new
    }

    /// Takes its seat with all marks from an account, whatever it rests on. Whether it had one.
    pub(super) fn vacate(&mut self, user_id: &UserId) -> bool {
        let Some(seat) = self.by_account.remove(user_id) else { return false };
        self.by_arrival.remove(&seat.arrival);
        self.robots.remove(user_id);
        for mark in seat.marks {
            self.forget_mark(mark, user_id);
        }
        true
    }

    /// Takes everything from an account that does not come from its connections. Whether it has
    /// lost its seat.
    fn clear(&mut self, user_id: &UserId) -> bool {
        self.robots.remove(user_id);
        if !self.is_connected(user_id) {
            return self.vacate(user_id);
        }
        let seat = self.by_account.get_mut(user_id);
        for mark in seat.map(|seat| std::mem::take(&mut seat.marks)).unwrap_or_default() {
            self.forget_mark(mark, user_id);
        }
        false
    }

    fn present(&self, user_id: &UserId) -> Option<Present> {
        let seat = self.by_account.get(user_id)?;
        Some(Present {
            user_id: user_id.clone(),
            join_time: seat.join_time,
            arrival: seat.arrival,
            marks: seat.marks.iter().copied().collect(),
        })
    }
}

/// An account of the online list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) user_id: UserId,
    /// Unix seconds.
    pub(crate) join_time: u32,
    /// Unique in the room and greater for whoever came later.
    pub(crate) arrival: u64,
    pub(crate) marks: Vec<u32>,
}

/// The number of accounts as it was shown last.
#[derive(Default)]
pub(super) struct ShownOnline {
    count: u32,
    /// Unix seconds.
    counted: u32,
}

impl Room {
    /// The online count as the REST API shows it: the present one in a small room without web
    /// clients, otherwise one that is counted anew every ten seconds.
    pub(crate) fn shown_online(&self, now_s: u32) -> u32 {
        let mut state = self.lock();
        let at_once = state.accounts.len() < LARGE_ROOM
            && !state.members.values().any(|member| member.on_web);
        let age = now_s.checked_sub(state.shown_online.counted);
        if at_once || age.is_none_or(|age| age >= STEP_S) {
            state.shown_online = ShownOnline { count: state.online(), counted: now_s };
        }
        state.shown_online.count
    }

    /// The accounts that came last, at most `most`, the newest first. Without `marks` those with
    /// the mark of hidden ones are left out; with them only accounts with one of them are given.
    pub(crate) fn newest(&self, most: usize, marks: &[u32]) -> Vec<Present> {
        let state = self.lock();
        let seats = &state.accounts;
        if marks.is_empty() {
            let hidden = seats.marked.get(&MARK_HIDDEN);
            let shown = |user: &&UserId| hidden.is_none_or(|hidden| !hidden.contains(*user));
            let newest_first = seats.by_arrival.values().rev().filter(shown);
            return newest_first.take(most).filter_map(|user| seats.present(user)).collect();
        }
        let marked: BTreeSet<&UserId> =
            marks.iter().filter_map(|mark| seats.marked.get(mark)).flatten().collect();
        let mut found: Vec<Present> =
            marked.into_iter().filter_map(|user| seats.present(user)).collect();
        found.sort_unstable_by_key(|present| std::cmp::Reverse(present.arrival));
        found.truncate(most);
        found
    }
}

impl Room {
    /// The account does not exist any more: it has no marks and is no robot. Its connections end by
    /// themselves.
    pub(crate) fn account_deleted(&self, user_id: &UserId) {
        let mut state = self.lock();
        if state.accounts.clear(user_id) {
            state.went(user_id);
        }
        state.absences.end(user_id);
    }
}

impl State {
    /// Accounts that count as being in the room.
    pub(super) fn online(&self) -> u32 {
        u32::try_from(self.accounts.len()).unwrap_or(u32::MAX)
    }
}
