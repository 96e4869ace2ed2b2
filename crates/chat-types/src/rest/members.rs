//! Members of groups: lists, roles, mutes, bans, marks.

use serde::{Deserialize, Serialize};

use super::{Flag, MemberAccount};
use crate::group::KeyValue;

/// Banned accounts in one answer.
pub const MAX_BANS_PER_ANSWER: usize = 100;
/// A mute of this length, in seconds, never ends; so does one that ends at this time.
pub const FOREVER: u32 = u32::MAX;
/// Mark of a robot: always counted online.
pub const MARK_ROBOT: u32 = 500;
/// Mark of a member that the online list does not show.
pub const MARK_HIDDEN: u32 = 600;
/// Least mark that an application may choose.
pub const LEAST_OWN_MARK: u32 = 1_000;

/// A custom member field.
pub type MemberField = KeyValue;

/// A member in `get_group_info` and `get_group_member_info`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MemberInfo {
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// `Owner`, `Admin` or `Member`.
    pub role: String,
    pub join_time: u32,
    /// Number of the last message that the member has read.
    pub msg_seq: u32,
    /// `AcceptAndNotify`, `AcceptNotNotify`, `Discard` or `AcceptNotNotifyExceptAt`.
    pub msg_flag: String,
    pub last_send_msg_time: u32,
    /// End of the mute; 0 when there is none.
    pub shut_up_until: u32,
    /// The newer name of `ShutUpUntil`, with the same value.
    pub mute_until: u32,
    pub name_card: String,
    pub app_member_defined_data: Vec<MemberField>,
}

/// `group_open_http_svc/get_group_member_info` (product/269/1617).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetGroupMemberInfo {
    pub group_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default)]
    pub offset: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_info_filter: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_role_filter: Option<Vec<String>>,
    #[serde(rename = "AppDefinedDataFilter_GroupMember", skip_serializing_if = "Option::is_none")]
    pub app_defined_data_filter_group_member: Option<Vec<String>>,
}

/// Entries have the members of [`MemberInfo`]; a filter leaves some out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupMembers {
    pub member_num: u32,
    pub member_list: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// `group_open_http_svc/add_group_member` (product/269/1621). Not for AVChatRoom.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddGroupMember {
    pub group_id: String,
    /// Whether the group is not told.
    #[serde(default)]
    pub silence: Flag,
    pub member_list: Vec<MemberAccount>,
}

/// The answer to `add_group_member` and `import_group_member`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MemberResults {
    pub member_list: Vec<MemberResult>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MemberResult {
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// 0 failed, 1 added, 2 was a member already, 3 has to confirm first.
    pub result: u32,
}

/// `group_open_http_svc/delete_group_member` (product/269/1622). An AVChatRoom refuses it with
/// 10004: ban instead.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteGroupMember {
    pub group_id: String,
    /// Whether the group is not told.
    #[serde(default)]
    pub silence: Flag,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(rename = "MemberToDel_Account")]
    pub member_to_del_account: Vec<String>,
}

/// `group_open_http_svc/modify_group_member_info` (product/269/1623). Not for AVChatRoom. Absent
/// members stay as they are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyGroupMemberInfo {
    pub group_id: String,
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// `Admin` or `Member`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_flag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_card: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub app_member_defined_data: Vec<MemberField>,
    /// Length in seconds; 0 ends the mute.
    #[serde(alias = "ShutUpTime", skip_serializing_if = "Option::is_none")]
    pub mute_time: Option<u32>,
}

/// `group_open_http_svc/get_role_in_group` (product/269/1626).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRoleInGroup {
    pub group_id: String,
    #[serde(rename = "User_Account")]
    pub user_account: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RolesInGroup {
    #[serde(rename = "UserIdList")]
    pub user_id_list: Vec<RoleInGroup>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleInGroup {
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// `Owner`, `Admin`, `Member` or `NotMember`.
    pub role: String,
}

/// `group_open_http_svc/forbid_send_msg` (product/1047/34951).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ForbidSendMsg {
    pub group_id: String,
    #[serde(rename = "Members_Account")]
    pub members_account: Vec<String>,
    /// Length in seconds; 0 ends the mute, [`FOREVER`] does not end.
    #[serde(alias = "ShutUpTime")]
    pub mute_time: u32,
}

/// The answer to `get_group_muted_account` (product/1047/34964) and to its older name
/// `get_group_shutted_uin`: the same list in both forms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MutedAccounts {
    pub muted_account_list: Vec<MutedAccount>,
    pub shutted_uin_list: Vec<ShuttedUin>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MutedAccount {
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    pub muted_until: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ShuttedUin {
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    pub shutted_until: u32,
}

impl MutedAccounts {
    /// From accounts with the ends of their mutes.
    pub fn new(muted: impl IntoIterator<Item = (String, u32)>) -> Self {
        let mut lists = Self::default();
        for (member_account, until) in muted {
            let shutted = member_account.clone();
            lists.muted_account_list.push(MutedAccount { member_account, muted_until: until });
            let shutted = ShuttedUin { member_account: shutted, shutted_until: until };
            lists.shutted_uin_list.push(shutted);
        }
        lists
    }
}

/// `group_open_http_svc/ban_group_member` (product/1047/50295).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BanGroupMember {
    pub group_id: String,
    #[serde(rename = "Members_Account")]
    pub members_account: Vec<String>,
    /// Length in seconds.
    pub duration: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// `group_open_http_svc/unban_group_member` (product/1047/50296).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UnbanGroupMember {
    pub group_id: String,
    #[serde(rename = "Members_Account")]
    pub members_account: Vec<String>,
}

/// `group_open_http_svc/get_group_ban_member` (product/1047/50297).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetGroupBanMember {
    pub group_id: String,
    /// 0 first, then what the answer before gave.
    pub offset: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BannedAccounts {
    pub banned_account_list: Vec<BannedAccount>,
    /// 0 when this was the end.
    pub next_offset: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BannedAccount {
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    pub banned_until: u32,
}

/// The answer to `group_open_http_svc/get_online_member_num` (product/269/49180).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OnlineMemberNum {
    pub online_member_num: u32,
}

/// `group_open_avchatroom_http_svc/get_members`: the newest 1000 who are online
/// (product/1047/50293).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetMembers {
    pub group_id: String,
    /// 0 first, then `NextTimestamp` of the answer before.
    pub timestamp: u64,
    /// Only members with one of these marks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct OnlineMembers {
    pub member_list: Vec<OnlineMember>,
    /// 0 when this was the end.
    pub next_timestamp: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct OnlineMember {
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    pub join_time: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<u32>,
}

/// `CommandType` of [`ModifyUserInfo`] and [`ModifyAdmin`].
pub const COMMAND_SET: u32 = 1;
pub const COMMAND_REMOVE: u32 = 2;

/// `group_open_avchatroom_http_svc/modify_user_info`: marks of members (product/1047/50294).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyUserInfo {
    pub group_id: String,
    /// [`COMMAND_SET`] or [`COMMAND_REMOVE`].
    pub command_type: u32,
    pub member_list: Vec<MarkedMember>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MarkedMember {
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    pub marks: Vec<u32>,
}

/// The answer to [`ModifyUserInfo`]: what was applied. Accounts that are offline are not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MarkedMembers {
    pub member_list: Vec<MarkedMember>,
}

/// `group_open_avchatroom_http_svc/add_robots` and `del_robots` (product/269/103785).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Robots {
    pub group_id: String,
    #[serde(rename = "Member_Account", alias = "Robot_Account")]
    pub member_account: Vec<String>,
}

/// `group_open_avchatroom_http_svc/modify_admin` (product/1047/60525).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyAdmin {
    pub group_id: String,
    /// [`COMMAND_SET`] or [`COMMAND_REMOVE`].
    pub command_type: u32,
    #[serde(rename = "Admin_Account")]
    pub admin_account: Vec<String>,
}

/// The answer to `group_open_avchatroom_http_svc/get_admin_list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminList {
    #[serde(rename = "Admin_Account", default)]
    pub admin_account: Vec<String>,
}
