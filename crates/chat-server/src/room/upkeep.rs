//! What a room still needs when nobody uses it.

use std::sync::atomic::Ordering;

use super::{Room, State};

/// How often a room has to be looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upkeep {
    /// Somebody is in it, something waits, or an account has just lost its connection.
    Busy,
    /// Nobody is in it, and it remembers what those who come back rely on: messages that can be caught
    /// up or recalled, accounts whose connection broke, robots, who has to wait before it speaks.
    Quiet,
    /// It knows nothing that storage does not know.
    Idle,
}

impl Room {
    pub(crate) fn upkeep(&self) -> Upkeep {
        let speaks = self.speech.has_speakers();
        match self.lock().upkeep() {
            Upkeep::Idle if speaks => Upkeep::Quiet,
            upkeep => upkeep,
        }
    }

    /// Ends a room that is idle, with its loop; whoever asks for the group has it read from storage
    /// again. `false` when it is not idle.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.lock();
        if state.upkeep() != Upkeep::Idle || self.is_broken() {
            return false;
        }
        state.stopped = true;
        self.closed.store(true, Ordering::Release);
        self.wake();
        true
    }

    /// Whether the room has left memory.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Whether accounts are remembered whose connection broke.
    pub(crate) fn has_absences(&self) -> bool {
        !self.lock().absences.is_empty()
    }
}

impl State {
    fn upkeep(&self) -> Upkeep {
        let busy = !self.members.is_empty()
            || !self.outgoing.is_empty()
            || !self.counters_changed.is_empty()
            || self.policy.waiting().any(|(_, waiting)| waiting > 0)
            || self.absences.are_in_grace()
            || !self.tips.is_empty();
        let remembers = !self.recent.is_empty()
            || !self.sent.is_empty()
            || !self.absences.is_empty()
            || self.accounts.len() > 0;
        match (busy, remembers) {
            (true, _) => Upkeep::Busy,
            (false, true) => Upkeep::Quiet,
            (false, false) => Upkeep::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{join, offer, pace, room, run};
    use super::*;
    use chat_types::UserId;
    use chat_types::rest::MARK_ROBOT;

    #[tokio::test]
    async fn a_room_stays_for_what_those_who_come_back_rely_on() {
        let room = room();
        assert_eq!(room.upkeep(), Upkeep::Idle);
        let _wire = join(&room, 1);
        assert_eq!(room.upkeep(), Upkeep::Busy, "somebody is here");
        room.drop_connection(1, 100);
        room.announce(pace(0));
        run(&room, 0).await;
        assert_eq!(room.upkeep(), Upkeep::Busy, "it may come back within the grace time");
        assert_eq!(room.take_offline(200).len(), 1);
        room.announce(pace(0));
        run(&room, 0).await;
        assert_eq!(room.upkeep(), Upkeep::Quiet, "it is no newcomer for a day");
        assert!(!room.close());
        room.take_offline(200 + 25 * 3_600);
        assert_eq!(room.upkeep(), Upkeep::Idle);

        let verdict = offer(&room, "a", None);
        assert_eq!(room.upkeep(), Upkeep::Busy, "something waits");
        run(&room, 0).await;
        assert!(verdict.await.is_ok());
        assert_eq!(room.upkeep(), Upkeep::Quiet, "it can be caught up and recalled");
        room.forget_old(100, 1_000);
        assert_eq!(room.upkeep(), Upkeep::Idle);

        let robot = UserId::new("robot").unwrap();
        room.mark(&[(robot.clone(), vec![MARK_ROBOT])], 0).unwrap();
        room.announce(pace(0));
        run(&room, 0).await;
        assert_eq!(room.upkeep(), Upkeep::Quiet);
        room.unmark(&[(robot, vec![MARK_ROBOT])]).unwrap();
        room.announce(pace(0));
        run(&room, 0).await;
        assert!(room.close() && room.is_closed());
    }
}
