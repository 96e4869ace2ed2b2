//! What would be said with every event is said once in a second.

use std::sync::{Mutex, PoisonError};

const PAUSE_MS: u64 = 1_000;

/// Lets one line through in a second.
#[derive(Debug, Default)]
pub(super) struct OncePerSecond(Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    next_ms: u64,
    left_out: u64,
}

impl OncePerSecond {
    /// How many lines were left out since the last one, if there may be a line now. `now_ms` is
    /// monotonic.
    pub(super) fn pass(&self, now_ms: u64) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now_ms < said.next_ms {
            said.left_out += 1;
            return None;
        }
        said.next_ms = now_ms.saturating_add(PAUSE_MS);
        Some(std::mem::take(&mut said.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_second_says_how_many_there_would_have_been() {
        let log = OncePerSecond::default();
        let times = [0, 1, 999, 1_000, 1_500, 2_100];
        assert_eq!(times.map(|at| log.pass(at)), [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
