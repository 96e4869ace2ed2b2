//! The groups that an account is in.

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::group::GroupType;
use chat_types::rest::{GetJoinedGroupList, JoinedGroupList, ResponseFilter};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

use super::membership::role_inside;
use super::{Service, internal};
use crate::application::Application;
use crate::room::Room;

impl Service {
    /// Groups that store the account as a member, and with `WithHugeGroups` the AVChatRooms that it
    /// is in at this moment, by their ids.
    pub(crate) async fn joined_groups(
        &self,
        app: &Application,
        reader: &UserId,
        body: GetJoinedGroupList,
    ) -> Result<JoinedGroupList, ApiError> {
        let user = UserId::new(&*body.member_account)?;
        self.all_exist(app.sdk_app_id, &[body.member_account]).await?;
        let group_type = match body.group_type.as_deref() {
            None => None,
            Some(name) => Some(GroupType::from_name(name).ok_or_else(|| {
                ApiError::bad_parameter("GroupType names no type of group: leave it out for all")
            })?),
        };
        let stored = self.storage.groups_of_member(app.sdk_app_id, user.as_str(), group_type);
        let mut groups: BTreeSet<String> = stored.await.map_err(internal)?.into_iter().collect();
        let live_rooms = group_type.is_none_or(|wanted| wanted == GroupType::AVChatRoom);
        if body.with_huge_groups.0 && live_rooms {
            let live = |room: &Room| room.with(|group| group.group_type == GroupType::AVChatRoom);
            let rooms = self.rooms.all().into_iter().filter(|(of, _, room)| {
                *of == app.sdk_app_id && live(room) && room.has_account(&user)
            });
            groups.extend(rooms.map(|(_, group_id, _)| group_id.to_string()));
        }
        let total_count = u32::try_from(groups.len()).unwrap_or(u32::MAX);
        let limit = body.limit.filter(|limit| *limit > 0).unwrap_or(u32::MAX);
        let filter = body.response_filter.unwrap_or_default();
        let mut group_id_list = Vec::new();
        for group_id in groups.into_iter().skip(body.offset as usize).take(limit as usize) {
            match self.joined_group(app, reader, &user, group_id, &filter).await {
                Ok(entry) => group_id_list.push(entry),
                // A group that was dismissed meanwhile is in no list.
                Err(error) if error.code == Code::GROUP_ID_INVALID => {}
                Err(error) => return Err(error),
            }
        }
        Ok(JoinedGroupList { total_count, group_id_list })
    }

    /// What is wanted of one group; 10015 when there is no such group any more.
    async fn joined_group(
        &self,
        app: &Application,
        reader: &UserId,
        user: &UserId,
        group_id: String,
        filter: &ResponseFilter,
    ) -> Result<Map<String, Value>, ApiError> {
        let mut entry = Map::new();
        if let Some(names) = &filter.group_base_info_filter {
            let info = self.group_info(app, reader, &group_id, false).await?;
            if let Ok(Value::Object(info)) = serde_json::to_value(info) {
                entry.extend(info.into_iter().filter(|(name, _)| names.contains(name)));
            }
        }
        if let Some(names) = &filter.self_info_filter {
            let (_, room) = self.room_named(app, &group_id).await?;
            let mut own = about(&room, user.as_str());
            own.retain(|name, _| names.contains(name));
            entry.insert("SelfInfo".into(), own.into());
        }
        entry.insert("GroupId".into(), group_id.into());
        Ok(entry)
    }
}

/// What a group has of a member. An AVChatRoom stores nothing of it and counts nothing unread.
fn about(room: &Room, user: &str) -> Map<String, Value> {
    let last_seq = room.last_seq();
    let own = room.with(|group| match group.members.get(user) {
        Some(member) => json!({
            "Role": role_inside(group, user),
            "JoinTime": member.join_time,
            "MsgFlag": member.msg_flag,
            "MsgSeq": member.read_seq,
            "UnreadMsgNum": last_seq.saturating_sub(member.read_seq),
        }),
        None => json!({"Role": role_inside(group, user)}),
    });
    match own {
        Value::Object(own) => own,
        _ => Map::new(),
    }
}
