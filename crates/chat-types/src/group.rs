//! Groups: types, profile fields with their limits, custom group fields.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::code::ApiError;

/// Profile limits in UTF-8 bytes. Two vendor pages disagree; these are the larger values, and a
/// client that warns its user should warn at the smaller ones (30, 240, 300, 100).
pub const MAX_NAME_BYTES: usize = 100;
pub const MAX_INTRODUCTION_BYTES: usize = 400;
pub const MAX_NOTIFICATION_BYTES: usize = 400;
pub const MAX_FACE_URL_BYTES: usize = 500;
/// Value of a custom group field, in bytes (product/269/1502).
pub const MAX_FIELD_VALUE_BYTES: usize = 512;
/// Name of a custom group field, in characters.
pub const MAX_FIELD_NAME_CHARS: usize = 16;
/// Custom group fields of one application.
pub const MAX_FIELDS_PER_APP: usize = 10;

/// The types of groups, by the names that the REST API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum GroupType {
    /// Members are invited; nobody can ask to come in. Newer name: Work.
    Private,
    Public,
    /// Newer name: Meeting.
    ChatRoom,
    /// A live room: no stored members, no limit, everybody may come in.
    AVChatRoom,
    Community,
}

impl GroupType {
    pub const ALL: [Self; 5] =
        [Self::Private, Self::Public, Self::ChatRoom, Self::AVChatRoom, Self::Community];

    /// The type with this name, old or new.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "Private" | "Work" => Some(Self::Private),
            "Public" => Some(Self::Public),
            "ChatRoom" | "Meeting" => Some(Self::ChatRoom),
            "AVChatRoom" => Some(Self::AVChatRoom),
            "Community" => Some(Self::Community),
            _ => None,
        }
    }

    /// The name that answers give.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Private => "Private",
            Self::Public => "Public",
            Self::ChatRoom => "ChatRoom",
            Self::AVChatRoom => "AVChatRoom",
            Self::Community => "Community",
        }
    }
}

/// Values of the custom group fields of one group, by field name. A field without a value is
/// absent.
pub type CustomFields = BTreeMap<String, String>;

/// One custom field with its value, in the form the REST API uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyValue {
    pub key: String,
    pub value: String,
}

/// The profile of a group as the gateway gives it to a client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupProfile {
    pub group_id: String,
    /// `AVChatRoom`.
    #[serde(rename = "type")]
    pub group_type: String,
    pub name: String,
    pub introduction: String,
    pub notification: String,
    pub face_url: String,
    /// Account id of the owner; empty when the group has none.
    pub owner: String,
    /// Nickname of the owner; empty when it has none.
    pub owner_nick: String,
    pub custom_fields: CustomFields,
}

/// Checks the name of a new custom group field: 1–16 of letters, digits and underscore, not
/// starting with a digit.
pub fn check_field_name(name: &str) -> Result<(), ApiError> {
    let right_length = (1..=MAX_FIELD_NAME_CHARS).contains(&name.len());
    let right_letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let starts_with_digit = name.bytes().next().is_some_and(|b| b.is_ascii_digit());
    if right_length && right_letters && !starts_with_digit {
        return Ok(());
    }
    Err(ApiError::bad_parameter(format!(
        "{:?} cannot name a custom group field: use 1 to {MAX_FIELD_NAME_CHARS} letters, digits \
         and underscores, and do not start with a digit",
        name.chars().take(2 * MAX_FIELD_NAME_CHARS).collect::<String>()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_field_name_follows_the_rule_of_the_console() {
        for right in ["product", "_x", "a", "A1_b2", "abcdefghijklmnop"] {
            assert!(check_field_name(right).is_ok(), "{right} is a good name");
        }
        for wrong in ["", "1st", "with space", "dash-ed", "abcdefghijklmnopq", "prod\u{fc}kt"] {
            assert!(check_field_name(wrong).is_err(), "{wrong} must be refused");
        }
    }

    proptest! {
        #[test]
        fn every_accepted_name_matches_the_written_rule(name in "\\PC{0,20}") {
            let accepted = check_field_name(&name).is_ok();
            let mut letters = name.chars();
            let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
            let rest = letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
            prop_assert_eq!(accepted, first && rest && name.len() <= 16);
        }
    }
}
