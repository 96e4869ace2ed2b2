//! Who has said what a moment ago.

use moka::notification::RemovalCause;
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Texts that are remembered. A further one takes the place of the one that was said longest ago.
const REMEMBERED: u64 = 65_536;
/// Texts that are older than the longest rule are of no use.
const USEFUL: Duration = Duration::from_secs(3_600);

#[derive(Debug)]
pub(super) struct Repeats {
    state: RandomState,
    /// When a text was said last, in Unix milliseconds, and the `Random` of that message.
    said: Cache<u64, (u64, u32)>,
    /// Texts that had to be forgotten since that was counted.
    forgotten: Arc<AtomicUsize>,
}

/// Room, account and text.
type Saying<'a> = (&'a str, &'a str, &'a str);

impl Default for Repeats {
    fn default() -> Self {
        let forgotten = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&forgotten);
        let said = Cache::builder()
            .max_capacity(REMEMBERED)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(USEFUL)
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            })
            .build();
        Self { state: RandomState::new(), said, forgotten }
    }
}

impl Repeats {
    /// Notes a text, and tells whether the account said it in that room within the time before. A
    /// clock that was set counts by how far it went, either way.
    pub(super) fn note(&self, saying: Saying<'_>, random: u32, within_s: u32, now_ms: u64) -> bool {
        let mut before = None;
        self.said.entry(self.state.hash_one(saying)).and_upsert_with(|entry| {
            before = entry.map(|entry| entry.into_value().0);
            (now_ms, random)
        });
        let within_ms = u64::from(within_s) * 1_000;
        before.is_some_and(|at_ms: u64| at_ms.abs_diff(now_ms) < within_ms)
    }

    /// Texts that had to be forgotten for others since the last call.
    pub(super) fn take_forgotten(&self) -> usize {
        self.forgotten.swap(0, Ordering::Relaxed)
    }

    /// The message with this `Random` was never shown, so that its text was not said by it.
    pub(super) fn forget(&self, saying: Saying<'_>, random: u32) {
        self.said.entry(self.state.hash_one(saying)).and_compute_with(|entry| match entry {
            Some(entry) if entry.value().1 == random => Op::Remove,
            _ => Op::Nop,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_account_and_room_and_text_within_the_time_is_a_repeat() {
        let repeats = Repeats::default();
        let said = |group, user, text, now_ms| repeats.note((group, user, text), 1, 10, now_ms);
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
        let said = |random| repeats.note(("r", "mei", "hi"), random, 10, 1_000);
        assert!(!said(1));
        repeats.forget(("r", "mei", "hi"), 2);
        assert!(said(3));
        repeats.forget(("r", "mei", "hi"), 3);
        assert!(!said(4));
    }

    #[test]
    fn of_a_flood_of_texts_the_newest_are_remembered_and_the_others_counted() {
        let repeats = Repeats::default();
        let note = |text: u64| repeats.note(("r", "mei", &text.to_string()), 1, 10, 1_000);
        for text in 0..2 * REMEMBERED {
            note(text);
            if text % 1_000 == 0 {
                repeats.said.run_pending_tasks();
            }
        }
        repeats.said.run_pending_tasks();
        assert_eq!(repeats.take_forgotten() as u64, REMEMBERED);
        assert_eq!(repeats.take_forgotten(), 0);
        assert!(note(2 * REMEMBERED - 1) && !note(0));
    }
}
