//! The rooms that a connection has joined.

use chat_types::GroupId;
use chat_types::code::{ApiError, Code};
use std::collections::HashMap;
use std::sync::Arc;

use crate::rate_window::RateWindow;
use crate::room::{ConnectionId, Room};

/// Rooms that one connection may be in at once.
const MAX_ROOMS: usize = 256;
/// A gap is a rare thing; a client that asks for more of them has lost count.
const CATCH_UPS_PER_SECOND: usize = 10;

/// Rooms by group. A room may have let the connection go since.
pub(super) struct Joined {
    connection: ConnectionId,
    rooms: HashMap<GroupId, Arc<Room>>,
    catch_ups: RateWindow,
    joins: RateWindow,
}

impl Joined {
    pub(super) fn new(connection: ConnectionId) -> Self {
        Self {
            connection,
            rooms: HashMap::new(),
            catch_ups: RateWindow::new(CATCH_UPS_PER_SECOND),
            joins: RateWindow::new(MAX_ROOMS),
        }
    }

    /// Whether a room may be joined: 9007 when the connection is in too many, 9013 when it joins too
    /// often. Joining a room again brings what was missed, and counts as asking for a gap.
    pub(super) fn check_place(&mut self, group_id: &GroupId, now_ms: u64) -> Result<(), ApiError> {
        if self.rooms.contains_key(group_id) {
            self.admit_catch_up(now_ms)?;
        }
        self.joins.admit(now_ms).map_err(|wait_ms| {
            let info = format!("at most {MAX_ROOMS} joins a second: wait");
            ApiError::new(Code::REQUEST_RATE, info).retry_after_ms(wait_ms)
        })?;
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

    /// Counts a request for a gap; 9013 when there are too many of them.
    pub(super) fn admit_catch_up(&mut self, now_ms: u64) -> Result<(), ApiError> {
        self.catch_ups.admit(now_ms).map_err(|wait_ms| {
            let info =
                format!("at most {CATCH_UPS_PER_SECOND} gaps a second: ask for one large one");
            ApiError::new(Code::REQUEST_RATE, info).retry_after_ms(wait_ms)
        })
    }

    /// All that were joined.
    pub(super) fn all(&self) -> impl Iterator<Item = (&GroupId, &Arc<Room>)> {
        self.rooms.iter()
    }
}

pub(super) fn not_in(group_id: &GroupId) -> ApiError {
    ApiError::new(Code::NOT_IN_ROOM, format!("this connection is not in {group_id}"))
}
