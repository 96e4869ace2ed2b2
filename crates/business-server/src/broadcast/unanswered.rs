//! Broadcasts that the chat service neither took nor refused: each waits by itself, longer each time,
//! and meanwhile the others go.

use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// By id, what it waits and until when. Time is what really passes, so that no step of the clock on the
/// wall puts a broadcast off; after a start all may be tried.
#[derive(Debug, Default)]
pub(super) struct Unanswered(HashMap<String, (Duration, Instant)>);

impl Unanswered {
    pub(super) fn may_try(&self, id: &str, now: Instant) -> bool {
        self.0.get(id).is_none_or(|(_, until)| *until <= now)
    }

    /// It was not answered.
    pub(super) fn note(&mut self, id: &str, now: Instant) {
        let wait = match self.0.get(id) {
            Some((waited, _)) => (*waited * 2).min(LONGEST_WAIT),
            None => FIRST_WAIT,
        };
        self.0.insert(id.to_owned(), (wait, now + wait));
    }

    /// Only these are still waiting.
    pub(super) fn keep<'a>(&mut self, waiting: impl Iterator<Item = &'a str> + Clone) {
        self.0.retain(|id, _| waiting.clone().any(|other| other == id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_waits_longer_each_time_up_to_a_minute_and_holds_up_no_other() {
        let (mut unanswered, mut now) = (Unanswered::default(), Instant::now());
        for wait_s in [1, 2, 4, 8, 16, 32, 60, 60] {
            unanswered.note("b1", now);
            assert!(unanswered.may_try("b2", now));
            now += Duration::from_secs(wait_s);
            assert!(!unanswered.may_try("b1", now - Duration::from_millis(1)), "{wait_s}");
            assert!(unanswered.may_try("b1", now), "{wait_s}");
        }
        unanswered.note("b1", now);
        unanswered.keep(["b2"].into_iter());
        assert!(unanswered.0.is_empty());
    }
}
