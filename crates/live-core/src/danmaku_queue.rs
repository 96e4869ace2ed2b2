//! The queue of comments that want to fly over the picture.
//!
//! Decides what is shown before anything is drawn, because no renderer survives a busy room that
//! shows everything, and a queue without expiry shows the chat of ten seconds ago:
//!
//! * The renderer sets a budget, and [`DanmakuQueue::drain`] gives no more than that. Own comments
//!   stand outside of it.
//! * Higher priority goes first; within a priority the order of arrival holds.
//! * At most [`MOST`] wait. When one more comes the oldest of the lowest priority gives way, or the
//!   newcomer itself if its priority is lower still.
//! * A comment that has waited longer than [`FRESH`] is dropped; High and own ones have
//!   [`FRESH_HIGH`].
//! * A repeat of a recent comment folds into it: ×N (see [`crate::fold_memory`]).
//!
//! Every admitted comment is counted once, in one of the members of [`DanmakuCounters`]. A comment
//! that folded stays counted as folded even when its representative is dropped later.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::fold_memory::{FoldMemory, Place, normal_form};
use crate::token_bucket::TokenBucket;
use crate::view::{DanmakuBudget, DanmakuCounters, FlyingComment, FoldedComment, Priority};

/// Comments that may wait.
pub const MOST: usize = 300;
/// How long a comment may wait.
pub const FRESH: Duration = Duration::from_secs(3);
/// How long a comment of priority High, or an own one, may wait. An own comment waits only while
/// nobody drains the queue.
pub const FRESH_HIGH: Duration = Duration::from_secs(8);

/// Flights that are remembered, the newest ones: far more than a renderer is given before it has
/// told of the first that it had no lane for. So many ids are read of one report, too.
pub const MOST_FLIGHTS: usize = 2_048;

/// A comment as it comes from the room.
#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    /// Key of its chat row.
    pub key: String,
    pub user_id: String,
    pub name: String,
    pub text: String,
    pub own: bool,
    pub priority: Priority,
}

#[derive(Debug)]
struct Waiting {
    comment: Comment,
    normal: Option<Arc<str>>,
    count: u32,
    since: Duration,
    /// Rises within a line, so that a comment is found in it by bisection.
    ticket: u64,
}

/// Lines of waiting comments, lowest first: Low, Normal, High, own.
const LINES: usize = 4;
const OWN: usize = LINES - 1;

fn line_of(comment: &Comment) -> usize {
    match comment.priority {
        _ if comment.own => OWN,
        Priority::High => 2,
        Priority::Normal => 1,
        Priority::Low => 0,
    }
}

fn fresh_for(line: usize) -> Duration {
    if line >= 2 { FRESH_HIGH } else { FRESH }
}

/// A comment that was given to the renderer.
#[derive(Debug)]
struct Flight {
    /// Of its chat row.
    key: String,
    normal: Option<Arc<str>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    shown: u64,
    folded: u64,
    queue_full: u64,
    expired: u64,
    hidden: u64,
    no_lane: u64,
    recalled: u64,
}

#[derive(Debug)]
pub struct DanmakuQueue {
    lines: [VecDeque<Waiting>; LINES],
    memory: FoldMemory,
    bucket: TokenBucket,
    totals: Totals,
    /// New counts of flying comments, by id: at most one for each text in the memory, because a
    /// forgotten text gets no new count and every drain empties this.
    grown: BTreeMap<u32, u32>,
    visible: bool,
    ticket: u64,
    /// Id of the newest flight.
    flight: u32,
    /// The newest flights in the order of their ids, up to `flight`; `None` for one that was
    /// reported as undrawn.
    flights: VecDeque<Option<Flight>>,
    /// Flights whose comments were taken back; at most as many as there are flights.
    leaving: Vec<u32>,
}

impl Default for DanmakuQueue {
    fn default() -> Self {
        Self {
            lines: Default::default(),
            memory: FoldMemory::default(),
            bucket: TokenBucket::default(),
            totals: Totals::default(),
            grown: BTreeMap::new(),
            visible: true,
            ticket: 0,
            flight: 0,
            flights: VecDeque::new(),
            leaving: Vec::new(),
        }
    }
}

impl DanmakuQueue {
    pub fn set_budget(&mut self, budget: DanmakuBudget, now: Duration) {
        self.bucket.set(budget, now);
    }

    /// Switches the danmaku on or off. What waits when it is switched off is hidden.
    pub fn set_visible(&mut self, visible: bool) {
        self.visible = visible;
        if !visible {
            self.totals.hidden += self.waiting() as u64;
            for line in &mut self.lines {
                line.clear();
            }
            self.memory.clear();
            self.grown.clear();
        }
    }

    /// The renderer had no lane for these flights, so nobody sees them and nothing may fold into
    /// them. What is not one of the last [`MOST_FLIGHTS`] flights, or was reported before, is left
    /// out.
    pub fn report_undrawn(&mut self, ids: &[u32]) {
        for id in ids.iter().take(MOST_FLIGHTS) {
            let Some(flight) = self.take_flight(*id) else { continue };
            self.totals.shown = self.totals.shown.saturating_sub(1);
            self.totals.no_lane += 1;
            self.grown.remove(id);
            if let Some(normal) = &flight.normal {
                self.memory.forget_flight(normal, *id);
            }
        }
    }

    /// The comments of these rows were taken back. What waits does not fly any more; what flies is
    /// given by the next [`DanmakuQueue::take_leaving`], and nothing folds into it any more.
    pub fn recall(&mut self, keys: &[String]) {
        for line in 0..LINES {
            while let Some(at) =
                self.lines[line].iter().position(|waiting| keys.contains(&waiting.comment.key))
            {
                if let Some(recalled) = self.lines[line].remove(at) {
                    self.totals.recalled += 1;
                    self.forget_waiting(line, &recalled);
                }
            }
        }
        let oldest = self.flight.wrapping_sub(u32::try_from(self.flights.len()).unwrap_or(0));
        for (age, slot) in (1..).zip(&mut self.flights) {
            if let Some(flight) = slot.take_if(|flight| keys.contains(&flight.key)) {
                let id = oldest.wrapping_add(age);
                self.leaving.push(id);
                self.grown.remove(&id);
                if let Some(normal) = &flight.normal {
                    self.memory.forget_flight(normal, id);
                }
            }
        }
    }

    /// Flights that end at once.
    pub fn take_leaving(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.leaving)
    }

    /// Takes a comment in, or decides at once that it will not be shown.
    pub fn admit(&mut self, comment: Comment, now: Duration) {
        if !self.visible {
            self.totals.hidden += 1;
            return;
        }
        self.expire(now);
        let normal = normal_form(&comment.text);
        if !comment.own
            && let Some(normal) = &normal
            && let Some(place) = self.memory.find(normal, now)
        {
            self.fold(normal, place, &comment, now);
            return;
        }
        let line = line_of(&comment);
        if !self.make_room(line) {
            self.totals.queue_full += 1;
            return;
        }
        let ticket = self.next_ticket();
        if let Some(normal) = &normal {
            self.memory.remember(normal, Place::Waiting { line, ticket }, now);
        }
        self.lines[line].push_back(Waiting { comment, normal, count: 1, since: now, ticket });
    }

    /// What may start now, and what flies already and stands for more than before.
    pub fn drain(&mut self, now: Duration) -> (Vec<FlyingComment>, Vec<FoldedComment>) {
        self.expire(now);
        self.bucket.fill(now);
        let mut enter = Vec::new();
        while let Some(own) = self.lines[OWN].pop_front() {
            enter.push(self.show(own, OWN, now));
        }
        for line in (0..OWN).rev() {
            while !self.lines[line].is_empty() && self.bucket.take() {
                if let Some(next) = self.lines[line].pop_front() {
                    enter.push(self.show(next, line, now));
                }
            }
        }
        let grown = std::mem::take(&mut self.grown);
        let folded = grown.into_iter().map(|(id, count)| FoldedComment { id, count }).collect();
        (enter, folded)
    }

    /// Whether a drain could give something, now or when the budget has grown.
    pub fn has_news(&self) -> bool {
        !self.grown.is_empty() || !self.leaving.is_empty() || self.waiting() > 0
    }

    pub fn waiting(&self) -> usize {
        self.lines.iter().map(VecDeque::len).sum()
    }

    pub fn counters(&self) -> DanmakuCounters {
        let view = |total: u64| u32::try_from(total).unwrap_or(u32::MAX);
        DanmakuCounters {
            shown: view(self.totals.shown),
            folded: view(self.totals.folded),
            queue_full: view(self.totals.queue_full),
            expired: view(self.totals.expired),
            hidden: view(self.totals.hidden),
            no_lane: view(self.totals.no_lane),
            recalled: view(self.totals.recalled),
            waiting: view(self.waiting() as u64),
        }
    }

    /// Texts that the fold memory forgot before their time because it was full.
    pub fn forgotten_texts(&self) -> u64 {
        self.memory.forgotten()
    }

    fn next_ticket(&mut self) -> u64 {
        self.ticket += 1;
        self.ticket
    }

    fn take_flight(&mut self, id: u32) -> Option<Flight> {
        let age = usize::try_from(self.flight.wrapping_sub(id)).ok()?;
        let at = self.flights.len().checked_sub(1)?.checked_sub(age)?;
        self.flights.get_mut(at)?.take()
    }

    fn fold(&mut self, normal: &Arc<str>, place: Place, repeat: &Comment, now: Duration) {
        self.totals.folded += 1;
        match place {
            Place::Flying { id, count } => {
                let count = count.saturating_add(1);
                self.memory.moved(normal, Place::Flying { id, count });
                self.grown.insert(id, count);
            }
            Place::Waiting { line, ticket } => {
                let Ok(at) = self.lines[line].binary_search_by_key(&ticket, |w| w.ticket) else {
                    return;
                };
                self.lines[line][at].count = self.lines[line][at].count.saturating_add(1);
                // A High repeat of a waiting Low comment would be lost with it, so the
                // representative moves up to where the repeat would have waited.
                let higher = line_of(repeat);
                if higher > line
                    && let Some(mut moved) = self.lines[line].remove(at)
                {
                    moved.ticket = self.next_ticket();
                    moved.since = now;
                    moved.comment.priority = repeat.priority;
                    let place = Place::Waiting { line: higher, ticket: moved.ticket };
                    self.memory.moved(normal, place);
                    self.lines[higher].push_back(moved);
                }
            }
        }
    }

    fn show(&mut self, waiting: Waiting, line: usize, now: Duration) -> FlyingComment {
        self.totals.shown += 1;
        self.flight = self.flight.wrapping_add(1);
        let id = self.flight;
        let Waiting { comment, normal, count, ticket, .. } = waiting;
        if let Some(normal) = &normal
            && self.memory.stands(normal, Place::Waiting { line, ticket })
        {
            self.memory.remember(normal, Place::Flying { id, count }, now);
        }
        if self.flights.len() >= MOST_FLIGHTS {
            self.flights.pop_front();
        }
        self.flights.push_back(Some(Flight { key: comment.key.clone(), normal }));
        FlyingComment {
            id,
            key: comment.key,
            user_id: comment.user_id,
            name: comment.name,
            text: comment.text,
            own: comment.own,
            count,
            priority: comment.priority,
        }
    }

    /// Makes sure that one more may wait in this line. False when the newcomer has to give way.
    fn make_room(&mut self, newcomer: usize) -> bool {
        if self.waiting() < MOST {
            return true;
        }
        let Some(lowest) = self.lines.iter().position(|line| !line.is_empty()) else {
            return true;
        };
        if lowest > newcomer {
            return false;
        }
        self.drop_oldest(lowest);
        self.totals.queue_full += 1;
        true
    }

    /// Within a line the oldest waits in front, so only the fronts have to be looked at.
    fn expire(&mut self, now: Duration) {
        for line in 0..LINES {
            while self.lines[line]
                .front()
                .is_some_and(|front| now.saturating_sub(front.since) > fresh_for(line))
            {
                self.drop_oldest(line);
                self.totals.expired += 1;
            }
        }
    }

    fn drop_oldest(&mut self, line: usize) {
        if let Some(dropped) = self.lines[line].pop_front() {
            self.forget_waiting(line, &dropped);
        }
    }

    fn forget_waiting(&mut self, line: usize, gone: &Waiting) {
        if let Some(normal) = &gone.normal {
            self.memory.forget_at(normal, Place::Waiting { line, ticket: gone.ticket });
        }
    }
}
