//! Asks once a minute how many watch, and lets go of what is too old.

use chat_types::rest::GroupIdOnly;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{MINUTE_MS, store};
use crate::Business;
use crate::rooms;
use crate::storage::Error;

/// How often is looked whether a minute has begun.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Rooms that are asked about at the same time.
const AT_ONCE: usize = 8;
/// How long minutes are kept.
const KEEP_MINUTES: u64 = 400 * 24 * 60;
const PURGE_EVERY: Duration = Duration::from_secs(3_600);
/// Rows that are removed in one transaction: others want to write too.
const PURGED_AT_ONCE: u32 = 5_000;

/// Samples every room on air in every minute, until the service stops. A minute in which the chat
/// service does not answer has no figure.
pub(crate) async fn sample(business: Arc<Business>, stopping: CancellationToken) {
    let mut sampled = None;
    let mut purged: Option<Instant> = None;
    loop {
        let minute = business.clock.now_ms() / MINUTE_MS;
        let round = async {
            if sampled != Some(minute) {
                sample_minute(&business, minute).await?;
                sampled = Some(minute);
            }
            if purged.is_none_or(|at| at.elapsed() >= PURGE_EVERY) {
                purge(&business, minute.saturating_sub(KEEP_MINUTES)).await?;
                purged = Some(Instant::now());
            }
            Ok::<(), Error>(())
        };
        let done = tokio::select! {
            () = stopping.cancelled() => return,
            done = round => done,
        };
        if let Err(error) = done {
            tracing::error!(%error, "statistics not kept; tried again soon");
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn sample_minute(business: &Arc<Business>, minute: u64) -> Result<(), Error> {
    let mut reading = business.database.read().await?;
    let mut on_air = rooms::store::on_air(&mut reading).await?.into_iter();
    drop(reading);
    let mut asking = JoinSet::new();
    let mut answers: Vec<(String, u32)> = Vec::new();
    loop {
        while asking.len() < AT_ONCE {
            let Some(room) = on_air.next() else { break };
            asking.spawn(ask(Arc::clone(business), room.group_id));
        }
        match asking.join_next().await {
            None => break,
            Some(Ok(Ok(answer))) => answers.push(answer),
            Some(Ok(Err(error))) => {
                tracing::warn!(%error, "viewers of a room not counted");
                if error.is_temporary() {
                    // The other rooms would wait for the same service; a later minute asks again.
                    break;
                }
            }
            // A panic is logged by the runtime.
            Some(Err(_)) => {}
        }
    }
    if answers.is_empty() {
        return Ok(());
    }
    let mut tx = business.database.write().await?;
    for (group_id, viewers) in answers {
        if let Some(stream) = rooms::store::open_stream(&mut tx, &group_id).await? {
            store::set_viewers(&mut tx, &group_id, stream, minute, viewers).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

async fn ask(business: Arc<Business>, group_id: String) -> Result<(String, u32), chat_rest::Error> {
    let of = GroupIdOnly { group_id: group_id.clone() };
    let online = business.chat.get_online_member_num(&of).await?;
    Ok((group_id, online.online_member_num))
}

async fn purge(business: &Business, before_minute: u64) -> Result<(), Error> {
    loop {
        let mut tx = business.database.write().await?;
        let removed = store::purge(&mut tx, before_minute, PURGED_AT_ONCE).await?;
        tx.commit().await?;
        if removed == 0 {
            return Ok(());
        }
    }
}
