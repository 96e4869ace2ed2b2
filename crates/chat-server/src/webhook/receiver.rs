//! What is known about the receiver of one application while the service runs.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, Semaphore};

use super::breaker::{Breaker, Outcome, Ticket};
use super::exceptions::ExceptionLane;
use super::schedule::Schedule;
use crate::clock::Clock;

/// Before-webhooks, what happened and exceptions have gates and places of their own: a receiver that
/// is slow to take one of them must not hold up another.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) before: Gate,
    pub(super) before_places: Semaphore,
    pub(super) after: Gate,
    schedule: Mutex<Schedule>,
    /// There may be something to deliver.
    pub(super) wake: Notify,
    /// Somebody delivers what has happened until the service stops.
    pub(super) tended: AtomicBool,
    pub(super) exceptions_gate: Gate,
    pub(super) exceptions: ExceptionLane,
}

impl Receiver {
    pub(super) fn new(before_places: usize) -> Self {
        Self {
            before: Gate::default(),
            before_places: Semaphore::new(before_places),
            after: Gate::default(),
            schedule: Mutex::default(),
            wake: Notify::new(),
            tended: AtomicBool::new(false),
            exceptions_gate: Gate::default(),
            exceptions: ExceptionLane::default(),
        }
    }

    /// What has happened and waits.
    pub(super) fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A breaker for the receiver at one URL. A call to another URL closes it.
#[derive(Debug)]
pub(super) struct Gate(Mutex<Guarded>);

#[derive(Debug)]
struct Guarded {
    url: String,
    breaker: Breaker,
}

impl Default for Gate {
    fn default() -> Self {
        Self(Mutex::new(Guarded { url: String::new(), breaker: Breaker::new() }))
    }
}

impl Gate {
    pub(super) fn refuses(&self, url: &str, now_ms: u64) -> bool {
        self.at(url).breaker.refuses(now_ms)
    }

    /// Whether it refuses calls to the last URL.
    pub(super) fn is_open(&self, now_ms: u64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).breaker.refuses(now_ms)
    }

    /// When a gate that refuses lets somebody through again.
    pub(super) fn retry_at(&self, url: &str) -> Option<u64> {
        self.at(url).breaker.retry_at()
    }

    pub(super) fn enter<'a>(&'a self, url: &str, clock: &'a dyn Clock) -> Option<Passage<'a>> {
        let ticket = self.at(url).breaker.admit(clock.now_ms())?;
        Some(Passage { gate: self, clock, ticket, outcome: Outcome::Abandoned })
    }

    fn at(&self, url: &str) -> MutexGuard<'_, Guarded> {
        let mut guarded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if guarded.url != url {
            url.clone_into(&mut guarded.url);
            guarded.breaker.reset();
        }
        guarded
    }
}

/// The right to call once. Dropping it tells the breaker that the call was given up, so that a
/// probe whose caller went away does not keep the gate shut.
pub(super) struct Passage<'a> {
    gate: &'a Gate,
    clock: &'a dyn Clock,
    ticket: Ticket,
    outcome: Outcome,
}

impl Passage<'_> {
    pub(super) fn end(mut self, answered: bool) {
        self.outcome = if answered { Outcome::Answered } else { Outcome::Failed };
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        let mut guarded = self.gate.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (now_ms, before) = (self.clock.now_ms(), guarded.breaker.retry_at());
        guarded.breaker.report(self.ticket, self.outcome, now_ms);
        let after = guarded.breaker.retry_at();
        if self.outcome == Outcome::Failed && before != after {
            let pause_ms = after.map(|at| at.saturating_sub(now_ms));
            tracing::warn!(
                url = guarded.url,
                pause_ms,
                "a webhook receiver fails and is left alone"
            );
        }
    }
}
