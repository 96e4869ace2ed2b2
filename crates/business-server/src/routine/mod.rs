//! What the service does by itself, until it stops.
//!
//! A routine is a function that works until its token is cancelled, most of them by [`every`]. One
//! that panics, or ends by itself, begins again after a pause that grows with each time; it is counted,
//! and only one that cannot stay alive makes `/readyz` say so. Of several nodes that share a database
//! one at a time runs a routine of [`Scope::OneNode`]: the one that holds its lease (`lease.rs`). A
//! node whose lease cannot be renewed has its routine stopped before another node may take over.

mod every;
pub(crate) mod http;
mod lease;
mod panics;
mod state;
mod store;

pub(crate) use every::{Next, every};
pub(crate) use lease::keep_leases;
pub(crate) use panics::{Panicked, caught};
pub(crate) use state::Routines;

use backon::{BackoffBuilder, ExponentialBuilder};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::Business;

/// The pause after the first failure in a row, doubled with each further one up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Where a routine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// In every process: it serves what the process has in memory.
    EveryNode,
    /// In one process of all that share the database.
    OneNode,
}

/// Runs a routine of the service until `stopping`.
pub(crate) fn run<W, F>(
    business: &Arc<Business>,
    stopping: &CancellationToken,
    scope: Scope,
    work: W,
) -> JoinHandle<()>
where
    W: Fn(Arc<Business>, CancellationToken) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    // The path of its function, without the name of the crate.
    let path = std::any::type_name::<W>();
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    let (business, stopping) = (Arc::clone(business), stopping.clone());
    let routines = Arc::clone(&business.routines);
    let work = move |term| work(Arc::clone(&business), term);
    let span = tracing::error_span!("routine", name);
    tokio::spawn(keep(routines, name, scope, stopping, pauses(), work).instrument(span))
}

/// Lets `work` run whenever this process has a term for it, and again after it has failed.
async fn keep<W, F>(
    routines: Arc<Routines>,
    name: &'static str,
    scope: Scope,
    stopping: CancellationToken,
    pauses: ExponentialBuilder,
    work: W,
) where
    W: Fn(CancellationToken) -> F,
    F: Future<Output = ()>,
{
    routines.note(name);
    let mut left = pauses.build();
    while let Some(term) = routines.term(name, scope, &stopping).await {
        routines.began(name);
        let ended = caught(async { work(term.clone()).await }).await;
        if ended.is_ok() && term.is_cancelled() {
            routines.ended(name);
            continue;
        }
        match ended {
            Ok(()) => tracing::error!("the routine has ended before the stop: it begins again"),
            Err(panic) => {
                routines.panicked(name);
                tracing::error!(%panic, "the routine panicked: it begins again");
            }
        }
        if routines.failed(name) == 1 {
            left = pauses.build();
        }
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(left.next().unwrap_or(LONGEST_PAUSE)) => {}
        }
    }
}

fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::Notify;

    /// Short, so that nobody waits.
    fn at_once() -> ExponentialBuilder {
        pauses().with_min_delay(Duration::from_millis(1)).with_max_delay(Duration::from_millis(1))
    }

    fn kept<F: Future<Output = ()> + Send + 'static>(
        routines: &Arc<Routines>,
        stopping: &CancellationToken,
        work: impl Fn(CancellationToken) -> F + Send + Sync + 'static,
    ) -> JoinHandle<()> {
        let (routines, stopping) = (Arc::clone(routines), stopping.clone());
        tokio::spawn(keep(routines, "r", Scope::EveryNode, stopping, at_once(), work))
    }

    #[tokio::test]
    async fn a_routine_that_panics_or_ends_begins_again_and_is_counted() {
        let (routines, stopping) = (Arc::new(Routines::new("n")), CancellationToken::new());
        let (times, alive) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let handles = (Arc::clone(&times), Arc::clone(&alive));
        let keeping = kept(&routines, &stopping, move |term| {
            let (times, alive) = handles.clone();
            async move {
                match times.fetch_add(1, Ordering::SeqCst) {
                    0 => panic!("on purpose"),
                    1 => {}
                    _ => {
                        alive.notify_one();
                        term.cancelled().await;
                    }
                }
            }
        });
        alive.notified().await;
        assert_eq!(routines.list()[0].failures, 2);
        assert_eq!(routines.panics(), [("r", 1)]);
        assert_eq!(routines.dead(), None, "it goes on");
        stopping.cancel();
        keeping.await.unwrap();
        assert_eq!(times.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn only_a_routine_that_cannot_stay_alive_is_dead() {
        let (routines, stopping) = (Arc::new(Routines::new("n")), CancellationToken::new());
        let (times, often) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let handles = (Arc::clone(&times), Arc::clone(&often));
        let keeping = kept(&routines, &stopping, move |_| {
            let (times, often) = handles.clone();
            async move {
                if times.fetch_add(1, Ordering::SeqCst) == state::DEAD_AFTER {
                    often.notify_one();
                }
                panic!("on purpose")
            }
        });
        often.notified().await;
        assert_eq!(routines.dead(), Some("r"));
        stopping.cancel();
        keeping.await.unwrap();
    }
}
