//! What the gateway says of rooms, and what follows from it in this one.

use chat_types::gateway::ServerFrame;
use std::time::Duration;

use super::Room;
use crate::effect::Effect;
use crate::request::RequestNumbers;

impl Room {
    /// Takes what comes by itself. Frames of other rooms change nothing: one comes when a join was
    /// given up and is answered late. Before the room has let this client in, its answer will have
    /// it all.
    pub fn heard(
        &mut self,
        frame: ServerFrame,
        now: Duration,
        numbers: &mut RequestNumbers,
    ) -> Vec<Effect> {
        let inside = self.is_inside();
        if frame.group_id().is_some_and(|group_id| group_id != self.group_id) {
            return Vec::new();
        }
        match frame {
            ServerFrame::GroupDismissed { .. } => self.dismissed(),
            ServerFrame::Removed { reason, until_s, info, .. } => {
                self.removed(reason, until_s.unwrap_or(0), info)
            }
            ServerFrame::Unbanned { .. } => self.unbanned(),
            ServerFrame::Broadcast { message } => self.broadcast(message, now),
            ServerFrame::Missed { group_ids, .. } if group_ids.contains(&self.group_id) => {
                self.left_out(now, numbers)
            }
            _ if !inside => Vec::new(),
            ServerFrame::Messages(frame) => self.messages(frame, now, numbers),
            ServerFrame::Recalled { seqs, reason, .. } => self.recalled(&seqs, &reason),
            ServerFrame::GroupInfoChanged { changes, .. } => self.info_changed(changes, now),
            ServerFrame::AttributesChanged { attributes, .. } => {
                self.attributes_changed(attributes)
            }
            ServerFrame::CounterChanged { key, value, .. } => self.counter_changed(key, value),
            ServerFrame::Online { count, .. } => self.online_changed(count),
            ServerFrame::MemberEntered { users, more, .. } => self.entered(users, more),
            ServerFrame::MemberLeft { users, more, .. } => self.left(users, more),
            ServerFrame::MemberBanned { users, .. } => self.others_banned(users),
            ServerFrame::MemberMuted { users, until_s, .. } => self.others_muted(users, until_s),
            ServerFrame::Muted { until_s, .. } => self.muted(until_s, now),
            ServerFrame::AdminChanged { user_id, granted, .. } => {
                self.admin_changed(&user_id, granted, now)
            }
            ServerFrame::MarksChanged { mark, users, on, .. } => {
                self.marked(mark, users, on);
                Vec::new()
            }
            ServerFrame::RulesChanged { rules, .. } => self.rules_changed(rules, now),
            ServerFrame::RoomFigures { figures, .. } => {
                self.figures(figures);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}
