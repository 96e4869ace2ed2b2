//! What is kept for how long. One routine removes what is older, a few rows in a transaction: whoever
//! waits for the writer has it before the next few go, however many there are.
//!
//! What is in no rule is kept for ever: the ledger, orders, and what grows with rooms and accounts
//! and not with what happens in them. Ids of accounts that were deleted go with the work that is due at
//! their end.

mod rules;
mod store;

use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use crate::Business;
use crate::routine::{Next, every};
use crate::storage::{Database, Error};
use rules::{RULES, Rule};

const EVERY: Duration = Duration::from_secs(600);
/// Rows that go in one transaction: it holds the writer for some milliseconds.
const BITE: u32 = 1_000;

/// Removes what is too old, until `stop`.
pub(crate) async fn forget_old(business: Arc<Business>, stop: CancellationToken) {
    every(&stop, EVERY, None, || async {
        let mut failed = Ok(Next::Period);
        for rule in &RULES {
            match forget(&business.database, rule, business.clock.now_ms(), BITE).await {
                Ok(0) => {}
                Ok(rows) => tracing::debug!(table = rule.table, rows, "old rows removed"),
                // One table that fails keeps no other one from being cleaned.
                Err(error) => {
                    tracing::error!(table = rule.table, %error, "old rows not removed");
                    failed = Err(error);
                }
            }
        }
        failed
    })
    .await;
}

/// Removes all that a rule says is too old; answers how many rows.
async fn forget(database: &Database, rule: &Rule, now_ms: u64, bite: u32) -> Result<u64, Error> {
    let mut removed = 0;
    loop {
        let rows = take_bite(database, rule, now_ms, bite).await?;
        removed += rows;
        if rows < u64::from(bite) {
            return Ok(removed);
        }
    }
}

/// Removes up to `bite` rows in a transaction of their own; answers how many.
async fn take_bite(database: &Database, rule: &Rule, now_ms: u64, bite: u32) -> Result<u64, Error> {
    let before = rule.before(now_ms);
    // Most looks find nothing, and are no reason to hold the writer up.
    if !store::has_old(&mut database.read().await?, rule, before).await? {
        return Ok(0);
    }
    let mut tx = database.write().await?;
    let rows = store::remove(&mut tx, rule, before, bite).await?;
    tx.commit().await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    const ROWS: u64 = 1_000_000;
    const NOW_MS: u64 = 1_760_000_000_000;

    async fn database() -> (tempfile::TempDir, Database) {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(dir.path()).await.unwrap();
        (dir, database)
    }

    #[tokio::test]
    async fn every_rule_finds_what_it_removes_by_an_index() {
        let (_dir, database) = database().await;
        let mut tx = database.write().await.unwrap();
        for rule in &RULES {
            let plan = store::plan(&mut tx, rule).await;
            assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{}: {plan:?}", rule.table);
            store::remove(&mut tx, rule, rule.before(NOW_MS), BITE).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_is_older_goes_and_what_is_not_stays() {
        let (_dir, database) = database().await;
        let rule = RULES.iter().find(|rule| rule.table == "experience_gifts").unwrap();
        let mut tx = database.write().await.unwrap();
        store::fill_experience_gifts(&mut tx, 10, rule.before(NOW_MS) - 5).await;
        tx.commit().await.unwrap();
        assert_eq!(forget(&database, rule, NOW_MS, 2).await.unwrap(), 5);
        assert_eq!(forget(&database, rule, NOW_MS, 2).await.unwrap(), 0);
    }

    /// Others take the writer in turn with the bites, however many rows there are to remove.
    #[tokio::test]
    async fn between_two_bites_whoever_waits_has_the_writer() {
        let (_dir, database) = database().await;
        let mut tx = database.write().await.unwrap();
        store::fill_experience_gifts(&mut tx, ROWS, 0).await;
        store::fill_webhook_events(&mut tx, ROWS).await;
        tx.commit().await.unwrap();
        let (is_over, turns) = (AtomicBool::new(false), [AtomicU64::new(0), AtomicU64::new(0)]);
        let bites = AtomicU64::new(0);
        let cleaning = async {
            let full = ["experience_gifts", "webhook_events"];
            for rule in RULES.iter().filter(|rule| full.contains(&rule.table)) {
                while take_bite(&database, rule, NOW_MS, 10_000).await.unwrap() > 0 {
                    bites.fetch_add(1, Ordering::SeqCst);
                }
            }
            is_over.store(true, Ordering::SeqCst);
        };
        let writing = async |turns: &AtomicU64| {
            while !is_over.load(Ordering::SeqCst) {
                let waited_from = bites.load(Ordering::SeqCst);
                let tx = database.write().await.unwrap();
                let passed = bites.load(Ordering::SeqCst) - waited_from;
                assert!(passed <= 2, "{passed} bites were taken while somebody waited");
                tx.commit().await.unwrap();
                turns.fetch_add(1, Ordering::SeqCst);
            }
        };
        tokio::join!(cleaning, writing(&turns[0]), writing(&turns[1]));
        let bites = bites.load(Ordering::SeqCst);
        assert!(bites >= 2 * ROWS / 10_000);
        assert!(turns.iter().all(|turns| turns.load(Ordering::SeqCst) >= bites / 2));
    }
}
