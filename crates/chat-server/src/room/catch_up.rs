//! What a member has missed and the room's short history still has.

use bytes::Bytes;

use super::{CATCH_UP_AGE_S, CATCH_UP_BYTES, ConnectionId, Recent, Room, State};

/// Messages that somebody catches up, oldest first.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct CaughtUp {
    /// Each as JSON, for [`crate::outbox::encode_with`].
    pub(crate) messages: Vec<Bytes>,
    /// Number of the first of them.
    pub(crate) first_seq: Option<u32>,
    /// Whether these are all that there were.
    pub(crate) complete: bool,
}

impl Room {
    /// The messages above `after` and below `before` that a member of the room may have; `None` when
    /// the connection is not in the room.
    pub(crate) fn catch_up(
        &self,
        connection: ConnectionId,
        after: u32,
        before: Option<u32>,
        now_s: u32,
    ) -> Option<CaughtUp> {
        let state = self.lock();
        let since = state.members.get(&connection)?.since_seq;
        let mut caught_up = state.caught_up(after.max(since), before, now_s);
        // What is withheld is missing, too.
        caught_up.complete &= after >= since;
        Some(caught_up)
    }
}

impl State {
    /// Of too much the newest.
    pub(super) fn caught_up(&self, after: u32, before: Option<u32>, now_s: u32) -> CaughtUp {
        let wanted = |recent: &&Recent| before.is_none_or(|before| recent.seq < before);
        let newest_first = self.recent.iter().rev().filter(wanted);
        let mut caught_up =
            self.bounded(newest_first.take_while(|recent| recent.seq > after), now_s);
        caught_up.complete &= after >= self.forgotten_seq;
        caught_up
    }

    /// The newest messages, for whoever comes in.
    pub(super) fn newest(&self, most: usize, now_s: u32) -> CaughtUp {
        self.bounded(self.recent.iter().rev().take(most), now_s)
    }

    /// As many of the messages as one answer takes, and whether these are all.
    fn bounded<'a>(&self, newest_first: impl Iterator<Item = &'a Recent>, now_s: u32) -> CaughtUp {
        let oldest = now_s.saturating_sub(CATCH_UP_AGE_S);
        let mut left = CATCH_UP_BYTES;
        let mut caught_up = CaughtUp { complete: true, ..CaughtUp::default() };
        for Recent { seq, time_s, json } in newest_first {
            match left.checked_sub(json.len()) {
                Some(rest) if *time_s >= oldest => left = rest,
                _ => {
                    caught_up.complete = false;
                    break;
                }
            }
            caught_up.messages.push(json.clone());
            caught_up.first_seq = Some(*seq);
        }
        caught_up.messages.reverse();
        caught_up
    }
}
