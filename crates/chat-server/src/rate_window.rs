//! So many of something in any second.

use std::collections::VecDeque;

const SECOND_MS: u64 = 1_000;

/// Times of the last second, in milliseconds. The limit bounds them.
#[derive(Debug)]
pub(crate) struct RateWindow {
    limit: usize,
    times: VecDeque<u64>,
}

impl RateWindow {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { limit, times: VecDeque::new() }
    }

    /// Counts one now.
    ///
    /// # Errors
    /// The milliseconds to wait when there were too many within the last second.
    pub(crate) fn admit(&mut self, now_ms: u64) -> Result<(), u64> {
        // A time ahead of now is a clock that was set back: nobody waits for it to catch up.
        self.times.retain(|time| *time <= now_ms && now_ms - time < SECOND_MS);
        if self.times.len() < self.limit {
            self.times.push_back(now_ms);
            return Ok(());
        }
        let oldest = self.times.front().map_or(now_ms, |oldest| *oldest);
        Err((oldest + SECOND_MS).saturating_sub(now_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_pass_in_any_second_and_a_clock_set_back_locks_nobody_out() {
        let mut window = RateWindow::new(5);
        let mut admitted =
            |times: &[u64]| times.iter().filter(|time| window.admit(**time).is_ok()).count();
        assert_eq!(admitted(&[10_000, 10_200, 10_400, 10_600, 10_800, 10_999]), 5);
        assert_eq!(admitted(&[11_000, 11_100]), 1, "the first one is a second old");
        assert_eq!(admitted(&[1_000; 7]), 5);
    }

    #[test]
    fn whoever_is_refused_learns_how_long_to_wait() {
        let mut window = RateWindow::new(1);
        assert_eq!(window.admit(5_000), Ok(()));
        assert_eq!(window.admit(5_300), Err(700));
        assert_eq!(window.admit(6_000), Ok(()));
    }
}
