//! How the routines of this process do.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::Scope;
use super::lease::Terms;
use crate::storage::Database;

/// A routine that has failed so often in a row is dead until it stays alive for [`STEADY`].
pub(super) const DEAD_AFTER: u32 = 5;
const STEADY: Duration = Duration::from_secs(10);

/// A routine as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RoutineState {
    pub(super) name: &'static str,
    /// It runs in this process; another node may have its lease.
    runs_here: bool,
    /// How often it has panicked or ended here since the start.
    pub(super) failures: u64,
}

#[derive(Debug, Default)]
struct State {
    since: Option<Instant>,
    failures: u64,
    panics: u64,
    in_a_row: u32,
}

impl State {
    fn is_steady(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= STEADY)
    }
}

/// The routines of this process, and the leases that it holds for them.
#[derive(Debug)]
pub(crate) struct Routines {
    states: Mutex<BTreeMap<&'static str, State>>,
    pub(super) terms: Terms,
}

impl Routines {
    pub(crate) fn new(node: &str) -> Self {
        Self { states: Mutex::default(), terms: Terms::new(node) }
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<&'static str, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A routine that this process runs when it may.
    pub(super) fn note(&self, name: &'static str) {
        self.states().entry(name).or_default();
    }

    pub(super) fn began(&self, name: &'static str) {
        self.states().entry(name).or_default().since = Some(Instant::now());
    }

    /// It was stopped, in order.
    pub(super) fn ended(&self, name: &'static str) {
        self.states().entry(name).or_default().since = None;
    }

    /// How often it has failed in a row.
    pub(super) fn failed(&self, name: &'static str) -> u32 {
        let mut states = self.states();
        let state = states.entry(name).or_default();
        if state.is_steady() {
            state.in_a_row = 0;
        }
        state.since = None;
        state.failures = state.failures.saturating_add(1);
        state.in_a_row = state.in_a_row.saturating_add(1);
        state.in_a_row
    }

    /// It is going to be noted as failed, and it was by a panic.
    pub(super) fn panicked(&self, name: &'static str) {
        let mut states = self.states();
        let state = states.entry(name).or_default();
        state.panics = state.panics.saturating_add(1);
    }

    /// Each routine with how often it has panicked here since the start.
    pub(crate) fn panics(&self) -> Vec<(&'static str, u64)> {
        self.states().iter().map(|(name, state)| (*name, state.panics)).collect()
    }

    /// A routine that cannot stay alive.
    pub(crate) fn dead(&self) -> Option<&'static str> {
        let is_dead = |state: &State| state.in_a_row >= DEAD_AFTER && !state.is_steady();
        self.states().iter().find(|(_, state)| is_dead(state)).map(|(name, _)| *name)
    }

    pub(super) fn list(&self) -> Vec<RoutineState> {
        let states = self.states();
        let state = |(name, state): (&&'static str, &State)| RoutineState {
            name,
            runs_here: state.since.is_some(),
            failures: state.failures,
        };
        states.iter().map(state).collect()
    }

    /// Until when this process may run a routine: waits for the lease of one that only one node runs.
    /// `None` when the service stops.
    pub(super) async fn term(
        &self,
        name: &'static str,
        scope: Scope,
        stopping: &CancellationToken,
    ) -> Option<CancellationToken> {
        match scope {
            Scope::EveryNode if stopping.is_cancelled() => None,
            Scope::EveryNode => Some(stopping.child_token()),
            Scope::OneNode => tokio::select! {
                () = stopping.cancelled() => None,
                term = self.terms.wait_for(name) => Some(term),
            },
        }
    }

    /// Gives the leases back, so that another node need not wait until they end. Call it when the
    /// routines have ended.
    pub(crate) async fn release(&self, database: &Database) {
        if let Err(error) = self.terms.release(database).await {
            tracing::warn!(%error, "leases not given back: another node waits until they end");
        }
    }
}
