//! Messages of groups.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Flag;
use crate::code::Code;
use crate::element::{Element, Priority};

/// Messages in one `group_msg_get_simple`.
pub const MAX_HISTORY_PER_CALL: u32 = 20;

/// Values of `ForbidCallbackControl`.
pub const FORBID_BEFORE: &str = "ForbidBeforeSendMsgCallback";
pub const FORBID_AFTER: &str = "ForbidAfterSendMsgCallback";

/// `group_open_http_svc/send_group_msg` (product/269/1629).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendGroupMsg {
    pub group_id: String,
    /// The same number of the same sender within five minutes is a repeat and is not delivered.
    pub random: u32,
    pub msg_body: Vec<Element>,
    /// Default: the calling administrator. Any account that exists; it need not be a member.
    #[serde(rename = "From_Account", skip_serializing_if = "Option::is_none")]
    pub from_account: Option<String>,
    #[serde(default)]
    pub msg_priority: Priority,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cloud_custom_data: String,
    /// Online members only. Means nothing for an AVChatRoom.
    #[serde(default, skip_serializing_if = "is_off")]
    pub online_only_flag: Flag,
    /// `NoLastMsg`, `NoUnread`. Means nothing for an AVChatRoom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub send_msg_control: Vec<String>,
    /// [`FORBID_BEFORE`], [`FORBID_AFTER`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forbid_callback_control: Vec<String>,
    /// Whom the text mentions, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_at_info: Vec<GroupAtInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_id: Option<String>,
    /// There is no offline push here; it is read and left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offline_push_info: Option<Value>,
}

pub(super) fn is_off(flag: &Flag) -> bool {
    !flag.0
}

impl SendGroupMsg {
    /// Whether the message asks to go past the webhooks of this name.
    pub fn forbids(&self, callback: &str) -> bool {
        self.forbid_callback_control.iter().any(|name| name == callback)
    }
}

/// One mention: everybody, or one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAtInfo {
    #[serde(rename = "GroupAtAllFlag", default)]
    pub all: Flag,
    #[serde(rename = "GroupAt_Account", default, skip_serializing_if = "String::is_empty")]
    pub account: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupMsgSent {
    pub msg_time: u32,
    pub msg_seq: u32,
}

/// `group_open_http_svc/send_group_system_notification` (product/269/1630).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendGroupSystemNotification {
    pub group_id: String,
    pub content: String,
    /// Not for AVChatRoom, where it goes to the whole room.
    #[serde(rename = "ToMembers_Account", default, skip_serializing_if = "Vec::is_empty")]
    pub to_members_account: Vec<String>,
}

/// `group_open_http_svc/send_broadcast_msg`: into every AVChatRoom (product/1047/49440).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendBroadcastMsg {
    #[serde(rename = "From_Account", skip_serializing_if = "Option::is_none")]
    pub from_account: Option<String>,
    /// The same number with the same content within five minutes is a repeat.
    pub random: u32,
    pub msg_body: Vec<Element>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cloud_custom_data: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BroadcastSent {
    pub msg_seq: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MsgSeq {
    pub msg_seq: u32,
}

/// `group_open_http_svc/group_msg_recall` (product/269/12341).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupMsgRecall {
    pub group_id: String,
    pub msg_seq_list: Vec<MsgSeq>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Recalls {
    pub recall_ret_list: Vec<Recall>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Recall {
    pub msg_seq: u32,
    /// 0, 10030 to 10033, or 10041.
    pub ret_code: Code,
}

/// `group_open_http_svc/group_msg_get_simple` (product/269/2738).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupMsgGetSimple {
    pub group_id: String,
    /// At most [`MAX_HISTORY_PER_CALL`] of use.
    pub req_msg_number: u32,
    /// Greatest number that is wanted; absent: from the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub req_msg_seq: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupHistory {
    pub group_id: String,
    /// 1 all were given, 0 the answer was cut, 2 it was cut and the rest has expired.
    pub is_finished: u32,
    /// Newest first.
    pub rsp_msg_list: Vec<HistoryMessage>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HistoryMessage {
    #[serde(rename = "From_Account")]
    pub from_account: String,
    /// 0 a message, 1 it is gone, 2 it was recalled.
    pub is_place_msg: u32,
    pub msg_body: Vec<Element>,
    /// See [`priority_number`].
    pub msg_priority: u32,
    pub msg_random: u32,
    pub msg_seq: u32,
    pub msg_time_stamp: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cloud_custom_data: String,
}

/// The number of a priority in a history.
pub const fn priority_number(priority: Priority) -> u32 {
    match priority {
        Priority::High => 1,
        Priority::Normal => 2,
        Priority::Low => 3,
        Priority::Lowest => 4,
    }
}

/// `group_open_http_svc/delete_group_msg_by_sender` (product/269/2359).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteGroupMsgBySender {
    pub group_id: String,
    #[serde(rename = "Sender_Account")]
    pub sender_account: String,
}

/// `group_open_http_svc/set_unread_msg_num` (product/269/1637). Not for AVChatRoom.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SetUnreadMsgNum {
    pub group_id: String,
    #[serde(rename = "Member_Account")]
    pub member_account: String,
    pub unread_msg_num: u32,
}

/// `group_open_http_svc/import_group_msg` (product/269/1635). Not for AVChatRoom.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportGroupMsg {
    pub group_id: String,
    /// Whether the members' lists of conversations take the messages up.
    #[serde(default, skip_serializing_if = "is_off")]
    pub recent_contact_flag: Flag,
    pub msg_list: Vec<ImportedMessage>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportedMessage {
    #[serde(rename = "From_Account")]
    pub from_account: String,
    pub send_time: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<u32>,
    #[serde(default)]
    pub msg_priority: Priority,
    pub msg_body: Vec<Element>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImportedMessages {
    pub import_msg_result: Vec<ImportedMessageResult>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImportedMessageResult {
    pub msg_seq: u32,
    pub msg_time: u32,
    /// 0 taken, 10004 a wrong element, 80001 filtered, 80002 too long.
    pub result: i32,
}

/// `openim/modify_group_msg`: changes a stored message. Absent members stay as they are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyGroupMsg {
    pub group_id: String,
    pub msg_seq: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_body: Option<Vec<Element>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_custom_data: Option<String>,
}
