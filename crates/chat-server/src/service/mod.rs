//! What the REST API and the gateway both do. Every method checks its input, works on storage and
//! rooms, and refuses with an [`ApiError`] whose code is documented.

mod accounts;
mod groups;
mod messages;

pub(crate) use accounts::SignedIn;
pub(crate) use messages::{Outgoing, RepeatKey};

use chat_types::code::{ApiError, Code};
use chat_types::gateway::{Platform, ServerFrame, close};
use chat_types::{GroupId, UserId};
use moka::sync::Cache;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::counters::Counters;
use crate::room::{Closing, ConnectionId, Outbox, Room, Rooms, Stamp};
use crate::storage::{self, Storage};

/// A repeat of a message is recognised this long (`send_group_msg`, product/269/1629).
const REPEAT_WINDOW: Duration = Duration::from_secs(300);
/// Repeats remembered at once; the least recently used are forgotten first.
const REPEAT_CAPACITY: u64 = 100_000;

/// One sign-in place of an account: a second login on it ends the first.
type LoginKey = (u32, UserId, Platform);

pub(crate) struct Service {
    pub(crate) storage: Storage,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counters: Arc<Counters>,
    rooms: Rooms,
    /// Held while a room is brought in from storage and while one is taken away, so that a
    /// dismissed room is never brought back by somebody who read it just before.
    room_coming_or_going: tokio::sync::Mutex<()>,
    repeats: Cache<RepeatKey, Stamp>,
    logins: Mutex<HashMap<LoginKey, (ConnectionId, Arc<Outbox>)>>,
    next_connection: AtomicU64,
    next_room: AtomicU64,
}

/// Hides a storage failure from the caller and puts it into the log.
pub(crate) fn internal(error: storage::Error) -> ApiError {
    tracing::error!(%error, "storage failed");
    ApiError::new(Code::INTERNAL, "the service failed inside; try again")
}

impl Service {
    pub(crate) fn new(storage: Storage, clock: Arc<dyn Clock>) -> Self {
        Self {
            storage,
            clock,
            counters: Arc::default(),
            rooms: Rooms::default(),
            room_coming_or_going: tokio::sync::Mutex::default(),
            repeats: Cache::builder()
                .max_capacity(REPEAT_CAPACITY)
                .time_to_live(REPEAT_WINDOW)
                .build(),
            logins: Mutex::default(),
            next_connection: AtomicU64::new(1),
            next_room: AtomicU64::new(1),
        }
    }

    pub(crate) fn next_connection(&self) -> ConnectionId {
        self.next_connection.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn now_s(&self) -> u32 {
        u32::try_from(self.clock.now_s()).unwrap_or(u32::MAX)
    }

    fn logins(&self) -> MutexGuard<'_, HashMap<LoginKey, (ConnectionId, Arc<Outbox>)>> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a login and ends an earlier one of the same account on the same platform.
    pub(crate) fn signed_in(
        &self,
        who: &SignedIn,
        platform: Platform,
        connection: ConnectionId,
        outbox: &Arc<Outbox>,
    ) {
        let key = (who.sdk_app_id, who.user_id.clone(), platform);
        let earlier = self.logins().insert(key, (connection, Arc::clone(outbox)));
        if let Some((_, earlier)) = earlier {
            earlier.answer(&ServerFrame::Kicked { reason: "signed in elsewhere".into() });
            earlier.close(Closing { code: close::KICKED, reason: "signed in elsewhere" });
        }
    }

    /// Takes a login out again, unless a later one has its place already.
    pub(crate) fn signed_out(&self, who: &SignedIn, platform: Platform, connection: ConnectionId) {
        let key = (who.sdk_app_id, who.user_id.clone(), platform);
        let mut logins = self.logins();
        if logins.get(&key).is_some_and(|(current, _)| *current == connection) {
            logins.remove(&key);
        }
    }

    /// The room of a group, brought into memory if need be; 10015 when there is no such group.
    pub(crate) async fn room(
        &self,
        sdk_app_id: u32,
        group_id: &GroupId,
    ) -> Result<Arc<Room>, ApiError> {
        if let Some(room) = self.rooms.get(sdk_app_id, group_id) {
            return Ok(room);
        }
        let _one_at_a_time = self.room_coming_or_going.lock().await;
        let stored = self.storage.group(sdk_app_id, group_id.as_str()).await.map_err(internal)?;
        let Some(stored) = stored else { return Err(no_such_group(group_id)) };
        let owner_nick = match stored.owner.as_str() {
            "" => String::new(),
            owner => {
                let nick = self.storage.account_nick(sdk_app_id, owner).await;
                nick.map_err(internal)?.unwrap_or_default()
            }
        };
        let number = self.next_room.fetch_add(1, Ordering::Relaxed);
        Ok(self.rooms.insert(sdk_app_id, group_id, Room::new(number, stored, owner_nick)))
    }

    /// Lets the rooms of an application know that an account has another nickname.
    fn account_renamed(&self, sdk_app_id: u32, user_id: &UserId, nick: &str) {
        for (app, _, room) in self.rooms.all() {
            if app == sdk_app_id {
                room.account_renamed(user_id, nick);
            }
        }
    }

    /// Tells every room whose online count has changed.
    pub(crate) fn announce_online(&self) {
        for (_, _, room) in self.rooms.all() {
            room.announce_online();
        }
    }

    /// Stores what only memory knows, for a clean stop: the next message of each room then goes on
    /// without a gap in the numbers.
    pub(crate) async fn store_sequence_numbers(&self) {
        for (sdk_app_id, group_id, room) in self.rooms.all() {
            let seq = room.last_seq();
            if let Err(error) =
                self.storage.release_seq_above(sdk_app_id, group_id.as_str(), seq).await
            {
                tracing::error!(%error, "sequence number not stored; the room goes on after a gap");
            }
        }
    }
}

pub(crate) fn no_such_group(group_id: &GroupId) -> ApiError {
    ApiError::new(Code::GROUP_ID_INVALID, format!("no such group: {group_id}"))
}
