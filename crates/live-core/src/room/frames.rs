//! What the gateway says of rooms, and what follows from it in this one.

use chat_types::gateway::ServerFrame;
use std::time::Duration;

use super::{Change, Room};
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
    ) -> Vec<Change> {
        let inside = self.is_inside();
        let own_id = &self.group_id;
        let here = |group_id: &str| group_id == own_id;
        match frame {
            ServerFrame::GroupDismissed { group_id, .. } if here(&group_id) => self.dismissed(),
            ServerFrame::Removed { group_id, reason, until_s, info, .. } if here(&group_id) => {
                self.removed(reason, until_s.unwrap_or(0), info)
            }
            ServerFrame::Unbanned { group_id } if here(&group_id) => self.unbanned(),
            ServerFrame::Broadcast { message } => self.broadcast(message, now),
            ServerFrame::Missed { group_ids, .. } if group_ids.iter().any(|id| here(id)) => {
                self.left_out(now, numbers)
            }
            _ if !inside => Vec::new(),
            ServerFrame::Messages(frame) if here(&frame.group_id) => {
                self.messages(frame, now, numbers)
            }
            ServerFrame::Recalled { group_id, seqs, reason, .. } if here(&group_id) => {
                self.recalled(&seqs, &reason)
            }
            ServerFrame::GroupInfoChanged { group_id, changes, .. } if here(&group_id) => {
                self.info_changed(changes, now)
            }
            ServerFrame::AttributesChanged { group_id, attributes } if here(&group_id) => {
                self.attributes_changed(attributes)
            }
            ServerFrame::CounterChanged { group_id, key, value } if here(&group_id) => {
                self.counter_changed(key, value)
            }
            ServerFrame::Online { group_id, count } if here(&group_id) => {
                self.online_changed(count)
            }
            ServerFrame::MemberEntered { group_id, users, more, .. } if here(&group_id) => {
                self.entered(users, more)
            }
            ServerFrame::MemberLeft { group_id, users, more, .. } if here(&group_id) => {
                self.left(users, more)
            }
            ServerFrame::MemberBanned { group_id, users, .. } if here(&group_id) => {
                self.others_banned(users)
            }
            ServerFrame::MemberMuted { group_id, users, until_s, .. } if here(&group_id) => {
                self.others_muted(users, until_s)
            }
            ServerFrame::Muted { group_id, until_s } if here(&group_id) => self.muted(until_s, now),
            ServerFrame::AdminChanged { group_id, user_id, granted } if here(&group_id) => {
                self.admin_changed(&user_id, granted, now)
            }
            ServerFrame::MarksChanged { group_id, mark, users, on } if here(&group_id) => {
                self.marked(mark, users, on);
                Vec::new()
            }
            ServerFrame::RulesChanged { group_id, rules, .. } if here(&group_id) => {
                self.rules_changed(rules, now)
            }
            ServerFrame::RoomFigures { group_id, figures } if here(&group_id) => {
                self.figures(figures);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}
