//! What the frames of the gateway carry.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::rules::RoomRules;
use crate::element::{Element, Priority};
use crate::group::GroupProfile;
use crate::presence::PresenceStatus;

/// One message of a room.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Rises with every message of the room, from 1, and never goes back. Numbers may skip.
    pub seq: u32,
    /// Unix seconds.
    pub time_s: u32,
    pub from: String,
    /// Nickname of the sender; empty when it has none.
    pub nick: String,
    pub priority: Priority,
    pub elements: Vec<Element>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cloud_custom_data: String,
    /// The sender's own id of the message; empty when it came by REST.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    /// Accounts that the text mentions, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
    /// Whether it mentions everybody.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mention_all: bool,
}

/// Messages of a room that were delivered together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RoomMessages {
    pub group_id: String,
    /// Number of the message that everybody got before the first one of this frame. A client whose
    /// newest number is lower has missed something and asks for it with `catch_up`.
    #[serde(default)]
    pub after: u32,
    pub messages: Vec<Message>,
    /// Messages of the receiving connection itself that went out together with these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<OwnMessage>,
}

/// Number and time of a message that the receiving connection has sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnMessage {
    pub client_id: String,
    pub seq: u32,
    /// Unix seconds.
    pub time_s: u32,
}

/// A room as somebody finds it who comes in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RoomSnapshot {
    pub id: u32,
    pub group: GroupProfile,
    pub online: u32,
    /// Sequence number of the newest message of the room, 0 when there is none.
    pub last_seq: u32,
    /// With `after_seq`: the messages after it that the short history still has. Without: the
    /// newest ones. Oldest first.
    pub messages: Vec<Message>,
    /// Whether nothing is missing between `after_seq` and these messages.
    #[serde(default)]
    pub complete: bool,
    /// Group attributes.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Group counters.
    #[serde(default)]
    pub counters: BTreeMap<String, i64>,
    /// The account may not speak before this time; 0 when it may, 4294967295 for ever.
    #[serde(default)]
    pub muted_until_s: u32,
    /// Whether only the owner and administrators may speak.
    #[serde(default)]
    pub mute_all: bool,
    #[serde(default)]
    pub role: RoomRole,
    #[serde(default)]
    pub rules: RoomRules,
    /// The service's clock, in Unix seconds.
    #[serde(default)]
    pub time_s: u32,
}

/// What an account is in a room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomRole {
    Owner,
    /// Administrator of the room or of the application.
    Admin,
    #[default]
    Member,
    /// Reads and says nothing.
    Guest,
}

/// The answer to `send`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendOutcome {
    pub id: u32,
    pub client_id: String,
    /// 0 when the message was sampled out: it has no number then.
    pub seq: u32,
    /// Unix seconds.
    pub time_s: u32,
    #[serde(default)]
    pub delivery: Delivery,
    /// Connections that the message was written to, or is waiting for because they read slowly.
    #[serde(default)]
    pub reached: u32,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It went to everybody in the room.
    #[default]
    Delivered,
    /// More was said than the room shows, and this message was not among those chosen. Nobody has
    /// seen it.
    SampledOut,
}

/// Why a login has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KickCause {
    SignedInElsewhere,
    Administrator,
    AccountDeleted,
    /// A cause that this program has not learnt.
    #[default]
    #[serde(other)]
    Other,
}

/// One message from an account to another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct C2cMessage {
    /// `seq_random_time`; names the message within its conversation.
    pub key: String,
    /// Orders messages within one second.
    pub seq: u32,
    pub random: u32,
    /// Unix seconds.
    pub time_s: u32,
    pub from: String,
    pub to: String,
    /// Nickname of the sender; empty when it has none.
    pub nick: String,
    /// Empty of a message that was withdrawn.
    pub elements: Vec<Element>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cloud_custom_data: String,
    /// The sender's own id of the message; empty when it came by REST.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    #[serde(default, skip_serializing_if = "is_false")]
    pub withdrawn: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// One line of the list of conversations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    pub peer: String,
    /// Messages of the peer that were not read yet.
    pub unread: u32,
    /// The newest message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<C2cMessage>,
}

/// The status of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    pub user_id: String,
    pub status: PresenceStatus,
}

/// Why a connection is out of a room that it did not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovedReason {
    /// The account may not come back before `until_s`.
    Banned,
    /// The account was taken out of the group.
    Kicked,
    /// The account went into another room on another device, and may be in one only.
    Elsewhere,
    /// The account left on another device.
    Left,
    /// A reason that this program has not learnt.
    #[serde(other)]
    Other,
}

/// One changed field of a group profile with its new value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "field", rename_all = "snake_case")]
pub enum InfoChange {
    Name {
        value: String,
    },
    Introduction {
        value: String,
    },
    Notification {
        value: String,
    },
    FaceUrl {
        value: String,
    },
    /// Account id of the owner; empty when the group has none.
    Owner {
        value: String,
        /// Its nickname; empty when it has none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        nick: String,
    },
    /// Whether only the owner and administrators may speak.
    MuteAll {
        on: bool,
    },
    /// `FreeAccess`, `NeedPermission` or `DisableApply`.
    ApplyJoinOption {
        value: String,
    },
    /// A custom group field; an empty value means that the field has none now.
    Custom {
        key: String,
        value: String,
    },
}
