//! Which lane is served next: a lane has at most one delivery at a time, those that failed rest for
//! a while, and those that wait take turns.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// After the first failure in a row; it doubles with each one, and a random part of up to as much
/// again is added.
const FIRST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(30);

/// How a turn of a lane ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nothing waits any more.
    Empty,
    /// The first posting is done with, and more may wait.
    Done,
    /// The first posting has to be tried again later.
    Later,
}

/// The lanes in which something waits, as far as the routine has seen. Their number is bounded by
/// the number of postings that wait.
pub(super) struct Lanes {
    lanes: HashMap<Arc<str>, Lane>,
    ready: VecDeque<Arc<str>>,
    resting: BTreeSet<(Instant, Arc<str>)>,
    rng: SmallRng,
}

#[derive(Default)]
struct Lane {
    is_busy: bool,
    /// Something was written while the lane was busy, and perhaps after it had been found empty.
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

    /// Something was written into this lane.
    pub(super) fn note(&mut self, lane: &str) {
        if let Some(known) = self.lanes.get_mut(lane) {
            known.has_more |= known.is_busy;
            return;
        }
        let lane: Arc<str> = lane.into();
        self.lanes.insert(Arc::clone(&lane), Lane::default());
        self.ready.push_back(lane);
    }

    /// The lane whose turn it is; it is busy until [`Lanes::end`].
    pub(super) fn begin(&mut self, now: Instant) -> Option<Arc<str>> {
        while self.next_rested().is_some_and(|at| at <= now) {
            self.ready.extend(self.resting.pop_first().map(|(_, lane)| lane));
        }
        let lane = self.ready.pop_front()?;
        let known = self.lanes.get_mut(&lane)?;
        known.is_busy = true;
        known.has_more = false;
        Some(lane)
    }

    /// The turn of a lane is over.
    pub(super) fn end(&mut self, lane: &Arc<str>, ended: Ended, now: Instant) {
        let Some(known) = self.lanes.get_mut(lane) else { return };
        known.is_busy = false;
        match ended {
            Ended::Empty if !known.has_more => {
                self.lanes.remove(lane);
            }
            Ended::Empty | Ended::Done => {
                known.rests = None;
                self.ready.push_back(Arc::clone(lane));
            }
            Ended::Later => {
                let seed = self.rng.random();
                let rests = known.rests.get_or_insert_with(|| rests(seed));
                let until = now + rests.next().unwrap_or(LONGEST_REST);
                self.resting.insert((until, Arc::clone(lane)));
            }
        }
    }

    /// When the first lane has rested.
    pub(super) fn next_rested(&self) -> Option<Instant> {
        self.resting.first().map(|(at, _)| *at)
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
        lanes.begin(now).map(|lane| lane.to_string())
    }

    fn end(lanes: &mut Lanes, lane: &str, ended: Ended, now: Instant) {
        lanes.end(&lane.into(), ended, now);
    }

    #[test]
    fn a_lane_has_one_turn_at_a_time() {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        lanes.note("a");
        lanes.note("a");
        lanes.note("b");
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
        assert_eq!(begun(&mut lanes, now), None);
    }

    #[test]
    fn what_is_written_while_a_lane_is_busy_is_not_forgotten() {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        lanes.note("a");
        lanes.begin(now).unwrap();
        lanes.note("a");
        end(&mut lanes, "a", Ended::Empty, now);
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
        end(&mut lanes, "a", Ended::Empty, now);
        assert_eq!(begun(&mut lanes, now), None);
        assert!(lanes.lanes.is_empty());
    }

    #[test]
    fn a_lane_that_failed_rests_longer_each_time_while_others_go_on() {
        let (mut lanes, mut now) = (Lanes::new(1), Instant::now());
        lanes.note("a");
        for failures in 0..20 {
            assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
            end(&mut lanes, "a", Ended::Later, now);
            let rest = lanes.next_rested().unwrap() - now;
            let least = (FIRST_REST * 2_u32.pow(failures.min(12))).min(LONGEST_REST);
            assert!(least <= rest && rest <= least * 2, "{failures}: {rest:?}");
            lanes.note("b");
            assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
            end(&mut lanes, "b", Ended::Empty, now);
            // More of a lane that rests does not wake it.
            lanes.note("a");
            assert_eq!(begun(&mut lanes, now), None);
            now += rest;
        }
    }

    #[test]
    fn after_a_success_rests_begin_anew() {
        let (mut lanes, mut now) = (Lanes::new(1), Instant::now());
        lanes.note("a");
        for _ in 0..10 {
            lanes.begin(now).unwrap();
            end(&mut lanes, "a", Ended::Later, now);
            now = lanes.next_rested().unwrap();
        }
        lanes.begin(now).unwrap();
        end(&mut lanes, "a", Ended::Done, now);
        lanes.begin(now).unwrap();
        end(&mut lanes, "a", Ended::Later, now);
        assert!(lanes.next_rested().unwrap() - now <= FIRST_REST * 2);
    }

    #[test]
    fn a_lane_with_much_to_say_lets_others_take_turns() {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        lanes.note("a");
        lanes.begin(now).unwrap();
        lanes.note("b");
        end(&mut lanes, "a", Ended::Done, now);
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
    }
}
