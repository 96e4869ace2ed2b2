//! The rooms that a connection has joined.

use chat_types::GroupId;
use chat_types::code::{ApiError, Code};
use std::collections::HashMap;
use std::sync::Arc;

use crate::room::{ConnectionId, Room};

/// Rooms that one connection may be in at once.
const MAX_ROOMS: usize = 256;

/// Rooms by group. A room may have let the connection go since.
pub(super) struct Joined {
    connection: ConnectionId,
    rooms: HashMap<GroupId, Arc<Room>>,
}

impl Joined {
    pub(super) fn new(connection: ConnectionId) -> Self {
        Self { connection, rooms: HashMap::new() }
    }

    /// Whether the connection has joined a room, as far as it knows itself.
    pub(super) fn knows(&self, group_id: &GroupId) -> bool {
        self.rooms.contains_key(group_id)
    }

    /// Whether a room may be joined: 9007 when the connection is in too many.
    pub(super) fn check_place(&mut self, group_id: &GroupId) -> Result<(), ApiError> {
        if self.rooms.len() >= MAX_ROOMS {
            self.rooms.retain(|_, room| room.has(self.connection));
        }
        if self.rooms.len() >= MAX_ROOMS && !self.rooms.contains_key(group_id) {
            return Err(ApiError::new(
                Code::TOO_MANY_ROOMS,
                format!("a connection may be in {MAX_ROOMS} rooms: leave one first"),
            ));
        }
        Ok(())
    }

    pub(super) fn put(&mut self, group_id: GroupId, room: Arc<Room>) {
        self.rooms.insert(group_id, room);
    }

    pub(super) fn remove(&mut self, group_id: &GroupId) -> Option<Arc<Room>> {
        self.rooms.remove(group_id)
    }

    /// The room of a group that the connection is in.
    pub(super) fn get(&self, group_id: &GroupId) -> Option<Arc<Room>> {
        self.rooms.get(group_id).filter(|room| room.has(self.connection)).map(Arc::clone)
    }

    /// All that were joined.
    pub(super) fn all(&self) -> impl Iterator<Item = (&GroupId, &Arc<Room>)> {
        self.rooms.iter()
    }
}

pub(super) fn not_in(group_id: &GroupId) -> ApiError {
    ApiError::new(Code::NOT_IN_ROOM, format!("this connection is not in {group_id}"))
}
