//! Counts batches, many in one commit.

use chat_types::business::Like;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cap::Cap;
use super::store;
use crate::Business;
use crate::figures::add;
use crate::queue::Job;
use crate::storage::Error;
use crate::{rooms, statistics};

/// Batches in one commit.
const BATCH: usize = 512;
const DAY_S: u64 = 24 * 3_600;
/// A batch may come again within this time; later it would be counted anew.
const BATCHES_KEPT_S: u64 = DAY_S;
const PURGE_EVERY: Duration = Duration::from_secs(3_600);

/// Likes of one message.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) group_id: String,
    pub(super) user_id: String,
    pub(super) like: Like,
    /// Unix milliseconds.
    pub(super) now_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Now,
    /// The batch has come before.
    Before,
    /// The account has given too many.
    Capped,
}

/// The day of a Unix time, in UTC.
pub(super) fn day(now_s: u64) -> u64 {
    now_s / DAY_S
}

pub(super) async fn count_all(business: &Business, stop: &CancellationToken) {
    let mut cap = Cap::default();
    let mut purge_at = Instant::now();
    loop {
        let jobs = business.likes.batches.take(BATCH, stop).await;
        if jobs.is_empty() {
            return;
        }
        let figures = &business.likes.figures;
        match count_batch(business, &mut cap, &jobs).await {
            Ok(fates) => {
                let number = |fate| fates.iter().filter(|each| **each == fate).count();
                add(&figures.likes_repeated, number(Counted::Before));
                add(&figures.likes_capped, number(Counted::Capped));
                business.likes.changed.notify_one();
                for (job, fate) in jobs.into_iter().zip(fates) {
                    job.answer(fate);
                }
            }
            // Dropped without an answer, so that each is refused.
            Err(error) => {
                tracing::error!(%error, "likes not counted");
                add(&figures.likes_failed, jobs.len());
            }
        }
        if purge_at <= Instant::now() {
            purge_at = Instant::now() + PURGE_EVERY;
            if let Err(error) = purge(business).await {
                tracing::error!(%error, "old batches of likes not removed");
            }
        }
    }
}

async fn count_batch(
    business: &Business,
    cap: &mut Cap,
    jobs: &[Job<Batch, Counted>],
) -> Result<Vec<Counted>, Error> {
    let mut tx = business.database.write().await?;
    let mut fates = Vec::new();
    let mut sums: BTreeMap<(&str, u64), u64> = BTreeMap::new();
    for Job { work: Batch { group_id, user_id, like, now_ms }, .. } in jobs {
        let now_s = now_ms / 1_000;
        fates.push(if store::was_counted(&mut tx, user_id, &like.batch).await? {
            Counted::Before
        } else if cap.take(user_id, like.count, *now_ms) {
            store::note_batch(&mut tx, user_id, &like.batch, now_s).await?;
            *sums.entry((group_id, day(now_s))).or_default() += u64::from(like.count);
            Counted::Now
        } else {
            Counted::Capped
        });
    }
    for ((group_id, day), likes) in sums {
        let stream = rooms::store::open_stream(&mut tx, group_id).await?;
        store::add(&mut tx, group_id, likes, day, stream).await?;
        if let Some(stream) = stream {
            let now_s = business.clock.now_s();
            statistics::add_likes(&mut tx, group_id, stream, likes, now_s).await?;
        }
    }
    tx.commit().await?;
    Ok(fates)
}

async fn purge(business: &Business) -> Result<(), Error> {
    let before_s = business.clock.now_s().saturating_sub(BATCHES_KEPT_S);
    let mut tx = business.database.write().await?;
    store::purge_batches(&mut tx, before_s).await?;
    tx.commit().await?;
    Ok(())
}
