//! Who is in a group now: counts, lists, and members whose connection breaks and comes back.

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::gateway::{Platform, RemovedReason};
use chat_types::group::GroupType;
use chat_types::rest::{
    GetGroupMemberInfo, GetMembers, GroupMembers, MAX_BODY_BYTES, MemberInfo, OnlineMember,
    OnlineMembers,
};
use chat_types::webhook::{ExitType, MemberState, MemberStateChange, Webhook};
use serde_json::{Map, Value};

use super::events::accounts;
use super::membership::{member_info as stored_member, muted_until, role_inside};
use super::{Ended, Login, Origin, Service};
use crate::application::{Application, Edition};
use crate::room::{ConnectionId, Present, Removal, Room};
use crate::storage::StoredGroup;

/// Accounts that the list of an AVChatRoom has without and with the online member list
/// ("Live Room Setup Guide", product/1047/49589).
const SHORT_LIST: usize = 30;
const LONG_LIST: usize = 1_000;
/// Accounts in one answer of `get_members`.
const PAGE: usize = 500;
/// Accounts in one webhook.
const REPORTED_AT_ONCE: usize = 500;
/// Nobody's request: the service noticed it by itself.
const BY_ITSELF: Origin = Origin { platform: "Unknown", client_ip: None };

/// Whether the application has the online member list and all that belongs to it.
pub(super) fn has_online_list(app: &Application) -> bool {
    app.edition >= Edition::Ultimate && app.settings.online_member_list
}

/// 10007 for an application without the online member list.
pub(super) fn needs_online_list(app: &Application) -> Result<(), ApiError> {
    if has_online_list(app) {
        return Ok(());
    }
    Err(ApiError::new(
        Code::NO_PERMISSION,
        "this needs the Ultimate edition and the setting online_member_list",
    ))
}

/// 10007 for a group of another type than AVChatRoom.
pub(super) fn needs_live_room(room: &Room) -> Result<(), ApiError> {
    if room.with(|group| group.group_type) == GroupType::AVChatRoom {
        return Ok(());
    }
    Err(ApiError::new(Code::NO_PERMISSION, "only a group of type AVChatRoom has this"))
}

impl Service {
    /// `get_online_member_num`: for an AVChatRoom who is in it, for other groups the members that
    /// are signed in.
    pub(crate) async fn online_number(
        &self,
        app: &Application,
        group_id: &str,
    ) -> Result<u32, ApiError> {
        let (_, room) = self.room_named(app, group_id).await?;
        let members = room.with(|group| match group.group_type {
            GroupType::AVChatRoom => None,
            _ => Some(group.members.keys().cloned().collect::<Vec<String>>()),
        });
        let Some(members) = members else { return Ok(room.shown_online(self.now_s())) };
        let users = members.into_iter().filter_map(|user| UserId::new(user).ok());
        let signed_in = users.filter(|user| !self.sessions.of(app.sdk_app_id, user).is_empty());
        Ok(u32::try_from(signed_in.count()).unwrap_or(u32::MAX))
    }

    /// `get_members`: the online list, the newest first.
    pub(crate) async fn online_members(
        &self,
        app: &Application,
        body: GetMembers,
    ) -> Result<OnlineMembers, ApiError> {
        needs_online_list(app)?;
        let (_, room) = self.room_named(app, &body.group_id).await?;
        needs_live_room(&room)?;
        let newest = room.newest(LONG_LIST, &body.marks);
        let start = match body.timestamp {
            0 => 0,
            after => newest.partition_point(|present| present.arrival >= after),
        };
        let rest = newest.get(start..).unwrap_or_default();
        let page = rest.get(..PAGE).unwrap_or(rest);
        let more = rest.len() > page.len();
        let next_timestamp = page.last().filter(|_| more).map_or(0, |last| last.arrival);
        let member_list = page.iter().map(online_member).collect();
        Ok(OnlineMembers { member_list, next_timestamp })
    }

    /// `get_group_member_info`. 10018 when the answer would be over 1 MB.
    pub(crate) async fn member_info(
        &self,
        app: &Application,
        body: GetGroupMemberInfo,
    ) -> Result<GroupMembers, ApiError> {
        let (_, room) = self.room_named(app, &body.group_id).await?;
        let now_s = self.now_s();
        let is_room = room.with(|group| group.group_type == GroupType::AVChatRoom);
        let (number, mut infos) = if is_room {
            let most = if has_online_list(app) { LONG_LIST } else { SHORT_LIST };
            let newest = room.newest(most, &[]);
            let infos = room.with(|group| {
                newest.iter().map(|present| present_member(group, present, now_s)).collect()
            });
            (room.summary().online, infos)
        } else {
            room.with(|group| (size(group), stored_members(group, now_s)))
        };
        if let Some(roles) = body.member_role_filter.filter(|roles| !roles.is_empty()) {
            infos.retain(|info: &MemberInfo| roles.contains(&info.role));
        }
        let limit = body.limit.filter(|limit| *limit > 0).unwrap_or(u32::MAX);
        let page = infos.into_iter().skip(body.offset as usize).take(limit as usize);
        let member_list = page
            .map(|info| entry(&info, is_room, body.member_info_filter.as_deref()))
            .collect::<Vec<_>>();
        let bytes: usize = member_list.iter().map(bytes_of).sum();
        if bytes > MAX_BODY_BYTES {
            return Err(ApiError::new(
                Code::ANSWER_TOO_LONG,
                "the answer would be over 1 MB: ask for fewer members with Limit and Offset",
            ));
        }
        Ok(GroupMembers { member_num: number, member_list })
    }

    /// The connection ends while it is in a room. Who logs out has left; who breaks off may come
    /// back within the grace time as if nothing had been.
    pub(crate) async fn ended_in(
        &self,
        app: &Application,
        room: &Room,
        user_id: &UserId,
        login: &Login,
        ended: Ended,
    ) {
        match ended {
            Ended::Logout => self.step_out(app, room, user_id, login).await,
            Ended::LinkClose | Ended::TimeOut => {
                room.drop_connection(login.connection, self.now_s());
            }
        }
    }

    /// Takes a connection that has ended out of every room that still has it. It looks at all rooms of
    /// the application and is for ends that went wrong.
    pub(crate) fn sweep(&self, sdk_app_id: u32, connection: ConnectionId) {
        let now_s = self.now_s();
        for room in self.rooms_of(sdk_app_id) {
            room.drop_connection(connection, now_s);
        }
    }

    /// A web client has entered another AVChatRoom and is out of this one.
    pub(crate) async fn moved_on(
        &self,
        app: &Application,
        room: &Room,
        user_id: &UserId,
        login: &Login,
    ) {
        let removal = Removal {
            reason: RemovedReason::Elsewhere,
            operator: user_id.as_str(),
            until_s: None,
            info: "a web client is in one AVChatRoom at a time",
            except: None,
        };
        room.tell_connection(login.connection, &removal);
        self.step_out(app, room, user_id, login).await;
    }

    /// A web client has entered an AVChatRoom: the web clients that its account has beside it are
    /// out of every other one.
    pub(crate) async fn moved_elsewhere(
        &self,
        app: &Application,
        entered: &Room,
        user_id: &UserId,
        login: &Login,
    ) {
        let others: Vec<Login> = self
            .sessions
            .of(app.sdk_app_id, user_id)
            .into_iter()
            .filter(|other| other.platform == Platform::Web && other.connection != login.connection)
            .collect();
        if others.is_empty() {
            return;
        }
        // One at a time: of two that enter at once, one stays.
        let _in_order = self.sessions.order(user_id).await;
        if !entered.has(login.connection) {
            return;
        }
        for room in self.rooms_of(app.sdk_app_id) {
            let is_other = room.incarnation() != entered.incarnation() && room.has_account(user_id);
            if is_other && needs_live_room(&room).is_ok() {
                for other in others.iter().filter(|other| room.has(other.connection)) {
                    self.moved_on(app, &room, user_id, other).await;
                }
            }
        }
    }

    /// Takes logins that an administrator has ended out of every AVChatRoom.
    pub(super) async fn put_out(&self, app: &Application, user_id: &UserId, logins: &[Login]) {
        for room in self.rooms_of(app.sdk_app_id) {
            if room.has_account(user_id) && needs_live_room(&room).is_ok() {
                for login in logins.iter().filter(|login| room.has(login.connection)) {
                    self.step_out(app, &room, user_id, login).await;
                }
            }
        }
    }

    /// Takes one connection out of an AVChatRoom, and no other device of its account.
    async fn step_out(&self, app: &Application, room: &Room, user_id: &UserId, login: &Login) {
        let last = room.leave(login.connection) == Some(true);
        if last && room.with(|group| group.group_type) == GroupType::AVChatRoom {
            let (users, origin) = ([user_id.to_string()], login.origin());
            self.after_exit(app, room, user_id, ExitType::Quit, &users, origin).await;
        }
    }

    /// Reports members whose connection has been gone for longer than the grace time.
    pub(crate) async fn report_offline(&self) {
        let now_s = self.now_s();
        for (sdk_app_id, group_id, room) in self.absent.take() {
            let users = room.take_offline(now_s);
            let Ok(app) = self.known_application(sdk_app_id) else { continue };
            for users in users.chunks(REPORTED_AT_ONCE) {
                let state = MemberState::Offline;
                self.member_state(&app, group_id.as_str(), state, users, BY_ITSELF).await;
            }
        }
    }

    /// Reports a member that is back after it was reported as offline.
    pub(crate) async fn report_online(
        &self,
        app: &Application,
        room: &Room,
        user_id: &UserId,
        origin: Origin,
    ) {
        let group_id = room.with(|group| group.group_id.clone());
        let users = std::slice::from_ref(user_id);
        self.member_state(app, &group_id, MemberState::Online, users, origin).await;
    }

    async fn member_state(
        &self,
        app: &Application,
        group_id: &str,
        event_type: MemberState,
        users: &[UserId],
        origin: Origin,
    ) {
        if !has_online_list(app) {
            return;
        }
        let users: Vec<String> = users.iter().map(UserId::to_string).collect();
        let webhook = Webhook::OnMemberStateChange(MemberStateChange {
            group_id: group_id.to_owned(),
            event_type,
            member_list: accounts(users.iter()),
        });
        self.tell(app, origin, &webhook).await;
    }
}

fn online_member(present: &Present) -> OnlineMember {
    OnlineMember {
        member_account: present.user_id.to_string(),
        join_time: present.join_time,
        marks: present.marks.clone(),
    }
}

fn size(group: &StoredGroup) -> u32 {
    u32::try_from(group.members.len()).unwrap_or(u32::MAX)
}

fn present_member(group: &StoredGroup, present: &Present, now_s: u32) -> MemberInfo {
    let user = present.user_id.as_str();
    let until = muted_until(group, user, now_s);
    MemberInfo {
        member_account: user.to_owned(),
        role: role_inside(group, user).to_owned(),
        join_time: present.join_time,
        shut_up_until: until,
        mute_until: until,
        ..MemberInfo::default()
    }
}

/// Members in the order in which they came in.
fn stored_members(group: &StoredGroup, now_s: u32) -> Vec<MemberInfo> {
    let members = group.members.iter();
    let mut infos: Vec<MemberInfo> =
        members.map(|(user, member)| stored_member(group, user, member, now_s)).collect();
    infos.sort_by_key(|info| info.join_time);
    infos
}

/// What an AVChatRoom knows of a member; it stores nothing.
const LIVE_FIELDS: [&str; 5] = ["Member_Account", "Role", "JoinTime", "ShutUpUntil", "MuteUntil"];

/// A member with the fields that are wanted. Either name of the end of the mute gives both.
fn entry(info: &MemberInfo, is_room: bool, wanted: Option<&[String]>) -> Map<String, Value> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(info) else { return Map::new() };
    fields.retain(|name, _| !is_room || LIVE_FIELDS.contains(&name.as_str()));
    if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
        let mute = wanted.iter().any(|name| name == "ShutUpUntil" || name == "MuteUntil");
        fields.retain(|name, _| match name.as_str() {
            "Member_Account" => true,
            "ShutUpUntil" | "MuteUntil" => mute,
            name => wanted.iter().any(|wanted| wanted == name),
        });
    }
    fields
}

fn bytes_of(fields: &Map<String, Value>) -> usize {
    serde_json::to_vec(fields).map_or(usize::MAX / 2, |json| json.len() + 1)
}
