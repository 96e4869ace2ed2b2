//! Counts batches, many in one commit.

use chat_types::business::Like;
use std::collections::BTreeMap;
use std::sync::Arc;
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
    /// A later batch of the same run was counted, so nobody knows whether this one was.
    OutOfOrder,
    /// The account has given too many.
    Capped,
}

/// The run of the client that a batch is from, with the sign that ends its name, and the number of
/// the batch in the run: they count upwards. A batch without a number is a run of its own.
fn run_of(batch: &str) -> (&str, u64) {
    let split = batch.rfind('-').map(|at| batch.split_at(at + 1));
    let numbered = split.and_then(|(run, number)| {
        // What the database can hold, in its one form: "+5" and "05" are other names than "5".
        let value = number.parse::<u64>().ok().filter(|value| i64::try_from(*value).is_ok());
        value.filter(|value| value.to_string() == number).map(|value| (run, value))
    });
    numbered.unwrap_or((batch, 0))
}

/// The day of a Unix time, in UTC.
pub(super) fn day(now_s: u64) -> u64 {
    now_s / DAY_S
}

/// Counts until `stop`; what is to be counted then still is.
pub(crate) async fn count_all(business: Arc<Business>, stop: CancellationToken) {
    let mut cap = Cap::default();
    loop {
        let jobs = business.likes.batches.take(BATCH, &stop).await;
        if jobs.is_empty() {
            return;
        }
        let figures = &business.likes.figures;
        match count_batch(&business, &mut cap, &jobs).await {
            Ok(fates) => {
                let number = |fate| fates.iter().filter(|each| **each == fate).count();
                add(&figures.likes_repeated, number(Counted::Before));
                add(&figures.likes_out_of_order, number(Counted::OutOfOrder));
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
        let (run, number) = run_of(&like.batch);
        let last = store::last_batch(&mut tx, user_id, run).await?;
        fates.push(if last == Some(number) {
            Counted::Before
        } else if last.is_some_and(|last| number < last) {
            Counted::OutOfOrder
        } else if cap.take(user_id, like.count, *now_ms) {
            store::note_batch(&mut tx, user_id, run, number, now_s).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_of_a_run_are_numbered_and_others_stand_alone() {
        assert_eq!(run_of("5f0c93a17be2d846-12"), ("5f0c93a17be2d846-", 12));
        assert_eq!(run_of("a-b-7"), ("a-b-", 7));
        for alone in ["b1", "", "-", "a-", "a-+5", "a-05", "a-9223372036854775808"] {
            assert_eq!(run_of(alone), (alone, 0));
        }
    }
}
