//! What happens in slots by itself: countdowns that end, streams that are over, schedules, and fields
//! that are written again.
//!
//! What is due stands in the database, so a restart forgets nothing. The clock is read again a few
//! times a second instead of waited for, so a clock that is set forwards or back does no harm.

use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::plan::{self, PlanState};
use super::{Error, Left, Offer, REFRESH_EVERY_MS, refresh, show, store, take_down};
use crate::routine::{Next, every};
use crate::{Business, rooms, storage};

/// How often it is looked for what is due.
const CHECK_EVERY: Duration = Duration::from_millis(250);
/// Rooms in one pass; the others have their turn in the next.
const ROOMS_AT_ONCE: u32 = 100;

/// Keeps the slots of all rooms until it is told to stop.
pub(crate) async fn keep_slots(business: Arc<Business>, stop: CancellationToken) {
    every(&stop, CHECK_EVERY, None, || pass(&business)).await;
}

async fn pass(business: &Business) -> Result<Next, storage::Error> {
    let now_ms = business.clock.now_ms();
    let mut tx = business.database.read().await?;
    let rooms = store::rooms_due(&mut tx, now_ms, REFRESH_EVERY_MS, ROOMS_AT_ONCE).await?;
    drop(tx);
    for group_id in &rooms {
        // One room that cannot be kept must not stop the others.
        if let Err(error) = keep(business, group_id).await {
            tracing::error!(%error, group_id, "slot not kept");
        }
    }
    if !rooms.is_empty() {
        business.outbox.wake();
    }
    Ok(Next::Period)
}

/// Does everything that is due in one room.
async fn keep(business: &Business, group_id: &str) -> Result<(), Error> {
    let mut tx = business.database.write().await?;
    let now_s = business.clock.now_s();
    if let Some(present) = store::present(&mut tx, group_id).await? {
        if store::is_stream_over(&mut tx, &present).await? {
            take_down(business, &mut tx, group_id, Left::StreamOver).await?;
        } else if present.ends_at_s.is_some_and(|ends_s| ends_s <= now_s) {
            take_down(business, &mut tx, group_id, Left::Ended).await?;
        } else if present.stale {
            refresh(business, &mut tx, &present).await?;
        }
    }
    let waiting = store::waiting(&mut tx, group_id).await?;
    let (due, latest) = plan::due(&waiting, now_s);
    let room = rooms::store::find(&mut tx, group_id).await?;
    let may_show = room.is_some_and(|room| plan::may_show(room.status));
    for planned in waiting.iter().take(due) {
        let mut state = PlanState::Missed;
        if may_show && Some(planned) == latest {
            let offer = Offer {
                product: &planned.product,
                special_minor: planned.price_minor,
                ends_at_s: planned.ends_at_s(),
                by: None,
            };
            match show(business, &mut tx, group_id, offer).await {
                Ok(()) => state = PlanState::Shown,
                Err(Error::Storage(error)) => return Err(error.into()),
                Err(error) => tracing::warn!(%error, group_id, "planned product not shown"),
            }
        }
        store::set_plan_state(&mut tx, group_id, planned.at_s, state).await?;
    }
    tx.commit().await.map_err(storage::Error::from)?;
    Ok(())
}
