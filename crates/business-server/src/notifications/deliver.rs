//! The routine that delivers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::lanes::{Ended, Lanes};
use super::receiver::Failure;
use super::store::{self, Waiting};
use crate::Business;
use crate::storage::{Error, from_db, to_db};

/// Rooms whose events are sent at once.
const ROOMS_AT_ONCE: usize = 8;
/// Events of one turn of a room, which are noted in one commit.
const TURN: u32 = 16;
/// Events that are looked for at once.
const LOOK: u32 = 1_000;
/// What was written is looked for so often.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long an event is tried, from when it happened.
const TRIED_MS: u64 = 24 * 3_600 * 1_000;
/// The same for one that the receiver refuses for its content, from the first time that it does.
const REFUSED_MS: u64 = 10 * 60 * 1_000;
/// What calls on their way have at a stop. One that is cut off is made again after the next start.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Delivers until the service stops.
pub(crate) async fn deliver(business: Arc<Business>, stopping: CancellationToken) {
    if business.notifications.receiver.is_none() {
        return stopping.cancelled().await;
    }
    let mut delivery = Delivery::new(&business);
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        delivery.begin_turns(&business);
        let rested = delivery.lanes.next_rested();
        tokio::select! {
            () = stopping.cancelled() => break,
            Some(ended) = delivery.turns.join_next_with_id() => delivery.end_turns(ended).await,
            _ = looks.tick() => delivery.look().await,
            () = sleep_until(rested.unwrap_or_else(Instant::now)), if rested.is_some() => {}
        }
    }
    let last = async {
        while let Some(ended) = delivery.turns.join_next_with_id().await {
            delivery.end_turns(ended).await;
        }
    };
    if timeout(LAST_ANSWERS, last).await.is_err() {
        delivery.turns.shutdown().await;
    }
}

struct Delivery<'a> {
    business: &'a Business,
    lanes: Lanes,
    turns: JoinSet<Result<Turn, Error>>,
    busy: HashMap<Id, Arc<str>>,
    /// Number of the last event that was seen.
    seen: i64,
}

/// What came of the turn of a room.
#[derive(Default)]
struct Turn {
    delivered: Vec<i64>,
    /// The event behind these was not taken.
    failed: Option<(Waiting, Failure)>,
}

impl<'a> Delivery<'a> {
    fn new(business: &'a Business) -> Self {
        let seed = business.config.seed.unwrap_or_else(rand::random);
        Self {
            business,
            lanes: Lanes::new(seed),
            turns: JoinSet::new(),
            busy: HashMap::new(),
            seen: 0,
        }
    }

    /// Notes the rooms of what has been written since the last look.
    async fn look(&mut self) {
        let mut has_more = true;
        while has_more {
            let written = async {
                let mut tx = self.business.database.read().await?;
                store::written_after(&mut tx, self.seen, LOOK).await
            };
            let written = match written.await {
                Ok(written) => written,
                Err(error) => {
                    tracing::error!(%error, "events for the shop not read: it is tried again");
                    return;
                }
            };
            has_more = written.len() == LOOK as usize;
            for (number, room) in written {
                self.lanes.note(&room);
                self.seen = number;
            }
        }
    }

    fn begin_turns(&mut self, business: &Arc<Business>) {
        while self.turns.len() < ROOMS_AT_ONCE
            && let Some(room) = self.lanes.begin(Instant::now())
        {
            let (business, of) = (Arc::clone(business), Arc::clone(&room));
            let task = self.turns.spawn(async move { turn(&business, &of).await });
            self.busy.insert(task.id(), room);
        }
    }

    /// Notes what came of a turn, and of all others that have ended meanwhile: a commit waits for the
    /// disk, and one for all of them waits once.
    async fn end_turns(&mut self, first: Result<(Id, Result<Turn, Error>), JoinError>) {
        let mut joined = vec![first];
        while let Some(more) = self.turns.try_join_next_with_id() {
            joined.push(more);
        }
        let mut turns = Vec::new();
        for joined in joined {
            let (id, turn) = match joined {
                Ok((id, turn)) => (id, turn.map_err(|error| error.to_string())),
                Err(error) => (error.id(), Err(error.to_string())),
            };
            let Some(room) = self.busy.remove(&id) else { continue };
            match turn {
                Ok(turn) => turns.push((room, turn)),
                Err(error) => {
                    tracing::error!(error, "events for the shop broke off: it is tried again");
                    self.lanes.end(&room, Ended::Failed, Instant::now());
                }
            }
        }
        let ended = match self.note(&turns).await {
            Ok(ended) => ended,
            Err(error) => {
                tracing::error!(%error, "events for the shop not noted: they are sent again");
                vec![Ended::Failed; turns.len()]
            }
        };
        for ((room, _), ended) in turns.iter().zip(ended) {
            self.lanes.end(room, ended, Instant::now());
        }
    }

    async fn note(&self, turns: &[(Arc<str>, Turn)]) -> Result<Vec<Ended>, Error> {
        if turns.iter().all(|(_, turn)| turn.delivered.is_empty() && turn.failed.is_none()) {
            return Ok(vec![Ended::Empty; turns.len()]);
        }
        let now_ms = self.business.clock.now_ms();
        let (mut delivered, mut failed, mut given_up) = (0, 0, 0);
        let mut ended = Vec::with_capacity(turns.len());
        let mut tx = self.business.database.write().await?;
        for (room, turn) in turns {
            for number in &turn.delivered {
                store::delivered(&mut tx, *number).await?;
                delivered += 1;
            }
            ended.push(match &turn.failed {
                None if turn.delivered.is_empty() => Ended::Empty,
                None => Ended::Done,
                Some((event, failure)) => {
                    let (id, reason) = (&event.id, &failure.reason);
                    let first_refused = failure.is_of_the_event.then(|| to_db(now_ms));
                    let refused_ms = event.refused_ms.or(first_refused);
                    let since = |at_ms: i64| now_ms.saturating_sub(from_db(at_ms));
                    failed += 1;
                    let tried_ms = TRIED_MS.saturating_sub(since(event.queued_ms));
                    let left_ms = match refused_ms.filter(|_| failure.is_of_the_event) {
                        Some(at_ms) => REFUSED_MS.saturating_sub(since(at_ms)).min(tried_ms),
                        None => tried_ms,
                    };
                    if left_ms == 0 {
                        tracing::error!(id, %room, reason, "event for the shop given up");
                        store::give_up(&mut tx, event.number, reason, now_ms).await?;
                        given_up += 1;
                        Ended::Done
                    } else {
                        tracing::warn!(id, %room, reason, "event for the shop is sent again");
                        store::failed(&mut tx, event.number, reason, refused_ms).await?;
                        // What came before it was taken: it is tried once more at once.
                        let left = Duration::from_millis(left_ms);
                        if turn.delivered.is_empty() { Ended::FailedFor(left) } else { Ended::Done }
                    }
                }
            });
        }
        tx.commit().await?;
        let counters = &self.business.notifications.counters;
        counters.delivered.fetch_add(delivered, Ordering::Relaxed);
        counters.failed.fetch_add(failed, Ordering::Relaxed);
        counters.given_up.fetch_add(given_up, Ordering::Relaxed);
        Ok(ended)
    }
}

/// Sends the first events of a room, until one is not taken.
async fn turn(business: &Business, room: &str) -> Result<Turn, Error> {
    let mut turn = Turn::default();
    let Some(receiver) = &business.notifications.receiver else { return Ok(turn) };
    let first = store::first_of(&mut business.database.read().await?, room, TURN).await?;
    for event in first {
        match receiver.tell(&event.body, business.clock.now_s()).await {
            Ok(()) => turn.delivered.push(event.number),
            Err(failure) => {
                turn.failed = Some((event, failure));
                break;
            }
        }
    }
    Ok(turn)
}
