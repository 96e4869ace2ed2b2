//! Which connections are in rooms without having asked, because their group stores the account as
//! a member.

use chat_types::{GroupId, UserId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Login;
use crate::room::{ConnectionId, Room};

/// Groups of one connection. Of more, a client joins those that it wants to hear.
pub(super) const MAX_ATTACHED: usize = 256;

type Groups = HashMap<GroupId, Arc<Room>>;

/// A connection has an entry from its login to its end and is attached only while it has one, so
/// that no room keeps a connection that is over. The number of connections bounds it.
#[derive(Default)]
pub(crate) struct Attached {
    connections: Mutex<HashMap<ConnectionId, Groups>>,
}

impl Attached {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, Groups>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the connection can be attached.
    pub(super) fn open(&self, connection: ConnectionId) {
        self.lock().entry(connection).or_default();
    }

    /// Takes a connection that has ended out of everything it was attached to.
    pub(super) fn close(&self, connection: ConnectionId) {
        let groups = self.lock().remove(&connection).unwrap_or_default();
        for room in groups.values() {
            room.leave(connection);
        }
    }

    /// Puts a connection into a room. `false` when the room does not take it, when the connection
    /// has ended, or when it is in [`MAX_ATTACHED`] groups already.
    pub(super) fn attach(
        &self,
        login: &Login,
        user_id: &UserId,
        group_id: &GroupId,
        room: &Arc<Room>,
        now_s: u32,
    ) -> bool {
        let mut connections = self.lock();
        let Some(groups) = connections.get_mut(&login.connection) else { return false };
        if groups.len() >= MAX_ATTACHED {
            groups.retain(|_, room| !room.is_dismissed());
        }
        if groups.len() >= MAX_ATTACHED && !groups.contains_key(group_id) {
            return false;
        }
        let taken = room.attach(login.connection, user_id, &login.outbox, login.platform, now_s);
        if taken {
            groups.insert(group_id.clone(), Arc::clone(room));
        }
        taken
    }

    /// The room has let these connections go.
    pub(super) fn forget(&self, group_id: &GroupId, gone: &[ConnectionId]) {
        let mut connections = self.lock();
        for connection in gone {
            if let Some(groups) = connections.get_mut(connection) {
                groups.remove(group_id);
            }
        }
    }

    /// The room of a group that a connection is attached to.
    pub(crate) fn room(&self, connection: ConnectionId, group_id: &GroupId) -> Option<Arc<Room>> {
        self.lock().get(&connection)?.get(group_id).map(Arc::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::testing::outbox;
    use crate::storage::StoredGroup;
    use chat_types::gateway::Platform;
    use chat_types::group::GroupType;

    fn login() -> Login {
        let (outbox, ..) = outbox();
        Login { connection: 7, platform: Platform::Web, client_ip: None, outbox }
    }

    fn group(number: u64) -> (GroupId, Arc<Room>) {
        let mut group = StoredGroup::new(format!("g{number}"), GroupType::Public, 0);
        group.members.insert("mei".into(), Default::default());
        let group_id = GroupId::new(&*group.group_id).unwrap();
        (group_id, Arc::new(Room::new(number, group, String::new(), Arc::default())))
    }

    #[test]
    fn a_connection_is_attached_from_its_login_to_its_end_and_only_as_a_member() {
        let (attached, login, (id, room)) = (Attached::default(), login(), group(1));
        let attach =
            |user: &str| attached.attach(&login, &UserId::new(user).unwrap(), &id, &room, 0);
        assert!(!attach("mei"), "not signed in yet");
        attached.open(login.connection);
        assert!(!attach("stranger"));
        assert!(attach("mei") && attach("mei"), "twice is once");
        assert!(attached.room(login.connection, &id).is_some());
        assert_eq!(room.summary().online, 1);
        attached.close(login.connection);
        assert_eq!(room.summary().online, 0);
        assert!(!attach("mei"), "whoever is late finds it ended");
    }

    #[test]
    fn a_connection_is_in_so_many_groups_and_a_dismissed_one_makes_place() {
        let (attached, login, mei) = (Attached::default(), login(), UserId::new("mei").unwrap());
        attached.open(login.connection);
        let attach = |(id, room): &(GroupId, Arc<Room>)| attached.attach(&login, &mei, id, room, 0);
        let groups: Vec<_> = (0..=MAX_ATTACHED as u64).map(group).collect();
        assert!(groups[..MAX_ATTACHED].iter().all(attach));
        assert!(!attach(&groups[MAX_ATTACHED]));
        groups[3].1.dismiss("host");
        assert!(attach(&groups[MAX_ATTACHED]));
    }
}
