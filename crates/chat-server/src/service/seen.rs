//! What was done before. A repeat gets the outcome of the first, and waits for it while the first is
//! under way.
//!
//! Outcomes are kept by scope: a room, a sender, an application. Whatever happens in one scope, the
//! others remember what they remembered.

use prometheus_client::metrics::counter::Counter;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::Notify;

use crate::clock::Clock;

/// A scope gives memory back when it uses less than this part of it.
const SPARE: usize = 4;

/// What makes two things the same: a digest, so that an outcome costs the same memory however long
/// the names in it are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mark([u8; 16]);

impl Mark {
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            // With its length, so that no two lists of parts run together.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let mut mark = [0; 16];
        mark.copy_from_slice(&digest.finalize()[..16]);
        Self(mark)
    }
}

/// Outcomes of one kind, in every scope. The kinds do not displace each other.
pub(crate) struct Lane {
    /// How long one is remembered.
    pub(crate) window_ms: u64,
    /// How many of a scope are remembered; the oldest is forgotten first.
    pub(crate) most: usize,
    /// Counts those that were forgotten before their time.
    pub(crate) forgotten: Counter,
}

/// Outcomes by scope.
pub(crate) struct Seen<S, V> {
    lanes: Arc<[Lane]>,
    clock: Arc<dyn Clock>,
    scopes: Mutex<Scopes<S, V>>,
}

struct Scopes<S, V> {
    all: HashMap<S, Arc<Scope<V>>>,
    /// When each of them is looked at next, the earliest first. Every scope stands here once; one that
    /// was forgotten stands here until its time comes.
    due: VecDeque<Due<S, V>>,
}

struct Due<S, V> {
    /// Monotonic milliseconds.
    at_ms: u64,
    name: S,
    /// Another one may have the name since.
    scope: Weak<Scope<V>>,
}

struct Scope<V> {
    state: Mutex<State<V>>,
}

struct State<V> {
    outcomes: HashMap<Mark, Remembered<V>>,
    /// By lane, the oldest first.
    order: Vec<VecDeque<(u64, Mark)>>,
    under_way: HashMap<Mark, Arc<Notify>>,
}

struct Remembered<V> {
    outcome: V,
    /// Monotonic milliseconds.
    until_ms: u64,
}

/// Whether something was done before.
pub(crate) enum Entered<V> {
    Before(V),
    /// Nobody has done it, and nobody else begins before the claim is dropped.
    First(Claim<V>),
}

/// Held by whoever does something for the first time.
pub(crate) struct Claim<V> {
    lanes: Arc<[Lane]>,
    clock: Arc<dyn Clock>,
    scope: Arc<Scope<V>>,
    mark: Mark,
}

impl<S: Clone + Eq + Hash, V: Clone> Seen<S, V> {
    pub(crate) fn new(clock: Arc<dyn Clock>, lanes: impl Into<Arc<[Lane]>>) -> Self {
        let scopes = Mutex::new(Scopes { all: HashMap::new(), due: VecDeque::new() });
        Self { lanes: lanes.into(), clock, scopes }
    }

    /// The outcome of the same thing before, or the right to do it. Waits while somebody does it.
    pub(crate) async fn enter(&self, scope: S, mark: Mark) -> Entered<V> {
        let scope = self.scope(scope);
        loop {
            let other;
            let over;
            {
                let mut state = scope.lock();
                let Some(busy) = state.under_way.get(&mark) else {
                    if let Some(outcome) = state.outcome(&mark, self.clock.monotonic_ms()) {
                        return Entered::Before(outcome);
                    }
                    state.under_way.insert(mark, Arc::default());
                    break;
                };
                other = Arc::clone(busy);
                // Made while the lock is held, so that the end is not missed.
                over = other.notified();
            }
            over.await;
        }
        let (lanes, clock) = (Arc::clone(&self.lanes), Arc::clone(&self.clock));
        Entered::First(Claim { lanes, clock, scope, mark })
    }

    /// Forgets everything of a scope. What is under way in it stays unknown to whoever comes later.
    pub(crate) fn forget(&self, scope: &S) {
        self.lock().all.remove(scope);
    }

    /// Lets go of what is too old, and of scopes that remember nothing. Each scope is looked at once
    /// in the time for which it remembers something.
    pub(crate) fn forget_old(&self) {
        let now_ms = self.clock.monotonic_ms();
        while let Some((name, scope)) = self.next_due(now_ms) {
            // Without the lock of all: a full scope takes its time.
            scope.lock().forget_old(now_ms);
            let mut scopes = self.lock();
            if !scopes.has(&name, &scope) {
                continue;
            }
            // The map and this one: nobody has just come to it.
            if Arc::strong_count(&scope) == 2 && scope.lock().is_empty() {
                scopes.all.remove(&name);
            } else {
                let at_ms = now_ms.saturating_add(self.longest_ms());
                scopes.due.push_back(Due { at_ms, name, scope: Arc::downgrade(&scope) });
            }
        }
    }

    fn next_due(&self, now_ms: u64) -> Option<(S, Arc<Scope<V>>)> {
        let mut scopes = self.lock();
        while scopes.due.front().is_some_and(|due| due.at_ms <= now_ms) {
            let Due { name, scope, .. } = scopes.due.pop_front()?;
            if let Some(scope) = scope.upgrade().filter(|scope| scopes.has(&name, scope)) {
                return Some((name, scope));
            }
        }
        None
    }

    fn scope(&self, name: S) -> Arc<Scope<V>> {
        let mut scopes = self.lock();
        if let Some(scope) = scopes.all.get(&name) {
            return Arc::clone(scope);
        }
        let scope = Arc::new(Scope::new(self.lanes.len()));
        scopes.all.insert(name.clone(), Arc::clone(&scope));
        let at_ms = self.clock.monotonic_ms().saturating_add(self.longest_ms());
        scopes.due.push_back(Due { at_ms, name, scope: Arc::downgrade(&scope) });
        scope
    }

    fn longest_ms(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.window_ms).max().unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, Scopes<S, V>> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Eq + Hash, V> Scopes<S, V> {
    /// Whether this one still has the name.
    fn has(&self, name: &S, scope: &Arc<Scope<V>>) -> bool {
        self.all.get(name).is_some_and(|known| Arc::ptr_eq(known, scope))
    }
}

impl<V> Scope<V> {
    fn new(lanes: usize) -> Self {
        let order = (0..lanes).map(|_| VecDeque::new()).collect();
        let (outcomes, under_way) = (HashMap::new(), HashMap::new());
        Self { state: Mutex::new(State { outcomes, order, under_way }) }
    }

    fn lock(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Clone> State<V> {
    fn outcome(&self, mark: &Mark, now_ms: u64) -> Option<V> {
        let found = self.outcomes.get(mark).filter(|found| now_ms < found.until_ms);
        found.map(|found| found.outcome.clone())
    }
}

impl<V> State<V> {
    fn remember(&mut self, mark: Mark, outcome: V, lane: usize, rule: &Lane, now_ms: u64) {
        let Some(order) = self.order.get_mut(lane) else { return };
        let until_ms = now_ms.saturating_add(rule.window_ms);
        order.push_back((until_ms, mark));
        self.outcomes.insert(mark, Remembered { outcome, until_ms });
        while let Some((until_ms, mark)) = order.front().copied()
            && (until_ms <= now_ms || order.len() > rule.most)
        {
            order.pop_front();
            if until_ms > now_ms {
                rule.forgotten.inc();
            }
            remove(&mut self.outcomes, &mark, until_ms);
        }
    }

    fn forget_old(&mut self, now_ms: u64) {
        for order in &mut self.order {
            while let Some((until_ms, mark)) = order.front().copied()
                && until_ms <= now_ms
            {
                order.pop_front();
                remove(&mut self.outcomes, &mark, until_ms);
            }
            if order.len() < order.capacity() / SPARE {
                order.shrink_to(2 * order.len());
            }
        }
        if self.outcomes.len() < self.outcomes.capacity() / SPARE {
            self.outcomes.shrink_to(2 * self.outcomes.len());
        }
    }

    fn is_empty(&self) -> bool {
        self.outcomes.is_empty() && self.under_way.is_empty()
    }
}

/// The same thing may have been done anew since, when its first outcome was too old.
fn remove<V>(outcomes: &mut HashMap<Mark, Remembered<V>>, mark: &Mark, until_ms: u64) {
    if outcomes.get(mark).is_some_and(|found| found.until_ms == until_ms) {
        outcomes.remove(mark);
    }
}

impl<V> Claim<V> {
    /// Remembers what came of it. Who waits for it learns it when the claim is dropped; from now on
    /// nobody does it again, whatever becomes of the one who holds the claim.
    pub(crate) fn remember(&self, outcome: V, lane: usize) {
        let Some(rule) = self.lanes.get(lane) else { return };
        let now_ms = self.clock.monotonic_ms();
        self.scope.lock().remember(self.mark, outcome, lane, rule, now_ms);
    }
}

impl<V> Drop for Claim<V> {
    fn drop(&mut self) {
        let over = self.scope.lock().under_way.remove(&self.mark);
        if let Some(over) = over {
            over.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::sync::atomic::{AtomicU64, Ordering};

    const WINDOW_MS: u64 = 300_000;

    #[derive(Default)]
    struct StandingClock(AtomicU64);

    impl StandingClock {
        fn advance_ms(&self, milliseconds: u64) {
            self.0.fetch_add(milliseconds, Ordering::SeqCst);
        }
    }

    impl Clock for StandingClock {
        fn now_ms(&self) -> u64 {
            self.monotonic_ms()
        }

        fn monotonic_ms(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn seen(most: [usize; 2]) -> (Arc<StandingClock>, [Counter; 2], Seen<&'static str, u32>) {
        let clock = Arc::new(StandingClock::default());
        let forgotten = [Counter::default(), Counter::default()];
        let lanes: Vec<Lane> = (most.into_iter().zip(&forgotten))
            .map(|(most, forgotten)| Lane {
                window_ms: WINDOW_MS,
                most,
                forgotten: forgotten.clone(),
            })
            .collect();
        (Arc::clone(&clock), forgotten, Seen::new(clock, lanes))
    }

    fn mark(number: u32) -> Mark {
        Mark::of(&[&number.to_be_bytes()])
    }

    /// `None` when it was not done before; it is then done with its number as the outcome.
    fn once(
        seen: &Seen<&'static str, u32>,
        scope: &'static str,
        n: u32,
        lane: usize,
    ) -> Option<u32> {
        match seen.enter(scope, mark(n)).now_or_never().expect("nobody else does it") {
            Entered::Before(outcome) => Some(outcome),
            Entered::First(claim) => {
                claim.remember(n, lane);
                None
            }
        }
    }

    #[test]
    fn a_repeat_is_known_for_its_whole_time_whatever_else_was_done_in_this_scope_or_another() {
        let (clock, forgotten, seen) = seen([300_000, 10]);
        assert_eq!(once(&seen, "room", 0, 0), None);
        for n in 1..=150_000 {
            assert_eq!(once(&seen, "room", n, 0), None);
            assert_eq!(once(&seen, "other", n, 0), None);
        }
        clock.advance_ms(WINDOW_MS - 1);
        assert_eq!(once(&seen, "room", 0, 0), Some(0));
        assert_eq!(once(&seen, "other", 0, 0), None, "each scope for itself");
        clock.advance_ms(1);
        assert_eq!(once(&seen, "room", 0, 0), None);
        assert_eq!(forgotten[0].get(), 0);
    }

    #[test]
    fn a_full_lane_forgets_its_oldest_and_counts_it_and_the_other_lane_loses_nothing() {
        let (_clock, forgotten, seen) = seen([3, 2]);
        for n in 0..3 {
            assert_eq!(once(&seen, "room", n, 0), None);
        }
        for n in 10..20 {
            assert_eq!(once(&seen, "room", n, 1), None);
        }
        assert_eq!((forgotten[0].get(), forgotten[1].get()), (0, 8));
        assert_eq!(once(&seen, "room", 0, 0), Some(0));
        assert_eq!(once(&seen, "room", 19, 1), Some(19));
        assert_eq!(once(&seen, "room", 17, 1), None, "forgotten, and done again");
        assert_eq!(once(&seen, "room", 3, 0), None);
        assert_eq!(once(&seen, "room", 1, 0), Some(1));
        assert_eq!(once(&seen, "room", 0, 0), None, "the oldest made room");
    }

    #[tokio::test]
    async fn the_same_at_once_waits_for_the_first_and_gets_its_outcome() {
        let (_clock, _, seen) = seen([3, 3]);
        let Entered::First(claim) = seen.enter("room", mark(1)).await else { unreachable!() };
        let mut second = Box::pin(seen.enter("room", mark(1)));
        assert!(futures_util::poll!(&mut second).is_pending());
        assert_eq!(once(&seen, "room", 2, 0), None, "something else does not wait");
        claim.remember(7, 0);
        assert!(futures_util::poll!(&mut second).is_pending(), "the first is not through");
        drop(claim);
        assert!(matches!(second.await, Entered::Before(7)));

        // Whoever gives up leaves the right to the next, and one that waits no more is no hindrance.
        let Entered::First(claim) = seen.enter("room", mark(3)).await else { unreachable!() };
        let mut second = Box::pin(seen.enter("room", mark(3)));
        let mut third = Box::pin(seen.enter("room", mark(3)));
        assert!(futures_util::poll!(&mut second).is_pending());
        assert!(futures_util::poll!(&mut third).is_pending());
        drop(second);
        drop(claim);
        assert!(matches!(third.await, Entered::First(_)));
    }

    #[test]
    fn a_scope_goes_when_all_it_remembers_is_too_old_and_not_while_something_is_under_way() {
        let (clock, _, seen) = seen([3, 3]);
        once(&seen, "quiet", 1, 0);
        let entered = seen.enter("busy", mark(1)).now_or_never();
        clock.advance_ms(WINDOW_MS / 2);
        once(&seen, "later", 1, 1);
        clock.advance_ms(WINDOW_MS / 2);
        seen.forget_old();
        let names = || {
            let mut names: Vec<&str> = seen.lock().all.keys().copied().collect();
            names.sort_unstable();
            names
        };
        assert_eq!(names(), ["busy", "later"]);
        drop(entered);
        clock.advance_ms(WINDOW_MS);
        seen.forget_old();
        assert!(names().is_empty());
        assert!(seen.lock().due.is_empty());
    }

    #[test]
    fn a_scope_that_is_forgotten_knows_nothing_any_more() {
        let (_clock, _, seen) = seen([3, 3]);
        once(&seen, "room", 1, 0);
        seen.forget(&"room");
        assert_eq!(once(&seen, "room", 1, 0), None);
    }

    #[test]
    fn a_scope_that_is_forgotten_and_made_again_is_looked_at_as_often_as_any_other() {
        let (clock, _, seen) = seen([3, 3]);
        for n in 0..10 {
            once(&seen, "room", n, 0);
            seen.forget(&"room");
        }
        clock.advance_ms(WINDOW_MS / 2);
        once(&seen, "room", 10, 0);
        clock.advance_ms(WINDOW_MS / 2);
        seen.forget_old();
        assert_eq!(seen.lock().due.len(), 1);
        assert_eq!(once(&seen, "room", 10, 0), Some(10));
        clock.advance_ms(WINDOW_MS / 2);
        seen.forget_old();
        assert!(seen.lock().all.is_empty(), "at its own time");
    }

    #[test]
    fn parts_of_a_mark_do_not_run_together() {
        assert_ne!(Mark::of(&[b"ab", b"c"]), Mark::of(&[b"a", b"bc"]));
        assert_ne!(Mark::of(&[b"a"]), Mark::of(&[b"a", b""]));
    }
}
