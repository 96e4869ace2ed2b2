//! What follows from something that happened in a room.

use chat_types::gateway::ClientFrame;

use crate::danmaku_queue::Comment;
use crate::view::{ChatRow, RoomEvent};

/// One thing that the driver has to do, in the order in which it was decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Tell the subscriber.
    Tell(RoomEvent),
    /// A comment may fly over the picture.
    Fly(Comment),
    /// The comments of these rows were taken back, and do not fly any more.
    Recall(Vec<String>),
    /// Send a frame to the gateway.
    Send(ClientFrame),
    /// Join the room again, with [`Room::after_seq`](crate::room::Room::after_seq).
    Rejoin,
}

impl Effect {
    /// A row that is new at the end, or changed.
    pub fn row(row: ChatRow) -> Self {
        Self::Tell(RoomEvent::Chat { rows: vec![row] })
    }

    /// A row that was missing, and the key of the row that it belongs before.
    pub fn inserted(row: ChatRow, before: String) -> Self {
        Self::Tell(RoomEvent::ChatInserted { before, rows: vec![row] })
    }
}

impl From<RoomEvent> for Effect {
    fn from(event: RoomEvent) -> Self {
        Self::Tell(event)
    }
}
