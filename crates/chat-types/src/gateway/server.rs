//! Frames from the gateway to a client.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::message::{
    C2cMessage, Conversation, InfoChange, KickCause, Message, Presence, RemovedReason,
    RoomMessages, RoomSnapshot, SendOutcome,
};
use super::rules::{RoomFigures, RoomRules};
use crate::code::Code;
use crate::presence::PresenceStatus;

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
        /// The account is a guest: it reads and says nothing.
        #[serde(default, skip_serializing_if = "is_false")]
        guest: bool,
    },
    /// The room in one frame: nothing else of this room comes before it.
    JoinOk(Box<RoomSnapshot>),
    LeaveOk {
        id: u32,
    },
    /// What became of a message that was not refused.
    SendOk(SendOutcome),
    CatchUpOk {
        id: u32,
        /// Oldest first.
        messages: Vec<Message>,
        /// Whether these are all that there were; otherwise older ones are gone or did not fit.
        complete: bool,
    },
    /// The request was carried out, and there is nothing more to say.
    Done {
        id: u32,
    },
    HistoryOk {
        id: u32,
        /// Oldest first.
        messages: Vec<Message>,
    },
    SendC2cOk {
        id: u32,
        client_id: String,
        key: String,
        time_s: u32,
    },
    C2cHistoryOk {
        id: u32,
        /// Oldest first.
        messages: Vec<C2cMessage>,
        /// Whether there is nothing before them.
        complete: bool,
    },
    ConversationsOk {
        id: u32,
        /// The one with the newest message first.
        conversations: Vec<Conversation>,
    },
    PresenceOk {
        id: u32,
        accounts: Vec<Presence>,
    },
    Pong {
        id: u32,
    },
    /// The request with this `id` was refused. `id` is 0 when the frame could not be read.
    Error {
        id: u32,
        code: Code,
        info: String,
        /// The same request may succeed after so many milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u32>,
    },

    /// New messages of a room, in the room's order.
    Messages(RoomMessages),
    /// A message to every room of the application. Its number is none of a room.
    Broadcast {
        message: Message,
    },
    /// Messages were taken back.
    Recalled {
        group_id: String,
        seqs: Vec<u32>,
        operator: String,
        reason: String,
    },
    /// Data of the application for the room, which is no chat message.
    SystemNotification {
        group_id: String,
        text: String,
    },
    /// The profile of the room was changed; `changes` names what and gives the new values.
    GroupInfoChanged {
        group_id: String,
        operator: String,
        changes: Vec<InfoChange>,
    },
    /// The attributes of the room were changed; here are all of them.
    AttributesChanged {
        group_id: String,
        attributes: BTreeMap<String, String>,
    },
    CounterChanged {
        group_id: String,
        key: String,
        value: i64,
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
    /// This connection is no longer in the room.
    Removed {
        group_id: String,
        reason: RemovedReason,
        operator: String,
        /// End of a ban, in Unix seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_s: Option<u32>,
        /// For people.
        info: String,
    },
    /// Accounts came into the room. Under load this frame is left out first: `online` has the
    /// count for certain.
    MemberEntered {
        group_id: String,
        /// Of many who came into an AVChatRoom, the newest ones only, the newest last.
        users: Vec<String>,
        /// Members with them; in an AVChatRoom the accounts that are online.
        count: u32,
        /// How many came beside those that are named.
        #[serde(default, skip_serializing_if = "is_zero")]
        more: u32,
    },
    /// Accounts are no longer in the room; what is said of `member_entered` holds here too.
    MemberLeft {
        group_id: String,
        users: Vec<String>,
        /// Members without them.
        count: u32,
        /// How many went beside those that are named.
        #[serde(default, skip_serializing_if = "is_zero")]
        more: u32,
        /// Who took them out; absent when they left by themselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operator: Option<String>,
    },
    /// Others were banned from the room.
    MemberBanned {
        group_id: String,
        users: Vec<String>,
        operator: String,
    },
    /// Others may not speak in the room before this time, in Unix seconds; 0 when they may again.
    /// Told only if the application wants it, and left out first under load.
    MemberMuted {
        group_id: String,
        /// Of many, the first ones only.
        users: Vec<String>,
        until_s: u32,
        operator: String,
    },
    /// The account may come back into a room that it was banned from.
    Unbanned {
        group_id: String,
    },
    /// The account may not speak before this time, in Unix seconds; 0 when it may again,
    /// 4294967295 for ever.
    Muted {
        group_id: String,
        until_s: u32,
    },
    /// An account became administrator of the room, or is none any more.
    AdminChanged {
        group_id: String,
        user_id: String,
        granted: bool,
    },
    MarksChanged {
        group_id: String,
        mark: u32,
        users: Vec<String>,
        on: bool,
    },

    /// The room has other rules now.
    RulesChanged {
        group_id: String,
        operator: String,
        rules: RoomRules,
    },
    /// What the room has done with its messages; to its owner and administrators, at most once a
    /// second.
    RoomFigures {
        group_id: String,
        figures: RoomFigures,
    },
    /// The profile of the account itself was changed.
    ProfileChanged {
        user_id: String,
        nick: String,
        face_url: String,
    },

    /// A message to the account, or one that it sent from another connection.
    C2cMessage {
        message: C2cMessage,
    },
    /// The peer has read what was sent to it up to this time, in Unix seconds.
    C2cRead {
        peer: String,
        time_s: u32,
        /// The other way round: this account has read, on another device, what the peer sent.
        #[serde(default, skip_serializing_if = "is_false")]
        own: bool,
    },
    /// A message of the conversation with the peer was taken back.
    C2cWithdrawn {
        peer: String,
        key: String,
    },
    /// An account that this connection follows has another status.
    PresenceChanged {
        user_id: String,
        status: PresenceStatus,
    },

    /// This connection reads too slowly: so many messages and tips were left out for it since the
    /// last such notice.
    Missed {
        count: u32,
        /// Rooms whose messages are among them.
        #[serde(default)]
        group_ids: Vec<String>,
    },
    /// The login has ended. Do not reconnect by yourself.
    Kicked {
        #[serde(default)]
        cause: KickCause,
        /// For people.
        reason: String,
    },
    /// The UserSig has run out while the connection was open. Sign in with a new one.
    SigExpired {},
    /// The gateway is being stopped; come back after so many milliseconds.
    ShuttingDown {
        retry_after_ms: u32,
    },
}

impl ServerFrame {
    /// The group that the frame is about, of those that come by themselves.
    pub fn group_id(&self) -> Option<&str> {
        match self {
            Self::Messages(RoomMessages { group_id, .. })
            | Self::Recalled { group_id, .. }
            | Self::SystemNotification { group_id, .. }
            | Self::GroupInfoChanged { group_id, .. }
            | Self::AttributesChanged { group_id, .. }
            | Self::CounterChanged { group_id, .. }
            | Self::Online { group_id, .. }
            | Self::GroupDismissed { group_id, .. }
            | Self::Removed { group_id, .. }
            | Self::MemberEntered { group_id, .. }
            | Self::MemberLeft { group_id, .. }
            | Self::MemberBanned { group_id, .. }
            | Self::MemberMuted { group_id, .. }
            | Self::Unbanned { group_id }
            | Self::Muted { group_id, .. }
            | Self::AdminChanged { group_id, .. }
            | Self::MarksChanged { group_id, .. }
            | Self::RulesChanged { group_id, .. }
            | Self::RoomFigures { group_id, .. } => Some(group_id),
            Self::LoginOk { .. }
            | Self::JoinOk(_)
            | Self::LeaveOk { .. }
            | Self::SendOk(_)
            | Self::CatchUpOk { .. }
            | Self::Done { .. }
            | Self::HistoryOk { .. }
            | Self::SendC2cOk { .. }
            | Self::C2cHistoryOk { .. }
            | Self::ConversationsOk { .. }
            | Self::PresenceOk { .. }
            | Self::Pong { .. }
            | Self::Error { .. }
            | Self::Broadcast { .. }
            | Self::ProfileChanged { .. }
            | Self::C2cMessage { .. }
            | Self::C2cRead { .. }
            | Self::C2cWithdrawn { .. }
            | Self::PresenceChanged { .. }
            | Self::Missed { .. }
            | Self::Kicked { .. }
            | Self::SigExpired { .. }
            | Self::ShuttingDown { .. } => None,
        }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}
