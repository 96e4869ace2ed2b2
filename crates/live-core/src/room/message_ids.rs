//! Which messages were shown, by what their senders call them.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Messages that are remembered, the newest ones: a sender gives up within minutes.
const MOST: usize = 512;

/// Digests of sender and client id, the oldest first; far too few for two to be equal by chance.
#[derive(Debug, Default)]
pub(super) struct MessageIds {
    digests: VecDeque<u64>,
}

impl MessageIds {
    /// Whether this message was shown before; it is from now on. One without an id never was.
    pub(super) fn is_known(&mut self, from: &str, client_id: &str) -> bool {
        if client_id.is_empty() {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        (from, client_id).hash(&mut hasher);
        let digest = hasher.finish();
        if self.digests.contains(&digest) {
            return true;
        }
        if self.digests.len() >= MOST {
            self.digests.pop_front();
        }
        self.digests.push_back(digest);
        false
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
            assert!(ids.digests.len() <= MOST);
        }
        assert!(!ids.is_known("bo", "1"));
    }
}
