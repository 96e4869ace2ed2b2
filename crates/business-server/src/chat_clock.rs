//! What the clock of the chat service shows, as far as it can be seen from here.
//!
//! Every event and every signed call of the chat service says its time. None is of that clock's future,
//! and each takes some time to come, so of all differences to the own clock the largest is the closest
//! to the truth; and what is read here is late by that little, and never early. Only what came lately
//! counts, so that a clock that was set is followed.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

const MINUTE_MS: u64 = 60_000;
/// What came within so many minutes counts. When nothing did, the last that came before.
const MINUTES: u64 = 10;

#[derive(Debug, Default)]
pub(crate) struct ChatClock {
    /// Of each minute of the own clock in which something came, the oldest first.
    seen: Mutex<VecDeque<Seen>>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    minute: u64,
    /// By how much the chat service's clock is ahead of the own one, at least.
    ahead_ms: i64,
}

impl Seen {
    /// Whether it came lately. What came in the future came before the own clock was set back.
    fn is_recent(&self, minute: u64) -> bool {
        (self.minute..self.minute + MINUTES).contains(&minute)
    }
}

impl ChatClock {
    /// The chat service's clock showed `chat_ms` some time before the own one shows `own_ms`.
    pub(crate) fn observe(&self, chat_ms: u64, own_ms: u64) {
        let minute = own_ms / MINUTE_MS;
        let ahead_ms = chat_ms.cast_signed().saturating_sub(own_ms.cast_signed());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|seen| seen.is_recent(minute));
        match seen.back_mut() {
            Some(last) if last.minute == minute => last.ahead_ms = last.ahead_ms.max(ahead_ms),
            _ => seen.push_back(Seen { minute, ahead_ms }),
        }
    }

    /// What the chat service's clock shows when the own one shows `own_ms`.
    pub(crate) fn now_ms(&self, own_ms: u64) -> u64 {
        let minute = own_ms / MINUTE_MS;
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = seen.iter().filter(|seen| seen.is_recent(minute));
        let ahead_ms = recent.map(|seen| seen.ahead_ms).max();
        let ahead_ms = ahead_ms.or_else(|| seen.back().map(|last| last.ahead_ms));
        own_ms.saturating_add_signed(ahead_ms.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_760_000_000_000;

    #[test]
    fn before_anything_was_seen_the_own_clock_counts() {
        assert_eq!(ChatClock::default().now_ms(NOW), NOW);
    }

    #[test]
    fn what_took_least_to_come_says_how_far_the_clocks_are_apart() {
        for skew_ms in [-30_000_i64, 0, 30_000] {
            let clock = ChatClock::default();
            for (at_ms, took_ms) in [(0, 900), (1_000, 20), (2_000, 60_000), (70_000, 40)] {
                let chat_ms = (NOW + at_ms).saturating_add_signed(skew_ms);
                clock.observe(chat_ms, NOW + at_ms + took_ms);
            }
            let later = NOW + 90_000;
            assert_eq!(clock.now_ms(later), later.saturating_add_signed(skew_ms - 20), "{skew_ms}");
        }
    }

    #[test]
    fn a_clock_that_is_set_is_followed() {
        let clock = ChatClock::default();
        clock.observe(NOW, NOW);
        // The own clock jumps an hour ahead, then two back.
        let ahead = NOW + 3_600_000;
        clock.observe(NOW + 1_000, ahead + 1_000);
        assert_eq!(clock.now_ms(ahead + 2_000), NOW + 2_000);
        let back = NOW - 3_600_000;
        clock.observe(NOW + 3_000, back + 3_000);
        assert_eq!(clock.now_ms(back + 4_000), NOW + 4_000);
    }

    #[test]
    fn what_was_seen_last_counts_until_something_newer_comes() {
        let clock = ChatClock::default();
        clock.observe(NOW + 5_000, NOW);
        assert_eq!(clock.now_ms(NOW + 86_400_000), NOW + 86_405_000);
        clock.observe(NOW + 86_404_000, NOW + 86_400_000);
        assert_eq!(clock.now_ms(NOW + 86_400_000), NOW + 86_404_000);
    }
}
