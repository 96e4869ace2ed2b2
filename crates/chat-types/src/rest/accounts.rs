//! Accounts, online status and the global mute.

use serde::{Deserialize, Serialize};

use super::{AccountError, Flag};
use crate::presence::PresenceStatus;

/// Accounts in one `multiaccount_import`, `account_delete` or `account_check`.
pub const MAX_ACCOUNTS_PER_CALL: usize = 100;

/// `im_open_login_svc/account_import` (product/269/1608).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccountImport {
    #[serde(rename = "UserID", alias = "Identifier")]
    pub user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
}

/// `im_open_login_svc/multiaccount_import` (product/269/4919). A caller uses one of the two lists.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MultiaccountImport {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// The newer form, with nickname and avatar.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub account_list: Vec<AccountImport>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MultiaccountImported {
    pub fail_accounts: Vec<String>,
}

/// An account in a list, as `{"UserID": …}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserIdItem {
    #[serde(rename = "UserID", alias = "Identifier")]
    pub user_id: String,
}

/// `im_open_login_svc/account_delete` (product/269/36443).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccountDelete {
    pub delete_item: Vec<UserIdItem>,
}

/// `im_open_login_svc/account_check` (product/269/38417).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccountCheck {
    pub check_item: Vec<UserIdItem>,
}

/// The answer to `account_delete` and `account_check`: one entry per account of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AccountResults {
    pub result_item: Vec<AccountResult>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AccountResult {
    #[serde(rename = "UserID")]
    pub user_id: String,
    pub result_code: i32,
    pub result_info: String,
    /// Only from `account_check`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_status: Option<AccountStatus>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountStatus {
    Imported,
    NotImported,
}

/// `im_open_login_svc/kick`: ends every login of the account (product/269/3853).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Kick {
    #[serde(rename = "UserID", alias = "Identifier")]
    pub user_id: String,
}

/// `openim/query_online_status` and its older name `openim/querystate` (product/269/2566).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueryOnlineStatus {
    #[serde(rename = "To_Account")]
    pub to_account: Vec<String>,
    /// Whether the answer names the platforms.
    #[serde(default)]
    pub is_need_detail: Flag,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct OnlineStatuses {
    pub query_result: Vec<OnlineStatus>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub error_list: Vec<AccountError>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OnlineStatus {
    #[serde(rename = "To_Account")]
    pub to_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<PresenceStatus>,
    /// The older name of `Status`, with the same value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<PresenceStatus>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<PlatformStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PlatformStatus {
    /// `iPhone`, `Android`, `Web`, `PC`, `iPad` or `Mac`.
    pub platform: String,
    pub status: PresenceStatus,
}

impl OnlineStatus {
    /// With the status under both of its names.
    pub fn new(
        to_account: impl Into<String>,
        status: PresenceStatus,
        detail: Vec<PlatformStatus>,
    ) -> Self {
        let status = Some(status);
        Self { to_account: to_account.into(), status, state: status, detail }
    }
}

/// `openconfigsvr/setnospeaking` (product/1047/34923). Times are lengths in seconds: 0 ends the
/// mute, 4294967295 is for ever, an absent one stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SetNoSpeaking {
    #[serde(rename = "Set_Account")]
    pub set_account: String,
    #[serde(rename = "C2CmsgNospeakingTime", skip_serializing_if = "Option::is_none")]
    pub c2c_time: Option<u32>,
    #[serde(rename = "GroupmsgNospeakingTime", skip_serializing_if = "Option::is_none")]
    pub group_time: Option<u32>,
}

/// `openconfigsvr/getnospeaking` (product/1047/34924).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GetNoSpeaking {
    #[serde(rename = "Get_Account")]
    pub get_account: String,
}

/// Seconds that are left of the global mutes; 0 for none, 4294967295 for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NoSpeaking {
    #[serde(rename = "C2CmsgNospeakingTime")]
    pub c2c_time: u32,
    #[serde(rename = "GroupmsgNospeakingTime")]
    pub group_time: u32,
}
