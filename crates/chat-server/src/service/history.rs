//! Messages of groups that have been sent: reading, recalling and changing them.

use chat_types::code::{ApiError, Code};
use chat_types::element::{BodyError, check_rest_body};
use chat_types::gateway::{MAX_HISTORY_MESSAGES, Message};
use chat_types::group::GroupType;
use chat_types::rest::{
    GroupHistory, HistoryMessage, MAX_HISTORY_PER_CALL, ModifyGroupMsg, Recall, priority_number,
};
use chat_types::{GroupId, UserId};
use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::fields::right_in;
use super::messages::{check_cloud_data, keeps, keeps_history};
use super::page::{MAX_FRAME_BYTES, cut};
use super::{Service, internal, no_such_group};
use crate::application::{Application, Right};
use crate::room::Room;
use crate::storage::StoredGroupMessage;

/// `IsFinished` of a history.
const CUT: u32 = 0;
const ALL: u32 = 1;
const EXPIRED: u32 = 2;
/// `IsPlaceMsg` of a message that was recalled.
const RECALLED: u32 = 2;
/// Messages that one `delete_group_msg_by_sender` takes back.
const DELETED_AT_ONCE: usize = 1_000;

/// What a recall has to know of a message.
struct Known {
    time_s: u32,
    from: String,
    recalled: bool,
}

impl Service {
    /// Recalls messages for an administrator of the application; each has its own code.
    pub(crate) async fn recall_messages(
        &self,
        app: &Application,
        operator: &UserId,
        group_id: &str,
        seqs: &[u32],
        reason: &str,
    ) -> Result<Vec<Recall>, ApiError> {
        let (group_id, room) = self.room_named(app, group_id).await?;
        let _one_at_a_time = room.changing.lock().await;
        if room.is_dismissed() {
            return Err(no_such_group(&group_id));
        }
        let mut recalls = Vec::with_capacity(seqs.len());
        for seq in seqs {
            let known = self.known(app, &group_id, &room, *seq).await?;
            let refused = self.check_recall(app, known.as_ref()).err();
            let ret_code = refused.map_or(Code::OK, |error| error.code);
            recalls.push(Recall { msg_seq: *seq, ret_code });
        }
        let good = recalls.iter().filter(|recall| recall.ret_code == Code::OK);
        let good: BTreeSet<u32> = good.map(|recall| recall.msg_seq).collect();
        self.carry_recall_out(app, &group_id, &room, good, operator, reason).await?;
        Ok(recalls)
    }

    /// Recalls a message for somebody in the room: its sender, or who manages the group.
    pub(crate) async fn recall_as_member(
        &self,
        app: &Application,
        user_id: &UserId,
        group_id: &GroupId,
        room: &Room,
        seq: u32,
    ) -> Result<(), ApiError> {
        let _one_at_a_time = room.changing.lock().await;
        if room.is_dismissed() {
            return Err(no_such_group(group_id));
        }
        let known = self.known(app, group_id, room, seq).await?;
        let right = room.with(|group| right_in(app, group, user_id));
        if let Some(known) = &known
            && known.from != user_id.as_str()
            && right < Right::Admin
        {
            return Err(ApiError::new(
                Code::NO_PERMISSION,
                "only its sender and who manages the group may recall a message",
            ));
        }
        self.check_recall(app, known.as_ref())?;
        self.carry_recall_out(app, group_id, room, BTreeSet::from([seq]), user_id, "").await
    }

    /// Recalls what an account has sent, the newest 1,000 messages, however old they are.
    pub(crate) async fn delete_messages_by(
        &self,
        app: &Application,
        operator: &UserId,
        group_id: &str,
        sender: &str,
    ) -> Result<(), ApiError> {
        let (group_id, room) = self.room_named(app, group_id).await?;
        let _one_at_a_time = room.changing.lock().await;
        if room.is_dismissed() {
            return Err(no_such_group(&group_id));
        }
        let kept = self.storage.group_messages_by(app.sdk_app_id, group_id.as_str(), sender);
        let mut seqs: BTreeSet<Reverse<u32>> =
            kept.await.map_err(internal)?.into_iter().map(Reverse).collect();
        seqs.extend(room.sent_by(sender).into_iter().map(Reverse));
        let newest: BTreeSet<u32> =
            seqs.into_iter().take(DELETED_AT_ONCE).map(|Reverse(seq)| seq).collect();
        self.carry_recall_out(app, &group_id, &room, newest, operator, "").await
    }

    /// A message as memory or, where the group keeps messages, storage knows it.
    async fn known(
        &self,
        app: &Application,
        group_id: &GroupId,
        room: &Room,
        seq: u32,
    ) -> Result<Option<Known>, ApiError> {
        if let Some(sent) = room.sent(seq) {
            let (time_s, from) = (sent.time_s, sent.from.to_string());
            return Ok(Some(Known { time_s, from, recalled: sent.recalled }));
        }
        let kept = self.kept_message(app, group_id, seq, 0).await?;
        Ok(kept.map(|StoredGroupMessage { recalled, message, .. }| Known {
            time_s: message.time_s,
            from: message.from,
            recalled,
        }))
    }

    async fn kept_message(
        &self,
        app: &Application,
        group_id: &GroupId,
        seq: u32,
        oldest_s: u32,
    ) -> Result<Option<StoredGroupMessage>, ApiError> {
        let found =
            self.storage.group_messages(app.sdk_app_id, group_id.as_str(), seq, oldest_s, 1);
        let newest = found.await.map_err(internal)?.into_iter().next();
        Ok(newest.filter(|stored| stored.message.seq == seq))
    }

    fn check_recall(&self, app: &Application, known: Option<&Known>) -> Result<(), ApiError> {
        let window_s = app.settings.recall_window_s;
        let (code, info) = match known {
            _ if !app.settings.recall => {
                (Code::RECALL_OFF, "the application's setting recall is off".to_owned())
            }
            None => (Code::RECALL_ABSENT, "no such message is known any more".to_owned()),
            Some(known) if known.recalled => {
                (Code::RECALL_IMPOSSIBLE, "the message was recalled before".to_owned())
            }
            Some(known) if self.now_s().saturating_sub(known.time_s) > window_s => {
                (Code::RECALL_TOO_LATE, format!("a message can be recalled for {window_s} seconds"))
            }
            Some(_) => return Ok(()),
        };
        Err(ApiError::new(code, info))
    }

    /// The caller holds `room.changing`.
    async fn carry_recall_out(
        &self,
        app: &Application,
        group_id: &GroupId,
        room: &Room,
        seqs: BTreeSet<u32>,
        operator: &UserId,
        reason: &str,
    ) -> Result<(), ApiError> {
        if seqs.is_empty() {
            return Ok(());
        }
        let seqs: Vec<u32> = seqs.into_iter().collect();
        // What is not stored yet cannot be marked there.
        self.recorder.settled().await?;
        let stored =
            self.storage.recall_group_messages(app.sdk_app_id, group_id.as_str(), &seqs).await;
        stored.map_err(internal)?;
        room.recall(&seqs, operator.as_str(), reason);
        Ok(())
    }

    /// Kept messages for an administrator, newest first, at most 20. `up_to` is the greatest number
    /// that is wanted.
    pub(crate) async fn group_history(
        &self,
        app: &Application,
        group_id: &str,
        wanted: u32,
        up_to: Option<u32>,
    ) -> Result<GroupHistory, ApiError> {
        let (group_id, room) = self.room_named(app, group_id).await?;
        let oldest_s = self.oldest_kept(app, &room)?;
        // 0 is what clients send that mean "from the newest".
        let up_to = up_to.filter(|seq| *seq > 0).unwrap_or(u32::MAX);
        let given = wanted.min(MAX_HISTORY_PER_CALL);
        let found = self.storage.group_messages(
            app.sdk_app_id,
            group_id.as_str(),
            up_to,
            oldest_s,
            given + 1,
        );
        let mut found = found.await.map_err(internal)?;
        let more = found.len() > given as usize;
        found.truncate(given as usize);
        let is_finished = if more && wanted > given {
            CUT
        } else if found.is_empty() && room.last_seq() > 0 {
            EXPIRED
        } else {
            ALL
        };
        let rsp_msg_list = found.into_iter().map(history_message).collect();
        Ok(GroupHistory { group_id: group_id.to_string(), is_finished, rsp_msg_list })
    }

    /// Kept messages for somebody in the room, oldest first and without those that were recalled.
    /// Of messages that are too large for one frame, fewer than `count` come.
    pub(crate) async fn history_for_member(
        &self,
        app: &Application,
        group_id: &GroupId,
        room: &Room,
        before_seq: Option<u32>,
        count: u32,
    ) -> Result<Vec<Message>, ApiError> {
        let oldest_s = self.oldest_kept(app, room)?;
        let count = count.min(MAX_HISTORY_MESSAGES);
        let wanted = count as usize;
        let mut up_to = before_seq.map_or(u32::MAX, |seq| seq.saturating_sub(1));
        let mut messages = Vec::new();
        while messages.len() < wanted {
            let page = self.storage.group_messages(
                app.sdk_app_id,
                group_id.as_str(),
                up_to,
                oldest_s,
                MAX_HISTORY_MESSAGES,
            );
            let page = page.await.map_err(internal)?;
            let Some(last) = page.last() else { break };
            up_to = last.message.seq.saturating_sub(1);
            let shown = page.into_iter().filter(|stored| !stored.recalled);
            messages.extend(shown.map(|stored| stored.message).take(wanted - messages.len()));
        }
        Ok(cut(messages, count, MAX_FRAME_BYTES).messages)
    }

    /// Unix seconds of the oldest message that may be read; 10007 when the group keeps none.
    fn oldest_kept(&self, app: &Application, room: &Room) -> Result<u32, ApiError> {
        let group_type = room.with(|group| group.group_type);
        if group_type == GroupType::AVChatRoom && !keeps_history(app) {
            return Err(ApiError::new(
                Code::NO_PERMISSION,
                "an AVChatRoom has no history: it needs the Ultimate edition and the setting \
                 room_history",
            ));
        }
        Ok(self.now_s().saturating_sub(keeps(group_type).seconds))
    }

    /// Changes a kept message, for the history and for those who catch up.
    pub(crate) async fn modify_message(
        &self,
        app: &Application,
        change: ModifyGroupMsg,
    ) -> Result<(), ApiError> {
        let ModifyGroupMsg { group_id, msg_seq, msg_body, cloud_custom_data } = change;
        if msg_body.is_none() && cloud_custom_data.is_none() {
            return Err(ApiError::bad_parameter(
                "nothing to change: give MsgBody, CloudCustomData or both",
            ));
        }
        if let Some(elements) = &msg_body {
            check_rest_body(elements, app.settings.message_bytes as usize)
                .map_err(BodyError::for_group)?;
        }
        check_cloud_data(cloud_custom_data.as_deref().unwrap_or_default())?;
        let (group_id, room) = self.room_named(app, &group_id).await?;
        let _one_at_a_time = room.changing.lock().await;
        if room.is_dismissed() {
            return Err(no_such_group(&group_id));
        }
        let oldest_s = self.oldest_kept(app, &room)?;
        self.recorder.settled().await?;
        let kept = self.kept_message(app, &group_id, msg_seq, oldest_s).await?;
        let Some(StoredGroupMessage { mut message, .. }) = kept.filter(|kept| !kept.recalled)
        else {
            return Err(ApiError::new(
                Code::RECALL_ABSENT,
                format!("the group keeps no message {msg_seq}"),
            ));
        };
        message.elements = msg_body.unwrap_or(message.elements);
        message.cloud_custom_data = cloud_custom_data.unwrap_or(message.cloud_custom_data);
        let changed =
            self.storage.change_group_message(app.sdk_app_id, group_id.as_str(), &message);
        changed.await.map_err(internal)?;
        room.replace_recent(&message);
        Ok(())
    }
}

fn history_message(stored: StoredGroupMessage) -> HistoryMessage {
    let StoredGroupMessage { random, recalled, message } = stored;
    HistoryMessage {
        from_account: message.from,
        is_place_msg: if recalled { RECALLED } else { 0 },
        msg_body: message.elements,
        msg_priority: priority_number(message.priority),
        msg_random: random,
        msg_seq: message.seq,
        msg_time_stamp: message.time_s,
        cloud_custom_data: message.cloud_custom_data,
    }
}
