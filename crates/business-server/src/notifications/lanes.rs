//! Whose turn it is. A room has one turn at a time, so that its events arrive in their order; a room
//! whose event was not taken rests, longer each time, and the others go on.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// After the first failure in a row; it doubles with each one, and a random part of up to as much
/// again is added.
const FIRST_REST: Duration = Duration::from_millis(500);
const LONGEST_REST: Duration = Duration::from_secs(5 * 60);

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nothing waited.
    Empty,
    /// Something is done with, and more may wait.
    Done,
    /// The first event has to be tried again.
    Failed,
    /// The same, and after so long at the latest, because it is given up then.
    FailedFor(Duration),
}

/// The rooms in which something waits, as far as the routine has seen.
pub(super) struct Lanes {
    lanes: HashMap<Arc<str>, Lane>,
    ready: VecDeque<Arc<str>>,
    resting: BTreeSet<(Instant, Arc<str>)>,
    rng: SmallRng,
}

#[derive(Default)]
struct Lane {
    /// Something was written since its turn began.
    has_more: bool,
    /// Rests to come, since the last success.
    rests: Option<ExponentialBackoff>,
}

impl Lanes {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            resting: BTreeSet::new(),
            rng: SmallRng::seed_from_u64(seed),
        }
    }

    /// Something was written for this room.
    pub(super) fn note(&mut self, room: &str) {
        if let Some(lane) = self.lanes.get_mut(room) {
            lane.has_more = true;
            return;
        }
        let room: Arc<str> = room.into();
        self.lanes.insert(Arc::clone(&room), Lane::default());
        self.ready.push_back(room);
    }

    /// The room whose turn it is; it is busy until [`Lanes::end`].
    pub(super) fn begin(&mut self, now: Instant) -> Option<Arc<str>> {
        while self.resting.first().is_some_and(|(until, _)| *until <= now) {
            self.ready.extend(self.resting.pop_first().map(|(_, room)| room));
        }
        let room = self.ready.pop_front()?;
        self.lanes.get_mut(&room)?.has_more = false;
        Some(room)
    }

    /// The turn of a room is over.
    pub(super) fn end(&mut self, room: &Arc<str>, ended: Ended, now: Instant) {
        let Some(lane) = self.lanes.get_mut(room) else { return };
        match ended {
            Ended::Empty if !lane.has_more => {
                self.lanes.remove(room);
            }
            Ended::Empty | Ended::Done => {
                lane.rests = None;
                self.ready.push_back(Arc::clone(room));
            }
            Ended::Failed | Ended::FailedFor(_) => {
                let most = if let Ended::FailedFor(most) = ended { most } else { Duration::MAX };
                let seed = self.rng.random();
                let rests = lane.rests.get_or_insert_with(|| rests(seed));
                let rest = rests.next().unwrap_or(LONGEST_REST);
                self.resting.insert((now + rest.min(most), Arc::clone(room)));
            }
        }
    }

    /// When the next rest is over.
    pub(super) fn next_rested(&self) -> Option<Instant> {
        self.resting.first().map(|(until, _)| *until)
    }
}

fn rests(seed: u64) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(FIRST_REST)
        .with_max_delay(LONGEST_REST)
        .without_max_times()
        .with_jitter()
        .with_jitter_seed(seed)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(lanes: &mut Lanes, now: Instant) -> Option<String> {
        lanes.begin(now).map(|room| room.to_string())
    }

    #[test]
    fn a_room_has_one_turn_at_a_time_and_rooms_take_turns() {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        for room in ["a", "a", "b"] {
            lanes.note(room);
        }
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
        assert_eq!(begun(&mut lanes, now), None);
        lanes.end(&"b".into(), Ended::Done, now);
        lanes.end(&"a".into(), Ended::Done, now);
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
    }

    #[test]
    fn what_is_written_while_a_room_is_busy_is_not_forgotten() {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        lanes.note("a");
        lanes.begin(now).unwrap();
        lanes.note("a");
        lanes.end(&"a".into(), Ended::Empty, now);
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
        lanes.end(&"a".into(), Ended::Empty, now);
        assert_eq!(begun(&mut lanes, now), None);
        assert!(lanes.lanes.is_empty());
    }

    #[test]
    fn what_is_given_up_soon_is_tried_once_more_just_then() {
        let (mut lanes, mut now) = (Lanes::new(1), Instant::now());
        let given_up = now + Duration::from_secs(600);
        lanes.note("a");
        while now < given_up {
            assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
            lanes.end(&"a".into(), Ended::FailedFor(given_up - now), now);
            now = lanes.next_rested().unwrap();
        }
        assert_eq!(now, given_up);
    }

    #[test]
    fn a_room_that_failed_rests_longer_each_time_and_anew_after_a_success() {
        let (mut lanes, mut now) = (Lanes::new(1), Instant::now());
        lanes.note("a");
        for failures in 0..20 {
            assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
            lanes.end(&"a".into(), Ended::Failed, now);
            let rest = lanes.next_rested().unwrap() - now;
            let least = (FIRST_REST * 2_u32.pow(failures.min(12))).min(LONGEST_REST);
            assert!(least <= rest && rest <= least * 2, "{failures}: {rest:?}");
            lanes.note("a");
            lanes.note("b");
            assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"), "it wakes nobody who rests");
            lanes.end(&"b".into(), Ended::Empty, now);
            now += rest;
        }
        lanes.begin(now).unwrap();
        lanes.end(&"a".into(), Ended::Done, now);
        lanes.begin(now).unwrap();
        lanes.end(&"a".into(), Ended::Failed, now);
        assert!(lanes.next_rested().unwrap() - now <= FIRST_REST * 2);
    }
}
