//! Frames of a room that are no messages of it.

use axum::extract::ws::Utf8Bytes;
use chat_types::gateway::ServerFrame;
use chat_types::group::GroupType;
use std::collections::HashSet;

use super::{ConnectionId, Room, encode};

impl Room {
    /// Gives the members a system notification; with `only`, those who are named there.
    pub(crate) fn notify(&self, text: String, only: &[String]) {
        let state = self.lock();
        let only: HashSet<&str> = only.iter().map(String::as_str).collect();
        let group_id = state.group.group_id.clone();
        let frame = encode(&ServerFrame::SystemNotification { group_id, text });
        for member in state.members.values() {
            if only.is_empty() || only.contains(member.user_id.as_str()) {
                member.outbox.control_frame(frame.clone());
            }
        }
    }

    /// Gives a broadcast to the members of an AVChatRoom that are not among `told`, and notes them.
    pub(crate) fn broadcast(&self, frame: &Utf8Bytes, told: &mut HashSet<ConnectionId>) {
        let state = self.lock();
        if state.group.group_type != GroupType::AVChatRoom {
            return;
        }
        for (connection, member) in &state.members {
            if told.insert(*connection) {
                member.outbox.control_frame(frame.clone());
            }
        }
    }
}
