//! Bodies of webhook requests.

use serde::{Deserialize, Serialize};

use super::EventTime;
use crate::code::Code;
use crate::element::Element;
use crate::group::KeyValue;
use crate::rest::{Flag, GroupAttr, MemberAccount, ProfileItem};

/// The body of a webhook request, told apart by `CallbackCommand`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "CallbackCommand")]
pub enum Webhook {
    #[serde(rename = "State.StateChange")]
    StateChange(StateChange),
    #[serde(rename = "Profile.CallbackPortraitSet")]
    PortraitSet(PortraitChanged),
    #[serde(rename = "C2C.CallbackBeforeSendMsg")]
    C2cBeforeSendMsg(C2cMsg),
    #[serde(rename = "C2C.CallbackAfterSendMsg")]
    C2cAfterSendMsg(C2cAfterMsg),
    #[serde(rename = "C2C.CallbackAfterMsgReport")]
    C2cAfterMsgReport(C2cMsgRead),
    #[serde(rename = "C2C.CallbackAfterMsgWithDraw")]
    C2cAfterMsgWithdraw(C2cMsgWithdrawn),
    #[serde(rename = "Group.CallbackBeforeCreateGroup")]
    BeforeCreateGroup(BeforeCreateGroup),
    #[serde(rename = "Group.CallbackAfterCreateGroup")]
    AfterCreateGroup(AfterCreateGroup),
    #[serde(rename = "Group.CallbackBeforeApplyJoinGroup")]
    BeforeApplyJoinGroup(BeforeApplyJoin),
    #[serde(rename = "Group.CallbackBeforeInviteJoinGroup")]
    BeforeInviteJoinGroup(BeforeInviteJoin),
    #[serde(rename = "Group.CallbackAfterNewMemberJoin")]
    AfterNewMemberJoin(AfterJoin),
    #[serde(rename = "Group.CallbackAfterMemberExit")]
    AfterMemberExit(AfterExit),
    #[serde(rename = "Group.CallbackBeforeSendMsg")]
    GroupBeforeSendMsg(GroupMsg),
    #[serde(rename = "Group.CallbackAfterSendMsg")]
    GroupAfterSendMsg(GroupAfterMsg),
    #[serde(rename = "Group.CallbackSendMsgException")]
    GroupSendMsgException(GroupMsgFailed),
    #[serde(rename = "Group.CallbackAfterGroupFull")]
    AfterGroupFull(AfterGroupFull),
    #[serde(rename = "Group.CallbackAfterGroupDestroyed")]
    AfterGroupDestroyed(AfterGroupDestroyed),
    #[serde(rename = "Group.CallbackAfterGroupInfoChanged")]
    AfterGroupInfoChanged(AfterInfoChanged),
    #[serde(rename = "Group.CallbackAfterChangeGroupOwner")]
    AfterChangeGroupOwner(AfterOwnerChanged),
    #[serde(rename = "Group.CallbackOnMemberStateChange")]
    OnMemberStateChange(MemberStateChange),
    #[serde(rename = "Group.CallbackAfterMemberFieldChanged")]
    AfterMemberFieldChanged(AfterMemberFieldChanged),
    #[serde(rename = "Group.CallbackAfterGroupAttrChanged")]
    AfterGroupAttrChanged(AfterAttrChanged),
}

/// A group message: the body of the before-webhook, and a part of others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupMsg {
    pub group_id: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    #[serde(rename = "From_Account")]
    pub from_account: String,
    /// Who asked for the sending: the sender, or an administrator by REST.
    #[serde(rename = "Operator_Account")]
    pub operator_account: String,
    pub random: u32,
    /// 0 for an AVChatRoom.
    pub online_only_flag: Flag,
    pub msg_body: Vec<Element>,
    pub cloud_custom_data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_id: Option<String>,
    pub event_time: EventTime,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupAfterMsg {
    #[serde(flatten)]
    pub message: GroupMsg,
    #[serde(default)]
    pub msg_seq: u32,
    /// Unix seconds.
    #[serde(default)]
    pub msg_time: u32,
}

/// A message that was not sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupMsgFailed {
    #[serde(flatten)]
    pub message: GroupMsg,
    pub error_code: Code,
    pub error_info: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BeforeCreateGroup {
    #[serde(rename = "Operator_Account")]
    pub operator_account: String,
    #[serde(rename = "Owner_Account")]
    pub owner_account: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    pub name: String,
    /// Groups of this type that the account has made already.
    pub create_group_num: u32,
    /// The older name of `CreateGroupNum`, with the same value.
    pub created_num: u32,
    pub member_list: Vec<MemberAccount>,
    pub event_time: EventTime,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AfterCreateGroup {
    pub group_id: String,
    #[serde(rename = "Operator_Account")]
    pub operator_account: String,
    #[serde(rename = "Owner_Account")]
    pub owner_account: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    pub name: String,
    pub member_list: Vec<MemberAccount>,
    /// Custom group fields.
    pub user_defined_data_list: Vec<KeyValue>,
    pub event_time: EventTime,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BeforeApplyJoin {
    pub group_id: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    #[serde(rename = "Requestor_Account")]
    pub requestor_account: String,
    pub event_time: EventTime,
}

/// Never for AVChatRoom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BeforeInviteJoin {
    pub group_id: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    #[serde(rename = "Operator_Account")]
    pub operator_account: String,
    pub destination_members: Vec<MemberAccount>,
    pub event_time: EventTime,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum JoinType {
    #[default]
    Apply,
    Invited,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AfterJoin {
    pub group_id: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    pub join_type: JoinType,
    #[serde(rename = "Operator_Account")]
    pub operator_account: String,
    pub new_member_list: Vec<MemberAccount>,
    pub event_time: EventTime,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitType {
    #[default]
    Quit,
    /// Also by a ban.
    Kicked,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AfterExit {
    pub group_id: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    pub exit_type: ExitType,
    #[serde(rename = "Operator_Account")]
    pub operator_account: String,
    pub exit_member_list: Vec<MemberAccount>,
    pub event_time: EventTime,
}

/// Only what was changed is there. Custom fields are not told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AfterInfoChanged {
    pub group_id: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    #[serde(rename = "Operator_Account")]
    pub operator_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
    pub event_time: EventTime,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AfterGroupDestroyed {
    pub group_id: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    #[serde(rename = "Owner_Account")]
    pub owner_account: String,
    pub name: String,
    pub member_list: Vec<MemberAccount>,
    pub event_time: EventTime,
}

/// Never for AVChatRoom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AfterGroupFull {
    pub group_id: String,
    pub event_time: EventTime,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AfterOwnerChanged {
    pub group_id: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    #[serde(rename = "Operator_Account")]
    pub operator_account: String,
    #[serde(rename = "OldOwner_Account")]
    pub old_owner_account: String,
    #[serde(rename = "NewOwner_Account")]
    pub new_owner_account: String,
    pub event_time: EventTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberState {
    Online,
    Offline,
}

/// Members of an AVChatRoom lost their connection, or have it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MemberStateChange {
    pub group_id: String,
    pub event_type: MemberState,
    pub member_list: Vec<MemberAccount>,
}

/// Only what was changed is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AfterMemberFieldChanged {
    pub group_id: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    #[serde(rename = "Operator_Account")]
    pub operator_account: String,
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_card: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub app_member_defined_data: Vec<KeyValue>,
    pub event_time: EventTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttrOption {
    Set,
    Modify,
    Clear,
    Delete,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AfterAttrChanged {
    pub group_id: String,
    #[serde(rename = "Type")]
    pub group_type: String,
    #[serde(rename = "Operator_Account")]
    pub operator_account: String,
    pub option_type: AttrOption,
    /// Empty after `clear`; after `delete` the values are empty.
    #[serde(default)]
    pub group_attr: Vec<GroupAttr>,
    pub event_time: EventTime,
}

/// A message to one account: the body of the before-webhook, and a part of the other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct C2cMsg {
    #[serde(rename = "From_Account")]
    pub from_account: String,
    #[serde(rename = "To_Account")]
    pub to_account: String,
    pub msg_seq: u32,
    pub msg_random: u32,
    /// Unix seconds.
    pub msg_time: u32,
    pub msg_key: String,
    pub online_only_flag: Flag,
    pub msg_body: Vec<Element>,
    pub cloud_custom_data: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct C2cAfterMsg {
    #[serde(flatten)]
    pub message: C2cMsg,
    /// 0 when it was sent.
    pub send_msg_result: Code,
    #[serde(default)]
    pub error_info: String,
    /// Messages that the receiver has not read.
    #[serde(default)]
    pub unread_msg_num: u32,
}

/// An account has read what its peer sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct C2cMsgRead {
    /// Who has read.
    #[serde(rename = "Report_Account")]
    pub report_account: String,
    #[serde(rename = "Peer_Account")]
    pub peer_account: String,
    /// Everything up to this time, in Unix seconds.
    pub last_read_time: u32,
    /// What the reader still has not read, of all its peers.
    pub unread_msg_num: u32,
    pub event_time: EventTime,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct C2cMsgWithdrawn {
    #[serde(rename = "From_Account")]
    pub from_account: String,
    #[serde(rename = "To_Account")]
    pub to_account: String,
    pub msg_key: String,
    /// Messages that the receiver has not read.
    pub unread_msg_num: u32,
    pub event_time: EventTime,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PortraitChanged {
    /// Whose profile.
    #[serde(rename = "From_Account")]
    pub from_account: String,
    #[serde(rename = "Operator_Account")]
    pub operator_account: String,
    /// The changed fields with their new values.
    pub profile_item: Vec<ProfileItem>,
    pub event_time: EventTime,
}

/// An account came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StateChange {
    pub event_time: EventTime,
    pub info: StateInfo,
    /// Devices whose login was ended by this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kicked_device: Vec<KickedDevice>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StateInfo {
    pub action: StateAction,
    #[serde(rename = "To_Account")]
    pub to_account: String,
    pub reason: StateReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateAction {
    Login,
    Logout,
    Disconnect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateReason {
    /// Of a login.
    Register,
    /// Of a logout.
    Unregister,
    /// Of a lost connection that was closed.
    LinkClose,
    /// Of a lost connection on which nothing was heard.
    TimeOut,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KickedDevice {
    pub platform: String,
}
