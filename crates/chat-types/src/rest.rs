//! Bodies of the REST API, `POST /v4/{service}/{command}` ("RESTful API Overview",
//! product/1047/34620). Old and new names of a field are both read.

use serde::{Deserialize, Serialize};

use crate::code::{ApiError, Code};
use crate::element::{Element, Priority};
use crate::group::KeyValue;

/// Largest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Groups in one `get_group_info`.
pub const MAX_GROUPS_PER_CALL: usize = 50;

/// The members that every answer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Envelope<T> {
    /// `OK` or `FAIL`.
    pub action_status: String,
    pub error_code: Code,
    pub error_info: String,
    #[serde(flatten)]
    pub body: T,
}

/// The body of an answer that has nothing to say beyond the envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

impl<T> Envelope<T> {
    pub fn ok(body: T) -> Self {
        Self { action_status: "OK".into(), error_code: Code::OK, error_info: String::new(), body }
    }
}

impl Envelope<Nothing> {
    pub fn fail(error: ApiError) -> Self {
        Self {
            action_status: "FAIL".into(),
            error_code: error.code,
            error_info: error.info,
            body: Nothing {},
        }
    }
}

/// `im_open_login_svc/account_import` (product/269/1608).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccountImport {
    #[serde(rename = "UserID", alias = "Identifier")]
    pub user_id: String,
    #[serde(default)]
    pub nick: Option<String>,
    #[serde(default)]
    pub face_url: Option<String>,
}

/// `group_open_http_svc/create_group` (product/269/1615).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateGroup {
    #[serde(rename = "Type")]
    pub group_type: String,
    pub name: String,
    #[serde(rename = "Owner_Account", default, skip_serializing_if = "Option::is_none")]
    pub owner_account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduction: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub app_defined_data: Vec<KeyValue>,
    /// Refused for AVChatRoom, whose members come in by themselves (10007).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub member_list: Vec<serde_json::Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupCreated {
    pub group_id: String,
}

/// `group_open_http_svc/get_group_info` (product/269/1616).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetGroupInfo {
    pub group_id_list: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_filter: Option<ResponseFilter>,
}

/// With a filter only the named fields come back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResponseFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_base_info_filter: Option<Vec<String>>,
    #[serde(rename = "AppDefinedDataFilter_Group", skip_serializing_if = "Option::is_none")]
    pub app_defined_data_filter_group: Option<Vec<String>>,
}

/// The answer; each entry is judged by its own `ErrorCode`. Entries are objects because a filter
/// may leave any field out; without a filter an entry has the members of [`GroupInfo`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupInfoList {
    pub group_info: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// Everything that `get_group_info` says of one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
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
    /// Unix seconds.
    pub create_time: u32,
    /// Unix seconds of the last change of the profile.
    pub last_info_time: u32,
    /// Unix seconds of the last message, 0 when there is none.
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
    /// Always empty: an AVChatRoom stores no members.
    pub member_list: Vec<serde_json::Value>,
}

/// `group_open_http_svc/modify_group_base_info` (product/269/1620). Absent members stay as they
/// are; `AppDefinedData` is merged, and an empty value removes that field's value.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyGroupBaseInfo {
    pub group_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduction: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub app_defined_data: Vec<KeyValue>,
    /// `On` or `Off`.
    #[serde(default, alias = "MuteAllMember", skip_serializing_if = "Option::is_none")]
    pub shut_up_all_member: Option<String>,
}

/// `group_open_http_svc/send_group_msg` (product/269/1629).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendGroupMsg {
    pub group_id: String,
    /// The same number of the same sender within five minutes is a repeat and is not delivered.
    pub random: u32,
    pub msg_body: Vec<Element>,
    /// Default: the calling administrator. Any account that exists; it need not be a member.
    #[serde(rename = "From_Account", default, skip_serializing_if = "Option::is_none")]
    pub from_account: Option<String>,
    #[serde(default)]
    pub msg_priority: Priority,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cloud_custom_data: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupMsgSent {
    /// Unix seconds.
    pub msg_time: u32,
    pub msg_seq: u32,
}

/// `group_open_http_svc/get_online_member_num` and `destroy_group`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupIdOnly {
    pub group_id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OnlineMemberNum {
    pub online_member_num: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_stands_beside_the_body_not_around_it() {
        let json = serde_json::to_string(&Envelope::ok(GroupCreated { group_id: "r".into() }));
        assert_eq!(
            json.unwrap(),
            r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","GroupId":"r"}"#
        );
        let fail = Envelope::fail(ApiError::new(Code::GROUP_ID_INVALID, "no such group: r"));
        assert_eq!(
            serde_json::to_string(&fail).unwrap(),
            r#"{"ActionStatus":"FAIL","ErrorCode":10015,"ErrorInfo":"no such group: r"}"#
        );
    }

    #[test]
    fn an_account_import_reads_the_older_name_of_the_account_too() {
        for json in [r#"{"UserID":"a"}"#, r#"{"Identifier":"a"}"#] {
            let body: AccountImport = serde_json::from_str(json).unwrap();
            assert_eq!(body.user_id, "a");
        }
    }

    #[test]
    fn a_group_message_without_priority_is_normal_and_priority_is_case_sensitive() {
        let json = r#"{"GroupId":"r","Random":1,"MsgBody":[]}"#;
        let body: SendGroupMsg = serde_json::from_str(json).unwrap();
        assert_eq!(body.msg_priority, Priority::Normal);
        let json = r#"{"GroupId":"r","Random":1,"MsgPriority":"high","MsgBody":[]}"#;
        assert!(serde_json::from_str::<SendGroupMsg>(json).is_err());
    }
}
