//! Asks how many watch, once a minute and when a stream begins and ends.

use chat_types::rest::GroupIdOnly;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{MINUTE_MS, presence, store};
use crate::Business;
use crate::rooms;
use crate::routine::{Next, every};
use crate::storage::Error;

/// How often is looked whether a minute has begun.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Rooms that are asked about at the same time.
const AT_ONCE: usize = 8;
/// Streams that wait to be counted out of turn. Of more the viewers are counted with the minute.
const MOST_TURNS: usize = 1_000;

/// Rooms whose viewers are counted at once, outside of the rhythm of the minutes: a stream may begin
/// and end within one.
#[derive(Default)]
pub(crate) struct Statistics {
    turns: Mutex<BTreeSet<Turn>>,
    turned: Notify,
}

/// A stream that has begun or ended.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    group_id: String,
    stream: u64,
    minute: u64,
}

impl Statistics {
    pub(crate) fn sample_soon(&self, group_id: &str, stream: u64, now_s: u64) {
        let turn = Turn { group_id: group_id.to_owned(), stream, minute: now_s / 60 };
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() < MOST_TURNS {
            turns.insert(turn);
        } else {
            tracing::warn!(
                group_id,
                "too many streams begin and end: viewers not counted in between"
            );
        }
        self.turned.notify_one();
    }

    fn take_turns(&self) -> BTreeSet<Turn> {
        std::mem::take(&mut *self.turns.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Samples every room on air in every minute, and those whose stream begins or ends, and counts who
/// was lost, until the service stops. A minute in which the chat service does not answer has no figure.
pub(crate) async fn sample(business: Arc<Business>, stopping: CancellationToken) {
    let sampled = AtomicU64::new(u64::MAX);
    every(&stopping, LOOK_EVERY, Some(&business.statistics.turned), || async {
        let minute = business.clock.now_ms() / MINUTE_MS;
        count(&business, business.statistics.take_turns()).await?;
        if sampled.load(Ordering::Relaxed) != minute {
            let on_air = on_air(&business, minute).await?;
            count(&business, on_air).await?;
            sampled.store(minute, Ordering::Relaxed);
        }
        presence::count_lost(&business).await?;
        Ok::<_, Error>(Next::Period)
    })
    .await;
}

async fn on_air(business: &Business, minute: u64) -> Result<Vec<Turn>, Error> {
    let mut tx = business.database.read().await?;
    let mut found = Vec::new();
    for room in rooms::store::on_air(&mut tx).await? {
        if let Some(stream) = rooms::store::open_stream(&mut tx, &room.group_id).await? {
            found.push(Turn { group_id: room.group_id, stream, minute });
        }
    }
    Ok(found)
}

/// Asks how many watch and notes it.
async fn count(
    business: &Arc<Business>,
    turns: impl IntoIterator<Item = Turn>,
) -> Result<(), Error> {
    let mut turns = turns.into_iter();
    let mut asking = JoinSet::new();
    let mut answers: Vec<(Turn, u32)> = Vec::new();
    loop {
        while asking.len() < AT_ONCE {
            let Some(turn) = turns.next() else { break };
            asking.spawn(ask(Arc::clone(business), turn));
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
    for (Turn { group_id, stream, minute }, viewers) in answers {
        store::note_viewers(&mut tx, &group_id, stream, minute, viewers).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn ask(business: Arc<Business>, turn: Turn) -> Result<(Turn, u32), chat_rest::Error> {
    let of = GroupIdOnly { group_id: turn.group_id.clone() };
    let online = business.chat.get_online_member_num(&of).await?;
    Ok((turn, online.online_member_num))
}
