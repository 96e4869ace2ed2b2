//! Who has said what a moment ago.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// Texts that are remembered. When there are as many, the old ones go; and if none is old, all go,
/// and one round of repeats passes.
const REMEMBERED: usize = 65_536;
/// Texts that are older than the longest rule are of no use.
const USEFUL_MS: u64 = 3_600 * 1_000;

#[derive(Debug, Default)]
pub(super) struct Repeats {
    state: RandomState,
    /// When a text was said last, in Unix milliseconds, and the `Random` of that message.
    said: Mutex<HashMap<u64, (u64, u32)>>,
}

/// Room, account and text.
type Saying<'a> = (&'a str, &'a str, &'a str);

/// What is known about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Noted {
    pub(super) is_repeat: bool,
    /// Texts that had to be forgotten for this one.
    pub(super) forgotten: usize,
}

impl Repeats {
    /// Notes a text, and tells whether the account said it in that room within the time before. A
    /// clock that was set counts by how far it went, either way.
    pub(super) fn note(
        &self,
        saying: Saying<'_>,
        random: u32,
        within_s: u32,
        now_ms: u64,
    ) -> Noted {
        let key = self.state.hash_one(saying);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut forgotten = 0;
        if said.len() >= REMEMBERED && !said.contains_key(&key) {
            said.retain(|_, (at_ms, _)| at_ms.abs_diff(now_ms) < USEFUL_MS);
            if said.len() >= REMEMBERED {
                forgotten = said.len();
                said.clear();
            }
        }
        let before = said.insert(key, (now_ms, random));
        let within_ms = u64::from(within_s) * 1_000;
        let is_repeat = before.is_some_and(|(at_ms, _)| at_ms.abs_diff(now_ms) < within_ms);
        Noted { is_repeat, forgotten }
    }

    /// The message with this `Random` was never shown, so that its text was not said by it.
    pub(super) fn forget(&self, group_id: &str, user_id: &str, plain: &str, random: u32) {
        let key = self.state.hash_one((group_id, user_id, plain));
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.get(&key).is_some_and(|(_, of)| *of == random) {
            said.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_account_and_room_and_text_within_the_time_is_a_repeat() {
        let repeats = Repeats::default();
        let said =
            |group, user, text, now_ms| repeats.note((group, user, text), 1, 10, now_ms).is_repeat;
        assert!(!said("r", "mei", "hi", 1_000_000));
        assert!(said("r", "mei", "hi", 1_009_999));
        assert!(!said("r", "mei", "hi", 1_019_999));
        assert!(!said("r", "mei", "ho", 1_020_000));
        assert!(!said("r", "li", "hi", 1_020_000));
        assert!(!said("s", "mei", "hi", 1_020_000));
        // The clock was set back by a day, and then a little.
        assert!(!said("r", "mei", "hi", 10));
        assert!(said("r", "mei", "hi", 5));
    }

    #[test]
    fn a_text_that_was_not_shown_was_not_said_and_another_message_changes_nothing() {
        let repeats = Repeats::default();
        let said = |random| repeats.note(("r", "mei", "hi"), random, 10, 1_000).is_repeat;
        assert!(!said(1));
        repeats.forget("r", "mei", "hi", 2);
        assert!(said(3));
        repeats.forget("r", "mei", "hi", 3);
        assert!(!said(4));
    }

    #[test]
    fn a_flood_of_texts_is_forgotten_and_counted() {
        let repeats = Repeats::default();
        let forgotten: usize = (0..2 * REMEMBERED + 1)
            .map(|text| repeats.note(("r", "mei", &text.to_string()), 1, 10, 1_000).forgotten)
            .sum();
        assert_eq!(forgotten, 2 * REMEMBERED);
        assert!(repeats.said.lock().unwrap().len() <= REMEMBERED);
    }
}
