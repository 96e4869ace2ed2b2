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

use super::Refusal;
use super::lanes::{Ended, Lanes};
use super::store::{self, Done, Kept, Waiting, Written};
use crate::Business;
use crate::storage::Error;

/// Lanes that are served at once.
const LANES_AT_ONCE: usize = 8;
/// Postings that are looked for at once.
const LOOK: u32 = 1_000;
/// The outbox is looked into so often even when nobody wakes the routine: a call may be dropped
/// between its commit and the wake.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What calls on their way have at a stop, to be answered and noted. One that is cut off is made
/// again at the next start, with the same `Random`.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Delivers until the service stops.
pub(crate) async fn deliver(business: Arc<Business>, stopping: CancellationToken) {
    let mut delivery = Delivery::new(business, stopping);
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let business = Arc::clone(&delivery.business);
    let stopping = delivery.stopping.clone();
    loop {
        let rested = delivery.lanes.next_rested();
        tokio::select! {
            () = stopping.cancelled() => break,
            Some(ended) = delivery.attempts.join_next_with_id() => delivery.end(ended).await,
            () = business.outbox.written.notified() => delivery.look().await,
            _ = looks.tick() => delivery.look().await,
            () = sleep_until(rested.unwrap_or_else(Instant::now)), if rested.is_some() => {}
        }
        delivery.begin().await;
    }
    let last = async {
        while let Some(ended) = delivery.attempts.join_next_with_id().await {
            delivery.end(ended).await;
        }
    };
    if timeout(LAST_ANSWERS, last).await.is_err() {
        tracing::warn!(
            "stopped in the middle of deliveries: they are made again at the next start"
        );
        delivery.attempts.shutdown().await;
    }
}

struct Delivery {
    business: Arc<Business>,
    stopping: CancellationToken,
    lanes: Lanes,
    attempts: JoinSet<Attempt>,
    busy: HashMap<Id, Arc<str>>,
    /// The last posting that was seen.
    seen: u64,
}

/// An attempt to deliver the first posting of a lane, and what came of it.
struct Attempt {
    posting: Waiting,
    what: Result<Kept, String>,
    answer: Answer,
}

impl Delivery {
    fn new(business: Arc<Business>, stopping: CancellationToken) -> Self {
        let seed = business.config.seed.unwrap_or_else(rand::random);
        Self {
            business,
            stopping,
            lanes: Lanes::new(seed),
            attempts: JoinSet::new(),
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
            let is_all = written.len() < LOOK as usize;
            let is_first = self.seen == 0;
            for Written { number, lane, voice } in written {
                self.lanes.note(&lane, number, voice);
                self.seen = self.seen.max(number);
            }
            if is_first || self.lanes.has_refused() {
                self.give_up_stale().await;
            }
            if is_all {
                return;
            }
        }
    }

    async fn written(&self) -> Result<Vec<Written>, Error> {
        store::written_after(&mut self.business.database.read().await?, self.seen, LOOK).await
    }

    /// Gives up what is not worth waiting any longer for a sender that may not speak, without asking
    /// the chat service again.
    async fn give_up_stale(&mut self) {
        match self.settle_stale().await {
            Ok(given_up) => {
                for (lane, number) in given_up {
                    self.lanes.forget(&lane, number);
                }
            }
            Err(error) => tracing::error!(%error, "outbox not read: it is tried again"),
        }
    }

    async fn settle_stale(&self) -> Result<Vec<(String, u64)>, Error> {
        let database = &self.business.database;
        let now_ms = self.business.clock.now_ms();
        let mut stale = store::stale(&mut database.read().await?, now_ms, LOOK).await?;
        // What is on its way has its answer first.
        stale.retain(|stale| !self.busy.values().any(|busy| **busy == *stale.lane));
        if stale.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = database.write().await?;
        for store::Stale { number, key, muted, .. } in &stale {
            tracing::info!(key, muted, "posting given up: it is out of date");
            store::settle(&mut tx, *number, Done::OutOfDate(muted), now_ms).await?;
        }
        tx.commit().await?;
        let counters = &self.business.outbox.counters;
        counters.out_of_date.fetch_add(stale.len() as u64, Ordering::Relaxed);
        Ok(stale.into_iter().map(|stale| (stale.lane, stale.number)).collect())
    }

    /// Begins as many attempts as there is room for. That they begin is written before, all in one
    /// transaction: a commit waits for the disk.
    async fn begin(&mut self) {
        loop {
            let mut begun = Vec::new();
            while self.attempts.len() + begun.len() < LANES_AT_ONCE
                && let Some(lane) = self.lanes.begin(Instant::now())
            {
                begun.push(lane);
            }
            if begun.is_empty() {
                return;
            }
            let claimed = match self.claim(&begun).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    tracing::error!(%error, "postings not claimed: it is tried again");
                    for lane in &begun {
                        self.lanes.end(lane, Ended::Failed, Instant::now());
                    }
                    return;
                }
            };
            for (lane, posting) in begun.into_iter().zip(claimed) {
                match posting {
                    Some(posting) => self.spawn(lane, posting),
                    None => self.lanes.end(&lane, Ended::Empty, Instant::now()),
                }
            }
        }
    }

    fn spawn(&mut self, lane: Arc<str>, posting: Waiting) {
        let business = Arc::clone(&self.business);
        let task = self.attempts.spawn(async move { attempt(&business, posting).await });
        self.busy.insert(task.id(), lane);
    }

    async fn claim(&self, lanes: &[Arc<str>]) -> Result<Vec<Option<Waiting>>, Error> {
        let now_ms = self.business.clock.now_ms();
        let mut tx = self.business.database.write().await?;
        let mut claimed = Vec::with_capacity(lanes.len());
        for lane in lanes {
            claimed.push(store::claim_first(&mut tx, lane, now_ms).await?);
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// Notes what came of an attempt, and of all others that have ended meanwhile, in one
    /// transaction.
    async fn end(&mut self, first: Result<(Id, Attempt), JoinError>) {
        let mut joined = vec![first];
        while let Some(more) = self.attempts.try_join_next_with_id() {
            joined.push(more);
        }
        let mut ended = Vec::new();
        for joined in joined {
            let (id, attempt) = match joined {
                Ok((id, attempt)) => (id, Some(attempt)),
                Err(error) => {
                    tracing::error!(%error, "a delivery broke off: it is tried again");
                    (error.id(), None)
                }
            };
            let Some(lane) = self.busy.remove(&id) else { continue };
            match attempt {
                Some(attempt) => ended.push((lane, attempt)),
                None => self.lanes.end(&lane, Ended::Failed, Instant::now()),
            }
        }
        let is_noted = match self.note(&ended).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "deliveries not noted: they are made again");
                false
            }
        };
        for (lane, Attempt { posting, answer, .. }) in &ended {
            let ended = if is_noted { answer.ended(posting) } else { Ended::Failed };
            self.lanes.end(lane, ended, Instant::now());
            // Mostly nobody waits for it.
            let _ = self.business.outbox.noted.send(posting.number);
        }
        if ended.iter().any(|(_, attempt)| matches!(attempt.answer, Answer::HeldBack(_))) {
            self.give_up_stale().await;
        }
    }

    /// Writes down what the chat service said.
    async fn note(&self, ended: &[(Arc<str>, Attempt)]) -> Result<(), Error> {
        if ended.is_empty() {
            return Ok(());
        }
        let now_ms = self.business.clock.now_ms();
        let counters = &self.business.outbox.counters;
        let (mut delivered, mut failed, mut made_good) = (0, 0, 0);
        let mut tx = self.business.database.write().await?;
        for (_, Attempt { posting, what, answer }) in ended {
            let Waiting { number, key, group_id, .. } = posting;
            match answer {
                Answer::Accepted => {
                    store::set_muted(&mut tx, posting, None).await?;
                    let is_new = store::settle(&mut tx, *number, Done::Delivered, now_ms).await?;
                    delivered += u64::from(is_new);
                }
                Answer::Refused(reason) => {
                    tracing::error!(key, group_id, reason, "posting refused for good");
                    store::set_muted(&mut tx, posting, None).await?;
                    store::settle(&mut tx, *number, Done::Failed(reason), now_ms).await?;
                    failed += 1;
                    // After an attempt of which nobody knows what became, the room may have been told,
                    // and an administrator decides.
                    if let Ok(Kept::Message { body, .. }) = what
                        && posting.unclear_ms.is_none()
                    {
                        let refusal = Refusal { group_id, body, now_ms };
                        made_good +=
                            u64::from((self.business.outbox.given_up)(&mut tx, refusal).await?);
                    }
                }
                Answer::HeldBack(reason) => {
                    tracing::warn!(key, group_id, reason, "posting held back: it is tried again");
                    store::not_taken(&mut tx, *number).await?;
                    store::set_muted(&mut tx, posting, Some(reason)).await?;
                }
                Answer::LeftOut => {
                    tracing::warn!(key, group_id, "room crowded: the posting is tried again");
                    store::left_out(&mut tx, *number).await?;
                }
                Answer::Failed(error) => {
                    if error.outcome() == Outcome::Unclear {
                        store::unclear(&mut tx, *number).await?;
                    } else {
                        store::not_taken(&mut tx, *number).await?;
                    }
                    if error.outcome() == Outcome::Unauthorized {
                        tracing::error!(
                            key, %error,
                            "the chat service lets nobody in: check key, administrator and address"
                        );
                    } else {
                        tracing::warn!(key, %error, "posting not delivered: it is tried again");
                    }
                }
            }
        }
        tx.commit().await?;
        counters.delivered.fetch_add(delivered, Ordering::Relaxed);
        counters.failed.fetch_add(failed, Ordering::Relaxed);
        counters.made_good.fetch_add(made_good, Ordering::Relaxed);
        Ok(())
    }
}

async fn attempt(business: &Business, posting: Waiting) -> Attempt {
    let what = posting.what();
    let answer = match &what {
        Ok(kept) => send(business, &posting.group_id, kept).await,
        Err(why) => Answer::Refused(format!("the posting cannot be read: {why}")),
    };
    Attempt { posting, what, answer }
}

/// What the chat service said.
enum Answer {
    Accepted,
    /// It will never take this posting.
    Refused(String),
    /// Its sender may not speak in the room now, for this reason.
    HeldBack(String),
    /// The room was too full for this message. The same `Random` would be answered the same for five
    /// minutes, also when an attempt before this one was not answered.
    LeftOut,
    /// It may take it later.
    Failed(chat_rest::Error),
}

impl Answer {
    /// What it says about the lane of the posting.
    fn ended(&self, posting: &Waiting) -> Ended {
        match (self, posting.voice()) {
            (Self::Accepted | Self::Refused(_), voice) => Ended::Done(posting.number, voice),
            // What is said of a sender in a room holds for all that is said there in its name.
            (Self::HeldBack(_) | Self::LeftOut, Some(voice)) => Ended::Refused(voice),
            (Self::Failed(error), _) if is_for_everybody(error) => Ended::Away,
            (Self::HeldBack(_) | Self::LeftOut | Self::Failed(_), _) => Ended::Later,
        }
    }
}

/// Whether every other posting would have failed as well: the chat service is away, or lets nobody in.
fn is_for_everybody(error: &chat_rest::Error) -> bool {
    error.is_of_the_way() || error.outcome() == Outcome::Unauthorized
}

async fn send(business: &Business, group_id: &str, what: &Kept) -> Answer {
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
