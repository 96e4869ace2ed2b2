//! Members that a group stores: their connections, and what they are told of each other.

use chat_types::UserId;
use chat_types::gateway::{InfoChange, Platform, ServerFrame};
use chat_types::group::GroupType;
use std::sync::Arc;

use super::{ConnectionId, Member, Outbox, Room, State};

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
        state.enter(connection, user_id, outbox, platform, now_s);
        true
    }

    /// Tells everybody who is in the room that accounts have become members.
    pub(crate) fn tell_entered(&self, users: &[String]) {
        let state = self.lock();
        let frame = ServerFrame::MemberEntered {
            group_id: state.group.group_id.clone(),
            users: users.to_vec(),
            count: state.stored_members(),
        };
        state.fan_out(&frame, None);
    }

    /// Tells everybody who is in the room that accounts are no members any more.
    pub(crate) fn tell_left(&self, users: &[String], operator: Option<&str>) {
        let state = self.lock();
        let frame = ServerFrame::MemberLeft {
            group_id: state.group.group_id.clone(),
            users: users.to_vec(),
            count: state.stored_members(),
            operator: operator.map(str::to_owned),
        };
        state.fan_out(&frame, None);
    }

    pub(crate) fn tell_admin(&self, user: &str, granted: bool) {
        let state = self.lock();
        state.tell_all(&ServerFrame::AdminChanged {
            group_id: state.group.group_id.clone(),
            user_id: user.to_owned(),
            granted,
        });
    }

    /// The group has another owner by now; everybody is told.
    pub(crate) fn owner_changed(&self, nick: String, operator: &str) {
        let mut state = self.lock();
        state.owner_nick = nick;
        state.tell_all(&ServerFrame::GroupInfoChanged {
            group_id: state.group.group_id.clone(),
            operator: operator.to_owned(),
            changes: vec![InfoChange::Owner { value: state.group.owner.clone() }],
        });
    }
}

impl State {
    /// Whether an account may be in the room, as far as membership goes.
    pub(super) fn admits(&self, user_id: &UserId) -> bool {
        self.group.group_type == GroupType::AVChatRoom
            || self.group.members.contains_key(user_id.as_str())
    }

    /// Puts a connection in. Whether its account was not in the room before.
    pub(super) fn enter(
        &mut self,
        connection: ConnectionId,
        user_id: &UserId,
        outbox: &Arc<Outbox>,
        platform: Platform,
        now_s: u32,
    ) -> bool {
        let member = Member {
            user_id: user_id.clone(),
            outbox: Arc::clone(outbox),
            on_web: platform == Platform::Web,
        };
        // They may have been told an older number.
        self.announced_online = None;
        if self.members.insert(connection, member).is_some() {
            return false;
        }
        self.accounts.connect(user_id, now_s)
    }

    fn stored_members(&self) -> u32 {
        u32::try_from(self.group.members.len()).unwrap_or(u32::MAX)
    }
}
