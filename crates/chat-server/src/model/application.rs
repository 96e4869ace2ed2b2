//! What an application is configured to do. The cloud's console edits the same things.

use chat_types::group::GroupType;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// The administrator that every application has from the start ("Live Room Setup Guide",
/// product/1047/49589).
pub const DEFAULT_ADMIN: &str = "administrator";

/// A secret: it has no readable `Debug`, so that it stays out of logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What an application has paid for. The top features (broadcast, online
/// list, marks, robots, room administrators, counters, ban, short history) need `Ultimate`.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Edition {
    #[default]
    Free,
    Pro,
    Ultimate,
}

/// Who may read or write a custom group field: everybody from this right upwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    Anyone,
    Member,
    Admin,
    Owner,
    AppAdmin,
}

/// A custom group field of an application. Once made it stays; only its rights change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDefinition {
    pub name: String,
    /// Never empty; chosen once.
    pub group_types: BTreeSet<GroupType>,
    pub read: Right,
    pub write: Right,
    /// Unix seconds. With the setting `field_delay_s` the field works that much later.
    pub create_time: u64,
}

/// What happens to a message when its before-webhook fails or does not answer in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    #[default]
    Allow,
    Reject,
}

/// The webhook receiver of an application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callbacks {
    /// Without a URL nothing is called.
    pub url: Option<String>,
    /// With a token every call is signed.
    pub token: Option<Secret>,
    pub on_failure: OnFailure,
    /// Commands that are switched on, by their documented names (`Group.CallbackBeforeSendMsg`).
    pub commands: BTreeSet<String>,
}

/// Everything that an application is configured to do, as one value.
#[derive(Debug, Clone)]
pub struct Application {
    pub sdk_app_id: u32,
    pub name: String,
    /// UserSigs are signed with it.
    pub key: Secret,
    pub create_time: u64,
    pub edition: Edition,
    pub admins: BTreeSet<String>,
    /// By name, in order.
    pub fields: Vec<FieldDefinition>,
    /// Names of the custom fields of group members, which a group field may not take.
    pub member_fields: BTreeSet<String>,
    pub callbacks: Arc<Callbacks>,
    pub settings: super::Settings,
}

impl Application {
    pub fn is_admin(&self, user_id: &str) -> bool {
        self.admins.contains(user_id)
    }

    pub fn field(&self, name: &str) -> Option<&FieldDefinition> {
        self.fields.iter().find(|field| field.name == name)
    }
}
