//! Whom the room tells something, as data.

use chat_types::UserId;
use std::collections::HashSet;

use super::fan_out::{Audience, Reader};
use super::{ConnectionId, Member, State};

/// Which members a frame is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum To {
    All,
    NotGuests,
    /// Every connection of these accounts.
    Accounts(HashSet<UserId>),
    /// Everybody but these accounts.
    Except(HashSet<UserId>),
    Connections(HashSet<ConnectionId>),
}

impl To {
    pub(crate) fn accounts<'a>(users: impl IntoIterator<Item = &'a UserId>) -> Self {
        Self::Accounts(users.into_iter().cloned().collect())
    }

    pub(crate) fn except<'a>(users: impl IntoIterator<Item = &'a UserId>) -> Self {
        Self::Except(users.into_iter().cloned().collect())
    }

    fn includes(&self, connection: ConnectionId, member: &Member) -> bool {
        let account = member.account();
        match self {
            Self::All => true,
            Self::NotGuests => account.is_some(),
            Self::Accounts(users) => account.is_some_and(|user| users.contains(user)),
            Self::Except(users) => account.is_none_or(|user| !users.contains(user)),
            Self::Connections(connections) => connections.contains(&connection),
        }
    }
}

impl State {
    /// The readers of this moment. Everybody is made anew only when somebody came or went.
    pub(super) fn audience(&mut self, to: &To) -> Audience {
        let members = &self.members;
        match to {
            To::All => Audience::clone(
                self.audience.get_or_insert_with(|| members.iter().map(Reader::of).collect()),
            ),
            To::NotGuests if self.guests == 0 => self.audience(&To::All),
            // No walk over all members for those that are known by their numbers, or not here.
            To::Connections(connections) => {
                let readers = connections.iter().filter_map(|id| members.get_key_value(id));
                readers.map(Reader::of).collect()
            }
            To::Accounts(users) if !users.iter().any(|user| self.accounts.is_connected(user)) => {
                Audience::default()
            }
            to => {
                let readers = members.iter().filter(|(id, member)| to.includes(**id, member));
                readers.map(Reader::of).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{join, room, visit};
    use super::*;

    #[test]
    fn an_audience_is_those_whom_its_description_includes() {
        let room = room();
        let _wires = [join(&room, 1), join(&room, 2), visit(&room, 3)];
        let [first, gone] = ["viewer_1", "viewer_9"].map(|name| UserId::new(name).unwrap());
        let readers = |to: &To| -> Vec<ConnectionId> {
            let audience = room.lock().audience(to);
            let mut readers: Vec<ConnectionId> =
                audience.iter().map(|reader| reader.connection).collect();
            readers.sort_unstable();
            readers
        };
        assert_eq!(readers(&To::All), [1, 2, 3]);
        assert_eq!(readers(&To::NotGuests), [1, 2]);
        assert_eq!(readers(&To::accounts([&first, &gone])), [1]);
        assert!(readers(&To::accounts([&gone])).is_empty());
        assert_eq!(readers(&To::except([&first])), [2, 3]);
        assert_eq!(readers(&To::Connections([2, 3, 9].into())), [2, 3]);
        room.leave(3);
        let shared = |to: &To| room.lock().audience(to);
        let all = shared(&To::All);
        assert!(
            std::sync::Arc::ptr_eq(&all, &shared(&To::NotGuests)),
            "one list for the same ones"
        );
    }
}
