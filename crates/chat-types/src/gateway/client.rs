//! Frames from a client to the gateway.

use serde::{Deserialize, Serialize};

use super::{Platform, RulesChange, UserSig};
use crate::element::{Element, Priority};
use crate::group::CustomFields;

/// What a client may say. `id` is the client's own number for the request; the answer repeats it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Must be the first frame.
    Login {
        id: u32,
        sdk_app_id: u32,
        /// Empty for a guest.
        #[serde(default)]
        user_id: String,
        /// Empty for a guest.
        #[serde(default)]
        user_sig: UserSig,
        /// One of [`Platform`]; a login too many on the same platform ends the oldest.
        #[serde(default)]
        platform: Platform,
        /// Only reads, and has no account; if the application lets guests in.
        #[serde(default, skip_serializing_if = "is_false")]
        guest: bool,
        /// This client reads compressed frames, see [`super::deflate`].
        #[serde(default, skip_serializing_if = "is_false")]
        deflate: bool,
    },
    Join {
        id: u32,
        group_id: String,
        /// Sequence number of the last message this client has of the room. With it the answer
        /// carries what the room's short history still has after that number; without it, the
        /// newest messages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_seq: Option<u32>,
    },
    Leave {
        id: u32,
        group_id: String,
    },
    Send {
        id: u32,
        group_id: String,
        /// Made by the client, unique per message. Sending the same one again within five minutes
        /// gets the first answer again and delivers nothing twice.
        client_id: String,
        #[serde(default)]
        priority: Priority,
        elements: Vec<Element>,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        cloud_custom_data: String,
    },
    /// Asks for the messages of a gap: those above `after_seq` and below `before_seq` that the short
    /// history still has. Answer: `catch_up_ok`.
    CatchUp {
        id: u32,
        group_id: String,
        after_seq: u32,
        /// Absent: up to the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before_seq: Option<u32>,
    },
    /// Changes the rules of a room; the owner and administrators may. Absent members stay as they
    /// are. Answer: `done`.
    ModifyRules {
        id: u32,
        group_id: String,
        #[serde(flatten)]
        change: RulesChange,
    },
    /// Changes the profile of a room, as far as the account may. Absent members stay as they are;
    /// custom fields are merged, and an empty value removes that field's value. Answer: `done`.
    ModifyGroup {
        id: u32,
        group_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        introduction: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notification: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        face_url: Option<String>,
        #[serde(default, skip_serializing_if = "CustomFields::is_empty")]
        custom_fields: CustomFields,
        /// Whether only the owner and administrators may speak.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mute_all: Option<bool>,
    },
    /// Takes a message of a room back. Answer: `done`.
    Recall {
        id: u32,
        group_id: String,
        seq: u32,
    },
    /// Asks for stored messages of a room. Answer: `history_ok`.
    History {
        id: u32,
        group_id: String,
        /// Only messages with a lower number; absent: the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before_seq: Option<u32>,
        /// At most [`super::MAX_HISTORY_MESSAGES`].
        count: u32,
    },
    /// Sends to one account. Answer: `send_c2c_ok`.
    SendC2c {
        id: u32,
        to: String,
        /// As in `send`.
        client_id: String,
        elements: Vec<Element>,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        cloud_custom_data: String,
        /// Not stored: it reaches the account now or never.
        #[serde(default, skip_serializing_if = "is_false")]
        online_only: bool,
    },
    /// Asks for messages of a conversation. Answer: `c2c_history_ok`.
    C2cHistory {
        id: u32,
        peer: String,
        /// Only messages before the one with this key; absent: the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before_key: Option<String>,
        /// At most [`super::MAX_HISTORY_MESSAGES`].
        count: u32,
    },
    /// Everything that the peer has sent up to now was read. Answer: `done`.
    C2cRead {
        id: u32,
        peer: String,
    },
    /// Takes an own message back. Answer: `done`.
    C2cWithdraw {
        id: u32,
        peer: String,
        key: String,
    },
    /// Asks for the list of conversations. Answer: `conversations_ok`.
    Conversations {
        id: u32,
    },
    /// Asks for the status of accounts, at most [`super::MAX_PRESENCE_ACCOUNTS`], and follows
    /// their changes on this connection instead of those asked for before. An empty list follows
    /// nobody. Answer: `presence_ok`.
    Presence {
        id: u32,
        user_ids: Vec<String>,
    },
    Ping {
        id: u32,
    },
    /// Ends the login; the gateway closes the connection.
    Logout {
        id: u32,
    },
}

fn is_false(value: &bool) -> bool {
    !value
}

impl ClientFrame {
    /// The client's number of the request.
    pub const fn id(&self) -> u32 {
        match self {
            Self::Login { id, .. }
            | Self::Join { id, .. }
            | Self::Leave { id, .. }
            | Self::Send { id, .. }
            | Self::CatchUp { id, .. }
            | Self::ModifyRules { id, .. }
            | Self::ModifyGroup { id, .. }
            | Self::Recall { id, .. }
            | Self::History { id, .. }
            | Self::SendC2c { id, .. }
            | Self::C2cHistory { id, .. }
            | Self::C2cRead { id, .. }
            | Self::C2cWithdraw { id, .. }
            | Self::Conversations { id }
            | Self::Presence { id, .. }
            | Self::Ping { id }
            | Self::Logout { id } => *id,
        }
    }
}

/// Whether a text in this JSON has U+0000 in it, by the one way in which JSON can write that. Such a
/// frame is refused: databases do not store the sign.
pub fn has_nul(json: &str) -> bool {
    json.match_indices(r"\u0000").any(|(at, _)| {
        let before = json.as_bytes()[..at].iter().rev();
        // After an odd number the next one is a backslash by itself.
        before.take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_that_is_written_as_an_escape_is_told_from_a_backslash_before_letters() {
        for (json, has) in [
            (r#""a\\u0000b""#, false),
            (r#""a\\\\u0000b""#, false),
            (r#""u0000""#, false),
            (r#""\u00000""#, true),
            (r#""a\u0000b""#, true),
            (r#""\\\u0000""#, true),
            (r#""\\u0000\u0000""#, true),
            (r#"{"\u0000":1}"#, true),
        ] {
            assert_eq!(has_nul(json), has, "{json}");
        }
    }
}
