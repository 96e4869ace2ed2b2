//! Writes levels to the profiles of accounts, where every client of the chat service finds them.
//!
//! An account whose level has changed stands in a table until the chat service has taken the new
//! one: changes that come while it waits become one write, and a restart forgets none.

use chat_rest::Outcome;
use chat_types::rest::{PortraitSet, ProfileItem, tag};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::level_of;
use super::store::{self, ToWrite};
use crate::Business;
use crate::accounts::waits::{MOST_WAIT_MS, wait_ms};
use crate::routine::{Next, every};
use crate::storage::Error;

/// How often is looked for levels to write.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Levels that are written before the table is read again.
const AT_ONCE: u32 = 50;

/// Writes until the service stops. What is cut off then is written after the next start.
pub(crate) async fn write_levels(business: Arc<Business>, stopping: CancellationToken) {
    every(&stopping, LOOK_EVERY, None, || write_due(&business)).await;
}

/// Writes what is due. After a failure that others would meet too, the rest waits for the next look.
async fn write_due(business: &Business) -> Result<Next, Error> {
    let now_ms = business.clock.now_ms();
    let mut reading = business.database.read().await?;
    let due = store::to_write(&mut reading, now_ms, MOST_WAIT_MS, AT_ONCE).await?;
    drop(reading);
    let is_all = due.len() < AT_ONCE as usize;
    for account in due {
        if !write_one(business, &account).await? {
            return Ok(Next::Period);
        }
    }
    Ok(if is_all { Next::Period } else { Next::Now })
}

/// Whether the chat service has decided, one way or the other.
async fn write_one(business: &Business, account: &ToWrite) -> Result<bool, Error> {
    let level = level_of(&business.config.levels, account.experience);
    let portrait = PortraitSet {
        from_account: account.user_id.clone(),
        profile_item: vec![ProfileItem { tag: tag::LEVEL.to_owned(), value: level.into() }],
    };
    let failure = match business.chat.portrait_set(&portrait).await {
        Ok(()) => None,
        Err(error) if error.outcome() == Outcome::Refused => {
            tracing::warn!(%error, user = account.user_id, "level refused for the profile");
            None
        }
        Err(error) => Some(error),
    };
    let mut tx = business.database.write().await?;
    let decided = match failure {
        None => {
            store::written(&mut tx, account).await?;
            true
        }
        Some(error) => {
            let wait_ms = wait_ms(account.attempts);
            tracing::warn!(%error, wait_ms, "level not written to the profile");
            let next_ms = business.clock.now_ms().saturating_add(wait_ms);
            store::put_off(&mut tx, &account.user_id, next_ms).await?;
            false
        }
    };
    tx.commit().await?;
    Ok(decided)
}
