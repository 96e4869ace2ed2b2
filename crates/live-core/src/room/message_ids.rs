//! Which messages were shown, by what their senders call them.

use crate::recent_ids::RecentIds;

/// Messages that are remembered, the newest ones: a sender gives up within minutes.
const MOST: usize = 512;

#[derive(Debug)]
pub(super) struct MessageIds {
    recent: RecentIds,
}

impl Default for MessageIds {
    fn default() -> Self {
        Self { recent: RecentIds::new(MOST) }
    }
}

impl MessageIds {
    /// Whether this message was shown before; it is from now on. One without an id never was.
    pub(super) fn is_known(&mut self, from: &str, client_id: &str) -> bool {
        !client_id.is_empty() && self.recent.is_known((from, client_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_for_its_sender_and_for_a_while() {
        let mut ids = MessageIds::default();
        assert!(!ids.is_known("bo", "1") && ids.is_known("bo", "1"));
        assert!(!ids.is_known("al", "1"), "two may have chosen the same");
        assert!(!ids.is_known("bo", "") && !ids.is_known("bo", ""), "that is no id");
        for n in 0..2 * MOST {
            ids.is_known("cy", &n.to_string());
        }
        assert!(!ids.is_known("bo", "1"));
    }
}
