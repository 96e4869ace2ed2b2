//! Frames of a room that are no messages of it.

use chat_types::gateway::ServerFrame;
use chat_types::group::GroupType;
use std::collections::HashSet;

use super::{ConnectionId, Room};

impl Room {
    /// Gives the members a system notification; with `only`, those who are named there.
    pub(crate) fn notify(&self, text: String, only: &[String]) {
        let mut state = self.lock();
        let only: HashSet<&str> = only.iter().map(String::as_str).collect();
        let group_id = state.group.group_id.clone();
        let frame = ServerFrame::SystemNotification { group_id, text };
        if only.is_empty() {
            state.tell_all(&frame);
        } else {
            state.tell_some(&frame, |_, member| {
                member.account().is_some_and(|user| only.contains(user.as_str()))
            });
        }
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
        if untold.len() == state.members.len() {
            state.tell_all(frame);
        } else {
            state.tell_some(frame, |connection, _| untold.contains(&connection));
        }
        told.extend(untold);
        drop(state);
        self.wake();
    }
}
