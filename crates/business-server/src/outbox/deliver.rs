//! The routine that delivers.

use chat_rest::Outcome;
use chat_types::Code;
use chat_types::group::KeyValue;
use chat_types::rest::{FORBID_BEFORE, ModifyGroupBaseInfo, SendGroupMsg};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::lanes::{Ended, Lanes};
use super::stale::{Life, life};
use super::store::{self, Done, Kept, Waiting};
use crate::Business;
use crate::storage::Error;

/// Lanes that are served at once.
const LANES_AT_ONCE: usize = 8;
/// Postings that are looked for at once.
const LOOK: u32 = 1_000;
/// The outbox is looked into so often even when nobody wakes the routine: a call may be dropped
/// between its commit and the wake.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const FORGET_EVERY: Duration = Duration::from_secs(3_600);
/// Postings that are forgotten in one transaction, so that others get their turn at the writer.
const FORGET_AT_ONCE: u32 = 1_000;
/// What was delivered is kept for a day, for whoever looks for it.
const DELIVERED_KEPT_MS: u64 = 24 * 3_600 * 1_000;
/// What was refused is kept for a month: a person has to look at it.
const FAILED_KEPT_MS: u64 = 30 * 24 * 3_600 * 1_000;
/// What calls on their way have at a stop, to be answered and noted. One that is cut off is made
/// again at the next start, with the same `Random`.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Delivers until the service stops.
pub(crate) async fn deliver(business: Arc<Business>, stopping: CancellationToken) {
    let mut delivery = Delivery::new(business, stopping);
    let mut looks = interval(LOOK_EVERY);
    let mut cleanings = interval(FORGET_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    cleanings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let business = Arc::clone(&delivery.business);
    let stopping = delivery.stopping.clone();
    loop {
        delivery.begin_turns();
        let rested = delivery.lanes.next_rested();
        tokio::select! {
            () = stopping.cancelled() => break,
            Some(ended) = delivery.turns.join_next_with_id() => delivery.end_turns(ended).await,
            () = business.outbox.written.notified() => delivery.look().await,
            _ = looks.tick() => delivery.look().await,
            () = sleep_until(rested.unwrap_or_else(Instant::now)), if rested.is_some() => {}
            _ = cleanings.tick() => delivery.forget().await,
        }
    }
    let last = async {
        while let Some(ended) = delivery.turns.join_next_with_id().await {
            delivery.end_turns(ended).await;
        }
    };
    if timeout(LAST_ANSWERS, last).await.is_err() {
        tracing::warn!(
            "stopped in the middle of deliveries: they are made again at the next start"
        );
        delivery.turns.shutdown().await;
    }
}

struct Delivery {
    business: Arc<Business>,
    stopping: CancellationToken,
    lanes: Lanes,
    turns: JoinSet<Turn>,
    busy: HashMap<Id, Arc<str>>,
    /// The last posting that was seen.
    seen: u64,
}

/// What came of a turn of a lane, in which its first posting is sent.
enum Turn {
    /// Nothing waits.
    Empty,
    Sent(Sent),
    /// The outbox could not be read.
    Failed(Error),
}

struct Sent {
    number: u64,
    key: String,
    group_id: String,
    answer: Answer,
}

impl Delivery {
    fn new(business: Arc<Business>, stopping: CancellationToken) -> Self {
        let seed = business.config.seed.unwrap_or_else(rand::random);
        Self {
            business,
            stopping,
            lanes: Lanes::new(seed),
            turns: JoinSet::new(),
            busy: HashMap::new(),
            seen: 0,
        }
    }

    /// Notes the lanes of what has been written since the last look.
    async fn look(&mut self) {
        loop {
            let written = match self.written().await {
                Ok(written) => written,
                Err(error) => {
                    tracing::error!(%error, "outbox not read: it is tried again");
                    return;
                }
            };
            for (number, lane) in &written {
                self.lanes.note(lane, *number);
                self.seen = self.seen.max(*number);
            }
            if written.len() < LOOK as usize {
                return;
            }
        }
    }

    async fn written(&self) -> Result<Vec<(u64, String)>, Error> {
        store::written_after(&mut self.business.database.read().await?, self.seen, LOOK).await
    }

    fn begin_turns(&mut self) {
        while self.turns.len() < LANES_AT_ONCE
            && let Some(lane) = self.lanes.begin(Instant::now())
        {
            let (business, of) = (Arc::clone(&self.business), Arc::clone(&lane));
            let task = self.turns.spawn(async move { turn(&business, &of).await });
            self.busy.insert(task.id(), lane);
        }
    }

    /// Notes what came of a turn, and of all others that have ended meanwhile: a commit waits for the
    /// disk, and one for all of them waits once.
    async fn end_turns(&mut self, first: Result<(Id, Turn), JoinError>) {
        let mut joined = vec![first];
        while let Some(more) = self.turns.try_join_next_with_id() {
            joined.push(more);
        }
        let mut sent = Vec::new();
        for joined in joined {
            let (id, turn) = match joined {
                Ok((id, turn)) => (id, Some(turn)),
                Err(error) => {
                    tracing::error!(%error, "a delivery broke off: it is tried again");
                    (error.id(), None)
                }
            };
            let Some(lane) = self.busy.remove(&id) else { continue };
            match turn {
                Some(Turn::Sent(posting)) => sent.push((lane, posting)),
                Some(Turn::Empty) => self.lanes.end(&lane, Ended::Empty, Instant::now()),
                Some(Turn::Failed(error)) => {
                    tracing::error!(%error, lane = &*lane, "outbox not read: it is tried again");
                    self.lanes.end(&lane, Ended::Failed, Instant::now());
                }
                None => self.lanes.end(&lane, Ended::Failed, Instant::now()),
            }
        }
        let is_noted = match self.note(&sent).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "deliveries not noted: they are made again");
                false
            }
        };
        for (lane, Sent { number, answer, .. }) in &sent {
            let ended = if is_noted { answer.ended(*number) } else { Ended::Failed };
            self.lanes.end(lane, ended, Instant::now());
        }
    }

    /// Writes down what the chat service said.
    async fn note(&self, sent: &[(Arc<str>, Sent)]) -> Result<(), Error> {
        if sent.is_empty() {
            return Ok(());
        }
        let now_ms = self.business.clock.now_ms();
        let counters = &self.business.outbox.counters;
        let (mut delivered, mut failed, mut out_of_date) = (0, 0, 0);
        let mut tx = self.business.database.write().await?;
        for (_, Sent { number, key, group_id, answer }) in sent {
            match answer {
                Answer::Accepted => {
                    store::settle(&mut tx, *number, Done::Delivered, now_ms).await?;
                    delivered += 1;
                }
                Answer::Refused(reason) => {
                    tracing::error!(key, group_id, reason, "posting refused for good");
                    store::settle(&mut tx, *number, Done::Failed(reason), now_ms).await?;
                    failed += 1;
                }
                Answer::OutOfDate(reason) => {
                    tracing::info!(key, group_id, reason, "posting given up: it is out of date");
                    store::settle(&mut tx, *number, Done::OutOfDate(reason), now_ms).await?;
                    out_of_date += 1;
                }
                Answer::HeldBack(reason) => {
                    tracing::warn!(key, group_id, reason, "posting held back: it is tried again");
                    store::hold_back(&mut tx, *number, reason).await?;
                }
                Answer::LeftOut => {
                    tracing::warn!(key, group_id, "room crowded: the posting is tried again");
                    store::renew_random(&mut tx, *number).await?;
                }
                Answer::Failed(error) if error.outcome() == Outcome::Unauthorized => {
                    tracing::error!(
                        key, %error,
                        "the chat service lets nobody in: check key, administrator and address"
                    );
                }
                Answer::Failed(error) => {
                    tracing::warn!(key, %error, "posting not delivered: it is tried again");
                }
            }
        }
        tx.commit().await?;
        counters.delivered.fetch_add(delivered, Ordering::Relaxed);
        counters.failed.fetch_add(failed, Ordering::Relaxed);
        counters.out_of_date.fetch_add(out_of_date, Ordering::Relaxed);
        Ok(())
    }

    /// Forgets what was done long ago.
    async fn forget(&self) {
        let now_ms = self.business.clock.now_ms();
        let delivered_before = now_ms.saturating_sub(DELIVERED_KEPT_MS);
        let failed_before = now_ms.saturating_sub(FAILED_KEPT_MS);
        let forget = async || {
            let mut tx = self.business.database.write().await?;
            let limit = FORGET_AT_ONCE;
            let forgotten = store::forget(&mut tx, delivered_before, failed_before, limit).await?;
            tx.commit().await?;
            Ok::<_, Error>(forgotten)
        };
        while !self.stopping.is_cancelled() {
            match forget().await {
                Ok(forgotten) if forgotten < u64::from(FORGET_AT_ONCE) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "old postings not forgotten: it is tried again");
                    return;
                }
            }
        }
    }
}

/// Sends the first posting of the lane.
async fn turn(business: &Business, lane: &str) -> Turn {
    let first = async { store::first_of(&mut business.database.read().await?, lane).await };
    let first = match first.await {
        Ok(Some(first)) => first,
        Ok(None) => return Turn::Empty,
        Err(error) => return Turn::Failed(error),
    };
    let answer = match &first.what {
        Ok(kept) => attempt(business, &first.group_id, kept).await,
        Err(why) => Answer::Refused(format!("the posting cannot be read: {why}")),
    };
    let answer = match answer {
        Answer::HeldBack(reason) => match is_stale(business, lane, &first).await {
            Ok(true) => Answer::OutOfDate(reason),
            Ok(false) => Answer::HeldBack(reason),
            Err(error) => return Turn::Failed(error),
        },
        answer => answer,
    };
    Turn::Sent(Sent { number: first.number, key: first.key, group_id: first.group_id, answer })
}

/// Whether a posting that was held back is not worth waiting any longer.
async fn is_stale(business: &Business, lane: &str, first: &Waiting) -> Result<bool, Error> {
    let Ok(Kept::Message { body, .. }) = &first.what else { return Ok(false) };
    match life(body) {
        Life::ForGood => Ok(false),
        Life::UntilNext => {
            store::has_later(&mut business.database.read().await?, lane, first.number).await
        }
        Life::Milliseconds(life_ms) => {
            Ok(business.clock.now_ms().saturating_sub(first.written_ms) >= life_ms)
        }
    }
}

/// What the chat service said.
enum Answer {
    Accepted,
    /// It will never take this posting.
    Refused(String),
    /// Its sender may not speak in the room now, for this reason.
    HeldBack(String),
    /// The same, until it was of no use any more.
    OutOfDate(String),
    /// The room was too full for this message. The same `Random` would be answered the same for five
    /// minutes, also when an attempt before this one was not answered.
    LeftOut,
    /// It may take it later.
    Failed(chat_rest::Error),
}

impl Answer {
    /// What it says about the lane of the posting of this number.
    fn ended(&self, number: u64) -> Ended {
        match self {
            Self::Accepted | Self::Refused(_) | Self::OutOfDate(_) => Ended::Done(number),
            Self::Failed(error) if is_for_everybody(error) => Ended::Away,
            Self::HeldBack(_) => Ended::Held,
            _ => Ended::Later,
        }
    }
}

/// Whether every other posting would have failed as well: the chat service is away, or lets nobody in.
fn is_for_everybody(error: &chat_rest::Error) -> bool {
    error.is_of_the_way() || error.outcome() == Outcome::Unauthorized
}

async fn attempt(business: &Business, group_id: &str, what: &Kept) -> Answer {
    let answered = match what {
        Kept::Message { random_number, body, priority, from } => {
            let message = SendGroupMsg {
                group_id: group_id.to_owned(),
                random: business.outbox.randoms.of_number(*random_number),
                msg_body: body.clone(),
                from_account: from.clone(),
                msg_priority: *priority,
                // What this service says has not to be asked about at this service.
                forbid_callback_control: vec![FORBID_BEFORE.to_owned()],
                ..SendGroupMsg::default()
            };
            business.outbox.chat.send_group_msg(&message).await.map(|_| ())
        }
        Kept::Field { name, value } => {
            let change = ModifyGroupBaseInfo {
                group_id: group_id.to_owned(),
                app_defined_data: vec![KeyValue { key: name.clone(), value: value.clone() }],
                ..ModifyGroupBaseInfo::default()
            };
            business.outbox.chat.modify_group_base_info(&change).await
        }
    };
    match answered {
        Ok(()) => Answer::Accepted,
        Err(error) if error.code() == Some(Code::MESSAGE_RATE) => Answer::LeftOut,
        // A mute speaks of the sender and the room, not of the message, and ends: by itself, or by a
        // person. What else refuses a message (its text, its length, a group that is gone) stays.
        Err(error) if error.code() == Some(Code::SENDER_MUTED) => {
            Answer::HeldBack(error.to_string())
        }
        Err(error) => match error.outcome() {
            Outcome::Refused => Answer::Refused(error.to_string()),
            Outcome::NotAccepted | Outcome::Unclear | Outcome::Unauthorized => {
                Answer::Failed(error)
            }
        },
    }
}
