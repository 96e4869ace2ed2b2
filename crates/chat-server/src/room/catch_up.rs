//! What a member has missed and the room's short history still has.

use chat_types::gateway::Message;

use super::{CATCH_UP_AGE_S, CATCH_UP_BYTES, ConnectionId, Recent, Room, State};

/// Messages that somebody catches up, oldest first.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct CaughtUp {
    pub(crate) messages: Vec<Message>,
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
        let wanted = |recent: &&Recent| before.is_none_or(|before| recent.message.seq < before);
        let newest_first = self.recent.iter().rev().filter(wanted);
        let (messages, whole) =
            self.bounded(newest_first.take_while(|recent| recent.message.seq > after), now_s);
        CaughtUp { messages, complete: whole && after >= self.forgotten_seq }
    }

    /// The newest messages, for whoever comes in.
    pub(super) fn newest(&self, most: usize, now_s: u32) -> CaughtUp {
        let (messages, complete) = self.bounded(self.recent.iter().rev().take(most), now_s);
        CaughtUp { messages, complete }
    }

    /// As many of the messages as one answer takes, and whether these are all.
    fn bounded<'a>(
        &self,
        newest_first: impl Iterator<Item = &'a Recent>,
        now_s: u32,
    ) -> (Vec<Message>, bool) {
        let oldest = now_s.saturating_sub(CATCH_UP_AGE_S);
        let mut left = CATCH_UP_BYTES;
        let mut messages = Vec::new();
        let mut whole = true;
        for Recent { message, bytes } in newest_first {
            match left.checked_sub(*bytes) {
                Some(rest) if message.time_s >= oldest => left = rest,
                _ => {
                    whole = false;
                    break;
                }
            }
            messages.push(Message::clone(message));
        }
        messages.reverse();
        (messages, whole)
    }
}
