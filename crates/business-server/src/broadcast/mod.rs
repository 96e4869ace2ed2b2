//! Broadcasts: one text to everybody in all rooms.
//!
//! A broadcast goes by `send_broadcast_msg`, which reaches every AVChatRoom at once. Where the
//! edition of the application does not have it (10007), it goes as a message with priority `High`
//! into each room that is on air at that moment, at a bounded rate. Which way was taken, why, and how
//! far it is, is kept and told. Either way the announcement carries the id that the caller gave, by
//! which clients show it once.

pub(crate) mod http;
mod routine;
mod store;
mod unanswered;

pub(crate) use routine::{go_room_by_room, send_broadcasts};

use chat_types::business::{Announcement, AnnouncementKind, BusinessMessage};
use serde::Serialize;
use utoipa::ToSchema;

/// Broadcasts that are on their way at once. A further one has to wait: the service takes one in a
/// second, and the room by room way takes longer.
const MAX_WAITING: u64 = 20;

/// The way that a broadcast takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
enum BroadcastWay {
    /// The chat service has not answered yet.
    Undecided,
    /// By one call to all rooms of the application.
    Broadcast,
    /// By a message into each room that was on air.
    Rooms,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
enum BroadcastState {
    Waiting,
    Done,
    Failed,
}

fn announcement(id: &str, text: &str) -> BusinessMessage {
    BusinessMessage::Announcement(Announcement {
        id: id.to_owned(),
        kind: AnnouncementKind::Broadcast,
        text: text.to_owned(),
    })
}
