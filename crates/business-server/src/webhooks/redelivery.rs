//! Whether everything that happened up to a moment has come and been processed.
//!
//! An event is acknowledged when it is stored. One that is not acknowledged, because the service was
//! away or refused it, is brought again by the chat service after pauses that double up to a minute.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::store;
use crate::Business;
use crate::storage::{Error, Tx};

/// Within this time after the service takes events again, those have come that it has missed: the
/// longest pause of the chat service, and half of it for many that come at once.
const LONGEST_MS: u64 = 90_000;
/// What is brought again comes after a pause that is hardly longer than the service was away.
const SPARE_MS: u64 = 5_000;

/// When events that were missed may be brought again, by the own clock.
#[derive(Debug)]
pub(super) struct Redelivery {
    /// From the start of the service or a refusal on. Before it lies only a clock that was set back,
    /// and that must hold nothing up for the difference.
    expected: Mutex<Range<u64>>,
}

impl Redelivery {
    /// A process starts whose predecessor got its last event at `last_came_ms`; `None` when there was
    /// no event before.
    pub(super) fn after_start(last_came_ms: Option<u64>, now_ms: u64) -> Self {
        let wait_ms = last_came_ms.map_or(0, |last_ms| {
            // A clock that was set back says nothing about how long the service was away.
            let away_ms = now_ms.checked_sub(last_ms).unwrap_or(LONGEST_MS);
            away_ms.saturating_add(SPARE_MS).min(LONGEST_MS)
        });
        Self { expected: Mutex::new(now_ms..now_ms.saturating_add(wait_ms)) }
    }

    /// An event that could have been taken was refused.
    pub(super) fn expect_after_refusal(&self, now_ms: u64) {
        let mut expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        let until_ms = now_ms.saturating_add(LONGEST_MS);
        *expected = if expected.contains(&now_ms) {
            expected.start..expected.end.max(until_ms)
        } else {
            now_ms..until_ms
        };
    }

    fn is_expected(&self, now_ms: u64) -> bool {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner).contains(&now_ms)
    }
}

/// Whether every event that happened up to `end_ms`, by the chat service's clock, has been processed or
/// set aside, and none is to be brought again. `tx` has to be the writer's: an event that is being
/// stored is acknowledged before or seen after.
pub(crate) async fn is_complete_until(
    business: &Business,
    tx: &mut Tx,
    end_ms: u64,
) -> Result<bool, Error> {
    if business.webhooks.redelivery.is_expected(business.clock.now_ms()) {
        return Ok(false);
    }
    Ok(store::waiting_since_ms(tx).await?.is_none_or(|since_ms| since_ms > end_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_760_000_000_000;

    fn wait_ms(redelivery: &Redelivery) -> u64 {
        redelivery.expected.lock().unwrap().end - NOW
    }

    #[test]
    fn after_a_start_what_was_missed_is_waited_for_as_long_as_it_may_take() {
        let after = |last_came_ms| wait_ms(&Redelivery::after_start(last_came_ms, NOW));
        assert_eq!(after(None), 0, "nothing was ever told, so nothing was missed");
        assert_eq!(after(Some(NOW - 2_000)), 7_000);
        assert_eq!(after(Some(NOW - 3_600_000)), LONGEST_MS);
        assert_eq!(after(Some(NOW + 3_600_000)), LONGEST_MS, "the clock was set back");
    }

    #[test]
    fn what_was_refused_is_waited_for_and_no_wait_is_shortened() {
        let redelivery = Redelivery::after_start(None, NOW);
        assert!(!redelivery.is_expected(NOW));
        redelivery.expect_after_refusal(NOW);
        redelivery.expect_after_refusal(NOW + 10);
        assert_eq!(wait_ms(&redelivery), LONGEST_MS + 10);
        assert!(redelivery.is_expected(NOW + LONGEST_MS));
        assert!(!redelivery.is_expected(NOW + LONGEST_MS + 10));
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_up() {
        let redelivery = Redelivery::after_start(Some(NOW - 2_000), NOW);
        assert!(redelivery.is_expected(NOW) && !redelivery.is_expected(NOW - 1));
        redelivery.expect_after_refusal(NOW - 3_600_000);
        assert!(redelivery.is_expected(NOW - 3_600_000) && !redelivery.is_expected(NOW));
    }
}
