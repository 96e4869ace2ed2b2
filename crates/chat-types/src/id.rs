//! Account and group ids.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::code::ApiError;

/// Longest account id, in bytes ("Use Limits").
pub const MAX_USER_ID_BYTES: usize = 32;
/// Longest group id chosen by a caller, in bytes (`create_group`, product/269/1615).
pub const MAX_GROUP_ID_BYTES: usize = 48;
/// Group ids that the service makes start with this; a caller's own may not.
pub const RESERVED_GROUP_PREFIX: &str = "@TGS#";

/// An account id: 1–32 bytes of printable ASCII, case sensitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(String);

/// A group id: 1–48 bytes of printable ASCII, case sensitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupId(String);

fn printable_ascii(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

impl UserId {
    pub fn new(text: impl Into<String>) -> Result<Self, ApiError> {
        let text = text.into();
        if text.is_empty() || text.len() > MAX_USER_ID_BYTES || !printable_ascii(&text) {
            return Err(ApiError::bad_parameter(format!(
                "an account id has 1 to {MAX_USER_ID_BYTES} bytes of printable ASCII"
            )));
        }
        Ok(Self(text))
    }

    /// The administrator that every application has from the start ("Live Room Setup Guide",
    /// product/1047/49589).
    pub fn administrator() -> Self {
        Self("administrator".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl GroupId {
    pub fn new(text: impl Into<String>) -> Result<Self, ApiError> {
        let text = text.into();
        if text.is_empty() || text.len() > MAX_GROUP_ID_BYTES || !printable_ascii(&text) {
            return Err(ApiError::bad_parameter(format!(
                "a group id has 1 to {MAX_GROUP_ID_BYTES} bytes of printable ASCII"
            )));
        }
        Ok(Self(text))
    }

    /// A group id that a caller chose for a new group: it may not look like one of the service's.
    pub fn chosen_by_caller(text: impl Into<String>) -> Result<Self, ApiError> {
        let id = Self::new(text)?;
        if id.0.starts_with(RESERVED_GROUP_PREFIX) {
            return Err(ApiError::bad_parameter(format!(
                "a group id of your own may not start with {RESERVED_GROUP_PREFIX}"
            )));
        }
        Ok(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_id {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = ApiError;
            fn try_from(text: String) -> Result<Self, ApiError> {
                Self::new(text)
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(UserId);
text_id!(GroupId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_has_at_most_32_bytes_of_printable_ascii() {
        assert!(UserId::new("viewer_01").is_ok());
        assert!(UserId::new("a".repeat(32)).is_ok());
        for wrong in [String::new(), "a".repeat(33), "caf\u{e9}".into(), "a\nb".into()] {
            assert!(UserId::new(wrong.clone()).is_err(), "{wrong:?} must be refused");
        }
    }

    #[test]
    fn a_callers_group_id_does_not_look_like_one_of_the_service() {
        assert!(GroupId::chosen_by_caller("room_1001").is_ok());
        assert!(GroupId::chosen_by_caller("@TGS#a1").is_err());
        assert!(GroupId::new("@TGS#a1").is_ok(), "the service's own ids are read back");
    }
}
