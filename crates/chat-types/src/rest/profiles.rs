//! Profiles of accounts ("Profile System", product/269/1500).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest text of a profile field, in bytes; [`tag::LOCATION`] takes 16.
pub const MAX_PROFILE_VALUE_BYTES: usize = 500;
pub const MAX_LOCATION_BYTES: usize = 16;
/// Longest key of a custom profile field, in letters.
pub const MAX_CUSTOM_TAG_KEY: usize = 8;

/// Names of profile fields.
pub mod tag {
    pub const NICK: &str = "Tag_Profile_IM_Nick";
    /// URL of the avatar.
    pub const IMAGE: &str = "Tag_Profile_IM_Image";
    /// `Gender_Type_Unknown`, `Gender_Type_Female` or `Gender_Type_Male`.
    pub const GENDER: &str = "Tag_Profile_IM_Gender";
    /// A number such as 20190419.
    pub const BIRTHDAY: &str = "Tag_Profile_IM_BirthDay";
    pub const LOCATION: &str = "Tag_Profile_IM_Location";
    pub const SELF_SIGNATURE: &str = "Tag_Profile_IM_SelfSignature";
    /// `AllowType_Type_NeedConfirm`, `AllowType_Type_AllowAny` or `AllowType_Type_DenyAny`.
    pub const ALLOW_TYPE: &str = "Tag_Profile_IM_AllowType";
    pub const LANGUAGE: &str = "Tag_Profile_IM_Language";
    /// Bit 0 refuses messages.
    pub const MSG_SETTINGS: &str = "Tag_Profile_IM_MsgSettings";
    /// `AdminForbid_Type_None` or `AdminForbid_Type_SendOut`.
    pub const ADMIN_FORBID_TYPE: &str = "Tag_Profile_IM_AdminForbidType";
    pub const LEVEL: &str = "Tag_Profile_IM_Level";
    pub const ROLE: &str = "Tag_Profile_IM_Role";
    /// Before the key of a custom field.
    pub const CUSTOM_PREFIX: &str = "Tag_Profile_Custom_";

    /// The tags above that name a field.
    pub const STANDARD: [&str; 12] = [
        NICK,
        IMAGE,
        GENDER,
        BIRTHDAY,
        LOCATION,
        SELF_SIGNATURE,
        ALLOW_TYPE,
        LANGUAGE,
        MSG_SETTINGS,
        ADMIN_FORBID_TYPE,
        LEVEL,
        ROLE,
    ];
}

/// One field of a profile. The value is text or a whole number, as its tag wants it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProfileItem {
    pub tag: String,
    pub value: Value,
}

/// `profile/portrait_set` (product/269/1640).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PortraitSet {
    #[serde(rename = "From_Account")]
    pub from_account: String,
    pub profile_item: Vec<ProfileItem>,
}

/// The answer to `portrait_set`, also to a refused one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ErrorDisplay {
    pub error_display: String,
}

/// `profile/portrait_get` (product/269/1639).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PortraitGet {
    #[serde(rename = "To_Account")]
    pub to_account: Vec<String>,
    pub tag_list: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Portraits {
    pub user_profile_item: Vec<UserProfile>,
    /// Accounts that failed.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    pub fail_account: Vec<String>,
    pub error_display: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct UserProfile {
    #[serde(rename = "To_Account")]
    pub to_account: String,
    /// Absent of an account that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_item: Option<Vec<ProfileItem>>,
    pub result_code: i32,
    pub result_info: String,
}
