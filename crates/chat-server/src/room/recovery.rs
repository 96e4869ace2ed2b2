//! A room after a panic that found its state locked: nobody knows which half of a change it holds, so
//! everything is made anew from what is stored. Only who is connected is taken over, since that
//! stands in storage nowhere and is one entry for each connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::tips::Tips;
use super::{Room, State, Verdict};
use crate::message_counters::MessageCounters;
use crate::storage::StoredGroup;

impl Room {
    /// Whether a panic has left the state half changed.
    pub(crate) fn is_broken(&self) -> bool {
        self.state.is_poisoned() || self.broken.load(Ordering::Acquire)
    }

    /// A turn has ended in a panic: what waits is answered, and its senders send it again.
    pub(crate) fn turn_failed(&self) {
        self.lock().give_up(|| Verdict::Broken);
    }

    /// Puts a new state into the place of the broken one. Members stay and see a gap in the numbers
    /// with the next message; whoever had just lost its connection, marks and the short history are
    /// gone, as after a restart. Senders that wait are told to send again. The caller holds
    /// `changing`, so that no change is stored between the reading of `group` and this.
    pub(crate) fn renew(
        &self,
        group: StoredGroup,
        owner_nick: String,
        counters: Arc<MessageCounters>,
        now_s: u32,
    ) {
        let mut state = self.lock();
        let renewed = State::new(self.incarnation, group, owner_nick, counters);
        let mut before = std::mem::replace(&mut *state, renewed);
        state.stopped = before.stopped;
        state.last_message_time_s = before.last_message_time_s;
        for (connection, member) in std::mem::take(&mut before.members) {
            state.seat(connection, member, now_s);
        }
        // They have been here all the time.
        state.tips = Tips::default();
        self.broken.store(false, Ordering::Release);
        drop(state);
        before.give_up(|| Verdict::Broken);
        self.wake();
    }

    /// As [`Room::renew`], for a group that does not exist any more.
    pub(crate) fn renewed_as_dismissed(&self) {
        self.dismiss("");
        self.broken.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{frames, join, offer, room, run, visit};
    use super::*;
    use chat_types::gateway::ServerFrame;
    use chat_types::group::GroupType;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn break_state(room: &Room) {
        let panicked = catch_unwind(AssertUnwindSafe(|| room.with(|_| panic!("half a change"))));
        assert!(panicked.is_err());
    }

    #[tokio::test]
    async fn a_broken_room_is_made_anew_around_its_members() {
        let room = room();
        let (wire, _guest) = (join(&room, 1), visit(&room, 2));
        let _first = offer(&room, "a", None);
        run(&room, 0).await;
        assert!(!room.is_broken());
        let waits = offer(&room, "a", None);
        break_state(&room);
        assert!(room.is_broken());
        frames(&wire);
        let mut group = StoredGroup::new("r", GroupType::AVChatRoom, 0);
        group.seq_reserved = 1_000;
        room.renew(group, String::new(), Arc::default(), 5);
        assert!(!room.is_broken());
        assert!(matches!(waits.await, Ok(Verdict::Broken)), "its sender sends it again");
        let summary = room.summary();
        assert_eq!((summary.online, summary.guests, summary.next_seq), (1, 1, 1_001));
        let _next = offer(&room, "a", Some(1));
        let _more = offer(&room, "b", None);
        run(&room, 1).await;
        let told = frames(&wire);
        let [ServerFrame::Messages(messages)] = &told[..] else { panic!("nobody came: {told:?}") };
        assert_eq!(messages.after, 1_000, "a reader sees that something may be missing");
        assert_eq!((messages.own[0].seq, messages.messages[0].seq), (1_001, 1_002));
        let caught_up = room.catch_up(1, 1, Some(1_001), 5).unwrap();
        assert_eq!((caught_up.messages.len(), caught_up.complete), (0, false));
    }

    #[tokio::test]
    async fn a_broken_room_whose_group_is_gone_is_over() {
        let room = room();
        let _reader = join(&room, 1);
        break_state(&room);
        room.renewed_as_dismissed();
        assert!(room.is_dismissed() && !room.is_broken());
    }
}
