//! Creating, reading, changing and dismissing groups.

use chat_types::code::{ApiError, Code};
use chat_types::group::{GroupType, KeyValue};
use chat_types::id::RESERVED_GROUP_PREFIX;
use chat_types::rest::{CreateGroup, FirstMember, GroupInfo, ModifyGroupBaseInfo};
use chat_types::{GroupId, UserId};
use rand::RngExt;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::fields::{readable, readers, right_in, writable};
use super::membership::{ADMIN, OWNER, member_info, new_member, no_member_fields};
use super::{Origin, Service, internal, no_such_group};
use crate::application::{Application, Right, Settings};
use crate::room::Room;
use crate::storage::{GroupIdPage, GroupPatch, StoredGroup, StoredMember};
use crate::webhook::Decision;

/// Letters of an id that the service makes, after the prefix.
const ID_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const ID_LENGTH: usize = 10;
const JOIN_OPTIONS: [&str; 3] = ["FreeAccess", "NeedPermission", "DisableApply"];
/// Members that a group may have, and has by default (product/269/1502).
const MOST_MEMBERS: u32 = 6_000;
/// `ApplyJoinOption` of a group that does not say: members of a Private group are invited.
const INVITED_ONLY: &str = "DisableApply";
const ON_APPROVAL: &str = "NeedPermission";

impl Service {
    pub(crate) async fn create_group(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        body: CreateGroup,
    ) -> Result<GroupId, ApiError> {
        let group = self.new_group(app, body).await?;
        let created = self.check_group_limits(app, group.group_type).await?;
        match self.before_create(app, operator, origin, &group, created).await {
            Decision::Allow(_) | Decision::Silent => {}
            Decision::Refuse(error) => return Err(error),
        }
        let created = self.insert_group(app, &group).await?;
        if !group.members.is_empty() {
            let members: Vec<String> = group.members.keys().cloned().collect();
            self.room(app.sdk_app_id, &created).await?.tell_entered(&members);
        }
        self.after_create(app, operator, origin, &group).await;
        Ok(created)
    }

    /// Stores a new group, if the application may have one more, and lets its members in who are
    /// online.
    pub(super) async fn insert_group(
        &self,
        app: &Application,
        group: &StoredGroup,
    ) -> Result<GroupId, ApiError> {
        let sdk_app_id = app.sdk_app_id;
        let group_id = GroupId::new(&*group.group_id)?;
        let inserted = {
            let limits = [app.settings.group_limit, app.settings.room_limit];
            // Two callers at once must not both take the last place.
            let one_at_a_time = match limits {
                [0, 0] => None,
                _ => Some(self.groups_coming.lock().await),
            };
            if one_at_a_time.is_some() {
                self.check_group_limits(app, group.group_type).await?;
            }
            self.storage.insert_group(sdk_app_id, group).await.map_err(internal)?
        };
        if inserted {
            if !group.members.is_empty() {
                let room = self.room(sdk_app_id, &group_id).await?;
                let members: Vec<String> = group.members.keys().cloned().collect();
                self.attach_members(app, &group_id, &room, &members);
            }
            return Ok(group_id);
        }
        let stored = self.storage.group(sdk_app_id, group_id.as_str()).await.map_err(internal)?;
        let same_owner = stored.is_some_and(|stored| stored.owner == group.owner);
        let code = if same_owner { Code::GROUP_ID_TAKEN_BY_OWNER } else { Code::GROUP_ID_TAKEN };
        Err(ApiError::new(code, format!("the group id {group_id} is in use: choose another")))
    }

    /// The group that a request asks for, not stored yet.
    pub(super) async fn new_group(
        &self,
        app: &Application,
        body: CreateGroup,
    ) -> Result<StoredGroup, ApiError> {
        let group_type = offered_type(&body.group_type)?;
        let profile = Profile {
            name: Some(&body.name),
            introduction: body.introduction.as_deref(),
            notification: body.notification.as_deref(),
            face_url: body.face_url.as_deref(),
            apply_join_option: body.apply_join_option.as_deref(),
        };
        profile.check(&app.settings)?;
        if group_type == GroupType::AVChatRoom && !body.member_list.is_empty() {
            return Err(ApiError::new(
                Code::NO_PERMISSION,
                "an AVChatRoom takes no MemberList: its members join by themselves",
            ));
        }
        let given = &body.app_defined_data;
        let now_s = self.clock.now_s();
        let custom_fields = writable(app, group_type, Right::AppAdmin, given, now_s)?;
        let group_id = match body.group_id.filter(|id| !id.is_empty()) {
            Some(id) => GroupId::chosen_by_caller(id)?,
            None => GroupId::new(made_id(group_type))?,
        };
        let mut group = StoredGroup::new(group_id.as_str(), group_type, self.now_s());
        group.owner = body.owner_account.unwrap_or_default();
        group.admins = first_admins(&group.owner, &body.member_list)?;
        let members = body.member_list.into_iter().map(|member| member.member_account);
        let owner = Some(group.owner.clone()).filter(|owner| !owner.is_empty());
        let mut accounts: Vec<String> = members.chain(owner).collect();
        accounts.sort_unstable();
        accounts.dedup();
        self.all_exist(app.sdk_app_id, &accounts).await?;
        group.name = body.name;
        group.introduction = body.introduction.unwrap_or_default();
        group.notification = body.notification.unwrap_or_default();
        group.face_url = body.face_url.unwrap_or_default();
        group.custom_fields = custom_fields;
        if group_type != GroupType::AVChatRoom {
            let usual = if group_type == GroupType::Private { INVITED_ONLY } else { ON_APPROVAL };
            group.apply_join_option = body.apply_join_option.unwrap_or_else(|| usual.to_owned());
            group.max_member_num = body.max_member_count.unwrap_or(MOST_MEMBERS);
            let member = new_member(self.now_s(), 0);
            group.members = accounts.into_iter().map(|user| (user, member.clone())).collect();
            check_max_members(group.max_member_num, group.members.len())?;
        }
        Ok(group)
    }

    /// 10058 or 10036 when the application has as many groups as its settings let it have;
    /// otherwise how many of this type it has.
    pub(super) async fn check_group_limits(
        &self,
        app: &Application,
        group_type: GroupType,
    ) -> Result<u32, ApiError> {
        let count = async |of_type| {
            let page = self.storage.group_ids(app.sdk_app_id, of_type, 0, 0).await;
            Ok::<u32, ApiError>(page.map_err(internal)?.total.try_into().unwrap_or(u32::MAX))
        };
        let settings = &app.settings;
        if settings.group_limit > 0 && count(None).await? >= settings.group_limit {
            return Err(ApiError::new(
                Code::GROUP_LIMIT,
                format!("the application has {} groups, which is its limit", settings.group_limit),
            ));
        }
        let of_type = count(Some(group_type)).await?;
        let limited = group_type == GroupType::AVChatRoom && settings.room_limit > 0;
        if limited && of_type >= settings.room_limit {
            return Err(ApiError::new(
                Code::ROOM_LIMIT,
                format!("the application has {of_type} AVChatRooms, which is its limit"),
            ));
        }
        Ok(of_type)
    }

    /// The profile of a group, on request with its stored members.
    pub(crate) async fn group_info(
        &self,
        app: &Application,
        reader: &UserId,
        group_id: &str,
        with_members: bool,
    ) -> Result<GroupInfo, ApiError> {
        let room = self.room(app.sdk_app_id, &GroupId::new(group_id)?).await?;
        let summary = room.summary();
        let field = |(key, value)| KeyValue { key, value };
        let now_s = self.now_s();
        Ok(room.with(|group| {
            let mute_all = if group.mute_all { "On" } else { "Off" };
            let stored_members = u32::try_from(group.members.len()).unwrap_or(u32::MAX);
            let is_room = group.group_type == GroupType::AVChatRoom;
            let right = right_in(app, group, reader);
            let members = group.members.iter().filter(|_| with_members);
            let info =
                |(user, member): (&String, &StoredMember)| member_info(group, user, member, now_s);
            GroupInfo {
                group_id: group.group_id.clone(),
                group_type: group.group_type.name().to_owned(),
                name: group.name.clone(),
                introduction: group.introduction.clone(),
                notification: group.notification.clone(),
                face_url: group.face_url.clone(),
                owner_account: group.owner.clone(),
                appid: app.sdk_app_id,
                create_time: group.create_time,
                last_info_time: group.last_info_time,
                last_msg_time: summary.last_message_time_s,
                info_seq: group.info_seq,
                next_msg_seq: summary.next_seq,
                member_num: if is_room { summary.online } else { stored_members },
                max_member_num: group.max_member_num,
                apply_join_option: group.apply_join_option.clone(),
                shut_up_all_member: mute_all.to_owned(),
                mute_all_member: mute_all.to_owned(),
                app_defined_data: readable(app, group, right).into_iter().map(field).collect(),
                member_list: members.map(info).collect(),
            }
        }))
    }

    /// Changes the profile as an administrator of the application, or as whoever the gateway says.
    pub(crate) async fn modify_group(
        &self,
        app: &Arc<Application>,
        operator: &UserId,
        origin: Origin,
        body: ModifyGroupBaseInfo,
    ) -> Result<(), ApiError> {
        let profile = Profile {
            name: body.name.as_deref(),
            introduction: body.introduction.as_deref(),
            notification: body.notification.as_deref(),
            face_url: body.face_url.as_deref(),
            apply_join_option: body.apply_join_option.as_deref(),
        };
        profile.check(&app.settings)?;
        let mute_all = match body.shut_up_all_member.as_deref() {
            None => None,
            Some("On") => Some(true),
            Some("Off") => Some(false),
            Some(_) => return Err(ApiError::bad_parameter("MuteAllMember is On or Off")),
        };
        let group_id = GroupId::new(&*body.group_id)?;
        let room = self.room(app.sdk_app_id, &group_id).await?;
        let one_at_a_time = room.changing.lock().await;
        let (group_type, right) =
            room.with(|group| (group.group_type, right_in(app, group, operator)));
        let given = &body.app_defined_data;
        // They mean nothing for an AVChatRoom, which everybody enters, without a limit.
        let (option, most) = match group_type {
            GroupType::AVChatRoom => (None, None),
            _ => (body.apply_join_option, body.max_member_num),
        };
        let patch = GroupPatch {
            custom_fields: writable(app, group_type, right, given, self.clock.now_s())?,
            name: body.name,
            introduction: body.introduction,
            notification: body.notification,
            face_url: body.face_url,
            owner: None,
            apply_join_option: option,
            max_member_num: most,
            mute_all,
        };
        if let (Some(most), true) = (patch.max_member_num, group_type != GroupType::AVChatRoom) {
            check_max_members(most, room.with(|group| group.members.len()))?;
        }
        // They have rights of their own.
        let without_profile = GroupPatch {
            custom_fields: patch.custom_fields.clone(),
            mute_all: patch.mute_all,
            ..GroupPatch::default()
        };
        if patch == GroupPatch::default() {
            return Err(ApiError::bad_parameter(
                "nothing to change: give at least one of Name, Introduction, Notification, \
                 FaceUrl, ApplyJoinOption, MaxMemberNum, MuteAllMember, AppDefinedData",
            ));
        }
        let needed = match group_type {
            GroupType::AVChatRoom => Right::Owner,
            GroupType::Private => Right::Member,
            _ => Right::Admin,
        };
        if patch.mute_all.is_some() && right < Right::Admin {
            return Err(ApiError::new(
                Code::NO_PERMISSION,
                "only the owner and administrators mute the whole group",
            ));
        }
        if patch != without_profile && right < needed {
            return Err(ApiError::new(
                Code::NO_PERMISSION,
                "this account may not change the profile of the group",
            ));
        }
        let changed = room.with(|group| patch.changed_texts(group));
        self.store_profile(app, &room, &group_id, patch, operator).await?;
        drop(one_at_a_time);
        self.after_info_changed(app, operator, origin, &room, changed).await;
        Ok(())
    }

    /// Stores a change of the profile and tells the members. The caller holds `room.changing`.
    pub(crate) async fn store_profile(
        &self,
        app: &Arc<Application>,
        room: &Room,
        group_id: &GroupId,
        patch: GroupPatch,
        operator: &UserId,
    ) -> Result<(), ApiError> {
        let change = [crate::storage::GroupChange::Profile(patch)];
        let now_s = self.clock.now_s();
        let sdk_app_id = app.sdk_app_id;
        // A group that was made again under the id of a dismissed one is another.
        let found = !room.is_dismissed() && {
            let stored = self.storage.change_group(sdk_app_id, group_id.as_str(), &change, now_s);
            stored.await.map_err(internal)?
        };
        if !found {
            return Err(no_such_group(group_id));
        }
        let [crate::storage::GroupChange::Profile(patch)] = change else { return Ok(()) };
        let app = Arc::clone(app);
        let is_room = room.with(|group| group.group_type == GroupType::AVChatRoom);
        let rules_told = !is_room || app.settings.mute_all_tip;
        let (operator, now_s) = (operator.as_str(), self.now_s());
        room.profile_changed(&patch, operator, now_s, rules_told, |group, field| {
            readers(&app, group, field)
        });
        Ok(())
    }

    pub(crate) async fn destroy_group(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        group_id: &str,
    ) -> Result<(), ApiError> {
        let sdk_app_id = app.sdk_app_id;
        let group_id = GroupId::new(group_id)?;
        let room = self.room(sdk_app_id, &group_id).await?;
        let one_at_a_time = room.changing.lock().await;
        if room.is_dismissed() {
            // Somebody dismissed it meanwhile; a group that was made again under its id is another.
            return Err(no_such_group(&group_id));
        }
        // Nothing that was said here gets into a group that is made again under the id.
        self.recorder.settled().await?;
        let nobody_brings_it_back = self.room_keys.lock(&(sdk_app_id, &group_id)).await;
        let found = self.storage.delete_group(sdk_app_id, group_id.as_str()).await;
        if !found.map_err(internal)? {
            return Err(no_such_group(&group_id));
        }
        self.rooms.remove(sdk_app_id, &group_id);
        room.dismiss(operator.as_str());
        // A group that is made again under the id has never seen these messages.
        self.repeats.forget(&(sdk_app_id, group_id));
        drop(nobody_brings_it_back);
        drop(one_at_a_time);
        self.after_destroyed(app, origin, &room).await;
        Ok(())
    }

    /// Ids of the groups of the application, from the first one after `offset`.
    pub(crate) async fn list_groups(
        &self,
        app: &Application,
        group_type: Option<GroupType>,
        offset: u64,
        limit: u32,
    ) -> Result<GroupIdPage, ApiError> {
        self.storage.group_ids(app.sdk_app_id, group_type, offset, limit).await.map_err(internal)
    }

    /// The room of a group id as it stands in a request.
    pub(crate) async fn room_named(
        &self,
        app: &Application,
        group_id: &str,
    ) -> Result<(GroupId, Arc<Room>), ApiError> {
        let group_id = GroupId::new(group_id)?;
        let room = self.room(app.sdk_app_id, &group_id).await?;
        Ok((group_id, room))
    }

    /// Nickname of an account that has to exist (10019).
    pub(super) async fn nick_of(
        &self,
        sdk_app_id: u32,
        user_id: &UserId,
    ) -> Result<String, ApiError> {
        match self.account(sdk_app_id, user_id.as_str()).await? {
            Some(account) => Ok(account.nick.clone()),
            None => Err(no_such_account(user_id.as_str())),
        }
    }

    /// 10019 unless all of these accounts exist.
    pub(crate) async fn all_exist(
        &self,
        sdk_app_id: u32,
        users: &[String],
    ) -> Result<(), ApiError> {
        let mut names = Vec::with_capacity(users.len());
        for user in users {
            names.push(UserId::new(&**user)?.to_string());
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = self.storage.accounts(sdk_app_id, &names).await.map_err(internal)?;
        match names.iter().find(|name| !found.iter().any(|account| account.user_id == **name)) {
            Some(absent) => Err(no_such_account(absent)),
            None => Ok(()),
        }
    }
}

fn no_such_account(user_id: &str) -> ApiError {
    ApiError::new(
        Code::ACCOUNT_ABSENT,
        format!("the account {user_id} does not exist: import it first"),
    )
}

/// Those of the first members that are administrators; the owner is none.
fn first_admins(owner: &str, members: &[FirstMember]) -> Result<BTreeSet<String>, ApiError> {
    let mut admins = BTreeSet::new();
    for FirstMember { member_account: user, role, app_member_defined_data: data } in members {
        if !data.is_empty() {
            return Err(no_member_fields());
        }
        match role.as_deref() {
            Some(OWNER) if user != owner => {
                return Err(ApiError::bad_parameter(format!(
                    "{user} is not the owner: name the owner in Owner_Account"
                )));
            }
            Some(ADMIN) if user != owner => {
                admins.insert(user.clone());
            }
            _ => {}
        }
    }
    Ok(admins)
}

/// 10038 when a group with so many members may not have this limit.
fn check_max_members(most: u32, members: usize) -> Result<(), ApiError> {
    if members > most as usize || most > MOST_MEMBERS {
        return Err(ApiError::new(
            Code::MEMBER_LIMIT,
            format!(
                "a limit of {most} members does not fit: the group has {members}, and \
                 {MOST_MEMBERS} is the most"
            ),
        ));
    }
    Ok(())
}

fn offered_type(name: &str) -> Result<GroupType, ApiError> {
    match GroupType::from_name(name) {
        Some(GroupType::Community) => Err(ApiError::new(
            Code::NO_PERMISSION,
            "groups of type Community are not offered here: use AVChatRoom, Public, Private or \
             ChatRoom",
        )),
        Some(group_type) => Ok(group_type),
        None => Err(ApiError::bad_parameter(
            "unknown group Type: use AVChatRoom, Public, Private or ChatRoom",
        )),
    }
}

/// The texts of a profile that are given.
struct Profile<'a> {
    name: Option<&'a str>,
    introduction: Option<&'a str>,
    notification: Option<&'a str>,
    face_url: Option<&'a str>,
    apply_join_option: Option<&'a str>,
}

impl Profile<'_> {
    fn check(&self, limits: &Settings) -> Result<(), ApiError> {
        if self.name.is_some_and(|name| name.trim().is_empty()) {
            return Err(ApiError::bad_parameter("Name is empty: give the group a name"));
        }
        if self.apply_join_option.is_some_and(|option| !JOIN_OPTIONS.contains(&option)) {
            return Err(ApiError::bad_parameter(format!(
                "ApplyJoinOption is one of {}",
                JOIN_OPTIONS.join(", ")
            )));
        }
        let limits = [
            ("Name", self.name, limits.name_bytes),
            ("Introduction", self.introduction, limits.introduction_bytes),
            ("Notification", self.notification, limits.notification_bytes),
            ("FaceUrl", self.face_url, limits.face_url_bytes),
        ];
        for (field, value, limit) in limits {
            if let Some(value) = value.filter(|value| value.len() > limit as usize) {
                return Err(ApiError::bad_parameter(format!(
                    "{field} has {} bytes; {limit} is the most",
                    value.len()
                )));
            }
        }
        Ok(())
    }
}

fn made_id(group_type: GroupType) -> String {
    let mut rng = rand::rng();
    let letter = |_| char::from(ID_LETTERS[rng.random_range(0..ID_LETTERS.len())]);
    let letters: String = (0..ID_LENGTH).map(letter).collect();
    // The `a` marks an AVChatRoom, as in the vendor's samples.
    let mark = if group_type == GroupType::AVChatRoom { "a" } else { "" };
    format!("{RESERVED_GROUP_PREFIX}{mark}{letters}")
}
