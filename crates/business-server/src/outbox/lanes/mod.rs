//! Which lane is served next: the one whose first posting is the oldest. A lane has at most one
//! delivery at a time.
//!
//! * What the chat service says of a sender in a room holds for everything that waits to be said there
//!   in its name: after one refusal all of that rests, longer each time, and then one lane tries. So a
//!   room with thousands of lanes costs as many turns as one with a single lane.
//! * A lane that fails for a reason of its own rests alone.
//! * When the chat service itself is away, everything waits, and one delivery at a time tries whether
//!   it is back: of the [`NEAR`] oldest the one that has failed least, so that a posting which alone
//!   gets no answer holds nobody up; the longer it lasts the more of them are tried. As soon as one is
//!   answered all go on, the oldest first: what happened while nobody listened is told in its order.

#[cfg(test)]
mod tests;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::collections::hash_map::Entry;
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

/// Who says something in which room.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Voice(Arc<str>);

impl Voice {
    /// `sender` is `None` for the administrator.
    pub(super) fn new(group_id: &str, sender: Option<&str>) -> Self {
        // No id has a control character.
        Self(format!("{group_id}\n{}", sender.unwrap_or_default()).into())
    }
}

/// How a turn of a lane ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nothing waits any more.
    Empty,
    /// The posting of this number is done with, and more may wait. The voice that said it, if one did,
    /// may speak.
    Done(u64, Option<Voice>),
    /// The chat service takes nothing of this voice for now.
    Refused(Voice),
    /// The chat service takes the first posting later.
    Later,
    /// The first posting has to be tried again later for a reason that lies in this service.
    Failed,
    /// The same, because the chat service is not there for anybody.
    Away,
}

/// The lanes in which something waits, as far as the routine has seen. Their number is bounded by
/// the number of postings that wait. Each is ready, rests by itself, waits for its voice, or is busy.
pub(super) struct Lanes {
    lanes: HashMap<Arc<str>, Lane>,
    /// By the number of the first posting.
    ready: BTreeSet<(u64, Arc<str>)>,
    refused: HashMap<Voice, Refused>,
    resting: BTreeSet<(Instant, Rest)>,
    outage: Option<Outage>,
    rng: SmallRng,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Rest {
    Lane(Arc<str>),
    Voice(Voice),
}

/// A voice of which the chat service takes nothing for now. Either it rests or a lane tries.
struct Refused {
    /// Those that wait for it, by the number of the first posting.
    lanes: BTreeSet<(u64, Arc<str>)>,
    /// Until when it rests.
    until: Instant,
    rests: ExponentialBackoff,
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
    /// The postings that wait, in order: their numbers and who says them.
    waiting: VecDeque<(u64, Option<Voice>)>,
    /// The last of them when its turn began.
    last_at_begin: u64,
    /// The refused voice for which it tries.
    tries: Option<Voice>,
    /// Rests to come, since the last success.
    rests: Option<ExponentialBackoff>,
    /// How often it has found the chat service away since then.
    times_away: u32,
}

impl Lane {
    fn first(&self) -> u64 {
        self.waiting.front().map_or(u64::MAX, |(number, _)| *number)
    }

    fn voice(&self) -> Option<&Voice> {
        self.waiting.front()?.1.as_ref()
    }
}

impl Lanes {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            lanes: HashMap::new(),
            ready: BTreeSet::new(),
            refused: HashMap::new(),
            resting: BTreeSet::new(),
            outage: None,
            rng: SmallRng::seed_from_u64(seed),
        }
    }

    /// A posting of this number was written into this lane. Numbers only grow.
    pub(super) fn note(&mut self, lane: &str, number: u64, voice: Option<Voice>) {
        if let Some(known) = self.lanes.get_mut(lane) {
            known.waiting.push_back((number, voice));
            return;
        }
        let lane: Arc<str> = lane.into();
        let waiting = VecDeque::from([(number, voice)]);
        self.lanes.insert(Arc::clone(&lane), Lane { waiting, ..Lane::default() });
        self.ready.insert((number, lane));
    }

    /// A posting of a lane that is not busy waits no longer.
    pub(super) fn forget(&mut self, lane: &str, number: u64) {
        let Some((lane, known)) = self.lanes.get_key_value(lane) else { return };
        let (lane, place) = (Arc::clone(lane), (known.first(), Arc::clone(lane)));
        let waits_for = known.voice().and_then(|voice| self.refused.get_mut(voice));
        let is_placed =
            waits_for.is_some_and(|voice| voice.lanes.remove(&place)) || self.ready.remove(&place);
        if let Some(known) = self.lanes.get_mut(&lane) {
            known.waiting.retain(|(other, _)| *other != number);
        }
        if is_placed {
            // One in which nothing is left has a last turn, and finds that out.
            self.get_ready(lane);
        }
    }

    /// Whether the chat service takes nothing of some voice for now.
    pub(super) fn has_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    /// The lane whose turn it is; it is busy until [`Lanes::end`].
    pub(super) fn begin(&mut self, now: Instant) -> Option<Arc<str>> {
        while self.resting.first().is_some_and(|(at, _)| *at <= now) {
            match self.resting.pop_first() {
                Some((_, Rest::Lane(lane))) => self.get_ready(lane),
                Some((_, Rest::Voice(voice))) => self.try_voice(voice),
                None => {}
            }
        }
        if self.outage.as_ref().is_some_and(|outage| outage.until > now || outage.trial.is_some()) {
            return None;
        }
        let near = self.outage.as_ref().map_or(1, |outage| NEAR + outage.trials / NEAR);
        let lane = loop {
            let times_away = |lane: &str| self.lanes.get(lane).map_or(0, |lane| lane.times_away);
            // Of equal ones the oldest.
            let near = self.ready.iter().take(near);
            let (first, lane) = near.min_by_key(|(_, lane)| times_away(lane))?.clone();
            self.ready.remove(&(first, Arc::clone(&lane)));
            if !self.waits_for_voice(first, &lane, now) {
                break lane;
            }
        };
        if let Some(outage) = &mut self.outage {
            outage.trial = Some(Arc::clone(&lane));
            outage.trials += 1;
        }
        let known = self.lanes.get_mut(&lane)?;
        known.last_at_begin = known.waiting.back().map_or(0, |(number, _)| *number);
        Some(lane)
    }

    /// Puts a lane aside whose first posting would be refused like others of its voice.
    fn waits_for_voice(&mut self, first: u64, lane: &Arc<str>, now: Instant) -> bool {
        let Some(known) = self.lanes.get_mut(lane) else { return false };
        let voice = known.waiting.front().and_then(|(_, voice)| voice.as_ref());
        if known.tries.as_ref() == voice {
            return false;
        }
        let Some(refused) = voice.and_then(|voice| self.refused.get_mut(voice)) else {
            return false;
        };
        refused.lanes.insert((first, Arc::clone(lane)));
        if let Some(other) = known.tries.take() {
            self.rest_voice(other, now);
        }
        true
    }

    /// The turn of a lane is over.
    pub(super) fn end(&mut self, lane: &Arc<str>, ended: Ended, now: Instant) {
        if let Some(outage) = &mut self.outage {
            outage.trial.take_if(|trial| trial == lane);
        }
        if matches!(ended, Ended::Done(..) | Ended::Later | Ended::Refused(_)) {
            self.resume();
        }
        let Some(known) = self.lanes.get_mut(lane) else { return };
        let tried = known.tries.take();
        match ended {
            Ended::Empty => {
                let last = known.last_at_begin;
                self.done(lane, last);
            }
            Ended::Done(number, voice) => {
                self.done(lane, number);
                if let Some(voice) = voice {
                    self.release(&voice);
                }
            }
            Ended::Refused(voice) => {
                self.refuse(lane, &voice, tried.as_ref() == Some(&voice), now);
            }
            // Somebody was answered since it found the chat service away, and it was not: that is its own.
            Ended::Away if known.times_away > 0 && self.outage.is_none() => self.rest(lane, now),
            Ended::Later | Ended::Failed => self.rest(lane, now),
            Ended::Away => {
                known.times_away = known.times_away.saturating_add(1);
                self.get_ready(Arc::clone(lane));
                self.pause(now);
            }
        }
        // It has said nothing of the voice for which it tried: another one does.
        if let Some(voice) = tried
            && self.refused.get(&voice).is_some_and(|refused| refused.until <= now)
        {
            self.rest_voice(voice, now);
        }
    }

    /// The postings up to this number are done with.
    fn done(&mut self, lane: &Arc<str>, number: u64) {
        let Some(known) = self.lanes.get_mut(lane) else { return };
        known.rests = None;
        known.times_away = 0;
        while known.first() <= number {
            known.waiting.pop_front();
        }
        if known.waiting.is_empty() {
            self.lanes.remove(lane);
        } else {
            self.get_ready(Arc::clone(lane));
        }
    }

    /// The lane waits for its voice, which rests: longer with each trial in a row. What other lanes of
    /// the voice were answered that were on their way together is the same word.
    fn refuse(&mut self, lane: &Arc<str>, voice: &Voice, is_trial: bool, now: Instant) {
        let is_known = self.refused.contains_key(voice);
        let refused = self.refused.entry(voice.clone()).or_insert_with(|| {
            let rests = rests(LONGEST_REST, self.rng.random());
            Refused { lanes: BTreeSet::new(), until: now, rests }
        });
        let first = self.lanes.get(lane).map_or(u64::MAX, Lane::first);
        refused.lanes.insert((first, Arc::clone(lane)));
        if is_trial || !is_known {
            let rest = refused.rests.next().unwrap_or(LONGEST_REST);
            self.rest_voice(voice.clone(), now + rest);
        }
    }

    fn rest_voice(&mut self, voice: Voice, until: Instant) {
        if let Some(refused) = self.refused.get_mut(&voice) {
            refused.until = until;
            self.resting.insert((until, Rest::Voice(voice)));
        }
    }

    /// Lets the oldest lane of a voice try whether it may speak again. When none waits, the next one
    /// finds out.
    fn try_voice(&mut self, voice: Voice) {
        let Entry::Occupied(mut refused) = self.refused.entry(voice) else { return };
        let Some((first, lane)) = refused.get_mut().lanes.pop_first() else {
            refused.remove();
            return;
        };
        if let Some(known) = self.lanes.get_mut(&lane) {
            known.tries = Some(refused.key().clone());
        }
        self.ready.insert((first, lane));
    }

    /// The chat service takes what this voice says.
    fn release(&mut self, voice: &Voice) {
        if let Some(refused) = self.refused.remove(voice) {
            self.resting.remove(&(refused.until, Rest::Voice(voice.clone())));
            self.ready.extend(refused.lanes);
        }
    }

    /// The lane rests, longer with each time in a row.
    fn rest(&mut self, lane: &Arc<str>, now: Instant) {
        let seed = self.rng.random();
        let known = self.lanes.entry(Arc::clone(lane)).or_default();
        let rests = known.rests.get_or_insert_with(|| rests(LONGEST_REST, seed));
        let until = now + rests.next().unwrap_or(LONGEST_REST);
        self.resting.insert((until, Rest::Lane(Arc::clone(lane))));
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
