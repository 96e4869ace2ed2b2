//! Marks of members of an AVChatRoom, robots, and its administrators.

use chat_types::code::{ApiError, Code};
use chat_types::gateway::ServerFrame;
use chat_types::rest::{
    COMMAND_SET, LEAST_OWN_MARK, MARK_HIDDEN, MARK_ROBOT, MarkedMember, ModifyAdmin,
    ModifyUserInfo, Robots,
};
use chat_types::{GroupId, UserId};
use std::collections::{BTreeMap, BTreeSet};

use super::membership::refuse_banned;
use super::online::{needs_live_room, needs_online_list};
use super::{Service, no_such_group};
use crate::application::Application;
use crate::room::marks::{Error, Marking};
use crate::storage::GroupChange;

/// Administrators of one room (product/1047/60525).
const ROOM_ADMINS: usize = 5;

impl Service {
    /// `modify_user_info`: gives marks to members or takes them; answers what was applied. 10004
    /// when none of the accounts is in the room, and when a limit is passed.
    pub(crate) async fn mark_members(
        &self,
        app: &Application,
        body: ModifyUserInfo,
    ) -> Result<Vec<MarkedMember>, ApiError> {
        needs_online_list(app)?;
        let (group_id, room) = self.room_named(app, &body.group_id).await?;
        needs_live_room(&room)?;
        let wanted = markings(body.member_list)?;
        let applied = if body.command_type == COMMAND_SET {
            let robots = wanted.iter().filter(|(_, marks)| marks.contains(&MARK_ROBOT));
            let robots: Vec<String> = robots.map(|(user, _)| user.to_string()).collect();
            self.all_exist(app.sdk_app_id, &robots).await?;
            room.mark(&wanted, self.now_s())
        } else {
            room.unmark(&wanted)
        };
        let applied = applied.map_err(|error| refused(error, &group_id))?;
        let member =
            |(user, marks): Marking| MarkedMember { member_account: user.to_string(), marks };
        Ok(applied.into_iter().map(member).collect())
    }

    /// `add_robots`: the accounts count as online for three days. 10007 when one of them is banned.
    pub(crate) async fn add_robots(&self, app: &Application, body: Robots) -> Result<(), ApiError> {
        needs_online_list(app)?;
        let (_, room) = self.room_named(app, &body.group_id).await?;
        let (now_s, mut users) = (self.now_s(), body.member_account.iter());
        room.with(|group| users.try_for_each(|user| refuse_banned(group, user, now_s)))?;
        self.mark_members(app, robots(body, true)).await.map(drop)
    }

    /// `del_robots`. Accounts that are no robots are passed over.
    pub(crate) async fn delete_robots(
        &self,
        app: &Application,
        body: Robots,
    ) -> Result<(), ApiError> {
        needs_online_list(app)?;
        let (_, room) = self.room_named(app, &body.group_id).await?;
        needs_live_room(&room)?;
        let wanted = markings(robots(body, false).member_list)?;
        match room.unmark(&wanted) {
            // There is nothing to take away: the caller has what it wants.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// `modify_admin`. The accounts need not be in the room; setting one twice changes nothing.
    pub(crate) async fn modify_room_admins(
        &self,
        app: &Application,
        body: ModifyAdmin,
    ) -> Result<(), ApiError> {
        needs_online_list(app)?;
        let (group_id, room) = self.room_named(app, &body.group_id).await?;
        needs_live_room(&room)?;
        let granted = body.command_type == COMMAND_SET;
        let _one_at_a_time = room.changing.lock().await;
        if granted {
            self.all_exist(app.sdk_app_id, &body.admin_account).await?;
            let (now_s, mut users) = (self.now_s(), body.admin_account.iter());
            room.with(|group| {
                users.try_for_each(|user| {
                    if group.owner == *user {
                        let info = "the owner of a room leads it already: leave it out";
                        return Err(ApiError::bad_parameter(info));
                    }
                    refuse_banned(group, user, now_s)
                })
            })?;
        }
        let named: BTreeSet<String> = body.admin_account.into_iter().collect();
        let changed: Vec<String> = room.with(|group| {
            named.into_iter().filter(|user| group.admins.contains(user) != granted).collect()
        });
        let after = room.with(|group| group.admins.len()) + changed.len();
        if granted && after > ROOM_ADMINS {
            return Err(ApiError::bad_parameter(format!(
                "a room has at most {ROOM_ADMINS} administrators: remove one first"
            )));
        }
        if changed.is_empty() {
            return Ok(());
        }
        let change = |user: &String| match granted {
            true => GroupChange::AddAdmin(user.clone()),
            false => GroupChange::RemoveAdmin(user.clone()),
        };
        let changes: Vec<GroupChange> = changed.iter().map(change).collect();
        self.change_group(app.sdk_app_id, &room, &changes).await?;
        for user_id in changed {
            let group_id = group_id.to_string();
            room.tell(&ServerFrame::AdminChanged { group_id, user_id, granted });
        }
        Ok(())
    }

    /// `get_admin_list`.
    pub(crate) async fn room_admins(
        &self,
        app: &Application,
        group_id: &str,
    ) -> Result<Vec<String>, ApiError> {
        needs_online_list(app)?;
        let (_, room) = self.room_named(app, group_id).await?;
        needs_live_room(&room)?;
        Ok(room.with(|group| group.admins.iter().cloned().collect()))
    }
}

/// Each account once, each of its marks once and in order; 10004 for a mark that there is not.
fn markings(members: Vec<MarkedMember>) -> Result<Vec<Marking>, ApiError> {
    let mut wanted: BTreeMap<UserId, BTreeSet<u32>> = BTreeMap::new();
    for MarkedMember { member_account, marks } in members {
        let wrong =
            |mark: &&u32| **mark < LEAST_OWN_MARK && ![MARK_ROBOT, MARK_HIDDEN].contains(*mark);
        if let Some(mark) = marks.iter().find(wrong) {
            return Err(ApiError::bad_parameter(format!(
                "{mark} is no mark: use {LEAST_OWN_MARK} or more, {MARK_ROBOT} for a robot or \
                 {MARK_HIDDEN} for a hidden member"
            )));
        }
        wanted.entry(UserId::new(member_account)?).or_default().extend(marks);
    }
    Ok(wanted.into_iter().map(|(user, marks)| (user, marks.into_iter().collect())).collect())
}

fn robots(body: Robots, set: bool) -> ModifyUserInfo {
    let robot = |member_account| MarkedMember { member_account, marks: vec![MARK_ROBOT] };
    ModifyUserInfo {
        group_id: body.group_id,
        command_type: if set { COMMAND_SET } else { chat_types::rest::COMMAND_REMOVE },
        member_list: body.member_account.into_iter().map(robot).collect(),
    }
}

fn refused(error: Error, group_id: &GroupId) -> ApiError {
    match error {
        Error::Dismissed => no_such_group(group_id),
        Error::NobodyThere | Error::TooManyMarks | Error::TooManyAccounts(_) => {
            ApiError::new(Code::BAD_PARAMETER, error.to_string())
        }
    }
}
