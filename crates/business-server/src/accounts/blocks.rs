//! Who is kept out, for those who ask at every message and every login.

use moka::sync::Cache;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::store::{self, gone};
use crate::Business;
use crate::storage::{Error, Tx};

/// What this process has not changed itself is believed for so long.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);
/// Accounts in memory, at most; those that are asked for least are read again.
const REMEMBERED: u64 = 50_000;

/// Whether an account may take part in anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Also of one that has never come in here.
    Open,
    Blocked,
    /// It was deleted a short time ago: whoever speaks in its name does so by what it was given before.
    Gone,
}

/// How accounts stand, as it was read a short time ago.
pub(crate) struct Blocks {
    known: Cache<String, Standing>,
    /// Counts what this process has changed.
    changes: AtomicU64,
}

impl Default for Blocks {
    fn default() -> Self {
        let known = Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build();
        Self { known, changes: AtomicU64::new(0) }
    }
}

impl Blocks {
    /// Something of the account has changed, and is read again.
    pub(super) fn forget(&self, user_id: &str) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate(user_id);
    }
}

/// How an account stands.
pub(super) async fn standing_in(tx: &mut Tx, user_id: &str) -> Result<Standing, Error> {
    Ok(match store::find(tx, user_id).await? {
        Some(account) if account.blocked_since_s().is_some() => Standing::Blocked,
        Some(_) => Standing::Open,
        None if gone::until_ms(tx, user_id).await?.is_some() => Standing::Gone,
        None => Standing::Open,
    })
}

/// The same for a webhook, as it was a short time ago.
pub(crate) async fn standing(business: &Business, user_id: &str) -> Result<Standing, Error> {
    let blocks = &business.accounts.blocks;
    if let Some(standing) = blocks.known.get(user_id) {
        return Ok(standing);
    }
    let before = blocks.changes.load(Ordering::SeqCst);
    let standing = standing_in(&mut business.database.read_for_webhook().await?, user_id).await?;
    blocks.known.insert(user_id.to_owned(), standing);
    // What was read before a change must not be remembered after it.
    if blocks.changes.load(Ordering::SeqCst) != before {
        blocks.known.invalidate(user_id);
    }
    Ok(standing)
}
