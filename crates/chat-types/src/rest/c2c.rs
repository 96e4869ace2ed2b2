//! Messages from one account to another (service `openim`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AccountError, Flag};
use crate::element::Element;

/// Longest time that a message is kept, in seconds, and the default.
pub const MAX_LIFE_TIME_S: u32 = 604_800;
/// Largest answer of `admin_getroammsg`, in bytes of its messages.
pub const MAX_ROAM_ANSWER_BYTES: usize = 13 * 1024;
/// `MsgFlagBits` of a message that was withdrawn.
pub const MSG_WITHDRAWN: u32 = 8;

/// `openim/sendmsg` (product/269/2282).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendMsg {
    #[serde(rename = "To_Account")]
    pub to_account: String,
    #[serde(flatten)]
    pub message: C2cSend,
}

/// `openim/batchsendmsg` (product/269/1612). No webhook is asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchSendMsg {
    #[serde(rename = "To_Account")]
    pub to_account: Vec<String>,
    #[serde(flatten)]
    pub message: C2cSend,
}

/// What `sendmsg` and `batchsendmsg` have in common.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct C2cSend {
    /// Default: the calling administrator.
    #[serde(rename = "From_Account", skip_serializing_if = "Option::is_none")]
    pub from_account: Option<String>,
    /// The same number within one second is a repeat.
    pub msg_random: u32,
    pub msg_body: Vec<Element>,
    /// 1: the sender's devices get the message too; 2: they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_other_machine: Option<u32>,
    /// Seconds; 0 for somebody who is online only; default and most [`MAX_LIFE_TIME_S`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_life_time: Option<u32>,
    /// Chosen by the caller; orders messages within one second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_seq: Option<u32>,
    /// Read and left alone: a message has the time at which the service took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_time_stamp: Option<u32>,
    /// [`super::FORBID_BEFORE`], [`super::FORBID_AFTER`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forbid_callback_control: Vec<String>,
    /// `NoLastMsg`, `NoUnread`, `WithMuteNotifications`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub send_msg_control: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cloud_custom_data: String,
    /// There is no offline push here; it is read and left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offline_push_info: Option<Value>,
}

impl C2cSend {
    /// Whether the message asks to go past the webhooks of this name.
    pub fn forbids(&self, callback: &str) -> bool {
        self.forbid_callback_control.iter().any(|name| name == callback)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MsgSent {
    pub msg_time: u32,
    /// `seq_random_time`, at most 50 characters.
    pub msg_key: String,
}

/// The answer to `batchsendmsg`; `ActionStatus` is `SomeError` when only some were reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BatchSent {
    pub msg_key: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub error_list: Vec<AccountError>,
}

/// `openim/admin_getroammsg` (product/269/42794).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminGetRoamMsg {
    #[serde(rename = "From_Account", alias = "Operator_Account")]
    pub from_account: String,
    #[serde(rename = "To_Account", alias = "Peer_Account")]
    pub to_account: String,
    pub max_cnt: u32,
    pub min_time: u32,
    pub max_time: u32,
    /// Of the answer before, for the next part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_msg_key: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RoamMessages {
    /// Whether this was all.
    pub complete: Flag,
    pub msg_cnt: u32,
    pub last_msg_time: u32,
    pub last_msg_key: String,
    pub msg_list: Vec<RoamMessage>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RoamMessage {
    #[serde(rename = "From_Account")]
    pub from_account: String,
    #[serde(rename = "To_Account")]
    pub to_account: String,
    pub msg_seq: u32,
    pub msg_random: u32,
    pub msg_time_stamp: u32,
    /// 0, or [`MSG_WITHDRAWN`].
    pub msg_flag_bits: u32,
    pub msg_key: String,
    pub msg_body: Vec<Element>,
    pub cloud_custom_data: String,
}

/// `openim/admin_msgwithdraw` (product/269/38980).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminMsgWithdraw {
    #[serde(rename = "From_Account")]
    pub from_account: String,
    #[serde(rename = "To_Account")]
    pub to_account: String,
    pub msg_key: String,
}

/// `openim/admin_set_msg_read`: everything that `Peer_Account` has sent to `Report_Account` counts
/// as read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AdminSetMsgRead {
    #[serde(rename = "Report_Account")]
    pub report_account: String,
    #[serde(rename = "Peer_Account")]
    pub peer_account: String,
}

/// `openim/get_c2c_unread_msg_num`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetC2cUnreadMsgNum {
    #[serde(rename = "To_Account")]
    pub to_account: String,
    /// Whose messages to count, each for itself; empty: all together.
    #[serde(rename = "Peer_Account", default, skip_serializing_if = "Vec::is_empty")]
    pub peer_account: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct C2cUnreadMsgNum {
    /// Only without `Peer_Account` in the request.
    #[serde(rename = "AllC2CUnreadMsgNum", skip_serializing_if = "Option::is_none")]
    pub all: Option<u32>,
    #[serde(rename = "C2CUnreadMsgNumList", default, skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<C2cUnreadOfPeer>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct C2cUnreadOfPeer {
    #[serde(rename = "Peer_Account")]
    pub peer_account: String,
    #[serde(rename = "C2CUnreadMsgNum")]
    pub unread: u32,
}

/// `openim/importmsg`: a message of another system with its own time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportMsg {
    /// 1: counts as unread, as a message of now does; 2: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_from_old_system: Option<u32>,
    #[serde(rename = "From_Account")]
    pub from_account: String,
    #[serde(rename = "To_Account")]
    pub to_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_seq: Option<u32>,
    pub msg_random: u32,
    pub msg_time_stamp: u32,
    pub msg_body: Vec<Element>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cloud_custom_data: String,
}

/// `openim/modify_c2c_msg`: what is given takes the place of what the message says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyC2cMsg {
    #[serde(rename = "From_Account")]
    pub from_account: String,
    #[serde(rename = "To_Account")]
    pub to_account: String,
    pub msg_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_body: Option<Vec<Element>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_custom_data: Option<String>,
}
