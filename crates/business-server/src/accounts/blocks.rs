//! Who is kept out, for those who ask at every message.

use moka::sync::Cache;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::store;
use crate::Business;
use crate::storage::Error;

/// What this process has not changed itself is believed for so long.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);
/// Accounts in memory, at most; those that are asked for least are read again.
const REMEMBERED: u64 = 50_000;

/// Whether accounts are kept out, as it was read a short time ago.
pub(crate) struct Blocks {
    known: Cache<String, bool>,
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

/// Whether an account is kept out of everything.
pub(crate) async fn is_blocked(business: &Business, user_id: &str) -> Result<bool, Error> {
    let blocks = &business.accounts.blocks;
    if let Some(blocked) = blocks.known.get(user_id) {
        return Ok(blocked);
    }
    let before = blocks.changes.load(Ordering::SeqCst);
    let account = store::find(&mut business.database.read_for_webhook().await?, user_id).await?;
    let blocked = account.is_some_and(|account| account.blocked_since_s().is_some());
    blocks.known.insert(user_id.to_owned(), blocked);
    // What was read before a change must not be remembered after it.
    if blocks.changes.load(Ordering::SeqCst) != before {
        blocks.known.invalidate(user_id);
    }
    Ok(blocked)
}
