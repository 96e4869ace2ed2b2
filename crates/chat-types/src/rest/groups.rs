//! Groups as a whole.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::members::MemberInfo;
use super::{Flag, members::MemberField};
use crate::group::KeyValue;

/// Groups in one `get_group_info`.
pub const MAX_GROUPS_PER_CALL: usize = 50;
/// Group ids in one answer of `get_appid_group_list`.
pub const MAX_GROUP_IDS_PER_ANSWER: usize = 10_000;

/// `group_open_http_svc/create_group` (product/269/1615).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateGroup {
    #[serde(rename = "Type")]
    pub group_type: String,
    pub name: String,
    #[serde(rename = "Owner_Account", skip_serializing_if = "Option::is_none")]
    pub owner_account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
    /// Means nothing for an AVChatRoom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_member_count: Option<u32>,
    /// `FreeAccess`, `NeedPermission` (the default) or `DisableApply`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_join_option: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub app_defined_data: Vec<KeyValue>,
    /// Refused for AVChatRoom, whose members come in by themselves (10007).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub member_list: Vec<FirstMember>,
}

/// A member that a group is made with. It may be read without an account: that an AVChatRoom takes
/// no members at all is said first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct FirstMember {
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// `Admin`; absent for a plain member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub app_member_defined_data: Vec<KeyValue>,
}

/// The answer to `create_group` and `import_group`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupCreated {
    pub group_id: String,
}

/// A request that is all said with the group id: `destroy_group`, `get_online_member_num`,
/// `get_group_muted_account`, `get_group_attr`, `clear_group_attr`, `get_admin_list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupIdOnly {
    pub group_id: String,
}

/// `group_open_http_svc/get_group_info` (product/269/1616).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetGroupInfo {
    pub group_id_list: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_filter: Option<ResponseFilter>,
}

/// With a filter only the named fields come back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResponseFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_base_info_filter: Option<Vec<String>>,
    /// The account id of a member is named `Account` or `Member_Account` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_info_filter: Option<Vec<String>>,
    #[serde(rename = "AppDefinedDataFilter_Group", skip_serializing_if = "Option::is_none")]
    pub app_defined_data_filter_group: Option<Vec<String>>,
    #[serde(rename = "AppDefinedDataFilter_GroupMember", skip_serializing_if = "Option::is_none")]
    pub app_defined_data_filter_group_member: Option<Vec<String>>,
    /// Only in `get_joined_group_list`: what to tell of the member itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_info_filter: Option<Vec<String>>,
}

/// The answer; each entry is judged by its own `ErrorCode`. Entries are objects because a filter
/// may leave any field out; without a filter an entry has the members of [`GroupInfo`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupInfoList {
    pub group_info: Vec<Map<String, Value>>,
}

/// Everything that `get_group_info` says of one group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupInfo {
    pub group_id: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    pub name: String,
    pub introduction: String,
    pub notification: String,
    pub face_url: String,
    #[serde(rename = "Owner_Account")]
    pub owner_account: String,
    pub appid: u32,
    pub create_time: u32,
    /// Time of the last change of the profile.
    pub last_info_time: u32,
    /// Time of the last message, 0 when there is none.
    pub last_msg_time: u32,
    /// Grows with each change of the profile.
    pub info_seq: u32,
    /// Sequence number that the next message will get; starts at 1.
    pub next_msg_seq: u32,
    pub member_num: u32,
    /// 0: an AVChatRoom has no limit.
    pub max_member_num: u32,
    pub apply_join_option: String,
    /// `On` or `Off`.
    pub shut_up_all_member: String,
    /// The newer name of `ShutUpAllMember`, with the same value.
    pub mute_all_member: String,
    pub app_defined_data: Vec<KeyValue>,
    /// Empty of an AVChatRoom, which stores no members.
    pub member_list: Vec<MemberInfo>,
}

/// `group_open_http_svc/modify_group_base_info` (product/269/1620). Absent members stay as they
/// are; `AppDefinedData` is merged, and an empty value removes that field's value.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyGroupBaseInfo {
    pub group_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
    /// Called `MaxMemberCount` in `create_group`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_member_num: Option<u32>,
    /// `FreeAccess`, `NeedPermission` or `DisableApply`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_join_option: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub app_defined_data: Vec<KeyValue>,
    /// `On` or `Off`.
    #[serde(alias = "MuteAllMember", skip_serializing_if = "Option::is_none")]
    pub shut_up_all_member: Option<String>,
}

/// `group_open_http_svc/get_appid_group_list` (product/269/1614).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetAppidGroupList {
    /// Default and greatest: [`MAX_GROUP_IDS_PER_ANSWER`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// 0 first, then what the answer before gave.
    pub next: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_type: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AppidGroupList {
    /// Groups of the asked type.
    pub total_count: u32,
    pub group_id_list: Vec<GroupIdOnly>,
    /// 0 when this was the end.
    pub next: u64,
}

/// `group_open_http_svc/get_joined_group_list` (product/269/1625).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetJoinedGroupList {
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// Whether AVChatRooms count too.
    #[serde(default)]
    pub with_huge_groups: Flag,
    /// Whether Private groups count that the member has not confirmed.
    #[serde(default)]
    pub with_no_active_groups: Flag,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default)]
    pub offset: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_filter: Option<ResponseFilter>,
}

/// Entries hold `GroupId`, and with a filter the fields it names; of the member itself in
/// `SelfInfo`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct JoinedGroupList {
    pub total_count: u32,
    pub group_id_list: Vec<Map<String, Value>>,
}

/// `group_open_http_svc/change_group_owner` (product/269/1633).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangeGroupOwner {
    pub group_id: String,
    #[serde(rename = "NewOwner_Account")]
    pub new_owner_account: String,
}

/// `group_open_http_svc/import_group` (product/269/1634). Not for AVChatRoom.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportGroup {
    /// As of [`CreateGroup`]; there is no `MemberList`.
    #[serde(flatten)]
    pub group: CreateGroup,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<u32>,
}

/// `group_open_http_svc/import_group_member` (product/269/1636). Not for AVChatRoom.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportGroupMember {
    pub group_id: String,
    pub member_list: Vec<ImportedMember>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportedMember {
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    /// `Admin`; absent for a plain member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_time: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_msg_num: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub app_member_defined_data: Vec<MemberField>,
}
