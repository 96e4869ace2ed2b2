//! What the assistant says by itself: notices that are due, and greetings that waited.

use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::{greeting, notices, store};
use crate::routine::{Next, every};
use crate::{Business, storage};

/// How often it is looked for what is due. The clock is read again each time instead of waited for,
/// so a clock that is set forwards or back does no harm.
const CHECK_EVERY: Duration = Duration::from_millis(250);
/// Rooms in one pass; the others have their turn in the next.
const ROOMS_AT_ONCE: u32 = 100;

/// Speaks until it is told to stop.
pub(crate) async fn keep_speaking(business: Arc<Business>, stop: CancellationToken) {
    every(&stop, CHECK_EVERY, None, || pass(&business)).await;
}

async fn pass(business: &Business) -> Result<Next, storage::Error> {
    let now_ms = business.clock.now_ms();
    let mut tx = business.database.read().await?;
    let rooms = store::rooms_due(&mut tx, now_ms, ROOMS_AT_ONCE).await?;
    drop(tx);
    for group_id in &rooms {
        // One room that fails must not silence the others.
        if let Err(error) = speak(business, group_id).await {
            tracing::error!(%error, group_id, "assistant failed in a room");
        }
    }
    if !rooms.is_empty() {
        business.outbox.wake();
    }
    Ok(Next::Period)
}

async fn speak(business: &Business, group_id: &str) -> Result<(), storage::Error> {
    let mut tx = business.database.write().await?;
    notices::post_due(business, &mut tx, group_id).await?;
    if let Some(found) = store::greeting(&mut tx, group_id).await? {
        greeting::greet(business, &mut tx, group_id, &found).await?;
    }
    tx.commit().await?;
    Ok(())
}
