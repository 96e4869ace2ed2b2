//! Frames between a client and the gateway: one JSON object per WebSocket text message, told
//! apart by `t`. `docs/gateway.md` is the description for somebody who writes a client.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::code::Code;
use crate::element::{Element, Priority};
use crate::group::GroupProfile;

/// Largest frame that the gateway reads, in bytes.
pub const MAX_CLIENT_FRAME_BYTES: usize = 32 * 1024;
/// Longest client message id, in bytes.
pub const MAX_CLIENT_ID_BYTES: usize = 64;
/// Largest `cloud_custom_data`, in bytes.
pub const MAX_CLOUD_DATA_BYTES: usize = 4 * 1024;

/// A UserSig on its way. It is a password, so it has no readable `Debug` and stays out of logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserSig(pub String);

impl fmt::Debug for UserSig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserSig(…)")
    }
}

/// What a client may say. `id` is the client's own number for the request; the answer repeats it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Must be the first frame.
    Login {
        id: u32,
        sdk_app_id: u32,
        user_id: String,
        user_sig: UserSig,
        /// One of [`Platform`]; a second login on the same platform ends the first.
        #[serde(default)]
        platform: Platform,
    },
    Join {
        id: u32,
        group_id: String,
        /// Sequence number of the last message this client has of the room. With it the answer
        /// carries what the room's catch-up window still has after that number.
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
    Ping {
        id: u32,
    },
    /// Ends the login; the gateway closes the connection.
    Logout {
        id: u32,
    },
}

impl ClientFrame {
    /// The client's number of the request.
    pub const fn id(&self) -> u32 {
        match self {
            Self::Login { id, .. }
            | Self::Join { id, .. }
            | Self::Leave { id, .. }
            | Self::Send { id, .. }
            | Self::Ping { id }
            | Self::Logout { id } => *id,
        }
    }
}

/// Where a client runs. The names are those of the webhook parameter `OptPlatform`, with `Linux`
/// added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Platform {
    Windows,
    Mac,
    Linux,
    Web,
    Android,
    #[serde(rename = "iOS")]
    Ios,
    #[serde(rename = "iPad")]
    Ipad,
    #[default]
    Unknown,
}

/// What the gateway may say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ServerFrame {
    LoginOk {
        id: u32,
        user_id: String,
        nick: String,
        /// The client has to say something (a `ping` will do) at least this often.
        heartbeat_s: u32,
    },
    /// The room in one frame: nothing else of this room comes before it.
    JoinOk {
        id: u32,
        group: GroupProfile,
        online: u32,
        /// Sequence number of the newest message of the room, 0 when there is none.
        last_seq: u32,
        /// With `after_seq`: the messages after it that the catch-up window still has, oldest first.
        messages: Vec<Message>,
    },
    LeaveOk {
        id: u32,
    },
    /// The message was stamped and handed to the room.
    SendOk {
        id: u32,
        client_id: String,
        seq: u32,
        time_s: u32,
    },
    Pong {
        id: u32,
    },
    /// The request with this `id` was refused. `id` is 0 when the frame could not be read.
    Error {
        id: u32,
        code: Code,
        info: String,
    },

    /// New messages of a room, in the room's order.
    Messages {
        group_id: String,
        messages: Vec<Message>,
    },
    /// The profile of the room was changed; `changes` names what and gives the new values.
    GroupInfoChanged {
        group_id: String,
        operator: String,
        changes: Vec<InfoChange>,
    },
    /// Number of accounts that are in the room now.
    Online {
        group_id: String,
        count: u32,
    },
    /// The room is gone; the connection is no longer a member of it.
    GroupDismissed {
        group_id: String,
        operator: String,
    },
    /// This connection reads too slowly: so many frames of rooms were left out for it since the
    /// last such notice.
    Missed {
        count: u32,
    },
    /// The login has ended because the account signed in elsewhere. Do not reconnect by yourself.
    Kicked {
        reason: String,
    },
    /// The UserSig has run out while the connection was open. Sign in with a new one.
    SigExpired {},
    /// The gateway is being stopped; come back after so many milliseconds.
    ShuttingDown {
        retry_after_ms: u32,
    },
}

/// One message of a room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// A custom group field; an empty value means that the field has none now.
    Custom {
        key: String,
        value: String,
    },
}

/// Close codes of the WebSocket, beside the standard ones (1000 after `logout`, 1001 when the
/// gateway stops, 1009 for a frame that is too long).
pub mod close {
    /// Sign in again with a new UserSig.
    pub const SIG_EXPIRED: u16 = 4001;
    /// Signed in elsewhere; do not come back by yourself.
    pub const KICKED: u16 = 4002;
    /// The login was refused; the error frame before says why.
    pub const LOGIN_REFUSED: u16 = 4003;
    /// Nothing was heard for too long; come back.
    pub const SILENT: u16 = 4004;
    /// The client does not read what it is sent; come back later.
    pub const SLOW_READER: u16 = 4005;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_frame_shows_no_user_sig_to_whoever_prints_it() {
        let json = r#"{"t":"login","id":1,"sdk_app_id":5,"user_id":"a","user_sig":"secret"}"#;
        let frame: ClientFrame = serde_json::from_str(json).unwrap();
        assert!(!format!("{frame:?}").contains("secret"));
        assert!(serde_json::to_string(&frame).unwrap().contains("secret"), "the gateway reads it");
    }
}
