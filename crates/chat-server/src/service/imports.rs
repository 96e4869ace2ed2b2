//! Taking groups over from elsewhere with their members and messages. Nobody is asked by webhook
//! and nobody is told: what is imported has happened long ago. An AVChatRoom takes no imports.

use chat_types::code::{ApiError, Code};
use chat_types::element::check_rest_body;
use chat_types::group::GroupType;
use chat_types::rest::{
    CreateGroup, ImportGroup, ImportGroupMember, ImportedMember, ImportedMessage,
    ImportedMessageResult, MemberResult, MemberResults,
};
use chat_types::{GroupId, UserId};
use std::collections::{BTreeMap, BTreeSet};

use super::membership::{
    ADDED, ADMIN, FAILED, MEMBER_BEFORE, OWNER, check_capacity, is_banned, new_member,
    no_member_fields, refuse_live_room,
};
use super::messages::GROUP_KEEPS;
use super::{Service, internal};
use crate::application::Application;
use crate::room::{Draft, Room, Stamp};
use crate::storage::{GroupChange, MessageRecord, StoredGroupMessage};

const NO_LIVE_ROOM: &str = "it takes no imports";

impl Service {
    /// Makes a group as it was made elsewhere at `CreateTime`; its owner is a member.
    pub(crate) async fn import_group(
        &self,
        app: &Application,
        body: ImportGroup,
    ) -> Result<GroupId, ApiError> {
        let ImportGroup { group, create_time } = body;
        if GroupType::from_name(&group.group_type) == Some(GroupType::AVChatRoom) {
            return Err(ApiError::new(
                Code::NO_PERMISSION,
                format!("AVChatRoom: {NO_LIVE_ROOM}; make the room with create_group"),
            ));
        }
        let create_time = self.past(create_time, "CreateTime")?;
        // Members come with import_group_member.
        let group = CreateGroup { member_list: Vec::new(), ..group };
        let mut group = self.new_group(app, group).await?;
        group.create_time = create_time;
        for member in group.members.values_mut() {
            member.join_time = create_time;
        }
        self.insert_group(app, &group).await
    }

    /// Adds members as they were elsewhere. Those who are members already stay as they are.
    pub(crate) async fn import_members(
        &self,
        app: &Application,
        body: ImportGroupMember,
    ) -> Result<MemberResults, ApiError> {
        let (group_id, room) = self.room_named(app, &body.group_id).await?;
        refuse_live_room(&room, Code::NO_PERMISSION, NO_LIVE_ROOM)?;
        let mut wanted: BTreeMap<String, ImportedMember> = BTreeMap::new();
        for member in body.member_list {
            if !member.app_member_defined_data.is_empty() {
                return Err(no_member_fields());
            }
            self.past(member.join_time, "JoinTime")?;
            wanted.insert(member.member_account.clone(), member);
        }
        let _one_at_a_time = room.changing.lock().await;
        let mut known = self.existing(app.sdk_app_id, wanted.keys()).await.map_err(internal)?;
        let now_s = self.now_s();
        room.with(|group| known.retain(|user| !is_banned(group, user, now_s)));
        let (owner, before) = room.with(|group| {
            let member = |user: &&String| group.members.contains_key(*user);
            let before: BTreeSet<String> = wanted.keys().filter(member).cloned().collect();
            (group.owner.clone(), before)
        });
        let new = |user: &String| known.contains(user) && !before.contains(user);
        let last_seq = room.last_seq();
        let (mut added, mut changes) = (Vec::new(), Vec::new());
        for (user, member) in wanted.iter().filter(|(user, _)| new(user)) {
            match member.role.as_deref() {
                Some(OWNER) if *user != owner => {
                    return Err(ApiError::bad_parameter(format!(
                        "{user} is not the owner of the group: use change_group_owner"
                    )));
                }
                Some(ADMIN) => changes.push(GroupChange::AddAdmin(user.clone())),
                _ => {}
            }
            let join_time = member.join_time.unwrap_or(now_s);
            let read_seq = last_seq.saturating_sub(member.unread_msg_num.unwrap_or(0));
            let member = new_member(join_time, read_seq);
            changes.push(GroupChange::PutMember { user: user.clone(), member });
            added.push(user.clone());
        }
        room.with(|group| check_capacity(group, added.len()))?;
        self.change_group(app.sdk_app_id, &room, &changes).await?;
        self.attach_members(app, &group_id, &room, &added);
        let result = |user: String| {
            let result = match &user {
                user if before.contains(user) => MEMBER_BEFORE,
                user if known.contains(user) => ADDED,
                _ => FAILED,
            };
            MemberResult { member_account: user, result }
        };
        Ok(MemberResults { member_list: wanted.into_keys().map(result).collect() })
    }

    /// Keeps messages as they were said elsewhere, each with its own result; `None` is one that
    /// cannot be read. Nobody gets them delivered.
    pub(crate) async fn import_messages(
        &self,
        app: &Application,
        group_id: &str,
        messages: Vec<Option<ImportedMessage>>,
    ) -> Result<Vec<ImportedMessageResult>, ApiError> {
        let (_, room) = self.room_named(app, group_id).await?;
        refuse_live_room(&room, Code::NO_PERMISSION, NO_LIVE_ROOM)?;
        let mut results = Vec::with_capacity(messages.len());
        for message in messages {
            let imported = match message {
                Some(message) => self.import_message(app, &room, message).await,
                None => Err(ApiError::bad_parameter("the message cannot be read")),
            };
            results.push(match imported {
                Ok(stamp) => {
                    ImportedMessageResult { msg_seq: stamp.seq, msg_time: stamp.time_s, result: 0 }
                }
                // These two are no matter of the one message.
                Err(error) if [Code::INTERNAL, Code::GROUP_ID_INVALID].contains(&error.code) => {
                    return Err(error);
                }
                Err(error) => ImportedMessageResult { result: error.code.0, ..Default::default() },
            });
        }
        Ok(results)
    }

    async fn import_message(
        &self,
        app: &Application,
        room: &Room,
        message: ImportedMessage,
    ) -> Result<Stamp, ApiError> {
        let time_s = self.past(Some(message.send_time), "SendTime")?;
        check_rest_body(&message.msg_body, app.settings.message_bytes as usize)
            .map_err(chat_types::element::BodyError::for_group)?;
        let from = UserId::new(message.from_account)?;
        let nick = self.nick_of(app.sdk_app_id, &from).await?;
        // So that the group is not dismissed, and made again under its id, before it is kept.
        let _one_at_a_time = room.changing.lock().await;
        let draft = Draft {
            from,
            nick,
            priority: message.msg_priority,
            elements: message.msg_body,
            cloud_custom_data: String::new(),
            client_id: String::new(),
            mentions: Vec::new(),
            mention_all: false,
        };
        let (stamp, said) = self.post_silently(app, room, &draft, time_s).await?;
        let random = message.random.unwrap_or(0);
        let stored = StoredGroupMessage { random, recalled: false, message: said };
        let kept = MessageRecord {
            sdk_app_id: app.sdk_app_id,
            group_id: room.with(|group| group.group_id.clone()),
            message: Some(stored),
            keep: GROUP_KEEPS,
            member: None,
        };
        self.storage.record_messages(&[kept]).await.map_err(internal)?;
        Ok(stamp)
    }

    /// A time that is over, or now when none is given.
    fn past(&self, time_s: Option<u32>, field: &str) -> Result<u32, ApiError> {
        let now_s = self.now_s();
        match time_s {
            Some(time_s) if time_s > now_s => Err(ApiError::bad_parameter(format!(
                "{field} {time_s} is still to come: give Unix seconds of the past"
            ))),
            time_s => Ok(time_s.unwrap_or(now_s)),
        }
    }
}
