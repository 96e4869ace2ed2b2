//! Which messages a room has sent lately, and taking them back.

use bytes::Bytes;
use chat_types::UserId;
use chat_types::gateway::{Message, ServerFrame};
use std::collections::VecDeque;

use super::{Recent, Room, To, give_back};

/// Messages of a room that are remembered: two minutes, the documented window of a recall, of the
/// busiest room (40 messages a second).
const SENT_MESSAGES: usize = 5_000;
/// How much longer than it can be recalled a message is remembered, so that a recall that comes too
/// late is told so, and what an account has said of late can be taken back.
pub(crate) const SENT_LONGER_S: u32 = 24 * 3600;

/// What is remembered of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentMessage {
    seq: u32,
    /// Unix seconds.
    pub(crate) time_s: u32,
    pub(crate) from: UserId,
    pub(crate) recalled: bool,
}

/// The last messages of a room, by number.
#[derive(Debug, Default)]
pub(super) struct SentMessages(VecDeque<SentMessage>);

impl SentMessages {
    /// Numbers have to rise.
    pub(super) fn push(&mut self, seq: u32, time_s: u32, from: &UserId) {
        if self.0.len() == SENT_MESSAGES {
            self.0.pop_front();
        }
        self.0.push_back(SentMessage { seq, time_s, from: from.clone(), recalled: false });
    }

    /// Forgets what was sent before `oldest_s`. A message that was imported with an older time goes
    /// with those before it.
    pub(super) fn forget(&mut self, oldest_s: u32) {
        while self.0.front().is_some_and(|sent| sent.time_s < oldest_s) {
            self.0.pop_front();
        }
        give_back(&mut self.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn find(&mut self, seq: u32) -> Option<&mut SentMessage> {
        let place = self.0.binary_search_by_key(&seq, |sent| sent.seq).ok()?;
        self.0.get_mut(place)
    }
}

impl Room {
    /// A message that was sent lately.
    pub(crate) fn sent(&self, seq: u32) -> Option<SentMessage> {
        self.lock().sent.find(seq).cloned()
    }

    /// Numbers of the remembered messages of an account that were not recalled.
    pub(crate) fn sent_by(&self, user_id: &str) -> Vec<u32> {
        let state = self.lock();
        let of_user = |sent: &&SentMessage| !sent.recalled && sent.from.as_str() == user_id;
        state.sent.0.iter().filter(of_user).map(|sent| sent.seq).collect()
    }

    /// Takes messages out of the catch-up and tells the members.
    pub(crate) fn recall(&self, seqs: &[u32], operator: &str, reason: &str) {
        let mut state = self.lock();
        for seq in seqs {
            if let Some(sent) = state.sent.find(*seq) {
                sent.recalled = true;
            }
        }
        state.recent.retain(|recent| !seqs.contains(&recent.seq));
        let frame = ServerFrame::Recalled {
            group_id: state.group.group_id.clone(),
            seqs: seqs.to_vec(),
            operator: operator.to_owned(),
            reason: reason.to_owned(),
        };
        state.tell(&To::All, &frame);
        drop(state);
        self.wake();
    }

    /// Puts a changed message into the place of the one with its number, where that can still be
    /// caught up.
    pub(crate) fn replace_recent(&self, changed: &Message) {
        // Messages are plain data with text keys, which always encode.
        let json = Bytes::from(serde_json::to_vec(changed).unwrap_or_default());
        let mut state = self.lock();
        let recent = state.recent.iter_mut().find(|recent| recent.seq == changed.seq);
        if let Some(recent) = recent {
            *recent = Recent { seq: changed.seq, time_s: changed.time_s, json };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_messages_are_forgotten_and_the_others_found_by_number() {
        let mut sent = SentMessages::default();
        let user = UserId::new("a").unwrap();
        let last = 2 * u32::try_from(SENT_MESSAGES).unwrap();
        for seq in (2..=last + 4).step_by(2) {
            sent.push(seq, seq + 1, &user);
        }
        assert_eq!(sent.0.len(), SENT_MESSAGES);
        assert_eq!(sent.find(4), None);
        assert_eq!(sent.find(6).map(|sent| sent.time_s), Some(7));
        assert_eq!(sent.find(7), None, "a number that was skipped");
        assert_eq!(sent.find(last + 4).map(|sent| sent.time_s), Some(last + 5));
    }
}
