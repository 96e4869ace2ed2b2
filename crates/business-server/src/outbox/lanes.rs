//! Which lane is served next: the one whose first posting is the oldest. A lane has at most one
//! delivery at a time.
//!
//! * A lane whose posting the chat service does not take for now rests, longer each time, and the
//!   others go on.
//! * When the chat service itself is away, everything waits, and one delivery at a time tries whether
//!   it is back: of the [`NEAR`] oldest the one that has failed least, so that a posting which alone
//!   gets no answer holds nobody up; the longer it lasts the more of them are tried. As soon as one is
//!   answered all go on, the oldest first: what happened while nobody listened is told in its order.

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
/// The longest time between two trials whether the chat service is back, without the random part.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Of so many oldest lanes one tries whether the chat service is back, and of one more after as many
/// trials.
const NEAR: usize = 8;

/// How a turn of a lane ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nothing waits any more.
    Empty,
    /// The posting of this number is done with, and more may wait.
    Done(u64),
    /// The chat service takes the first posting later.
    Later,
    /// The same, because its sender may not speak in the room now. What is written behind it may make
    /// it needless, so the lane does not rest through that.
    Held,
    /// The first posting has to be tried again later for a reason that lies in this service.
    Failed,
    /// The same, because the chat service is not there for anybody.
    Away,
}

/// The lanes in which something waits, as far as the routine has seen. Their number is bounded by
/// the number of postings that wait.
pub(super) struct Lanes {
    lanes: HashMap<Arc<str>, Lane>,
    /// By the number of the first posting.
    ready: BTreeSet<(u64, Arc<str>)>,
    resting: BTreeSet<(Instant, Arc<str>)>,
    outage: Option<Outage>,
    rng: SmallRng,
}

struct Outage {
    /// When it is tried again.
    until: Instant,
    /// The lane that tries it now. Deliveries from before are not waited for.
    trial: Option<Arc<str>>,
    trials: usize,
    pauses: ExponentialBackoff,
}

#[derive(Default)]
struct Lane {
    /// Numbers of the postings that wait, in order.
    waiting: VecDeque<u64>,
    /// The last of them when its turn began.
    last_at_begin: u64,
    /// Rests to come, since the last success.
    rests: Option<ExponentialBackoff>,
    /// How often it has found the chat service away since then.
    times_away: u32,
    /// Until when it rests, if the next posting ends that.
    held_until: Option<Instant>,
}

impl Lane {
    fn first(&self) -> u64 {
        self.waiting.front().copied().unwrap_or(u64::MAX)
    }
}

impl Lanes {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            lanes: HashMap::new(),
            ready: BTreeSet::new(),
            resting: BTreeSet::new(),
            outage: None,
            rng: SmallRng::seed_from_u64(seed),
        }
    }

    /// A posting of this number was written into this lane. Numbers only grow.
    pub(super) fn note(&mut self, lane: &str, number: u64) {
        if let Some(known) = self.lanes.get_mut(lane) {
            known.waiting.push_back(number);
            if let Some(until) = known.held_until.take() {
                let lane: Arc<str> = lane.into();
                self.resting.remove(&(until, Arc::clone(&lane)));
                self.get_ready(lane);
            }
            return;
        }
        let lane: Arc<str> = lane.into();
        let waiting = VecDeque::from([number]);
        self.lanes.insert(Arc::clone(&lane), Lane { waiting, ..Lane::default() });
        self.ready.insert((number, lane));
    }

    /// The lane whose turn it is; it is busy until [`Lanes::end`].
    pub(super) fn begin(&mut self, now: Instant) -> Option<Arc<str>> {
        while self.resting.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, lane)) = self.resting.pop_first() {
                self.get_ready(lane);
            }
        }
        if self.outage.as_ref().is_some_and(|outage| outage.until > now || outage.trial.is_some()) {
            return None;
        }
        let next = match &mut self.outage {
            None => self.ready.first().cloned(),
            Some(outage) => {
                let near = self.ready.iter().take(NEAR + outage.trials / NEAR);
                let times_away =
                    |lane: &str| self.lanes.get(lane).map_or(0, |lane| lane.times_away);
                // Of equal ones the oldest.
                let next = near.min_by_key(|(_, lane)| times_away(lane)).cloned();
                outage.trial = next.as_ref().map(|(_, lane)| Arc::clone(lane));
                outage.trials += 1;
                next
            }
        };
        let (first, lane) = next?;
        self.ready.remove(&(first, Arc::clone(&lane)));
        let known = self.lanes.get_mut(&lane)?;
        known.held_until = None;
        known.last_at_begin = known.waiting.back().copied().unwrap_or(0);
        Some(lane)
    }

    /// The turn of a lane is over.
    pub(super) fn end(&mut self, lane: &Arc<str>, ended: Ended, now: Instant) {
        if let Some(outage) = &mut self.outage {
            outage.trial.take_if(|trial| trial == lane);
        }
        let Some(known) = self.lanes.get_mut(lane) else { return };
        match ended {
            Ended::Empty | Ended::Done(_) => {
                let done = match ended {
                    Ended::Done(number) => number,
                    _ => known.last_at_begin,
                };
                known.rests = None;
                known.times_away = 0;
                while known.first() <= done {
                    known.waiting.pop_front();
                }
                if known.waiting.is_empty() {
                    self.lanes.remove(lane);
                } else {
                    self.get_ready(Arc::clone(lane));
                }
            }
            // Somebody was answered since it found the chat service away, and it was not: that is its own.
            Ended::Away if known.times_away > 0 && self.outage.is_none() => {
                self.rest(lane, now);
            }
            Ended::Later | Ended::Failed | Ended::Held => {
                let until = self.rest(lane, now);
                if let Some(known) = self.lanes.get_mut(lane)
                    && ended == Ended::Held
                {
                    known.held_until = Some(until);
                }
            }
            Ended::Away => {
                known.times_away = known.times_away.saturating_add(1);
                self.get_ready(Arc::clone(lane));
                self.pause(now);
            }
        }
        if matches!(ended, Ended::Done(_) | Ended::Later | Ended::Held) {
            self.resume();
        }
    }

    /// The lane rests, longer with each time in a row.
    fn rest(&mut self, lane: &Arc<str>, now: Instant) -> Instant {
        let seed = self.rng.random();
        let known = self.lanes.entry(Arc::clone(lane)).or_default();
        let rests = known.rests.get_or_insert_with(|| rests(LONGEST_REST, seed));
        let until = now + rests.next().unwrap_or(LONGEST_REST);
        self.resting.insert((until, Arc::clone(lane)));
        until
    }

    /// When there may be something to begin that there is not now, and nobody has to end before.
    pub(super) fn next_rested(&self) -> Option<Instant> {
        let rested = self.resting.first().map(|(at, _)| *at);
        let Some(outage) = &self.outage else { return rested };
        if outage.trial.is_some() {
            return None;
        }
        let trial = Some(outage.until).filter(|_| !self.ready.is_empty());
        // One that has rested before waits for the trial.
        let rested = rested.map(|at| at.max(outage.until));
        [trial, rested].into_iter().flatten().min()
    }

    /// The chat service is away. Deliveries that were on their way together say so together, which
    /// is one word.
    fn pause(&mut self, now: Instant) {
        let seed = self.rng.random();
        let outage = self.outage.get_or_insert_with(|| {
            tracing::warn!("the chat service is away: what rooms have to be told waits");
            Outage { until: now, trial: None, trials: 0, pauses: rests(LONGEST_PAUSE, seed) }
        });
        if outage.until <= now {
            outage.until = now + outage.pauses.next().unwrap_or(LONGEST_PAUSE);
        }
    }

    /// The chat service has answered.
    fn resume(&mut self) {
        if self.outage.take().is_some() {
            tracing::info!("the chat service is back");
        }
    }

    fn get_ready(&mut self, lane: Arc<str>) {
        let first = self.lanes.get(&lane).map_or(u64::MAX, Lane::first);
        self.ready.insert((first, lane));
    }
}

fn rests(longest: Duration, seed: u64) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(FIRST_REST)
        .with_max_delay(longest)
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
        lanes.note("a", 1);
        lanes.note("a", 2);
        lanes.note("b", 3);
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
        assert_eq!(begun(&mut lanes, now), None);
    }

    #[test]
    fn what_is_written_while_a_lane_is_busy_is_not_forgotten() {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        lanes.note("a", 1);
        lanes.begin(now).unwrap();
        lanes.note("a", 2);
        end(&mut lanes, "a", Ended::Empty, now);
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
        end(&mut lanes, "a", Ended::Done(2), now);
        assert_eq!(begun(&mut lanes, now), None);
        assert!(lanes.lanes.is_empty());
    }

    #[test]
    fn a_lane_that_failed_rests_longer_each_time_while_others_go_on() {
        let (mut lanes, mut now) = (Lanes::new(1), Instant::now());
        lanes.note("a", 1);
        for failures in 0..20 {
            assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
            end(&mut lanes, "a", Ended::Later, now);
            let rest = lanes.next_rested().unwrap() - now;
            let least = (FIRST_REST * 2_u32.pow(failures.min(12))).min(LONGEST_REST);
            assert!(least <= rest && rest <= least * 2, "{failures}: {rest:?}");
            let number = 2 * u64::from(failures) + 2;
            lanes.note("b", number);
            assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
            end(&mut lanes, "b", Ended::Empty, now);
            // More of a lane that rests does not wake it.
            lanes.note("a", number + 1);
            assert_eq!(begun(&mut lanes, now), None);
            now += rest;
        }
    }

    #[test]
    fn after_a_success_rests_begin_anew() {
        let (mut lanes, mut now) = (Lanes::new(1), Instant::now());
        lanes.note("a", 1);
        lanes.note("a", 2);
        for _ in 0..10 {
            lanes.begin(now).unwrap();
            end(&mut lanes, "a", Ended::Later, now);
            now = lanes.next_rested().unwrap();
        }
        lanes.begin(now).unwrap();
        end(&mut lanes, "a", Ended::Done(1), now);
        lanes.begin(now).unwrap();
        end(&mut lanes, "a", Ended::Later, now);
        assert!(lanes.next_rested().unwrap() - now <= FIRST_REST * 2);
    }

    #[test]
    fn the_lane_whose_first_posting_is_the_oldest_comes_first() {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        for (lane, number) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            lanes.note(lane, number);
        }
        for (lane, number) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            assert_eq!(begun(&mut lanes, now).as_deref(), Some(lane), "{number}");
            end(&mut lanes, lane, Ended::Done(number), now);
        }
    }

    /// Eight turns at once find the chat service away; then it is tried for `trials` times.
    fn away(lanes: &mut Lanes, mut now: Instant, trials: u32) -> Instant {
        let busy: Vec<_> = (0..8).map_while(|_| lanes.begin(now)).collect();
        for lane in &busy {
            lanes.end(lane, Ended::Away, now);
        }
        for _ in 0..trials {
            now = lanes.next_rested().unwrap();
            let trial = lanes.begin(now).unwrap();
            assert_eq!(lanes.begin(now), None, "one at a time");
            lanes.end(&trial, Ended::Away, now);
        }
        lanes.next_rested().unwrap()
    }

    #[test]
    fn while_the_chat_service_is_away_one_tries_and_then_all_go_on_in_their_order() {
        let mut lanes = Lanes::new(1);
        for number in 1..=50 {
            lanes.note(&format!("{number:02}"), number);
        }
        let began = Instant::now();
        let now = away(&mut lanes, began, 200);
        let back = lanes.begin(now).unwrap();
        let (first, mut told) = (back.parse::<u64>().unwrap(), vec![]);
        // After 200 trials.
        assert!(first <= 8 + 200 / 8, "it was {first} that found the chat service back");
        lanes.end(&back, Ended::Done(first), now);
        while let Some(lane) = lanes.begin(now) {
            let number = lane.parse::<u64>().unwrap();
            told.push(number);
            lanes.end(&lane, Ended::Done(number), now);
        }
        assert!(told.is_sorted() && told.len() == 49, "{told:?}");
        assert!(lanes.lanes.is_empty() && lanes.next_rested().is_none());
    }

    #[test]
    fn it_is_tried_at_first_soon_and_never_more_seldom_than_every_few_seconds() {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        lanes.note("a", 1);
        assert!(away(&mut lanes, now, 0) - now <= FIRST_REST * 2);
        let mut last = away(&mut lanes, now + Duration::from_secs(60), 20);
        for _ in 0..20 {
            lanes.begin(last).unwrap();
            end(&mut lanes, "a", Ended::Away, last);
            let next = lanes.next_rested().unwrap();
            assert!(next - last <= LONGEST_PAUSE * 2);
            last = next;
        }
    }

    #[test]
    fn one_posting_without_an_answer_holds_nobody_up() {
        let (mut lanes, mut now) = (Lanes::new(1), Instant::now());
        lanes.note("stuck", 1);
        for number in 2..40 {
            lanes.note(&format!("{number:02}"), number);
        }
        let mut told = 0;
        while told < 38 {
            let Some(lane) = lanes.begin(now) else {
                now = lanes.next_rested().unwrap();
                continue;
            };
            if &*lane == "stuck" {
                lanes.end(&lane, Ended::Away, now);
            } else {
                told += 1;
                lanes.end(&lane, Ended::Done(lane.parse().unwrap()), now);
            }
        }
        assert_eq!(lanes.lanes.len(), 1);
    }

    #[test]
    fn a_delivery_from_before_that_hangs_delays_no_trial() {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        for (lane, number) in [("hangs", 1), ("b", 2), ("c", 3)] {
            lanes.note(lane, number);
        }
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("hangs"));
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
        end(&mut lanes, "b", Ended::Away, now);
        let now = lanes.next_rested().unwrap();
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("c"));
        end(&mut lanes, "c", Ended::Done(3), now);
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
    }

    #[test]
    fn a_lane_that_is_held_back_rests_until_something_is_written_behind_it() {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        lanes.note("slot", 1);
        lanes.note("gift", 2);
        lanes.begin(now).unwrap();
        lanes.begin(now).unwrap();
        end(&mut lanes, "slot", Ended::Held, now);
        end(&mut lanes, "gift", Ended::Later, now);
        lanes.note("gift", 3);
        assert_eq!(begun(&mut lanes, now), None, "what has to be tried again rests on");
        lanes.note("slot", 4);
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("slot"));
        end(&mut lanes, "slot", Ended::Done(1), now);
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("slot"));
        assert_eq!(begun(&mut lanes, now), None, "it has one turn at a time");
    }

    #[test]
    fn a_refusal_is_an_answer_too() {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        lanes.note("a", 1);
        lanes.note("b", 2);
        let now = away(&mut lanes, now, 3);
        let trial = lanes.begin(now).unwrap();
        lanes.end(&trial, Ended::Later, now);
        assert!(lanes.begin(now).is_some_and(|other| other != trial));
    }
}
