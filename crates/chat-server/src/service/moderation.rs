//! Muting members and banning them.

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::gateway::{RemovedReason, ServerFrame};
use chat_types::group::GroupType;
use chat_types::rest::{
    BanGroupMember, BannedAccount, BannedAccounts, ForbidSendMsg, GetGroupBanMember,
    MAX_BANS_PER_ANSWER, MutedAccounts, UnbanGroupMember,
};
use chat_types::webhook::ExitType;
use std::collections::BTreeSet;

use super::{Origin, Service};
use crate::application::{Application, Edition};
use crate::room::{Removal, Room};
use crate::storage::{Ban, FOREVER, GroupChange};

/// Names in a notice of many.
const SHOWN_NAMES: usize = 20;

impl Service {
    /// `forbid_send_msg`: mutes accounts, which need not be in the group, or lets them speak again.
    /// 10007 for a group of type Private.
    pub(crate) async fn mute_members(
        &self,
        app: &Application,
        operator: &UserId,
        body: ForbidSendMsg,
    ) -> Result<(), ApiError> {
        let (group_id, room) = self.room_named(app, &body.group_id).await?;
        let group_type = room.with(|group| group.group_type);
        if group_type == GroupType::Private {
            let info = "nobody can be muted in a group of type Private";
            return Err(ApiError::new(Code::NO_PERMISSION, info));
        }
        let users = distinct(body.members_account)?;
        let names: Vec<String> = users.iter().map(UserId::to_string).collect();
        // The mute of an account that was deleted can be lifted too.
        if body.mute_time > 0 {
            self.all_exist(app.sdk_app_id, &names).await?;
        }
        let _one_at_a_time = room.changing.lock().await;
        let now_s = self.now_s();
        let until = if body.mute_time == 0 { 0 } else { end(now_s, body.mute_time) };
        let change = |user: String| match until {
            0 => GroupChange::Unmute(user),
            until => GroupChange::Mute { user, until },
        };
        // Mutes that are over go with the next one, so that they do not pile up.
        let over = room.with(|group| {
            let over = group.mutes.iter().filter(|(_, until)| **until <= now_s);
            over.map(|(user, _)| GroupChange::Unmute(user.clone())).collect::<Vec<_>>()
        });
        let changes: Vec<GroupChange> =
            over.into_iter().chain(names.into_iter().map(change)).collect();
        self.change_group(app.sdk_app_id, &room, &changes).await?;
        if group_type != GroupType::AVChatRoom || app.settings.mute_tip {
            let group_id = group_id.to_string();
            let muted = ServerFrame::Muted { group_id: group_id.clone(), until_s: until };
            room.tell_accounts(&users, &muted);
            let shown = users.iter().take(SHOWN_NAMES).map(UserId::to_string).collect();
            room.tip_others(
                &users,
                &ServerFrame::MemberMuted {
                    group_id,
                    users: shown,
                    until_s: until,
                    operator: operator.to_string(),
                },
                self.pace(app.sdk_app_id, &room),
            );
        }
        Ok(())
    }

    /// The accounts that are muted in a group, under the names of both versions of the command.
    pub(crate) async fn muted_members(
        &self,
        app: &Application,
        group_id: &str,
    ) -> Result<MutedAccounts, ApiError> {
        let (_, room) = self.room_named(app, group_id).await?;
        let now_s = self.now_s();
        Ok(room.with(|group| {
            let muted = group.mutes.iter().filter(|(_, until)| **until > now_s);
            MutedAccounts::new(muted.map(|(user, until)| (user.clone(), *until)))
        }))
    }

    /// `ban_group_member`: takes the accounts out of the group and keeps them out until the end of
    /// the ban. 10007 for an application that may not ban, and for the owner of the group.
    pub(crate) async fn ban_members(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        body: BanGroupMember,
    ) -> Result<(), ApiError> {
        needs_bans(app)?;
        let (group_id, room) = self.room_named(app, &body.group_id).await?;
        let users = distinct(body.members_account)?;
        let names: Vec<String> = users.iter().map(UserId::to_string).collect();
        if body.duration == 0 {
            return Err(ApiError::bad_parameter(
                "Duration 0 bans nobody: give seconds, or use unban_group_member",
            ));
        }
        self.all_exist(app.sdk_app_id, &names).await?;
        let one_at_a_time = room.changing.lock().await;
        if room.with(|group| names.contains(&group.owner)) {
            let info = "the owner of a group cannot be banned from it";
            return Err(ApiError::new(Code::NO_PERMISSION, info));
        }
        let now_s = self.now_s();
        let until = end(now_s, body.duration);
        let (stores_members, members, admins) = room.with(|group| {
            let those = |of: &dyn Fn(&String) -> bool| -> Vec<String> {
                names.iter().filter(|user| of(user)).cloned().collect()
            };
            (
                group.group_type != GroupType::AVChatRoom,
                those(&|user| group.members.contains_key(user)),
                those(&|user| group.admins.contains(user)),
            )
        });
        let mut changes = ended_bans(&room, now_s);
        changes.extend(names.iter().map(|user| {
            let ban = Ban { until, description: body.description.clone() };
            GroupChange::Ban { user: user.clone(), ban }
        }));
        let info = match body.description.as_str() {
            "" => "an administrator has banned this account from the group",
            description => description,
        };
        let removal = Removal {
            reason: RemovedReason::Banned,
            operator: operator.as_str(),
            until_s: Some(until),
            info,
            except: None,
        };
        let here = self.remove_members(app, &group_id, &room, &names, changes, &removal).await?;
        room.tell(&ServerFrame::MemberBanned {
            group_id: group_id.to_string(),
            users: names,
            operator: operator.to_string(),
        });
        let left: Vec<String> = if stores_members {
            members
        } else {
            for user in admins {
                room.tell_admin(&user, false);
            }
            here.iter().map(UserId::to_string).collect()
        };
        if stores_members && !left.is_empty() {
            room.tell_left(&left, Some(operator.as_str()));
        }
        drop(one_at_a_time);
        if !left.is_empty() {
            self.after_exit(app, &room, operator, ExitType::Kicked, &left, origin).await;
        }
        Ok(())
    }

    /// `unban_group_member`. Accounts that are not banned are passed over. A ban outlives the right
    /// to ban, so lifting it needs none.
    pub(crate) async fn unban_members(
        &self,
        app: &Application,
        body: UnbanGroupMember,
    ) -> Result<(), ApiError> {
        let (group_id, room) = self.room_named(app, &body.group_id).await?;
        let users = distinct(body.members_account)?;
        let _one_at_a_time = room.changing.lock().await;
        let now_s = self.now_s();
        let freed: Vec<&UserId> = users.iter().filter(|user| room.is_banned(user, now_s)).collect();
        let changes: Vec<GroupChange> =
            users.iter().map(|user| GroupChange::Unban(user.to_string())).collect();
        self.change_group(app.sdk_app_id, &room, &changes).await?;
        let frame = ServerFrame::Unbanned { group_id: group_id.to_string() };
        for user in freed {
            self.sessions.tell(app.sdk_app_id, user, &frame, None);
        }
        Ok(())
    }

    /// `get_group_ban_member`, in the order of the ids.
    pub(crate) async fn banned_members(
        &self,
        app: &Application,
        body: GetGroupBanMember,
    ) -> Result<BannedAccounts, ApiError> {
        let (_, room) = self.room_named(app, &body.group_id).await?;
        let now_s = self.now_s();
        let limit = body
            .limit
            .filter(|limit| *limit > 0)
            .map_or(MAX_BANS_PER_ANSWER, |limit| MAX_BANS_PER_ANSWER.min(limit as usize));
        let offset = body.offset as usize;
        Ok(room.with(|group| {
            let banned = group.bans.iter().filter(|(_, ban)| ban.until > now_s);
            let mut rest = banned.skip(offset);
            let entry = |(user, ban): (&String, &Ban)| BannedAccount {
                member_account: user.clone(),
                banned_until: ban.until,
            };
            let banned_account_list: Vec<BannedAccount> =
                rest.by_ref().take(limit).map(entry).collect();
            let next = body.offset.saturating_add(u32::try_from(limit).unwrap_or(u32::MAX));
            let next_offset = if rest.next().is_some() { next } else { 0 };
            BannedAccounts { banned_account_list, next_offset }
        }))
    }
}

/// 10007 for an application that may not ban.
fn needs_bans(app: &Application) -> Result<(), ApiError> {
    if app.edition >= Edition::Ultimate && app.settings.ban_members {
        return Ok(());
    }
    Err(ApiError::new(
        Code::NO_PERMISSION,
        "banning needs the Ultimate edition and the setting ban_members",
    ))
}

/// Bans that are over go with the next one, so that they do not pile up.
fn ended_bans(room: &Room, now_s: u32) -> Vec<GroupChange> {
    room.with(|group| {
        let over = group.bans.iter().filter(|(_, ban)| ban.until <= now_s);
        over.map(|(user, _)| GroupChange::Unban(user.clone())).collect()
    })
}

/// The end of something that begins now; what would end after the last second never does.
fn end(now_s: u32, seconds: u32) -> u32 {
    now_s.checked_add(seconds).unwrap_or(FOREVER)
}

fn distinct(users: Vec<String>) -> Result<Vec<UserId>, ApiError> {
    let users: Result<BTreeSet<UserId>, ApiError> = users.into_iter().map(UserId::new).collect();
    Ok(users?.into_iter().collect())
}
