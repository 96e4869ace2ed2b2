//! The rooms that are in memory, and when each of them is looked after next.

use chat_types::GroupId;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Room, Upkeep};

/// A room that somebody uses is due again after this time: half of the second after which whoever
/// looks after rooms comes again, so that a turn that is late or early never skips one.
const BUSY_MS: u64 = 500;
/// A room that only remembers something is looked after this often.
const QUIET_MS: u64 = 60_000;
/// A room that nobody uses leaves memory after this time: longer than a repeat of a message is
/// recognised.
pub(crate) const IDLE_MS: u64 = 600_000;
/// Who holds a room that nobody uses: the registry, the room's loop, and whoever looks after it.
const OWN_HOLDERS: usize = 3;

type Key = (u32, GroupId);

/// Rooms by application and group id. A room comes in when it is first asked for, and leaves when it
/// is dismissed or when nobody has used it for [`IDLE_MS`]. In use is a room that anybody holds, so
/// nobody ever speaks into one that has left.
#[derive(Default)]
pub(crate) struct Rooms {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rooms: HashMap<Key, Entry>,
    /// Every room once, by the moment at which it is looked after.
    due: BTreeSet<(u64, Key)>,
}

struct Entry {
    room: Arc<Room>,
    /// Monotonic milliseconds, as below.
    due_ms: u64,
    used_ms: u64,
}

impl State {
    /// `key` is in the registry.
    fn schedule(&mut self, key: &Key, due_ms: u64) {
        let Some(entry) = self.rooms.get_mut(key) else { return };
        let before = (std::mem::replace(&mut entry.due_ms, due_ms), key.clone());
        self.due.remove(&before);
        self.due.insert((due_ms, before.1));
    }

    fn remove(&mut self, key: &Key) -> Option<Arc<Room>> {
        let Entry { room, due_ms, .. } = self.rooms.remove(key)?;
        self.due.remove(&(due_ms, key.clone()));
        Some(room)
    }

    /// The entry of a room that nobody uses.
    fn unused(&mut self, key: &Key, room: &Arc<Room>) -> Option<&mut Entry> {
        let entry = self.rooms.get_mut(key)?;
        // Nobody can take the room meanwhile: it is given out under this lock, and only by those who
        // hold it otherwise.
        let is_unused = Arc::strong_count(room) <= OWN_HOLDERS;
        (is_unused && Arc::ptr_eq(&entry.room, room)).then_some(entry)
    }
}

impl Rooms {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a room for use. It is looked after soon, whatever was planned before.
    pub(crate) fn get(
        &self,
        sdk_app_id: u32,
        group_id: &GroupId,
        now_ms: u64,
    ) -> Option<Arc<Room>> {
        let key = (sdk_app_id, group_id.clone());
        let mut state = self.lock();
        let entry = state.rooms.get_mut(&key)?;
        entry.used_ms = now_ms;
        let room = Arc::clone(&entry.room);
        if entry.due_ms > now_ms + BUSY_MS {
            state.schedule(&key, now_ms + BUSY_MS);
        }
        Some(room)
    }

    /// Puts a room in that is not there.
    pub(crate) fn insert(
        &self,
        sdk_app_id: u32,
        group_id: &GroupId,
        room: &Arc<Room>,
        now_ms: u64,
    ) {
        let key = (sdk_app_id, group_id.clone());
        let due_ms = now_ms + BUSY_MS;
        let mut state = self.lock();
        state.remove(&key);
        state.due.insert((due_ms, key.clone()));
        state.rooms.insert(key, Entry { room: Arc::clone(room), due_ms, used_ms: now_ms });
    }

    pub(crate) fn remove(&self, sdk_app_id: u32, group_id: &GroupId) {
        self.lock().remove(&(sdk_app_id, group_id.clone()));
    }

    /// The rooms that are to be looked after now. They are due again soon, unless they are put off.
    pub(crate) fn take_due(&self, now_ms: u64) -> Vec<(u32, GroupId, Arc<Room>)> {
        let mut state = self.lock();
        let mut taken = Vec::new();
        while state.due.first().is_some_and(|(due_ms, _)| *due_ms <= now_ms) {
            let Some((_, key)) = state.due.pop_first() else { break };
            state.schedule(&key, now_ms + BUSY_MS);
            if let Some(entry) = state.rooms.get(&key) {
                taken.push((key.0, key.1, Arc::clone(&entry.room)));
            }
        }
        taken
    }

    /// Plans when a room is looked after that has just been. Whether nobody has used it for so long
    /// that it may leave.
    pub(crate) fn put_off(
        &self,
        (sdk_app_id, group_id): (u32, &GroupId),
        room: &Arc<Room>,
        upkeep: Upkeep,
        now_ms: u64,
    ) -> bool {
        let key = (sdk_app_id, group_id.clone());
        let mut state = self.lock();
        let unused = state.unused(&key, room).filter(|_| upkeep != Upkeep::Busy);
        let Some(entry) = unused else {
            if let Some(entry) = state.rooms.get_mut(&key) {
                entry.used_ms = now_ms;
            }
            return false;
        };
        let leaves_ms = entry.used_ms + IDLE_MS;
        match upkeep {
            Upkeep::Busy => {}
            Upkeep::Quiet => state.schedule(&key, now_ms + QUIET_MS),
            Upkeep::Idle if leaves_ms <= now_ms => return true,
            Upkeep::Idle => state.schedule(&key, leaves_ms),
        }
        false
    }

    /// Takes a room out that nobody uses, and closes it. `false` when somebody has taken it since.
    pub(crate) fn unload(&self, sdk_app_id: u32, group_id: &GroupId, room: &Arc<Room>) -> bool {
        let key = (sdk_app_id, group_id.clone());
        let mut state = self.lock();
        let leaves = state.unused(&key, room).is_some() && room.close();
        if leaves {
            state.remove(&key);
            give_back(&mut state.rooms);
        }
        leaves
    }

    /// All rooms at this moment.
    pub(crate) fn all(&self) -> Vec<(u32, GroupId, Arc<Room>)> {
        let state = self.lock();
        let rooms = state.rooms.iter();
        rooms.map(|((app, id), entry)| (*app, id.clone(), Arc::clone(&entry.room))).collect()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().rooms.len()
    }
}

/// Gives memory back that a map has no use for any more, seldom enough to cost nothing.
fn give_back(rooms: &mut HashMap<Key, Entry>) {
    if rooms.capacity() > 64 && rooms.len() < rooms.capacity() / 4 {
        rooms.shrink_to(rooms.len() * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::room as new_room;
    use super::*;

    /// A registry with one room, which is held by what stands for its loop as well.
    fn with_room() -> (Rooms, GroupId, Arc<Room>) {
        let (rooms, id) = (Rooms::default(), GroupId::new("r").unwrap());
        let room = Arc::new(new_room());
        rooms.insert(1, &id, &room, 0);
        (rooms, id, room)
    }

    /// What whoever looks after rooms does at this moment: how many rooms it looks at, and whether
    /// one of them has left.
    fn look(rooms: &Rooms, now_ms: u64) -> (usize, bool) {
        let due = rooms.take_due(now_ms);
        let left = due.iter().any(|(app, id, room)| {
            rooms.put_off((*app, id), room, room.upkeep(), now_ms) && rooms.unload(*app, id, room)
        });
        (due.len(), left)
    }

    #[test]
    fn a_room_that_nobody_uses_is_looked_at_twice_and_leaves() {
        let (rooms, _, room) = with_room();
        assert_eq!(look(&rooms, BUSY_MS - 1), (0, false));
        assert_eq!(look(&rooms, BUSY_MS), (1, false));
        assert_eq!(look(&rooms, IDLE_MS - 1), (0, false), "nothing is due");
        assert_eq!(look(&rooms, IDLE_MS), (1, true));
        assert_eq!((rooms.len(), look(&rooms, 2 * IDLE_MS)), (0, (0, false)));
        assert!(room.is_closed());
        assert!(rooms.lock().due.is_empty());
    }

    #[test]
    fn a_turn_that_is_a_little_late_does_not_skip_the_next() {
        let (rooms, id, _loop) = with_room();
        let _held = rooms.get(1, &id, 0).unwrap();
        for turn_ms in [1_003, 2_001, 3_000, 4_009, 4_999, 6_000] {
            assert_eq!(look(&rooms, turn_ms), (1, false), "at {turn_ms}");
        }
    }

    #[test]
    fn whoever_takes_a_room_finds_one_that_stays_for_as_long_as_it_is_held() {
        let (rooms, id, _loop) = with_room();
        assert_eq!(look(&rooms, 1_000), (1, false));
        let held = rooms.get(1, &id, 5_000).unwrap();
        assert_eq!(look(&rooms, 6_000), (1, false), "looked after soon again");
        assert_eq!(look(&rooms, 10 * IDLE_MS), (1, false), "it is held");
        drop(held);
        let last_held = 10 * IDLE_MS;
        assert_eq!(look(&rooms, last_held + 1_000), (1, false), "quiet begins with the end of use");
        assert_eq!(look(&rooms, last_held + IDLE_MS), (1, true));
    }

    #[test]
    fn a_room_that_is_taken_in_the_last_moment_does_not_leave() {
        let (rooms, id, _loop) = with_room();
        let due = rooms.take_due(IDLE_MS);
        let [(_, _, room)] = &due[..] else { panic!("one room") };
        assert!(rooms.put_off((1, &id), room, Upkeep::Idle, IDLE_MS));
        let taken = rooms.get(1, &id, IDLE_MS).unwrap();
        assert!(!rooms.unload(1, &id, room));
        assert!(!taken.is_closed());
    }
}
