//! `MsgSeq` of messages whose sender chose none.

use std::sync::{Mutex, PoisonError};

/// Numbers that a millisecond has for itself.
const PER_MS: u32 = 1_000;

/// Numbers that rise within each second. They begin with the millisecond, so that a message after a
/// restart stands behind those of the same second before it.
#[derive(Debug, Default)]
pub(super) struct Numbers(Mutex<Last>);

#[derive(Debug, Clone, Copy, Default)]
struct Last {
    time_s: u64,
    seq: u32,
}

impl Numbers {
    /// The number of a message that is sent at this moment, in Unix milliseconds.
    pub(super) fn next(&self, now_ms: u64) -> u32 {
        let time_s = now_ms / 1_000;
        let of_moment = u32::try_from(now_ms % 1_000).unwrap_or(0) * PER_MS + 1;
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = if last.time_s == time_s {
            of_moment.max(last.seq.saturating_add(1))
        } else {
            of_moment
        };
        *last = Last { time_s, seq };
        seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_within_a_second_and_over_a_restart_in_it() {
        let before = Numbers::default();
        let numbers = [0, 0, 0, 7, 7, 999].map(|ms| before.next(1_760_000_000_000 + ms));
        assert_eq!(numbers, [1, 2, 3, 7_001, 7_002, 999_001]);
        assert_eq!(before.next(1_760_000_001_000), 1, "the time stands before the number");
        let (before, after) = (Numbers::default(), Numbers::default());
        let last = (0..50).map(|_| before.next(1_760_000_000_500)).last().unwrap();
        assert!(after.next(1_760_000_000_501) > last);
    }
}
