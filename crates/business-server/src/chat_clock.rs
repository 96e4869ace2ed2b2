//! What the clock of the chat service shows, as far as it can be seen from here.
//!
//! Every event and every signed call of the chat service says its time. None is of that clock's future,
//! and each takes some time to come, so of all that came lately the one that is furthest ahead is the
//! closest to the truth; and what is read here is late by that little, and never early. In between,
//! time is measured by the monotonic clock of this machine: whatever is done to its clock on the wall
//! changes nothing here.
//!
//! An event may be an old one that is delivered again. So one that is not ahead of what is known says
//! nothing; a call is made now. What is known lasts until a signed call comes ten minutes later, so a
//! clock of the chat service that was set is followed: at once when it was set forward, within ten
//! minutes when it was set back.
//!
//! When a process starts it has seen nothing. Until something comes it guesses: the clock on its own
//! wall, corrected by what events have shown an earlier process. The first signed call takes the place
//! of the guess, and so does an event that is ahead of it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

const MINUTE_MS: u64 = 60_000;
/// What came within so many minutes counts. When nothing did, the last that is known.
const MINUTES: u64 = 10;

#[derive(Debug)]
pub(crate) struct ChatClock {
    /// Of the minutes of the monotonic clock in which something came, the oldest first. Never empty.
    seen: Mutex<VecDeque<Seen>>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    minute: u64,
    /// By how much the chat service's clock is ahead of the monotonic one, at least.
    ahead_ms: i64,
    is_guess: bool,
}

impl Seen {
    fn at(chat_ms: u64, monotonic_ms: u64) -> Self {
        let ahead_ms = chat_ms.cast_signed().saturating_sub(monotonic_ms.cast_signed());
        Self { minute: monotonic_ms / MINUTE_MS, ahead_ms, is_guess: false }
    }

    fn is_recent(&self, minute: u64) -> bool {
        self.minute.saturating_add(MINUTES) > minute
    }
}

/// By how much the chat service's clock is ahead, by all that is known in this minute.
fn ahead_ms(seen: &VecDeque<Seen>, minute: u64) -> i64 {
    let recent = seen.iter().filter(|seen| seen.is_recent(minute)).map(|seen| seen.ahead_ms);
    let last = || seen.back().map(|last| last.ahead_ms);
    recent.max().or_else(last).unwrap_or_default()
}

impl ChatClock {
    /// The chat service's clock shows about `chat_ms` now, as a guess.
    pub(crate) fn guessed(chat_ms: u64, monotonic_ms: u64) -> Self {
        let guess = Seen { is_guess: true, ..Seen::at(chat_ms, monotonic_ms) };
        Self { seen: Mutex::new(VecDeque::from([guess])) }
    }

    /// An event came that happened at `chat_ms`, maybe long ago.
    pub(crate) fn event(&self, chat_ms: u64, monotonic_ms: u64) {
        let new = Seen::at(chat_ms, monotonic_ms);
        let mut seen = self.seen();
        if new.ahead_ms > ahead_ms(&seen, new.minute) {
            // It says more than all of them.
            seen.clear();
            seen.push_back(new);
        }
    }

    /// The chat service called just now, and signed that its clock shows `chat_ms`.
    pub(crate) fn signed_call(&self, chat_ms: u64, monotonic_ms: u64) {
        let new = Seen::at(chat_ms, monotonic_ms);
        let mut seen = self.seen();
        seen.retain(|seen| seen.is_recent(new.minute) && !seen.is_guess);
        match seen.back_mut() {
            Some(last) if last.minute == new.minute => {
                last.ahead_ms = last.ahead_ms.max(new.ahead_ms);
            }
            _ => seen.push_back(new),
        }
    }

    fn seen(&self) -> MutexGuard<'_, VecDeque<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the chat service's clock shows when the monotonic one shows `monotonic_ms`.
    pub(crate) fn now_ms(&self, monotonic_ms: u64) -> u64 {
        let ahead_ms = ahead_ms(&self.seen(), monotonic_ms / MINUTE_MS);
        monotonic_ms.saturating_add_signed(ahead_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the chat service's clock shows when the monotonic one shows 0.
    const CHAT: u64 = 1_760_000_000_000;
    const HOUR_MS: u64 = 3_600_000;

    #[test]
    fn before_anything_came_the_guess_counts() {
        let clock = ChatClock::guessed(CHAT, 5_000);
        assert_eq!(clock.now_ms(5_000), CHAT);
        assert_eq!(clock.now_ms(5_000 + HOUR_MS), CHAT + HOUR_MS);
    }

    #[test]
    fn a_signed_call_takes_the_place_of_a_guess_that_was_ahead_or_behind() {
        for guess in [CHAT - HOUR_MS, CHAT + HOUR_MS] {
            let clock = ChatClock::guessed(guess, 0);
            clock.signed_call(CHAT + 1_000, 1_000);
            assert_eq!(clock.now_ms(2_000), CHAT + 2_000);
        }
    }

    #[test]
    fn old_events_that_are_delivered_again_say_nothing() {
        let clock = ChatClock::guessed(CHAT, 0);
        clock.event(CHAT - HOUR_MS, 1_000);
        clock.event(CHAT - HOUR_MS + 500, 61_000);
        assert_eq!(clock.now_ms(61_000), CHAT + 61_000);
        // Also after a long silence.
        clock.signed_call(CHAT + 62_000, 62_000);
        clock.event(CHAT, HOUR_MS);
        assert_eq!(clock.now_ms(HOUR_MS), CHAT + HOUR_MS);
    }

    #[test]
    fn what_took_least_to_come_says_how_far_the_clocks_are_apart() {
        let clock = ChatClock::guessed(CHAT - 20_000, 0);
        for (at_ms, took_ms) in [(0, 900), (1_000, 20), (2_000, 60_000), (70_000, 40)] {
            clock.event(CHAT + at_ms, at_ms + took_ms);
        }
        assert_eq!(clock.now_ms(90_000), CHAT + 90_000 - 20);
    }

    #[test]
    fn a_clock_of_the_chat_service_that_is_set_is_followed() {
        let clock = ChatClock::guessed(CHAT, 0);
        clock.signed_call(CHAT + 1_000, 1_000);
        clock.signed_call(CHAT + HOUR_MS + 2_000, 2_000);
        assert_eq!(clock.now_ms(3_000), CHAT + HOUR_MS + 3_000);
        let later_ms = MINUTES * MINUTE_MS;
        clock.signed_call(CHAT + later_ms, later_ms);
        assert_eq!(clock.now_ms(later_ms + 1_000), CHAT + later_ms + 1_000);
    }

    #[test]
    fn what_was_seen_last_counts_until_something_newer_comes() {
        let clock = ChatClock::guessed(CHAT, 0);
        clock.signed_call(CHAT + 5_000, 0);
        assert_eq!(clock.now_ms(86_400_000), CHAT + 86_405_000);
        clock.signed_call(CHAT + 86_404_000, 86_400_000);
        assert_eq!(clock.now_ms(86_400_000), CHAT + 86_404_000);
    }
}
