//! The rooms that are in memory.

use chat_types::GroupId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Room;

type Key = (u32, GroupId);

/// Rooms by application and group id. A room comes in when it is first asked for and stays until
/// it is dismissed; the number of groups bounds it.
#[derive(Default)]
pub(crate) struct Rooms {
    rooms: Mutex<HashMap<Key, Arc<Room>>>,
}

impl Rooms {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Room>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, sdk_app_id: u32, group_id: &GroupId) -> Option<Arc<Room>> {
        self.lock().get(&(sdk_app_id, group_id.clone())).map(Arc::clone)
    }

    /// Puts a room in; if somebody was faster, theirs stays and is returned.
    pub(crate) fn insert(&self, sdk_app_id: u32, group_id: &GroupId, room: Room) -> Arc<Room> {
        let mut rooms = self.lock();
        let entry = rooms.entry((sdk_app_id, group_id.clone()));
        Arc::clone(entry.or_insert_with(|| Arc::new(room)))
    }

    pub(crate) fn remove(&self, sdk_app_id: u32, group_id: &GroupId) {
        self.lock().remove(&(sdk_app_id, group_id.clone()));
    }

    /// All rooms at this moment.
    pub(crate) fn all(&self) -> Vec<(u32, GroupId, Arc<Room>)> {
        let rooms = self.lock();
        rooms.iter().map(|((app, id), room)| (*app, id.clone(), Arc::clone(room))).collect()
    }
}
