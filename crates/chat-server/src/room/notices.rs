//! Frames of a room that are no messages of it.

use chat_types::UserId;
use chat_types::gateway::ServerFrame;
use chat_types::group::GroupType;
use std::collections::HashSet;

use super::{ConnectionId, Room, To};

impl Room {
    /// Gives the members a system notification; with `only`, those who are named there.
    pub(crate) fn notify(&self, text: String, only: &[String]) {
        let mut state = self.lock();
        let group_id = state.group.group_id.clone();
        let frame = ServerFrame::SystemNotification { group_id, text };
        let to = match only {
            [] => To::All,
            names => {
                To::Accounts(names.iter().filter_map(|name| UserId::new(&**name).ok()).collect())
            }
        };
        state.tell(&to, &frame);
        drop(state);
        self.wake();
    }

    /// Gives a broadcast to the members of an AVChatRoom that are not among `told`, and notes them.
    pub(crate) fn broadcast(&self, frame: &ServerFrame, told: &mut HashSet<ConnectionId>) {
        let mut state = self.lock();
        if state.group.group_type != GroupType::AVChatRoom {
            return;
        }
        let untold: HashSet<ConnectionId> =
            state.members.keys().filter(|connection| !told.contains(connection)).copied().collect();
        told.extend(&untold);
        let all = untold.len() == state.members.len();
        state.tell(&if all { To::All } else { To::Connections(untold) }, frame);
        drop(state);
        self.wake();
    }
}
