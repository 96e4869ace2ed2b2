//! Members of the groups that store them: who comes and goes, roles, name cards, what is unread.
//! An AVChatRoom stores none and refuses nearly all of it.

use chat_types::code::{ApiError, Code};
use chat_types::gateway::{RemovedReason, ServerFrame};
use chat_types::group::GroupType;
use chat_types::rest::{
    AddGroupMember, DeleteGroupMember, MemberInfo, MemberResult, MemberResults,
    ModifyGroupMemberInfo, RoleInGroup,
};
use chat_types::webhook::{ExitType, JoinType};
use chat_types::{GroupId, UserId};
use std::collections::BTreeSet;
use std::sync::Arc;

use super::attached::MAX_ATTACHED;
use super::entry::not_in;
use super::member_events::MemberChange;
use super::{Login, Origin, Service, internal};
use crate::application::Application;
use crate::room::{Removal, Room, Stamp};
use crate::storage::{FOREVER, GroupChange, GroupPatch, MemberRecord, StoredGroup, StoredMember};
use crate::webhook::Decision;

pub(super) const OWNER: &str = "Owner";
pub(super) const ADMIN: &str = "Admin";
pub(super) const MEMBER: &str = "Member";
const NOT_MEMBER: &str = "NotMember";

/// `Result` of one account.
pub(super) const FAILED: u32 = 0;
pub(super) const ADDED: u32 = 1;
pub(super) const MEMBER_BEFORE: u32 = 2;

/// A member who has read everything up to `read_seq`.
pub(super) fn new_member(join_time: u32, read_seq: u32) -> StoredMember {
    StoredMember {
        join_time,
        read_seq,
        msg_flag: "AcceptAndNotify".to_owned(),
        ..StoredMember::default()
    }
}

/// The role of a stored member, or of somebody who might be one.
pub(super) fn role(group: &StoredGroup, user: &str) -> &'static str {
    if group.owner == user {
        OWNER
    } else if group.admins.contains(user) {
        ADMIN
    } else if group.members.contains_key(user) {
        MEMBER
    } else {
        NOT_MEMBER
    }
}

/// The role of somebody who is in the group, whether it stores its members or not.
pub(super) fn role_inside(group: &StoredGroup, user: &str) -> &'static str {
    match role(group, user) {
        NOT_MEMBER => MEMBER,
        role => role,
    }
}

/// The end of a mute in Unix seconds; 0 for whoever is not muted.
pub(super) fn muted_until(group: &StoredGroup, user: &str, now_s: u32) -> u32 {
    group.mutes.get(user).copied().filter(|until| *until > now_s).unwrap_or(0)
}

pub(super) fn is_banned(group: &StoredGroup, user: &str, now_s: u32) -> bool {
    group.bans.get(user).is_some_and(|ban| ban.until > now_s)
}

pub(super) fn member_info(
    group: &StoredGroup,
    user: &str,
    member: &StoredMember,
    now_s: u32,
) -> MemberInfo {
    let muted_until = muted_until(group, user, now_s);
    MemberInfo {
        member_account: user.to_owned(),
        role: role(group, user).to_owned(),
        join_time: member.join_time,
        msg_seq: member.read_seq,
        msg_flag: member.msg_flag.clone(),
        last_send_msg_time: member.last_send_time,
        shut_up_until: muted_until,
        mute_until: muted_until,
        name_card: member.name_card.clone(),
        app_member_defined_data: Vec::new(),
    }
}

impl Service {
    /// Adds accounts to a group. Those that cannot be added have their own result; the whole call
    /// fails when the webhook refuses it (10016) or the group has no place for all (10014).
    pub(crate) async fn add_members(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        body: AddGroupMember,
    ) -> Result<MemberResults, ApiError> {
        let (group_id, room) = self.room_named(app, &body.group_id).await?;
        refuse_live_room(&room, Code::NO_PERMISSION, "its members come in by themselves")?;
        let users: BTreeSet<String> =
            body.member_list.into_iter().map(|member| member.member_account).collect();
        let now_s = self.now_s();
        let welcome = |group: &StoredGroup, known: &BTreeSet<String>| -> Vec<String> {
            let new = |user: &&String| {
                !group.members.contains_key(*user) && !is_banned(group, user, now_s)
            };
            known.iter().filter(new).cloned().collect()
        };
        let known = self.existing(app.sdk_app_id, &users).await.map_err(internal)?;
        let invited = room.with(|group| welcome(group, &known));
        if !invited.is_empty()
            && let Decision::Refuse(error) =
                self.before_invite(app, &room, operator, &invited, origin).await
        {
            return Err(error);
        }
        let one_at_a_time = room.changing.lock().await;
        // The webhook may have taken two seconds, and accounts may have been deleted.
        let known = self.existing(app.sdk_app_id, &users).await.map_err(internal)?;
        let before: BTreeSet<String> = room.with(|group| {
            users.iter().filter(|user| group.members.contains_key(*user)).cloned().collect()
        });
        let mut added = room.with(|group| welcome(group, &known));
        added.retain(|user| invited.contains(user));
        let full = room.with(|group| check_capacity(group, added.len()))?;
        let member = new_member(now_s, room.last_seq());
        let put =
            |user: &String| GroupChange::PutMember { user: user.clone(), member: member.clone() };
        let changes: Vec<GroupChange> = added.iter().map(put).collect();
        self.change_group(app.sdk_app_id, &room, &changes).await?;
        self.attach_members(app, &group_id, &room, &added);
        if !added.is_empty() && !body.silence.0 {
            room.tell_entered(&added);
        }
        drop(one_at_a_time);
        if !added.is_empty() {
            self.after_join(app, &room, operator, JoinType::Invited, &added, origin).await;
            if full {
                self.after_full(app, &room, origin).await;
            }
        }
        let result = |user: String| {
            let result = match &user {
                user if before.contains(user) => MEMBER_BEFORE,
                user if added.contains(user) => ADDED,
                _ => FAILED,
            };
            MemberResult { member_account: user, result }
        };
        Ok(MemberResults { member_list: users.into_iter().map(result).collect() })
    }

    /// Takes members out. Accounts that are no members are left out of it; the owner stays (10007).
    pub(crate) async fn delete_members(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        body: DeleteGroupMember,
    ) -> Result<(), ApiError> {
        let (group_id, room) = self.room_named(app, &body.group_id).await?;
        refuse_live_room(&room, Code::BAD_PARAMETER, "ban the member with ban_group_member")?;
        let users: BTreeSet<String> = body.member_to_del_account.into_iter().collect();
        let one_at_a_time = room.changing.lock().await;
        if room.with(|group| users.contains(&group.owner)) {
            return Err(ApiError::new(
                Code::NO_PERMISSION,
                "the owner cannot be taken out: give the group another one with change_group_owner",
            ));
        }
        let gone: Vec<String> = room.with(|group| {
            users.into_iter().filter(|user| group.members.contains_key(user)).collect()
        });
        let info = match body.reason.as_str() {
            "" => "taken out of the group",
            reason => reason,
        };
        let removal = Removal {
            reason: RemovedReason::Kicked,
            operator: operator.as_str(),
            until_s: None,
            info,
            except: None,
        };
        self.remove_members(app, &group_id, &room, &gone, Vec::new(), &removal).await?;
        if !gone.is_empty() && !body.silence.0 {
            room.tell_left(&gone, Some(operator.as_str()));
        }
        drop(one_at_a_time);
        if !gone.is_empty() {
            self.after_exit(app, &room, operator, ExitType::Kicked, &gone, origin).await;
        }
        Ok(())
    }

    /// A member gives its membership up. The owner may not (10009).
    pub(super) async fn quit(
        &self,
        app: &Application,
        group_id: &GroupId,
        room: &Arc<Room>,
        user_id: &UserId,
        login: &Login,
    ) -> Result<(), ApiError> {
        let one_at_a_time = room.changing.lock().await;
        if room.with(|group| group.owner == user_id.as_str()) {
            return Err(ApiError::new(
                Code::OWNER_MAY_NOT_QUIT,
                "the owner may not leave the group: have it given to somebody else first",
            ));
        }
        if !room.has(login.connection) {
            // Somebody took the account out just before.
            return Err(not_in(group_id));
        }
        let gone = [user_id.to_string()];
        let removal = Removal {
            reason: RemovedReason::Left,
            operator: user_id.as_str(),
            until_s: None,
            info: "the account left the group on another device",
            except: Some(login.connection),
        };
        self.remove_members(app, group_id, room, &gone, Vec::new(), &removal).await?;
        room.tell_left(&gone, None);
        drop(one_at_a_time);
        self.after_exit(app, room, user_id, ExitType::Quit, &gone, login.origin()).await;
        Ok(())
    }

    /// Takes accounts out of the group together with `changes`, and their connections out of the
    /// room. Gives those that were in the room. The caller holds `room.changing`. A mute stays, for
    /// the case that the member comes back.
    pub(super) async fn remove_members(
        &self,
        app: &Application,
        group_id: &GroupId,
        room: &Room,
        gone: &[String],
        mut changes: Vec<GroupChange>,
        removal: &Removal<'_>,
    ) -> Result<Vec<UserId>, ApiError> {
        let users = gone.iter().map(|user| UserId::new(&**user)).collect::<Result<Vec<_>, _>>()?;
        changes.extend(gone.iter().flat_map(|user| {
            [GroupChange::RemoveMember(user.clone()), GroupChange::RemoveAdmin(user.clone())]
        }));
        self.change_group(app.sdk_app_id, room, &changes).await?;
        let taken_out = room.remove(&users, self.now_s(), removal);
        self.attached.forget(group_id, &taken_out.connections);
        Ok(taken_out.users)
    }

    /// Changes role, name card, message flag or mute of one member.
    pub(crate) async fn modify_member(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        body: ModifyGroupMemberInfo,
    ) -> Result<(), ApiError> {
        let (_, room) = self.room_named(app, &body.group_id).await?;
        refuse_live_room(&room, Code::NO_PERMISSION, "it stores no data of members")?;
        if !body.app_member_defined_data.is_empty() {
            return Err(no_member_fields());
        }
        let given = [body.role.is_some(), body.name_card.is_some(), body.msg_flag.is_some()];
        if !given.contains(&true) && body.mute_time.is_none() {
            return Err(ApiError::bad_parameter(
                "nothing to change: give at least one of Role, NameCard, MsgFlag, MuteTime",
            ));
        }
        let user = body.member_account;
        let one_at_a_time = room.changing.lock().await;
        let (group_type, role_before, member) = room.with(|group| {
            (group.group_type, role(group, &user), group.members.get(&user).cloned())
        });
        let mut member = member.ok_or_else(|| not_a_member(&user))?;
        let mut changes = Vec::new();
        let mut told = MemberChange::default();
        if let Some(new) = body.role.filter(|new| new != role_before) {
            changes.push(match (role_before, new.as_str()) {
                (OWNER, _) => {
                    return Err(ApiError::bad_parameter(
                        "the owner keeps its role: use change_group_owner",
                    ));
                }
                (_, ADMIN) => GroupChange::AddAdmin(user.clone()),
                _ => GroupChange::RemoveAdmin(user.clone()),
            });
            told.role = Some(new);
        }
        if let Some(name_card) = body.name_card.filter(|new| *new != member.name_card) {
            told.name_card = Some(name_card.clone());
            member.name_card = name_card;
        }
        member.msg_flag = body.msg_flag.unwrap_or(member.msg_flag);
        changes.push(GroupChange::PutMember { user: user.clone(), member });
        let muted_until = match body.mute_time {
            Some(_) if group_type == GroupType::Private => {
                return Err(ApiError::new(
                    Code::NO_PERMISSION,
                    "members of a Private group cannot be muted",
                ));
            }
            Some(0) => Some(0),
            Some(FOREVER) => Some(FOREVER),
            Some(seconds) => Some(self.now_s().saturating_add(seconds)),
            None => None,
        };
        match muted_until {
            Some(0) => changes.push(GroupChange::Unmute(user.clone())),
            Some(until) => changes.push(GroupChange::Mute { user: user.clone(), until }),
            None => {}
        }
        self.change_group(app.sdk_app_id, &room, &changes).await?;
        if let Some(new) = &told.role {
            room.tell_admin(&user, new == ADMIN);
        }
        if let Some(until_s) = muted_until {
            let group_id = body.group_id;
            let frame = ServerFrame::Muted { group_id, until_s };
            self.sessions.tell(app.sdk_app_id, &UserId::new(&*user)?, &frame, None);
        }
        drop(one_at_a_time);
        self.after_member_changed(app, &room, operator, &user, told, origin).await;
        Ok(())
    }

    /// Gives a group another owner: a member, or of an AVChatRoom any account.
    pub(crate) async fn change_owner(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        group_id: &str,
        new_owner: &str,
    ) -> Result<(), ApiError> {
        let (_, room) = self.room_named(app, group_id).await?;
        let nick = self.nick_of(app.sdk_app_id, &UserId::new(new_owner)?).await?;
        let one_at_a_time = room.changing.lock().await;
        let (old_owner, may) = room.with(|group| {
            let live_room = group.group_type == GroupType::AVChatRoom;
            (group.owner.clone(), live_room || group.members.contains_key(new_owner))
        });
        if !may {
            return Err(not_a_member(new_owner));
        }
        if old_owner == new_owner {
            return Ok(());
        }
        let now_s = self.now_s();
        room.with(|group| refuse_banned(group, new_owner, now_s))?;
        let owner = GroupPatch { owner: Some(new_owner.to_owned()), ..GroupPatch::default() };
        // One account has one role.
        let changes = [GroupChange::Profile(owner), GroupChange::RemoveAdmin(new_owner.to_owned())];
        self.change_group(app.sdk_app_id, &room, &changes).await?;
        room.owner_changed(nick, operator.as_str());
        drop(one_at_a_time);
        let owners = (old_owner.as_str(), new_owner);
        self.after_owner_changed(app, &room, operator, owners, origin).await;
        Ok(())
    }

    pub(crate) async fn roles_in(
        &self,
        app: &Application,
        group_id: &str,
        users: Vec<String>,
    ) -> Result<Vec<RoleInGroup>, ApiError> {
        let (_, room) = self.room_named(app, group_id).await?;
        let mut roles = Vec::with_capacity(users.len());
        for user in users {
            // Only memory knows who is in an AVChatRoom; nobody else is in a room without a role.
            let here = room.has_account(&UserId::new(&*user)?);
            let role_of = if here { role_inside } else { role };
            let role = room.with(|group| role_of(group, &user)).to_owned();
            roles.push(RoleInGroup { member_account: user, role });
        }
        Ok(roles)
    }

    /// Sets how many of the group's messages a member has not read.
    pub(crate) async fn set_unread(
        &self,
        app: &Application,
        group_id: &str,
        user: &str,
        unread: u32,
    ) -> Result<(), ApiError> {
        let (_, room) = self.room_named(app, group_id).await?;
        refuse_live_room(&room, Code::NO_PERMISSION, "it counts nothing unread")?;
        let _one_at_a_time = room.changing.lock().await;
        // What is written of the member later must not be older.
        self.recorder.settled().await?;
        let read_seq = room.last_seq().saturating_sub(unread);
        let member = room.with(|group| group.members.get(user).cloned());
        let member = StoredMember { read_seq, ..member.ok_or_else(|| not_a_member(user))? };
        let change = GroupChange::PutMember { user: user.to_owned(), member };
        self.change_group(app.sdk_app_id, &room, &[change]).await
    }

    /// Notes in memory when a member spoke last; what it says itself is not unread to it. Gives what
    /// has to be stored of it. The caller holds the room's `changing`.
    pub(super) fn member_spoke(
        &self,
        room: &Room,
        user: &UserId,
        stamp: Stamp,
    ) -> Option<MemberRecord> {
        let mut member = room.with(|group| group.members.get(user.as_str()).cloned())?;
        // What is unread stays unread, and the member's own message adds nothing to it.
        member.read_seq = member.read_seq.saturating_add(1).min(stamp.seq);
        member.last_send_time = stamp.time_s;
        let (read_seq, last_send_time) = (member.read_seq, member.last_send_time);
        let user_id = user.to_string();
        let change = GroupChange::PutMember { user: user_id.clone(), member };
        room.apply(&[change], self.now_s());
        Some(MemberRecord { user_id, read_seq, last_send_time })
    }

    /// Puts every connection of these accounts into the room at once.
    pub(super) fn attach_members(
        &self,
        app: &Application,
        group_id: &GroupId,
        room: &Arc<Room>,
        users: &[String],
    ) {
        for user in users {
            let Ok(user_id) = UserId::new(&**user) else { continue };
            for login in self.sessions.of(app.sdk_app_id, &user_id) {
                self.attached.attach(&login, &user_id, group_id, room, self.now_s());
            }
        }
    }

    /// The rooms of all groups that store an account as a member. Of more than [`MAX_ATTACHED`], the
    /// first in the order of their ids.
    pub(crate) async fn rooms_of_member(
        &self,
        sdk_app_id: u32,
        user_id: &UserId,
    ) -> Result<Vec<(GroupId, Arc<Room>)>, ApiError> {
        let mut rooms = Vec::new();
        let groups = self.storage.groups_of_member(sdk_app_id, user_id.as_str(), None).await;
        for group_id in groups.map_err(internal)?.into_iter().take(MAX_ATTACHED) {
            let group_id = GroupId::new(group_id)?;
            match self.room(sdk_app_id, &group_id).await {
                Ok(room) => rooms.push((group_id, room)),
                // It was dismissed meanwhile.
                Err(error) if error.code == Code::GROUP_ID_INVALID => {}
                Err(error) => return Err(error),
            }
        }
        Ok(rooms)
    }

    /// Puts a connection into rooms of groups that store its account, as far as they still do. Those
    /// that have it already are left as they are.
    pub(super) fn attach(&self, user: &UserId, login: &Login, rooms: &[(GroupId, Arc<Room>)]) {
        for (group_id, room) in rooms.iter().filter(|(_, room)| !room.has(login.connection)) {
            self.attached.attach(login, user, group_id, room, self.now_s());
        }
    }

    /// Puts a connection that has just signed in into the rooms of all groups that store its account.
    /// Whoever is added from now on is attached by the one who adds.
    pub(super) async fn attach_login(
        &self,
        sdk_app_id: u32,
        user_id: &UserId,
        login: &Login,
    ) -> Result<(), ApiError> {
        let rooms = self.rooms_of_member(sdk_app_id, user_id).await?;
        self.attach(user_id, login, &rooms);
        Ok(())
    }
}

/// Refuses a call that is only for groups that store their members.
pub(super) fn refuse_live_room(room: &Room, code: Code, why: &str) -> Result<(), ApiError> {
    match room.with(|group| group.group_type) {
        GroupType::AVChatRoom => {
            Err(ApiError::new(code, format!("an AVChatRoom does not take this call: {why}")))
        }
        _ => Ok(()),
    }
}

/// 10014 unless so many more go into the group; otherwise whether it is full with them.
pub(super) fn check_capacity(group: &StoredGroup, more: usize) -> Result<bool, ApiError> {
    let (members, most) = (group.members.len() + more, group.max_member_num as usize);
    if more > 0 && members > most {
        return Err(ApiError::new(
            Code::GROUP_FULL,
            format!("the group would have {members} members and takes {most}: raise MaxMemberNum"),
        ));
    }
    Ok(members == most)
}

/// 10007 for an account that is banned from the group.
pub(super) fn refuse_banned(group: &StoredGroup, user: &str, now_s: u32) -> Result<(), ApiError> {
    if !is_banned(group, user, now_s) {
        return Ok(());
    }
    Err(ApiError::new(
        Code::NO_PERMISSION,
        format!("{user} is banned from the group: lift the ban with unban_group_member first"),
    ))
}

pub(super) fn no_member_fields() -> ApiError {
    ApiError::bad_parameter(
        "AppMemberDefinedData: custom member fields are not offered; keep such data in the \
         business server",
    )
}

fn not_a_member(user: &str) -> ApiError {
    ApiError::bad_parameter(format!("{user} is no member of the group: add it first"))
}
