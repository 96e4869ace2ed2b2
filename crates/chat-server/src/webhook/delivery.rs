//! The delivery of what has happened to one receiver: as many events at once as there are places,
//! each place filled again as soon as it is free.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{self, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::client::Call;
use super::figures::{Dropped, count};
use super::receiver::Receiver;
use super::retry::pause_ms;
use super::schedule::Started;
use super::{LONGEST_SLEEP, Webhooks};
use crate::model::Secret;
use crate::panics::PANIC_PAUSE;
use crate::storage;
use crate::storage::Retry;

/// An event that failed so often while the receiver answered others is passed by in its group.
pub(super) const PASSED_BY: u32 = 5;
/// So often, and it is passed by even where nothing else was answered: the receiver may be well, and
/// there may be no other group to show it.
const PASSED_BY_ANYWAY: u32 = 8;
/// Events that were delivered and are still in the queue; with those under way, the most that a crash
/// repeats.
const MOST_UNSETTLED: usize = 64;
/// The pause after the queue failed.
const STORAGE_PAUSE_MS: u64 = 1_000;
/// Tries to note what was delivered when the service stops.
const LAST_TRIES: u32 = 3;

/// What came of a delivery.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Delivered,
    Failed,
    /// Not tried: somebody else is finding out whether the receiver answers.
    Held,
    /// The queue could not be read.
    Unread,
    /// Nobody knows it any more.
    Gone,
}

/// What has to be noted in the queue.
#[derive(Debug, Clone, Default)]
struct Ended {
    done: Vec<i64>,
    retries: Vec<Retry>,
}

impl Ended {
    fn len(&self) -> usize {
        self.done.len() + self.retries.len()
    }
}

/// The work for one receiver. Nothing of it is lost by a panic, which ends one turn of the loop: what
/// was under way without a call by then is delivered once more, and what was to be noted stays.
struct Delivery {
    webhooks: Arc<Webhooks>,
    sdk_app_id: u32,
    receiver: Arc<Receiver>,
    calls: JoinSet<Outcome>,
    started: HashMap<task::Id, Started>,
    ended: Ended,
    /// At most one, which notes what had ended when it began.
    settling: JoinSet<Option<Result<(), storage::Error>>>,
    being_settled: Ended,
    failed_settles: u32,
}

/// Delivers until `stop`. Then it waits for the deliveries that are under way, which takes the budget
/// of one call at most; the rest is delivered after the next start.
pub(super) async fn deliver(
    webhooks: Arc<Webhooks>,
    sdk_app_id: u32,
    receiver: Arc<Receiver>,
    stop: CancellationToken,
) {
    let mut delivery = Delivery {
        webhooks: Arc::clone(&webhooks),
        sdk_app_id,
        receiver,
        calls: JoinSet::new(),
        started: HashMap::new(),
        ended: Ended::default(),
        settling: JoinSet::new(),
        being_settled: Ended::default(),
        failed_settles: 0,
    };
    while webhooks.caught("deliver webhooks", delivery.run(&stop)).await.is_none() {
        tokio::time::sleep(PANIC_PAUSE).await;
    }
}

impl Delivery {
    async fn run(&mut self, stop: &CancellationToken) {
        self.resume();
        let mut stopping = false;
        loop {
            if stop.is_cancelled() && !stopping {
                stopping = true;
                self.failed_settles = 0;
            }
            let sleep = if stopping { LONGEST_SLEEP } else { self.fill_places() };
            if !stopping || self.failed_settles < LAST_TRIES {
                self.settle();
            }
            if stopping && self.has_ended() {
                return;
            }
            tokio::select! {
                () = stop.cancelled(), if !stopping => {}
                () = self.receiver.wake.notified() => {}
                () = tokio::time::sleep(sleep) => {}
                Some(call) = self.calls.join_next_with_id(), if !self.calls.is_empty() => {
                    let (id, outcome) = match call {
                        Ok((id, outcome)) => (id, outcome),
                        Err(broken) => (broken.id(), Outcome::Failed),
                    };
                    self.call_ended(id, outcome);
                }
                Some(result) = self.settling.join_next(), if !self.settling.is_empty() => {
                    self.settled(result);
                }
            }
        }
    }

    /// Takes up what a panic has left half done.
    fn resume(&mut self) {
        if self.settling.is_empty() {
            self.settle_again();
        }
        let called = self.started.values().map(|started| started.id).collect::<HashSet<_>>();
        self.receiver.schedule().put_back_others(&called);
    }

    /// Starts as much as there are places for. Gives the time after which there may be more to start.
    fn fill_places(&mut self) -> Duration {
        let rules = &self.webhooks.rules;
        while self.calls.len() < rules.after_places
            && self.ended.len() + self.being_settled.len() < MOST_UNSETTLED
        {
            let now_ms = self.webhooks.clock.now_ms();
            let until = |at_ms: u64| Duration::from_millis(at_ms.saturating_sub(now_ms));
            let callbacks = self.webhooks.source.callbacks(self.sdk_app_id);
            let target = callbacks.and_then(|to| Some((to.url.clone()?, to.token.clone())));
            let gate = &self.receiver.after;
            if let Some((url, _)) = &target
                && gate.refuses(url, now_ms)
            {
                return gate.retry_at(url).map_or(LONGEST_SLEEP, until).min(LONGEST_SLEEP);
            }
            let mut schedule = self.receiver.schedule();
            let Some(started) = schedule.next(now_ms) else {
                return schedule.next_ms().map_or(LONGEST_SLEEP, until).min(LONGEST_SLEEP);
            };
            self.webhooks.fault("start webhook");
            let age = Duration::from_millis(now_ms.saturating_sub(started.created_ms));
            let lost = match &target {
                None => Some(Dropped::NoReceiver),
                Some(_) if age > rules.after_age => Some(Dropped::TooOld),
                Some(_) => None,
            };
            if let Some(why) = lost {
                schedule.done(started.id);
                self.webhooks.dropped(self.sdk_app_id, why);
                self.ended.done.push(started.id);
                continue;
            }
            drop(schedule);
            let Some((url, token)) = target else { continue };
            let (webhooks, receiver) = (Arc::clone(&self.webhooks), Arc::clone(&self.receiver));
            let sdk_app_id = self.sdk_app_id;
            let call = self.calls.spawn(async move {
                let token = token.as_ref();
                let call = webhooks.try_to_deliver(sdk_app_id, &receiver, started, &url, token);
                // One that panics every time is passed by and given up as one that fails is.
                webhooks.caught("call webhook", call).await.unwrap_or(Outcome::Failed)
            });
            self.started.insert(call.id(), started);
        }
        LONGEST_SLEEP
    }

    fn call_ended(&mut self, id: task::Id, outcome: Outcome) {
        let Some(started) = self.started.remove(&id) else { return };
        self.webhooks.fault("end webhook");
        let Started { id, attempts, .. } = started;
        let Webhooks { rules, figures, clock, .. } = &*self.webhooks;
        let now_ms = clock.now_ms();
        let mut schedule = self.receiver.schedule();
        match outcome {
            Outcome::Delivered => {
                count(&figures.after_delivered);
                schedule.done(id);
                self.ended.done.push(id);
            }
            Outcome::Gone => schedule.done(id),
            Outcome::Held => schedule.put_back(id),
            Outcome::Unread => {
                schedule.retry(id, now_ms.saturating_add(STORAGE_PAUSE_MS), attempts, false);
            }
            Outcome::Failed if attempts.saturating_add(1) >= rules.after_attempts => {
                self.webhooks.dropped(self.sdk_app_id, Dropped::TooOld);
                schedule.done(id);
                self.ended.done.push(id);
            }
            Outcome::Failed => {
                count(&figures.after_retried);
                let attempts = attempts.saturating_add(1);
                let pause_ms = pause_ms(attempts, (self.webhooks.jitter)());
                let next_ms = now_ms.saturating_add(pause_ms);
                let others_are_answered = !self.receiver.after.is_open(now_ms);
                let pass_by =
                    attempts >= PASSED_BY_ANYWAY || (attempts >= PASSED_BY && others_are_answered);
                if schedule.retry(id, next_ms, attempts, pass_by) {
                    count(&figures.after_passed_by);
                }
                self.ended.retries.push(Retry { id, next_ms, attempts });
            }
        }
    }

    /// Notes what has ended, all together, unless that is being done already.
    fn settle(&mut self) {
        if self.ended.len() == 0 || !self.settling.is_empty() {
            return;
        }
        let ended = std::mem::take(&mut self.ended);
        self.being_settled = ended.clone();
        let webhooks = Arc::clone(&self.webhooks);
        let pause =
            Duration::from_millis(if self.failed_settles > 0 { STORAGE_PAUSE_MS } else { 0 });
        self.settling.spawn(async move {
            tokio::time::sleep(pause).await;
            let settle = webhooks.queue.settle(&ended.done, &ended.retries);
            webhooks.caught("note webhooks", settle).await
        });
    }

    fn settled(&mut self, result: Result<Option<Result<(), storage::Error>>, JoinError>) {
        self.webhooks.fault("noted webhooks");
        if matches!(result, Ok(Some(Ok(())))) {
            self.failed_settles = 0;
            self.being_settled = Ended::default();
            return;
        }
        self.failed_settles = self.failed_settles.saturating_add(1);
        if let Ok(Some(Err(error))) = result {
            tracing::error!(self.sdk_app_id, %error, "deliveries of webhooks cannot be noted yet");
        }
        self.settle_again();
    }

    /// Puts what is not noted before what has ended since: what is done later overrides a repetition.
    fn settle_again(&mut self) {
        let before = std::mem::take(&mut self.being_settled);
        let later = std::mem::replace(&mut self.ended, before);
        self.ended.done.extend(later.done);
        self.ended.retries.extend(later.retries);
    }

    /// Whether there is nothing left to wait for when the service stops.
    fn has_ended(&self) -> bool {
        let noted = self.ended.len() == 0 || self.failed_settles >= LAST_TRIES;
        self.calls.is_empty() && self.settling.is_empty() && noted
    }
}

impl Webhooks {
    async fn try_to_deliver(
        &self,
        sdk_app_id: u32,
        receiver: &Receiver,
        started: Started,
        url: &str,
        token: Option<&Secret>,
    ) -> Outcome {
        let event = match self.queue.event(started.id).await {
            Ok(Some(event)) => event,
            Ok(None) => return Outcome::Gone,
            Err(error) => {
                if let Some(others) = self.failing.pass(self.clock.monotonic_ms()) {
                    tracing::error!(%error, others, "after-webhooks cannot be read yet");
                }
                return Outcome::Unread;
            }
        };
        let Some(passage) = receiver.after.enter(url, &*self.clock) else {
            return Outcome::Held;
        };
        let call = Call {
            sdk_app_id,
            command: &event.command,
            body: event.body,
            client_ip: event.client_ip,
            platform: &event.platform,
        };
        let url = call.url(url, token, self.clock.now_s());
        let result = self.tell(&url, call.body).await;
        passage.end(result.is_ok());
        match result {
            Ok(()) => Outcome::Delivered,
            Err(why) => {
                let attempts = started.attempts.saturating_add(1);
                tracing::debug!(sdk_app_id, event.command, attempts, %why, "delivery failed");
                Outcome::Failed
            }
        }
    }
}
