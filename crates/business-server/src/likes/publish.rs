//! Tells the rooms their totals.

use chat_types::Code;
use chat_types::rest::{CounterMode, GroupCounter, UpdateGroupCounter};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::store::{self, Unpublished};
use crate::Business;
use crate::routine::{Next, every};
use crate::storage::Error;

/// Name of the group counter.
const COUNTER: &str = "likes";
/// A room is told its total at most so often.
const PERIOD: Duration = Duration::from_secs(1);
/// It is looked so often even when nobody wakes the routine: another node may have counted likes.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Rooms of one round; the ones that have changed most come first.
const ROUND: u32 = 150;
/// Calls at once.
const AT_ONCE: usize = 8;
/// An application without counters is asked again after so long.
const WITHOUT_COUNTERS: Duration = Duration::from_secs(600);

/// What came of telling a room its total.
enum Told {
    /// The chat service has it, or never will: it is not told again before it changes.
    Settled,
    /// The same total is told in the next round.
    Later,
    /// The application has no counters.
    NoCounters,
}

/// Until `stop`; totals that were not told are told after the next start.
pub(crate) async fn tell_totals(business: Arc<Business>, stop: CancellationToken) {
    let wake = Some(&business.likes.changed);
    every(&stop, LOOK_EVERY, wake, || tell_round(&business)).await;
}

async fn tell_round(business: &Business) -> Result<Next, Error> {
    let rooms = store::unpublished(&mut business.database.read().await?, ROUND).await?;
    if rooms.is_empty() {
        return Ok(Next::Period);
    }
    let mut waiting = rooms.into_iter();
    let mut calls = JoinSet::new();
    let mut settled = Vec::new();
    let mut has_counters = true;
    loop {
        while calls.len() < AT_ONCE && has_counters {
            let Some(Unpublished { group_id, total }) = waiting.next() else { break };
            let chat = business.chat.clone();
            calls.spawn(async move { (tell(&chat, &group_id, total).await, group_id, total) });
        }
        match calls.join_next().await {
            None => break,
            Some(Ok((Told::Settled, group_id, total))) => settled.push((group_id, total)),
            Some(Ok((Told::NoCounters, ..))) => has_counters = false,
            // A call that panicked is told by the runtime, and made again.
            Some(Ok((Told::Later, ..)) | Err(_)) => {}
        }
    }
    let mut tx = business.database.write().await?;
    for (group_id, total) in &settled {
        store::published(&mut tx, group_id, *total).await?;
    }
    tx.commit().await?;
    if !has_counters {
        tracing::info!("the application has no group counters: clients ask for the likes");
        return Ok(Next::Rest(WITHOUT_COUNTERS));
    }
    Ok(Next::Rest(PERIOD))
}

async fn tell(chat: &chat_rest::Client, group_id: &str, total: u64) -> Told {
    let value = i64::try_from(total).unwrap_or(i64::MAX);
    let update = UpdateGroupCounter {
        group_id: group_id.to_owned(),
        group_counter: vec![GroupCounter { key: COUNTER.to_owned(), value }],
        mode: CounterMode::Set,
    };
    match chat.update_group_counter(&update).await {
        Ok(_) => Told::Settled,
        Err(error) if error.code() == Some(Code::EDITION) => Told::NoCounters,
        Err(error) if error.is_refused_for_good() => {
            tracing::warn!(%group_id, %error, "total of likes refused");
            Told::Settled
        }
        Err(error) => {
            tracing::warn!(%group_id, %error, "total of likes is told later");
            Told::Later
        }
    }
}
