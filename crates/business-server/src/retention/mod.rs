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
use rules::{Periods, RULES, Rule};

const EVERY: Duration = Duration::from_secs(600);
/// Rows that go in one transaction: it holds the writer for some milliseconds.
const BITE: u32 = 1_000;

/// Removes what is too old, until `stop`.
pub(crate) async fn forget_old(business: Arc<Business>, stop: CancellationToken) {
    let periods = Periods { audit: business.config.audit_lifetime };
    every(&stop, EVERY, None, || async {
        let mut failed = Ok(Next::Period);
        for rule in &RULES {
            let before = rule.before(business.clock.now_ms(), periods);
            match forget(&business.database, rule, before, BITE).await {
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

/// Removes all that a rule says is from before this time; answers how many rows.
async fn forget(database: &Database, rule: &Rule, before: u64, bite: u32) -> Result<u64, Error> {
    let mut removed = 0;
    loop {
        let rows = take_bite(database, rule, before, bite).await?;
        removed += rows;
        if rows < u64::from(bite) {
            return Ok(removed);
        }
    }
}

/// Removes up to `bite` rows in a transaction of their own; answers how many.
async fn take_bite(database: &Database, rule: &Rule, before: u64, bite: u32) -> Result<u64, Error> {
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

    const ROWS: u64 = 100_000;
    const NOW_MS: u64 = 1_760_000_000_000;
    const PERIODS: Periods = Periods { audit: Duration::from_secs(86_400) };

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
            store::remove(&mut tx, rule, rule.before(NOW_MS, PERIODS), BITE).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_is_older_goes_and_what_is_not_stays() {
        let (_dir, database) = database().await;
        let rule = RULES.iter().find(|rule| rule.table == "experience_gifts").unwrap();
        let mut tx = database.write().await.unwrap();
        store::fill_experience_gifts(&mut tx, 10, rule.before(NOW_MS, PERIODS) - 5).await;
        tx.commit().await.unwrap();
        let before = rule.before(NOW_MS, PERIODS);
        assert_eq!(forget(&database, rule, before, 2).await.unwrap(), 5);
        assert_eq!(forget(&database, rule, before, 2).await.unwrap(), 0);
    }

    /// What the rules leave of events that were given up, from `first_ms` on, and what they count.
    async fn left_of_dead(rows: u64, first_ms: u64, limit: u64) -> (i64, i64) {
        let (_dir, database) = database().await;
        let mut tx = database.write().await.unwrap();
        store::fill_dead_notifications(&mut tx, rows, first_ms, limit).await;
        tx.commit().await.unwrap();
        for rule in RULES.iter().filter(|rule| rule.table == "notifications") {
            forget(&database, rule, rule.before(NOW_MS, PERIODS), 3).await.unwrap();
        }
        store::notifications(&mut database.read().await.unwrap()).await
    }

    #[tokio::test]
    async fn events_that_were_given_up_go_after_a_month_and_where_there_are_too_many() {
        let month_ms = 30 * 86_400 * 1_000;
        assert_eq!(left_of_dead(10, NOW_MS - month_ms - 4, 100).await, (6, 4));
        assert_eq!(left_of_dead(10, NOW_MS - 100, 7).await, (7, 3));
        assert_eq!(left_of_dead(10, NOW_MS - 100, 10).await, (10, 0));
        assert_eq!(left_of_dead(10, NOW_MS - 100, 0).await, (10, 0), "there is no webhook now");
    }

    /// Others take the writer in turn with the bites, however many rows there are to remove.
    #[tokio::test]
    async fn between_two_bites_whoever_waits_has_the_writer() {
        let (_dir, database) = database().await;
        let rule = RULES.iter().find(|rule| rule.table == "experience_gifts").unwrap();
        let mut tx = database.write().await.unwrap();
        store::fill_experience_gifts(&mut tx, ROWS, 0).await;
        tx.commit().await.unwrap();
        let (is_over, turns) = (AtomicBool::new(false), [AtomicU64::new(0), AtomicU64::new(0)]);
        let (bites, before) = (AtomicU64::new(0), rule.before(NOW_MS, PERIODS));
        let cleaning = async {
            while take_bite(&database, rule, before, BITE).await.unwrap() > 0 {
                bites.fetch_add(1, Ordering::SeqCst);
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
        assert!(bites >= ROWS / u64::from(BITE));
        assert!(turns.iter().all(|turns| turns.load(Ordering::SeqCst) >= bites / 2));
    }
}
