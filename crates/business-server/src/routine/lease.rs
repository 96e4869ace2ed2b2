//! Which node runs a routine that only one may run.
//!
//! A lease is a row with an owner and an end. Its owner, a process, renews it long before the end;
//! where that fails, the process stops the routine before another node may take the lease over. A
//! process that is started under the name of a node takes the leases of that node's process before
//! it at once, so that nothing waits after a crash; that one, should it still run, loses them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::store::{self, Lease, Takeable};
use crate::Business;
use crate::storage::{Database, Error};

/// From its renewal to its end.
const LASTS_MS: u64 = 20_000;
/// A lease that lasts no longer than this is renewed.
const RENEWED_MS: u64 = 10_000;
/// So is one that was renewed so long ago, whatever the wall clock has done since.
const RENEWED_AFTER: Duration = Duration::from_secs(10);
/// A routine whose lease was renewed so long ago is stopped: it has the rest of the time to end.
const STOPPED_AFTER: Duration = Duration::from_secs(14);
/// How often is looked whether a lease may be taken or has to be renewed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What a look may wait for the database.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone)]
struct Held {
    term: CancellationToken,
    renewed: Instant,
}

/// The leases that this process wants and holds.
#[derive(Debug)]
pub(super) struct Terms {
    node: String,
    /// Names this process.
    owner: String,
    wanted: Mutex<BTreeSet<&'static str>>,
    asked: Notify,
    held: watch::Sender<BTreeMap<&'static str, Held>>,
    /// What this process has held. What was taken from it by a process of its own node stays taken.
    had: Mutex<BTreeSet<&'static str>>,
}

impl Terms {
    pub(super) fn new(node: &str) -> Self {
        Self {
            node: node.to_owned(),
            owner: format!("{:016x}", rand::random::<u64>()),
            wanted: Mutex::default(),
            asked: Notify::new(),
            held: watch::Sender::default(),
            had: Mutex::default(),
        }
    }

    /// Waits until this process holds the lease. The token is cancelled when it does no longer.
    pub(super) async fn wait_for(&self, name: &'static str) -> CancellationToken {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        self.asked.notify_one();
        let mut held = self.held.subscribe();
        loop {
            if let Some(Held { term, .. }) = held.borrow_and_update().get(name) {
                return term.clone();
            }
            if held.changed().await.is_err() {
                // Does not happen: the sender is in `self`.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Whether this process may try for a lease, or has to renew it.
    fn is_due(&self, name: &str, lease: Option<&Lease>, takeable: Takeable) -> bool {
        let Some(lease) = lease else { return true };
        if lease.owner == self.owner {
            let renewed_ms = takeable.now_ms.saturating_add(RENEWED_MS);
            return lease.until_ms <= renewed_ms
                || lease.until_ms > takeable.latest_ms
                || !self.is_fresh(name);
        }
        lease.until_ms <= takeable.now_ms
            || lease.until_ms > takeable.latest_ms
            || (takeable.from_same_node && lease.node == self.node && !self.has_had(name))
    }

    /// Whether this process holds the lease, and has renewed it lately.
    fn is_fresh(&self, name: &str) -> bool {
        let held = self.held.borrow();
        held.get(name).is_some_and(|held| held.renewed.elapsed() < RENEWED_AFTER)
    }

    fn has_had(&self, name: &str) -> bool {
        self.had.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Renews and takes what is due.
    async fn look(
        &self,
        database: &Database,
        now_ms: u64,
        stopping: &CancellationToken,
    ) -> Result<(), Error> {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let found = store::leases(&mut database.read().await?).await?;
        let of = |name: &str| found.iter().find(|lease| lease.name == name);
        self.lose(|name| of(name).is_some_and(|lease| lease.owner != self.owner));
        let takeable = |name: &str| Takeable {
            now_ms,
            latest_ms: now_ms.saturating_add(2 * LASTS_MS),
            from_same_node: !self.has_had(name),
        };
        let mut due = wanted;
        due.retain(|name| self.is_due(name, of(name), takeable(name)));
        if due.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        let mut taken = BTreeSet::new();
        let mut tx = database.write().await?;
        for name in due {
            let lease = Lease {
                name: name.to_owned(),
                node: self.node.clone(),
                owner: self.owner.clone(),
                until_ms: now_ms.saturating_add(LASTS_MS),
            };
            if store::take(&mut tx, &lease, takeable(name)).await? {
                taken.insert(name);
            }
        }
        tx.commit().await?;
        self.had.lock().unwrap_or_else(PoisonError::into_inner).extend(&taken);
        self.held.send_modify(|held| {
            for name in taken {
                let fresh = || Held { term: stopping.child_token(), renewed: begun };
                held.entry(name).or_insert_with(fresh).renewed = begun;
            }
        });
        Ok(())
    }

    /// Stops the routines of these leases.
    fn lose(&self, is_lost: impl Fn(&str) -> bool) {
        self.held.send_if_modified(|held| {
            let before = held.len();
            held.retain(|name, Held { term, .. }| {
                let stays = !is_lost(name);
                if !stays {
                    tracing::warn!(name, "the lease is lost: the routine stops here");
                    term.cancel();
                }
                stays
            });
            held.len() < before
        });
    }

    /// Stops the routines whose leases could not be renewed.
    fn expire(&self) {
        let late = |held: &Held| held.renewed.elapsed() >= STOPPED_AFTER;
        let expired: BTreeSet<&str> = self
            .held
            .borrow()
            .iter()
            .filter(|(_, held)| late(held))
            .map(|(name, _)| *name)
            .collect();
        self.lose(|name| expired.contains(name));
    }

    pub(super) async fn release(&self, database: &Database) -> Result<(), Error> {
        let mut tx = database.write().await?;
        store::release(&mut tx, &self.owner).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Renews the leases of this process and takes what others leave, until `stopping`.
pub(crate) async fn keep_leases(business: Arc<Business>, stopping: CancellationToken) {
    let terms = &business.routines.terms;
    while !stopping.is_cancelled() {
        let look = terms.look(&business.database, business.clock.now_ms(), &stopping);
        match timeout(PATIENCE, look).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "leases not renewed: it is tried again"),
            Err(_) => tracing::warn!("leases not renewed in time: it is tried again"),
        }
        terms.expire();
        tokio::select! {
            () = stopping.cancelled() => {}
            () = terms.asked.notified() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Node {
        terms: Terms,
        stopping: CancellationToken,
    }

    impl Node {
        fn new(name: &str) -> Self {
            Self { terms: Terms::new(name), stopping: CancellationToken::new() }
        }

        /// Whether it holds the lease after a look.
        async fn holds(&self, database: &Database, now_ms: u64) -> bool {
            self.terms.wanted.lock().unwrap().insert("r");
            self.terms.look(database, now_ms, &self.stopping).await.unwrap();
            self.terms.held.borrow().contains_key("r")
        }
    }

    async fn database() -> (tempfile::TempDir, Database) {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(dir.path()).await.unwrap();
        (dir, database)
    }

    #[tokio::test]
    async fn one_node_holds_a_lease_until_it_ends_or_is_given_back() {
        let (_dir, database) = database().await;
        let (a, b) = (Node::new("a"), Node::new("b"));
        assert!(a.holds(&database, 1_000).await);
        assert!(!b.holds(&database, 1_000).await);
        // Renewed in time, it goes on.
        assert!(a.holds(&database, 1_000 + RENEWED_MS).await);
        assert!(!b.holds(&database, 1_000 + LASTS_MS).await);
        let term = a.terms.wait_for("r").await;
        // The first one is away for too long.
        assert!(b.holds(&database, 1_000 + RENEWED_MS + LASTS_MS).await);
        assert!(!a.holds(&database, 1_000 + RENEWED_MS + LASTS_MS).await);
        assert!(term.is_cancelled(), "its routine is stopped");
        b.terms.release(&database).await.unwrap();
        assert!(a.holds(&database, 1_000 + RENEWED_MS + LASTS_MS).await);
    }

    #[tokio::test]
    async fn a_new_process_of_a_node_takes_over_at_once_and_for_good() {
        let (_dir, database) = database().await;
        let (before, after) = (Node::new("a"), Node::new("a"));
        assert!(before.holds(&database, 1_000).await);
        assert!(after.holds(&database, 1_001).await);
        assert!(!before.holds(&database, 1_002).await);
        assert!(after.holds(&database, 1_003).await);
    }

    #[tokio::test]
    async fn a_lease_of_a_clock_that_was_set_back_is_not_waited_for() {
        let (_dir, database) = database().await;
        let (a, b) = (Node::new("a"), Node::new("b"));
        assert!(a.holds(&database, 3_600_000).await);
        assert!(b.holds(&database, 1_000).await);
        assert!(!a.holds(&database, 1_000).await);
    }

    #[tokio::test]
    async fn a_lease_is_renewed_in_time_also_by_a_clock_that_stands_still() {
        let (_dir, database) = database().await;
        let node = Node::new("a");
        let long_ago = || {
            node.terms.held.send_modify(|held| {
                held.get_mut("r").unwrap().renewed -= RENEWED_AFTER;
            });
        };
        assert!(node.holds(&database, 10_000).await);
        let term = node.terms.wait_for("r").await;
        for now_ms in [10_000, 10_000, 3_000] {
            long_ago();
            assert!(node.holds(&database, now_ms).await);
            long_ago();
            // Renewed in between, it is not as old as that.
            node.terms.look(&database, now_ms, &node.stopping).await.unwrap();
            node.terms.expire();
        }
        assert!(!term.is_cancelled());
    }

    #[tokio::test]
    async fn a_lease_that_is_not_renewed_stops_its_routine() {
        let (_dir, database) = database().await;
        let node = Node::new("a");
        assert!(node.holds(&database, 1_000).await);
        let term = node.terms.wait_for("r").await;
        node.terms.expire();
        assert!(!term.is_cancelled());
        node.terms.held.send_modify(|held| {
            held.get_mut("r").unwrap().renewed -= STOPPED_AFTER;
        });
        node.terms.expire();
        assert!(term.is_cancelled());
    }
}
