//! What the frames of the gateway carry.

use serde::{Deserialize, Serialize};

use crate::element::{Element, Priority};
use crate::presence::PresenceStatus;

/// One message of a room.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Rises by one with every message of the room, from 1, and never goes back.
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
