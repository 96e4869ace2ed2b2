//! Creating, reading, changing and dismissing groups.

use chat_types::code::{ApiError, Code};
use chat_types::group::{
    CustomFields, KeyValue, MAX_FACE_URL_BYTES, MAX_FIELD_VALUE_BYTES, MAX_INTRODUCTION_BYTES,
    MAX_NAME_BYTES, MAX_NOTIFICATION_BYTES,
};
use chat_types::id::RESERVED_GROUP_PREFIX;
use chat_types::rest::{CreateGroup, GroupInfo, ModifyGroupBaseInfo};
use chat_types::{GroupId, UserId};
use rand::RngExt;

use super::{Service, internal, no_such_group};
use crate::storage::{GroupPatch, NewGroup};

/// The only group type of this service.
pub(crate) const AV_CHAT_ROOM: &str = "AVChatRoom";
/// Types that the API knows and this service refuses.
const OTHER_TYPES: [&str; 6] = ["Private", "Public", "ChatRoom", "Community", "Work", "Meeting"];
/// Letters of an id that the service makes, after the prefix.
const ID_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const ID_LENGTH: usize = 10;

impl Service {
    pub(crate) async fn create_group(
        &self,
        sdk_app_id: u32,
        body: CreateGroup,
    ) -> Result<GroupId, ApiError> {
        check_type(&body)?;
        check_profile(
            Some(&body.name),
            body.introduction.as_deref(),
            body.notification.as_deref(),
            body.face_url.as_deref(),
        )?;
        let custom_fields = self.checked_fields(sdk_app_id, &body.app_defined_data).await?;
        let owner = match body.owner_account.as_deref().filter(|owner| !owner.is_empty()) {
            Some(owner) => {
                let owner = UserId::new(owner)?;
                self.nick_of(sdk_app_id, &owner).await?;
                owner.to_string()
            }
            None => String::new(),
        };
        let group_id = match body.group_id.filter(|id| !id.is_empty()) {
            Some(id) => GroupId::chosen_by_caller(id)?,
            None => GroupId::new(made_id())?,
        };
        let group = NewGroup {
            group_id: group_id.to_string(),
            group_type: AV_CHAT_ROOM.to_owned(),
            name: body.name,
            introduction: body.introduction.unwrap_or_default(),
            notification: body.notification.unwrap_or_default(),
            face_url: body.face_url.unwrap_or_default(),
            owner,
            custom_fields,
        };
        let now_s = self.clock.now_s();
        if self.storage.insert_group(sdk_app_id, &group, now_s).await.map_err(internal)? {
            return Ok(group_id);
        }
        let stored = self.storage.group(sdk_app_id, group_id.as_str()).await.map_err(internal)?;
        let same_owner = stored.is_some_and(|stored| stored.owner == group.owner);
        let code = if same_owner { Code::GROUP_ID_TAKEN_BY_OWNER } else { Code::GROUP_ID_TAKEN };
        Err(ApiError::new(code, format!("the group id {group_id} is in use: choose another")))
    }

    pub(crate) async fn group_info(
        &self,
        sdk_app_id: u32,
        group_id: &str,
    ) -> Result<GroupInfo, ApiError> {
        let room = self.room(sdk_app_id, &GroupId::new(group_id)?).await?;
        let stored = room.stored();
        let figures = room.figures();
        let field = |(key, value)| KeyValue { key, value };
        Ok(GroupInfo {
            group_id: stored.group_id,
            group_type: stored.group_type,
            name: stored.name,
            introduction: stored.introduction,
            notification: stored.notification,
            face_url: stored.face_url,
            owner_account: stored.owner,
            appid: sdk_app_id,
            create_time: stored.create_time,
            last_info_time: stored.last_info_time,
            last_msg_time: figures.last_message_time_s,
            info_seq: stored.info_seq,
            next_msg_seq: figures.next_seq,
            member_num: figures.online,
            max_member_num: 0,
            apply_join_option: "FreeAccess".into(),
            shut_up_all_member: "Off".into(),
            mute_all_member: "Off".into(),
            app_defined_data: stored.custom_fields.into_iter().map(field).collect(),
            member_list: Vec::new(),
        })
    }

    pub(crate) async fn modify_group(
        &self,
        sdk_app_id: u32,
        operator: &UserId,
        body: ModifyGroupBaseInfo,
    ) -> Result<(), ApiError> {
        check_profile(
            body.name.as_deref(),
            body.introduction.as_deref(),
            body.notification.as_deref(),
            body.face_url.as_deref(),
        )?;
        if body.shut_up_all_member.as_deref().is_some_and(|mute| mute != "Off") {
            return Err(ApiError::new(
                Code::NO_PERMISSION,
                "this service cannot mute a whole group: leave ShutUpAllMember out",
            ));
        }
        let group_id = GroupId::new(&*body.group_id)?;
        let room = self.room(sdk_app_id, &group_id).await?;
        let patch = GroupPatch {
            custom_fields: self.checked_fields(sdk_app_id, &body.app_defined_data).await?,
            name: body.name,
            introduction: body.introduction,
            notification: body.notification,
            face_url: body.face_url,
        };
        if patch == GroupPatch::default() {
            return Err(ApiError::bad_parameter(
                "nothing to change: give at least one of Name, Introduction, Notification, \
                 FaceUrl, AppDefinedData",
            ));
        }
        let _one_at_a_time = room.profile_change.lock().await;
        if room.is_dismissed() {
            // Somebody dismissed it meanwhile; a group that was made again under its id is another.
            return Err(no_such_group(&group_id));
        }
        let (id, now_s) = (group_id.as_str(), self.clock.now_s());
        let found = self.storage.update_group(sdk_app_id, id, &patch, now_s).await;
        if !found.map_err(internal)? {
            return Err(no_such_group(&group_id));
        }
        let stored = self.storage.group(sdk_app_id, id).await.map_err(internal)?;
        let Some(stored) = stored else { return Err(no_such_group(&group_id)) };
        room.profile_changed(stored, &patch, operator.as_str());
        Ok(())
    }

    pub(crate) async fn destroy_group(
        &self,
        sdk_app_id: u32,
        operator: &UserId,
        group_id: &str,
    ) -> Result<(), ApiError> {
        let group_id = GroupId::new(group_id)?;
        let room = self.room(sdk_app_id, &group_id).await?;
        let _one_at_a_time = room.profile_change.lock().await;
        if room.is_dismissed() {
            // Somebody dismissed it meanwhile; a group that was made again under its id is another.
            return Err(no_such_group(&group_id));
        }
        let _nobody_brings_it_back = self.room_coming_or_going.lock().await;
        let found = self.storage.delete_group(sdk_app_id, group_id.as_str()).await;
        if !found.map_err(internal)? {
            return Err(no_such_group(&group_id));
        }
        self.rooms.remove(sdk_app_id, &group_id);
        room.dismiss(operator.as_str());
        Ok(())
    }

    pub(crate) async fn online_member_num(
        &self,
        sdk_app_id: u32,
        group_id: &str,
    ) -> Result<u32, ApiError> {
        Ok(self.room(sdk_app_id, &GroupId::new(group_id)?).await?.figures().online)
    }

    /// Nickname of an account that has to exist (10019).
    pub(super) async fn nick_of(
        &self,
        sdk_app_id: u32,
        user_id: &UserId,
    ) -> Result<String, ApiError> {
        let nick = self.storage.account_nick(sdk_app_id, user_id.as_str()).await;
        nick.map_err(internal)?.ok_or_else(|| {
            ApiError::new(
                Code::ACCOUNT_ABSENT,
                format!("the account {user_id} does not exist: import it first"),
            )
        })
    }

    /// The given values, if every key is a custom group field of the application.
    async fn checked_fields(
        &self,
        sdk_app_id: u32,
        given: &[KeyValue],
    ) -> Result<CustomFields, ApiError> {
        if given.is_empty() {
            return Ok(CustomFields::new());
        }
        let defined = self.storage.fields(sdk_app_id).await.map_err(internal)?;
        let mut fields = CustomFields::new();
        for KeyValue { key, value } in given {
            if !defined.iter().any(|name| name == key) {
                let shown: String = key.chars().take(32).collect();
                return Err(ApiError::bad_parameter(format!(
                    "{shown:?} is no custom group field of application {sdk_app_id}: add it with \
                     `liveroom app field add`"
                )));
            }
            if value.len() > MAX_FIELD_VALUE_BYTES {
                return Err(ApiError::bad_parameter(format!(
                    "the value of {key} has {} bytes; {MAX_FIELD_VALUE_BYTES} is the most",
                    value.len()
                )));
            }
            fields.insert(key.clone(), value.clone());
        }
        Ok(fields)
    }
}

fn check_type(body: &CreateGroup) -> Result<(), ApiError> {
    let given = body.group_type.as_str();
    if OTHER_TYPES.contains(&given) {
        return Err(ApiError::new(
            Code::NO_PERMISSION,
            format!("groups of type {given} are not offered here: use {AV_CHAT_ROOM}"),
        ));
    }
    if given != AV_CHAT_ROOM {
        return Err(ApiError::bad_parameter(format!("unknown group Type: use {AV_CHAT_ROOM}")));
    }
    if !body.member_list.is_empty() {
        return Err(ApiError::new(
            Code::NO_PERMISSION,
            format!("an {AV_CHAT_ROOM} takes no MemberList: its members join by themselves"),
        ));
    }
    Ok(())
}

fn check_profile(
    name: Option<&str>,
    introduction: Option<&str>,
    notification: Option<&str>,
    face_url: Option<&str>,
) -> Result<(), ApiError> {
    if name.is_some_and(|name| name.trim().is_empty()) {
        return Err(ApiError::bad_parameter("Name is empty: give the group a name"));
    }
    let limits = [
        ("Name", name, MAX_NAME_BYTES),
        ("Introduction", introduction, MAX_INTRODUCTION_BYTES),
        ("Notification", notification, MAX_NOTIFICATION_BYTES),
        ("FaceUrl", face_url, MAX_FACE_URL_BYTES),
    ];
    for (field, value, limit) in limits {
        if let Some(value) = value.filter(|value| value.len() > limit) {
            return Err(ApiError::bad_parameter(format!(
                "{field} has {} bytes; {limit} is the most",
                value.len()
            )));
        }
    }
    Ok(())
}

fn made_id() -> String {
    let mut rng = rand::rng();
    let letter = |_| char::from(ID_LETTERS[rng.random_range(0..ID_LETTERS.len())]);
    // The `a` marks an AVChatRoom, as in the vendor's samples.
    let letters: String = (0..ID_LENGTH).map(letter).collect();
    format!("{RESERVED_GROUP_PREFIX}a{letters}")
}
