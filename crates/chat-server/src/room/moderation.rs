//! Taking accounts out of the room against their will, and telling one account alone.

use chat_types::UserId;
use chat_types::gateway::{MessageClass, RemovedReason, ServerFrame, ShedCause};
use std::collections::HashSet;
use std::sync::Arc;

use super::{ConnectionId, Member, Pace, Room, State, To};
use crate::outbox::encode;

/// What accounts are told that are in the room no longer.
pub(crate) struct Removal<'a> {
    pub(crate) reason: RemovedReason,
    pub(crate) operator: &'a str,
    /// End of a ban, in Unix seconds.
    pub(crate) until_s: Option<u32>,
    /// For people.
    pub(crate) info: &'a str,
    /// A connection that has its own answer.
    pub(crate) except: Option<ConnectionId>,
}

/// Who had to leave.
pub(crate) struct TakenOut {
    /// Accounts that were in the room or lost their connection only just now.
    pub(crate) users: Vec<UserId>,
    pub(crate) connections: Vec<ConnectionId>,
}

impl Room {
    /// Takes every connection of the accounts out and tells each of them why.
    pub(crate) fn remove(&self, users: &[UserId], now_s: u32, removal: &Removal<'_>) -> TakenOut {
        let mut state = self.lock();
        let here: Vec<UserId> = users
            .iter()
            .filter(|user| {
                state.accounts.is_connected(user) || state.absences.is_in_grace(user, now_s)
            })
            .cloned()
            .collect();
        let connections = state.take_out(users, removal);
        for user in users {
            if removal.reason == RemovedReason::Banned {
                // Not even as a robot may it stay; and the room is told of the ban instead.
                state.accounts.vacate(user);
                state.tips.banned(user);
            } else {
                state.unseat(user);
            }
            state.absences.end(user);
        }
        TakenOut { users: here, connections }
    }

    /// Tells a connection that it is out; taking it out is the caller's.
    pub(crate) fn tell_connection(&self, connection: ConnectionId, removal: &Removal<'_>) {
        let state = self.lock();
        let Some(member) = state.members.get(&connection) else { return };
        let (outbox, frame) = (Arc::clone(&member.outbox), state.removed(removal));
        drop(state);
        outbox.answer(&frame);
    }

    /// Tells every member something that none may miss.
    pub(crate) fn tell(&self, frame: &ServerFrame) {
        self.lock().tell(&To::All, frame);
        self.wake();
    }

    /// Tells everybody but these accounts of them, unless more is said already than the room shows.
    /// It is left out first for whoever reads too slowly.
    pub(crate) fn tip_others(&self, users: &[UserId], frame: &ServerFrame, pace: Pace) {
        let others = To::except(users);
        let tips = u32::try_from(users.iter().collect::<HashSet<_>>().len()).unwrap_or(u32::MAX);
        let mut state = self.lock();
        state.figures.received(MessageClass::Tip, tips.into());
        if state.policy.is_overloaded(pace.budget_per_s, pace.now_ms) {
            state.figures.shed(MessageClass::Tip, ShedCause::Budget, tips.into());
            return;
        }
        state.figures.delivered(MessageClass::Tip, tips.into());
        state.tip(&others, tips, frame);
        drop(state);
        self.wake();
    }

    /// Tells the connections of these accounts that are in the room.
    pub(crate) fn tell_accounts(&self, users: &[UserId], frame: &ServerFrame) {
        self.lock().tell(&To::accounts(users), frame);
        self.wake();
    }
}

impl State {
    fn removed(&self, removal: &Removal<'_>) -> ServerFrame {
        ServerFrame::Removed {
            group_id: self.group.group_id.clone(),
            reason: removal.reason,
            operator: removal.operator.to_owned(),
            until_s: removal.until_s,
            info: removal.info.to_owned(),
        }
    }

    /// One walk over all members, however many accounts there are.
    pub(super) fn connections_of(&self, users: &[UserId]) -> Vec<ConnectionId> {
        let here: HashSet<&UserId> =
            users.iter().filter(|user| self.accounts.is_connected(user)).collect();
        if here.is_empty() {
            return Vec::new();
        }
        let is_theirs = |member: &Member| member.account().is_some_and(|user| here.contains(user));
        let theirs = self.members.iter().filter(|(_, member)| is_theirs(member));
        theirs.map(|(connection, _)| *connection).collect()
    }

    /// Takes the connections out. Their accounts keep their seats until the caller has decided.
    fn take_out(&mut self, users: &[UserId], removal: &Removal<'_>) -> Vec<ConnectionId> {
        let leaving = self.connections_of(users);
        if leaving.is_empty() {
            return leaving;
        }
        let frame = encode(&self.removed(removal));
        for connection in &leaving {
            if let Some(member) = self.members.get(connection)
                && Some(*connection) != removal.except
            {
                // Queued here and not written, so that no answer to a join that comes right after can
                // come before it.
                member.outbox.queue_control(frame.clone());
            }
            self.disconnect(*connection);
        }
        leaving
    }
}
