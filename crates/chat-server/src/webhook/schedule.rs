//! Which of an application's waiting events is delivered next. Pure: the time is passed in.
//!
//! Events of one group arrive in the order in which they were handed over: one is under way, and groups
//! go beside each other, each in its turn. Events of no group are kept in order by account.
//!
//! * **A long backlog narrows the order.** One at a time is too slow for a busy group and a slow
//!   receiver. While more than [`IN_ORDER`] events of a group wait, only those of one account keep
//!   their order, and whatever concerns the whole group stays behind all before it and ahead of all
//!   after it.
//! * **A failure holds back its own group only**, or in a long backlog its account, and not for ever:
//!   an event that was [passed by](Schedule::retry) comes later by itself.
//!
//! The bodies stay in the database: what is known here of an event is 48 bytes.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::storage::{FAR_MS, StoredKey, Subject};

/// More than these waiting in one group, and its order narrows.
const IN_ORDER: usize = 64;
/// How far a long backlog is looked through for accounts that have nothing under way.
const WINDOW: usize = 512;

/// Events that keep their order among themselves. Names are hashed: two that collide only keep an
/// order that nobody needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum LaneId {
    Group(u64),
    Account(u64),
    /// One event alone.
    Own(i64),
}

impl LaneId {
    fn of(id: i64, subject: &Subject) -> Self {
        match (&subject.group, &subject.account) {
            (Some(group), _) => Self::Group(hash(group)),
            (None, Some(account)) => Self::Account(hash(account)),
            (None, None) => Self::Own(id),
        }
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

#[derive(Debug)]
struct Waiting {
    id: i64,
    /// None if it concerns the whole lane.
    account: Option<u64>,
    created_ms: u64,
    due_ms: u64,
    attempts: u32,
    under_way: bool,
}

impl Waiting {
    /// Far later than any pause: the clock was set back.
    fn is_due(&self, now_ms: u64) -> bool {
        self.due_ms <= now_ms || self.due_ms > now_ms.saturating_add(FAR_MS)
    }
}

#[derive(Debug, Default)]
struct Lane {
    /// By their ids, which is the order they were handed over in.
    events: VecDeque<Waiting>,
    /// Is in `Schedule::ready`.
    ready: bool,
    /// Is in `Schedule::later` under this time.
    later_ms: Option<u64>,
}

/// What a lane can do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// Start the event at this place.
    Start(usize),
    /// Nothing before this time.
    Later(u64),
    /// Nothing before one that is under way has ended.
    Busy,
}

fn choose(events: &VecDeque<Waiting>, now_ms: u64) -> Choice {
    if events.len() > IN_ORDER {
        return choose_by_account(events, now_ms);
    }
    match events.front() {
        Some(_) if events.iter().any(|event| event.under_way) => Choice::Busy,
        Some(first) if first.is_due(now_ms) => Choice::Start(0),
        Some(first) => Choice::Later(first.due_ms),
        None => Choice::Busy,
    }
}

fn choose_by_account(events: &VecDeque<Waiting>, now_ms: u64) -> Choice {
    let mut held = HashSet::new();
    let mut later: Option<u64> = None;
    for (place, event) in events.iter().take(WINDOW).enumerate() {
        // Only the first event of an account can start, and only if nothing of the whole group is
        // before it.
        let first = event.account.map_or(place == 0, |account| held.insert(account));
        if first && !event.under_way {
            if event.is_due(now_ms) {
                return Choice::Start(place);
            }
            later = Some(later.map_or(event.due_ms, |later| later.min(event.due_ms)));
        }
        if event.account.is_none() {
            break;
        }
    }
    later.map_or(Choice::Busy, Choice::Later)
}

/// An event that is being delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Started {
    pub(super) id: i64,
    pub(super) created_ms: u64,
    /// Deliveries that have failed so far.
    pub(super) attempts: u32,
}

/// Everything that waits for one receiver.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    lanes: HashMap<LaneId, Lane>,
    /// Lanes that may have something to start, each in its turn.
    ready: VecDeque<LaneId>,
    /// Lanes whose next event is due at a later time.
    later: BTreeSet<(u64, LaneId)>,
    under_way: HashMap<i64, LaneId>,
    count: usize,
}

impl Schedule {
    /// Events that wait or are under way.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Adds an event. Its id is above those of all before it.
    pub(super) fn add(&mut self, event: &StoredKey, passed_by: bool) {
        let lane_id = match passed_by {
            true => LaneId::Own(event.id),
            false => LaneId::of(event.id, &event.subject),
        };
        let waiting = Waiting {
            id: event.id,
            account: event.subject.account.as_deref().map(hash),
            created_ms: event.created_ms,
            due_ms: event.next_ms,
            attempts: event.attempts,
            under_way: false,
        };
        self.insert(lane_id, waiting);
    }

    /// The event to deliver now. It has to be reported as [done](Self::done), to be
    /// [repeated](Self::retry) or [put back](Self::put_back).
    pub(super) fn next(&mut self, now_ms: u64) -> Option<Started> {
        self.ready_what_is_due(now_ms);
        while let Some(lane_id) = self.ready.pop_front() {
            let Some(lane) = self.lanes.get_mut(&lane_id) else { continue };
            lane.ready = false;
            match choose(&lane.events, now_ms) {
                Choice::Start(place) => {
                    let Some(event) = lane.events.get_mut(place) else { continue };
                    event.under_way = true;
                    let Waiting { id, created_ms, attempts, .. } = *event;
                    self.under_way.insert(id, lane_id);
                    self.make_ready(lane_id);
                    return Some(Started { id, created_ms, attempts });
                }
                Choice::Later(due_ms) => {
                    lane.later_ms = Some(due_ms);
                    self.later.insert((due_ms, lane_id));
                }
                Choice::Busy => {}
            }
        }
        None
    }

    /// When the first of the lanes that wait for a time has something to start.
    pub(super) fn next_ms(&self) -> Option<u64> {
        self.later.first().map(|(due_ms, _)| *due_ms)
    }

    /// It was delivered or given up.
    pub(super) fn done(&mut self, id: i64) {
        self.take_out(id);
    }

    /// It failed, and is due again at `due_ms`. Until then it holds back what comes after it in its
    /// group, unless it is passed by. Gives whether it is passed by for the first time.
    pub(super) fn retry(&mut self, id: i64, due_ms: u64, attempts: u32, pass_by: bool) -> bool {
        let in_order = !matches!(self.under_way.get(&id), None | Some(LaneId::Own(_)));
        if pass_by && in_order {
            let Some(event) = self.take_out(id) else { return false };
            self.insert(LaneId::Own(id), Waiting { due_ms, attempts, under_way: false, ..event });
            return true;
        }
        self.change(id, |event| (event.due_ms, event.attempts) = (due_ms, attempts));
        false
    }

    /// It was not tried.
    pub(super) fn put_back(&mut self, id: i64) {
        self.change(id, |_| {});
    }

    /// Puts back what is under way, but for these.
    pub(super) fn put_back_others(&mut self, than: &HashSet<i64>) {
        let others = self.under_way.keys().filter(|id| !than.contains(id));
        for id in others.copied().collect::<Vec<_>>() {
            self.put_back(id);
        }
    }

    fn change(&mut self, id: i64, change: impl FnOnce(&mut Waiting)) {
        let Some(lane_id) = self.under_way.remove(&id) else { return };
        let Some(lane) = self.lanes.get_mut(&lane_id) else { return };
        if let Ok(place) = lane.events.binary_search_by_key(&id, |event| event.id)
            && let Some(event) = lane.events.get_mut(place)
        {
            event.under_way = false;
            change(event);
        }
        self.make_ready(lane_id);
    }

    fn insert(&mut self, lane_id: LaneId, event: Waiting) {
        self.lanes.entry(lane_id).or_default().events.push_back(event);
        self.count += 1;
        self.make_ready(lane_id);
    }

    fn take_out(&mut self, id: i64) -> Option<Waiting> {
        let lane_id = self.under_way.remove(&id)?;
        let lane = self.lanes.get_mut(&lane_id)?;
        let place = lane.events.binary_search_by_key(&id, |event| event.id).ok()?;
        let event = lane.events.remove(place)?;
        self.count -= 1;
        if lane.events.is_empty() {
            if let Some(gone) = self.lanes.remove(&lane_id)
                && let Some(due_ms) = gone.later_ms
            {
                self.later.remove(&(due_ms, lane_id));
            }
        } else {
            self.make_ready(lane_id);
        }
        Some(event)
    }

    fn make_ready(&mut self, lane_id: LaneId) {
        let Some(lane) = self.lanes.get_mut(&lane_id) else { return };
        if let Some(due_ms) = lane.later_ms.take() {
            self.later.remove(&(due_ms, lane_id));
        }
        if !lane.ready {
            lane.ready = true;
            self.ready.push_back(lane_id);
        }
    }

    fn ready_what_is_due(&mut self, now_ms: u64) {
        while let Some((due_ms, lane_id)) = self.later.first().copied()
            && due_ms <= now_ms
        {
            self.make_ready(lane_id);
        }
        // A clock that was set back must not put anything off for the difference.
        while let Some((due_ms, lane_id)) = self.later.last().copied()
            && due_ms > now_ms.saturating_add(FAR_MS)
        {
            self.make_ready(lane_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_760_000_000_000;

    fn key(id: i64, group: Option<&str>, account: Option<&str>) -> StoredKey {
        StoredKey {
            id,
            sdk_app_id: 1,
            subject: Subject { group: group.map(Into::into), account: account.map(Into::into) },
            created_ms: NOW,
            next_ms: NOW,
            attempts: 0,
        }
    }

    fn of(events: impl IntoIterator<Item = StoredKey>) -> Schedule {
        let mut schedule = Schedule::default();
        events.into_iter().for_each(|event| schedule.add(&event, false));
        schedule
    }

    fn start_all(schedule: &mut Schedule) -> Vec<i64> {
        std::iter::from_fn(|| schedule.next(NOW)).map(|started| started.id).collect()
    }

    #[test]
    fn one_of_a_group_is_under_way_and_groups_go_beside_each_other() {
        let mut schedule = of([
            key(1, Some("a"), Some("x")),
            key(2, Some("a"), Some("y")),
            key(3, Some("b"), None),
            key(4, None, Some("a")),
            key(5, None, Some("a")),
            key(6, None, None),
            key(7, None, None),
        ]);
        assert_eq!(start_all(&mut schedule), [1, 3, 4, 6, 7]);
        schedule.done(1);
        schedule.put_back(4);
        assert_eq!(start_all(&mut schedule), [2, 4]);
        assert_eq!(schedule.len(), 6);
    }

    #[test]
    fn a_hundred_thousand_of_one_group_keep_nobody_waiting() {
        let slow = (0..100_000).map(|id| key(id, Some("slow"), Some(&format!("{}", id % 1_000))));
        let mut schedule = of(slow.chain([key(100_000, Some("quick"), None)]));
        assert_eq!(schedule.next(NOW).unwrap().id, 0);
        assert_eq!(schedule.next(NOW).unwrap().id, 100_000);
    }

    #[test]
    fn a_long_backlog_keeps_the_order_of_each_account_and_of_what_concerns_all() {
        let count = IN_ORDER as i64 + 10;
        let account = |id: i64| (id != 6).then_some(if id % 2 == 0 { "even" } else { "odd" });
        let mut schedule = of((0..count).map(|id| key(id, Some("g"), account(id))));
        assert_eq!(start_all(&mut schedule), [0, 1]);
        for id in 0..4 {
            schedule.done(id);
            assert_eq!(start_all(&mut schedule), [id + 2]);
        }
        schedule.done(5);
        assert!(start_all(&mut schedule).is_empty(), "4 is before what concerns all");
        schedule.done(4);
        assert_eq!(start_all(&mut schedule), [6]);
        schedule.done(6);
        assert_eq!(start_all(&mut schedule), [7, 8]);
    }

    #[test]
    fn a_failure_holds_its_group_back_until_it_is_passed_by() {
        let mut schedule = of([
            key(1, Some("a"), Some("x")),
            key(2, Some("a"), Some("x")),
            key(3, Some("b"), None),
        ]);
        assert_eq!(start_all(&mut schedule), [1, 3]);
        schedule.retry(1, NOW + 1_000, 1, false);
        assert_eq!((start_all(&mut schedule), schedule.next_ms()), (vec![], Some(NOW + 1_000)));
        let again = schedule.next(NOW + 1_000).unwrap();
        assert_eq!(again, Started { id: 1, created_ms: NOW, attempts: 1 });
        schedule.retry(1, NOW + 3_000, 2, true);
        assert_eq!(start_all(&mut schedule), [2]);
        assert_eq!(schedule.next(NOW + 3_000).unwrap().id, 1);
    }

    #[test]
    fn a_clock_that_was_set_back_puts_nothing_off() {
        let mut schedule = of([key(1, Some("a"), None)]);
        schedule.next(NOW).unwrap();
        schedule.retry(1, NOW + 1_000, 1, false);
        assert_eq!(schedule.next(NOW - FAR_MS + 1_001), None);
        assert_eq!(schedule.next(NOW - FAR_MS).unwrap().id, 1);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Add(Option<u8>, Option<u8>),
        Start,
        Done(usize),
        Retry(usize, bool),
        Wait,
    }

    fn step() -> impl Strategy<Value = Step> {
        let group = proptest::option::weighted(0.9, 0..2_u8);
        let account = proptest::option::weighted(0.9, 0..4_u8);
        prop_oneof![
            6 => (group, account).prop_map(|(group, account)| Step::Add(group, account)),
            4 => Just(Step::Start),
            2 => any::<usize>().prop_map(Step::Done),
            1 => any::<(usize, bool)>().prop_map(|(which, pass)| Step::Retry(which, pass)),
            1 => Just(Step::Wait),
        ]
    }

    proptest! {
        /// Whatever happens: nothing starts before an earlier event of its own account, nor past
        /// one of its whole group; a short backlog is delivered one by one; and in the end all of it
        /// is delivered once.
        #[test]
        fn order_is_kept_and_nothing_is_left_behind(
            steps in proptest::collection::vec(step(), 0..600),
        ) {
            let mut schedule = Schedule::default();
            let mut now = NOW;
            // Of every event that is not done: its lane, its account, whether it was passed by.
            let mut open: std::collections::BTreeMap<i64, (LaneId, Option<u64>, bool)> =
                std::collections::BTreeMap::new();
            let (mut started, mut last, mut done) = (Vec::new(), 0, 0);
            for step in steps {
                match step {
                    Step::Add(group, account) => {
                        last += 1;
                        let name = |number: Option<u8>| number.map(|number| number.to_string());
                        let event = key(last, name(group).as_deref(), name(account).as_deref());
                        let lane = LaneId::of(last, &event.subject);
                        let account = event.subject.account.as_deref().map(hash);
                        open.insert(last, (lane, account, false));
                        schedule.add(&event, false);
                    }
                    Step::Start => {
                        let Some(next) = schedule.next(now) else { continue };
                        prop_assert!(!started.contains(&next.id), "twice at once");
                        let (lane, account, passed) = open[&next.id];
                        let beside: Vec<_> = open
                            .iter()
                            .filter(|(_, other)| other.0 == lane && !other.2)
                            .collect();
                        let before = beside.iter().filter(|(id, _)| **id < next.id);
                        if !passed && beside.len() <= IN_ORDER {
                            prop_assert_eq!(before.clone().count(), 0, "one by one");
                            let others = started.iter().filter(|id| open[*id].0 == lane && !open[*id].2);
                            prop_assert_eq!(others.count(), 0, "one at a time");
                        }
                        for (_, other) in before {
                            let both = account.is_some() && other.1.is_some();
                            prop_assert!(passed || (both && other.1 != account));
                        }
                        started.push(next.id);
                    }
                    Step::Done(which) if !started.is_empty() => {
                        let id = started.swap_remove(which % started.len());
                        open.remove(&id);
                        schedule.done(id);
                        done += 1;
                    }
                    Step::Retry(which, pass) if !started.is_empty() => {
                        let id = started.swap_remove(which % started.len());
                        let Some(event) = open.get_mut(&id) else { unreachable!() };
                        event.2 |= pass;
                        schedule.retry(id, now + 1_000, 1, pass);
                    }
                    Step::Done(_) | Step::Retry(..) => {}
                    Step::Wait => now += 700,
                }
                prop_assert_eq!(schedule.len(), open.len());
            }
            now += 1_000;
            while !open.is_empty() {
                started.extend(std::iter::from_fn(|| schedule.next(now)).map(|next| next.id));
                let Some(id) = started.pop() else { break };
                open.remove(&id);
                schedule.done(id);
                done += 1;
            }
            prop_assert_eq!((open.len(), schedule.len(), done), (0, 0, last));
            prop_assert!(schedule.lanes.is_empty() && schedule.later.is_empty());
        }
    }
}
