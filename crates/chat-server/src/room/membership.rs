//! Members that a group stores: their connections, and what they are told of each other.

use chat_types::UserId;
use chat_types::gateway::{InfoChange, MessageClass, Platform, ServerFrame};
use std::sync::Arc;

use super::{ConnectionId, Member, Room, State, To, Visitor};
use crate::outbox::Outbox;

impl Room {
    /// Lets a connection of a stored member in, which has not asked for it and gets no answer.
    /// `false` when the account is no member, is banned, or the room has been dismissed.
    pub(crate) fn attach(
        &self,
        connection: ConnectionId,
        user_id: &UserId,
        outbox: &Arc<Outbox>,
        platform: Platform,
        now_s: u32,
    ) -> bool {
        let mut state = self.lock();
        let banned = state.bans(user_id, now_s);
        let member = state.group.members.contains_key(user_id.as_str());
        if state.dismissed || banned || !member {
            return false;
        }
        let visitor = Visitor::Account(user_id.clone());
        state.enter(connection, &visitor, outbox, platform, now_s);
        true
    }

    /// Tells everybody who is in the room that accounts have become members.
    pub(crate) fn tell_entered(&self, users: &[String]) {
        let mut state = self.lock();
        let frame = ServerFrame::MemberEntered {
            group_id: state.group.group_id.clone(),
            users: users.to_vec(),
            count: state.stored_members(),
            more: 0,
        };
        state.tip_of_members(users, &frame);
        drop(state);
        self.wake();
    }

    /// Tells everybody who is in the room that accounts are no members any more.
    pub(crate) fn tell_left(&self, users: &[String], operator: Option<&str>) {
        let mut state = self.lock();
        let frame = ServerFrame::MemberLeft {
            group_id: state.group.group_id.clone(),
            users: users.to_vec(),
            count: state.stored_members(),
            more: 0,
            operator: operator.map(str::to_owned),
        };
        state.tip_of_members(users, &frame);
        drop(state);
        self.wake();
    }

    pub(crate) fn tell_admin(&self, user: &str, granted: bool) {
        let mut state = self.lock();
        let group_id = state.group.group_id.clone();
        state.tell(
            &To::All,
            &ServerFrame::AdminChanged { group_id, user_id: user.to_owned(), granted },
        );
        drop(state);
        self.wake();
    }

    /// The group has another owner by now; everybody is told.
    pub(crate) fn owner_changed(&self, nick: String, operator: &str) {
        let mut state = self.lock();
        state.owner_nick.clone_from(&nick);
        let frame = ServerFrame::GroupInfoChanged {
            group_id: state.group.group_id.clone(),
            operator: operator.to_owned(),
            changes: vec![InfoChange::Owner { value: state.group.owner.clone(), nick }],
        };
        state.tell(&To::All, &frame);
        drop(state);
        self.wake();
    }
}

impl State {
    /// Whether an account may be in the room, as far as membership goes.
    pub(super) fn admits(&self, visitor: &Visitor) -> bool {
        let is_member = |user_id: &UserId| self.group.members.contains_key(user_id.as_str());
        self.is_live_room() || visitor.account().is_some_and(is_member)
    }

    /// Puts a connection in. Whether its account had no connection in the room before, or the guest
    /// was not in it.
    pub(super) fn enter(
        &mut self,
        connection: ConnectionId,
        visitor: &Visitor,
        outbox: &Arc<Outbox>,
        platform: Platform,
        now_s: u32,
    ) -> bool {
        let member = Member {
            visitor: visitor.clone(),
            outbox: Arc::clone(outbox),
            on_web: platform == Platform::Web,
            since_seq: self.delivered_seq,
        };
        self.seat(connection, member, now_s)
    }

    /// As [`State::enter`].
    pub(super) fn seat(&mut self, connection: ConnectionId, member: Member, now_s: u32) -> bool {
        let visitor = member.visitor.clone();
        // They may have been told an older number.
        self.announced_online = None;
        if self.members.insert(connection, member).is_some() {
            return false;
        }
        self.audience = None;
        let Visitor::Account(user_id) = &visitor else {
            self.guests += 1;
            return true;
        };
        let seated = self.accounts.connect(user_id, now_s);
        if seated.is_new {
            self.came(user_id);
        }
        seated.is_only
    }

    /// Tells of stored members that came or went. They are no flood, and none is left out.
    fn tip_of_members(&mut self, users: &[String], frame: &ServerFrame) {
        let tips = u32::try_from(users.len()).unwrap_or(u32::MAX);
        self.figures.received(MessageClass::Tip, tips.into());
        self.figures.delivered(MessageClass::Tip, tips.into());
        self.tip(&To::All, tips, frame);
    }

    fn stored_members(&self) -> u32 {
        u32::try_from(self.group.members.len()).unwrap_or(u32::MAX)
    }
}
