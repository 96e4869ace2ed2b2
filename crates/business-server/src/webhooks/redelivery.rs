//! Whether everything that happened up to a moment has come and been processed.
//!
//! An event is acknowledged when it is stored. One that is not acknowledged, because the service was
//! away, could not be reached or refused it, is delivered again by the chat service after pauses that
//! double up to a minute. So something that happened before the moment may still come
//!
//! * after a start: for as long as the service was away, and a minute and a half at most, from the
//!   first call of the chat service on; while it does not call at all, ten minutes at most, since
//!   it may have been away, too;
//! * after a refusal of what could have been taken: for a minute and a half;
//! * after an event that came late and happened before the moment: for as long as that one was late,
//!   and a minute and a half at most. However long it takes to deliver what has piled up, this begins
//!   anew with each such event; the chat service gives up events that are an hour old.
//!
//! All of it is measured by the monotonic clock.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::store;
use crate::Business;
use crate::storage::{Error, Tx};

/// Within this time the next missed event comes: the longest pause of the chat service, and half of
/// it for many that come at once.
const LONGEST_MS: u64 = 90_000;
/// How long after the start missed events are waited for while the chat service does not call.
const LONGEST_SILENCE_MS: u64 = 600_000;
/// What is delivered again comes after a pause that is hardly longer than the service was away. An
/// event that takes longer than this to come is late.
const SPARE_MS: u64 = 5_000;
/// Events that are older are taken for ones of this age, so that few seconds have to be known.
const OLDEST_MS: u64 = 2 * 3_600_000;

/// When events that were missed may still come.
#[derive(Debug)]
pub(super) struct Redelivery(Mutex<State>);

/// Moments are of the monotonic clock.
#[derive(Debug, Default)]
struct State {
    /// While the chat service has not called since the start: for how long missed events are
    /// expected when it does.
    until_called: Option<u64>,
    /// Missed events, whenever they happened, are expected until then.
    until_ms: u64,
    /// By the second up to which late events happened: until when others like them are expected.
    late: BTreeMap<u64, u64>,
}

impl Redelivery {
    /// A process starts whose predecessor got its last event `away_ms` ago; `None` when there was no
    /// event before, so that none was missed.
    pub(super) fn after_start(away_ms: Option<u64>, monotonic_ms: u64) -> Self {
        let state = away_ms.map_or_else(State::default, |away_ms| {
            let wait_ms = away_ms.saturating_add(SPARE_MS);
            State {
                until_called: Some(wait_ms.min(LONGEST_MS)),
                until_ms: monotonic_ms.saturating_add(wait_ms.min(LONGEST_SILENCE_MS)),
                late: BTreeMap::new(),
            }
        });
        Self(Mutex::new(state))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The chat service calls.
    pub(super) fn called(&self, monotonic_ms: u64) {
        let mut state = self.state();
        if let Some(wait_ms) = state.until_called.take() {
            state.until_ms = monotonic_ms.saturating_add(wait_ms);
        }
    }

    /// An event that could have been taken was refused.
    pub(super) fn refused(&self, monotonic_ms: u64) {
        let mut state = self.state();
        state.until_ms = state.until_ms.max(monotonic_ms.saturating_add(LONGEST_MS));
    }

    /// An event came that happened at `at_ms`, now being `chat_now_ms`.
    fn came(&self, at_ms: u64, chat_now_ms: u64, monotonic_ms: u64) {
        let late_ms = chat_now_ms.saturating_sub(at_ms);
        if late_ms <= SPARE_MS {
            return;
        }
        let second = at_ms.max(chat_now_ms.saturating_sub(OLDEST_MS)).div_ceil(1_000);
        let until_ms = monotonic_ms.saturating_add((late_ms + SPARE_MS).min(LONGEST_MS));
        let mut state = self.state();
        if !state.late.contains_key(&second) {
            state.late.retain(|_, until_ms| *until_ms > monotonic_ms);
        }
        let known_ms = state.late.entry(second).or_default();
        *known_ms = until_ms.max(*known_ms);
    }

    /// Whether something that happened up to `end_ms`, a whole second, may still come.
    fn is_expected(&self, end_ms: u64, monotonic_ms: u64) -> bool {
        let state = self.state();
        let mut late = state.late.range(..=end_ms / 1_000);
        monotonic_ms < state.until_ms || late.any(|(_, until_ms)| monotonic_ms < *until_ms)
    }
}

/// Notes that an event came, known or not, that happened at `at_ms`. `tx` is the writer's, so that
/// whoever asks next whether everything has come knows of it.
pub(super) fn note_arrival(business: &Business, _: &mut Tx, at_ms: u64) {
    let monotonic_ms = business.clock.monotonic_ms();
    let chat_now_ms = business.chat_clock.now_ms(monotonic_ms);
    business.webhooks.redelivery.came(at_ms, chat_now_ms, monotonic_ms);
}

/// Whether every event that happened up to `end_ms`, by the chat service's clock, has been processed or
/// set aside, and none is to be delivered again. `tx` has to be the writer's: an event that is being
/// stored is acknowledged before or seen after.
pub(crate) async fn is_complete_until(
    business: &Business,
    tx: &mut Tx,
    end_ms: u64,
) -> Result<bool, Error> {
    if business.webhooks.redelivery.is_expected(end_ms, business.clock.monotonic_ms()) {
        return Ok(false);
    }
    Ok(store::waiting_since_ms(tx).await?.is_none_or(|since_ms| since_ms > end_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The end that is asked for, and what the chat service's clock shows at the monotonic 0.
    const END: u64 = 1_760_000_040_000;
    const MINUTE_MS: u64 = 60_000;
    const HOUR_MS: u64 = 60 * MINUTE_MS;

    /// Until when something from before [`END`] is expected.
    fn expected_ms(redelivery: &Redelivery) -> u64 {
        (0..).map(|s| s * 1_000).find(|at_ms| !redelivery.is_expected(END, *at_ms)).unwrap()
    }

    #[test]
    fn after_a_start_what_was_missed_is_waited_for_as_long_as_it_may_take() {
        for (away_ms, silent_ms, called_ms) in [
            (None, 0, 0),
            (Some(2_000), 7_000, 8_000),
            (Some(120_000), 125_000, 91_000),
            (Some(HOUR_MS), LONGEST_SILENCE_MS, 91_000),
        ] {
            let redelivery = Redelivery::after_start(away_ms, 0);
            assert_eq!(expected_ms(&redelivery), silent_ms, "{away_ms:?}, without a call");
            redelivery.called(1_000);
            redelivery.called(2_000);
            assert_eq!(expected_ms(&redelivery), called_ms, "{away_ms:?}, called after a second");
        }
    }

    #[test]
    fn what_was_refused_is_waited_for_and_no_wait_is_shortened() {
        let redelivery = Redelivery::after_start(None, 0);
        redelivery.refused(0);
        redelivery.refused(10_000);
        redelivery.called(20_000);
        assert_eq!(expected_ms(&redelivery), LONGEST_MS + 10_000);
    }

    #[test]
    fn while_late_events_come_others_are_expected_however_long_that_takes() {
        let redelivery = Redelivery::after_start(None, 0);
        redelivery.came(END, END + SPARE_MS, 0);
        assert_eq!(expected_ms(&redelivery), 0, "this one is not late");
        redelivery.came(END - 20_000, END, 0);
        assert_eq!(expected_ms(&redelivery), 25_000, "as late as that one was");
        for minute in 0..=30 {
            let passed_ms = minute * MINUTE_MS;
            redelivery.came(END - HOUR_MS, END + passed_ms, passed_ms);
            assert!(redelivery.is_expected(END, passed_ms + LONGEST_MS - 1));
        }
        assert_eq!(expected_ms(&redelivery), 30 * MINUTE_MS + LONGEST_MS);
        assert!(!redelivery.is_expected(END - 2 * HOUR_MS, 0), "all were younger");
    }

    #[test]
    fn what_happened_after_the_end_is_not_waited_for() {
        let redelivery = Redelivery::after_start(None, 0);
        redelivery.came(END + 1, END + HOUR_MS, 0);
        assert_eq!(expected_ms(&redelivery), 0);
        redelivery.came(END, END + HOUR_MS, 0);
        assert_eq!(expected_ms(&redelivery), LONGEST_MS);
    }

    #[test]
    fn late_events_of_any_age_take_little_to_remember() {
        let redelivery = Redelivery::after_start(None, 0);
        for second in 0..10_000 {
            redelivery.came(second * 1_000, END, 0);
            redelivery.came(END - second * 1_000, END, 0);
        }
        assert!(redelivery.state().late.len() <= 2 * 3_600 + 1);
        redelivery.came(END, END + HOUR_MS, HOUR_MS);
        assert_eq!(redelivery.state().late.len(), 1, "what is over is forgotten");
    }
}
