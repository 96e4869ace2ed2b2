//! After-webhooks: recorded durably, then delivered.

use futures_util::{StreamExt, stream};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{self, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::client::Call;
use super::figures::count;
use super::queue::{FAR_MS, NewAfter, Retry, StoredAfter};
use super::receiver::Receiver;
use super::retry::pause_ms;
use super::{CallError, Event, LONGEST_SLEEP, Webhooks, client, exceptions};
use crate::storage;

/// Events on their way into the queue. When there are as many, the newest is dropped.
pub(super) const RECORDS: usize = 4_096;
/// Events that are stored together: one commit serves all that came while the last one ran.
const RECORD_BATCH: usize = 256;
/// Events that are taken out of the queue together, and the most that a crash repeats.
const DELIVERY_BATCH: usize = 64;
/// The pause after the queue failed.
const STORAGE_PAUSE: Duration = Duration::from_secs(1);
/// An event on its way into the queue, and whom to tell that it has arrived.
pub(super) struct Record {
    event: NewAfter,
    stored: oneshot::Sender<bool>,
}

impl Webhooks {
    /// Tells the receiver of something that has happened, if it wants to know. Returns when the
    /// event is durable; delivery comes later. An event that cannot be kept is counted and
    /// dropped: what has happened stays as it is.
    pub(crate) async fn after(&self, sdk_app_id: u32, event: Event) {
        let Some((_, url)) = self.wanted(sdk_app_id, event.command) else { return };
        let receiver = self.receiver(sdk_app_id);
        let waiting = match receiver.waiting(&*self.queue, sdk_app_id).await {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::error!(sdk_app_id, %error, "the queue of webhooks cannot be read");
                return count(&self.figures.after_dropped_storage);
            }
        };
        let Some(others) = waiting.enter(self.rules.after_waiting) else {
            return count(&self.figures.after_dropped_full);
        };
        let event = NewAfter {
            sdk_app_id,
            command: event.command,
            body: event.body,
            client_ip: event.client_ip,
            platform: event.platform,
            created_ms: self.clock.now_ms(),
        };
        let (stored, answer) = oneshot::channel();
        if self.records.try_send(Record { event, stored }).is_err() {
            waiting.leave(1);
            return count(&self.figures.after_dropped_full);
        }
        // The recorder gives the place back itself if it fails: this caller may be gone by then.
        if !answer.await.unwrap_or(false) {
            return;
        }
        // A task that delivers looks again before it ends, and where others wait for a receiver
        // that is left alone, the time of the next look is set.
        let busy = receiver.delivering.load(Ordering::SeqCst);
        let set = others > 0 && receiver.after.refuses(&url, self.clock.now_ms());
        if !busy && !set {
            self.wake.notify_one();
        }
    }

    /// Looks for due events now. The courier does so by itself when the time comes.
    #[cfg(test)]
    pub(super) fn wake(&self) {
        self.wake.notify_one();
        let receivers = self.receivers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        receivers.values().for_each(|receiver| receiver.exceptions.wake());
    }

    async fn record(&self, records: Vec<Record>) {
        let (events, told): (Vec<_>, Vec<_>) =
            records.into_iter().map(|record| (record.event, record.stored)).unzip();
        let applications: Vec<u32> = events.iter().map(|event| event.sdk_app_id).collect();
        let result = self.queue.push(events).await;
        if let Err(error) = &result {
            tracing::error!(%error, "webhooks cannot be stored");
        }
        for (sdk_app_id, stored) in applications.into_iter().zip(told) {
            if result.is_ok() {
                count(&self.figures.after_recorded);
            } else {
                count(&self.figures.after_dropped_storage);
                self.leave(sdk_app_id, 1).await;
            }
            // Nobody listens if the caller has gone away; the event is stored all the same.
            let _ = stored.send(result.is_ok());
        }
    }

    async fn leave(&self, sdk_app_id: u32, events: usize) {
        let receiver = self.receiver(sdk_app_id);
        if let Ok(waiting) = receiver.waiting(&*self.queue, sdk_app_id).await {
            waiting.leave(events);
        }
    }

    /// Delivers what is due for one application, until there is nothing, the receiver fails too
    /// often, or the service stops.
    async fn deliver_due(
        &self,
        sdk_app_id: u32,
        stop: &CancellationToken,
    ) -> Result<(), storage::Error> {
        let receiver = self.receiver(sdk_app_id);
        let waiting = receiver.waiting(&*self.queue, sdk_app_id).await?;
        while !stop.is_cancelled() {
            let due = self.queue.due(sdk_app_id, self.clock.now_ms(), DELIVERY_BATCH).await?;
            if due.is_empty() {
                return Ok(());
            }
            let mut fates = stream::iter(due)
                .map(|event| self.deliver(&receiver, event, stop))
                .buffer_unordered(self.rules.after_places);
            let (mut done, mut retries, mut held) = (Vec::new(), Vec::new(), false);
            while let Some(fate) = fates.next().await {
                match fate {
                    Fate::Done(id) => done.push(id),
                    Fate::Again(retry) => retries.push(retry),
                    Fate::Held => held = true,
                }
            }
            self.queue.settle(&done, &retries).await?;
            waiting.leave(done.len());
            if held {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn deliver(
        &self,
        receiver: &Receiver,
        event: StoredAfter,
        stop: &CancellationToken,
    ) -> Fate {
        if stop.is_cancelled() {
            return Fate::Held;
        }
        let callbacks = self.source.callbacks(event.sdk_app_id);
        let target = callbacks.as_deref().and_then(|to| Some((to.url.as_deref()?, &to.token)));
        let Some((url, token)) = target else {
            count(&self.figures.after_dropped_no_url);
            return Fate::Done(event.id);
        };
        let age = Duration::from_millis(self.clock.now_ms().saturating_sub(event.created_ms));
        if age > self.rules.after_age {
            tracing::warn!(event.sdk_app_id, event.command, event.id, "event given up: too old");
            count(&self.figures.after_dropped_old);
            return Fate::Done(event.id);
        }
        let Some(passage) = receiver.after.enter(url, &*self.clock) else {
            return Fate::Held;
        };
        let call = Call {
            sdk_app_id: event.sdk_app_id,
            command: &event.command,
            body: event.body,
            client_ip: event.client_ip,
            platform: &event.platform,
        };
        let url = call.url(url, token.as_ref(), self.clock.now_s());
        let result = self.tell(&url, call.body).await;
        passage.end(result.is_ok());
        let Err(why) = result else {
            count(&self.figures.after_delivered);
            return Fate::Done(event.id);
        };
        let attempts = event.attempts.saturating_add(1);
        tracing::debug!(event.sdk_app_id, event.command, attempts, %why, "delivery failed");
        if attempts >= self.rules.after_attempts {
            tracing::warn!(event.sdk_app_id, event.command, event.id, "event given up");
            count(&self.figures.after_dropped_old);
            return Fate::Done(event.id);
        }
        count(&self.figures.after_retried);
        let next_ms = self.clock.now_ms().saturating_add(pause_ms(attempts, (self.jitter)()));
        Fate::Again(Retry { id: event.id, next_ms, attempts })
    }

    /// The answer is ignored but for its status; one that is too long to be read is an answer.
    pub(super) async fn tell(&self, url: &str, body: String) -> Result<(), CallError> {
        match timeout(self.rules.budget, self.client.post(url, body)).await? {
            Ok(reply) if reply.status == 200 => Ok(()),
            Ok(reply) => Err(CallError::Status(reply.status)),
            Err(client::Error::TooLong) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What becomes of an event after it was looked at.
enum Fate {
    /// Delivered or dropped.
    Done(i64),
    Again(Retry),
    /// Not tried: it stays as it is.
    Held,
}

/// Carries after-events into the queue and from there to the receivers.
pub(crate) struct Courier {
    webhooks: Arc<Webhooks>,
    records: mpsc::Receiver<Record>,
    first_exceptions: mpsc::UnboundedReceiver<exceptions::First>,
}

impl Courier {
    pub(super) fn new(
        webhooks: Arc<Webhooks>,
        records: mpsc::Receiver<Record>,
        first_exceptions: mpsc::UnboundedReceiver<exceptions::First>,
    ) -> Self {
        Self { webhooks, records, first_exceptions }
    }

    /// Runs until `stop`. Then it stores what was handed over, waits for the deliveries that are
    /// under way, which takes the budget of one call at most, and returns; the rest is delivered
    /// after the next start.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self { webhooks, records, first_exceptions } = self;
        let recording = record_all(&webhooks, records, stop.clone());
        let delivering = deliver_all(&webhooks, stop.clone());
        let telling = exceptions::tell_all(&webhooks, first_exceptions, &stop);
        tokio::join!(recording, delivering, telling);
    }
}

async fn record_all(
    webhooks: &Webhooks,
    mut records: mpsc::Receiver<Record>,
    stop: CancellationToken,
) {
    let mut batch = Vec::with_capacity(RECORD_BATCH);
    loop {
        let taken = tokio::select! {
            taken = records.recv_many(&mut batch, RECORD_BATCH) => taken,
            () = stop.cancelled(), if !records.is_closed() => {
                records.close();
                continue;
            }
        };
        if taken == 0 {
            return;
        }
        webhooks.record(std::mem::take(&mut batch)).await;
    }
}

async fn deliver_all(webhooks: &Arc<Webhooks>, stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    let mut applications: HashMap<task::Id, Arc<Receiver>> = HashMap::new();
    while !stop.is_cancelled() {
        let sleep = match start_due(webhooks, &mut tasks, &mut applications, &stop).await {
            Ok(sleep) => sleep,
            Err(error) => {
                tracing::error!(%error, "the queue of webhooks cannot be read");
                STORAGE_PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = webhooks.wake.notified() => {}
            () = tokio::time::sleep(sleep) => {}
            Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => {
                let id = ended.as_ref().map_or_else(task::JoinError::id, |(id, ())| *id);
                if let Some(receiver) = applications.remove(&id) {
                    // Before the queue is read again: whoever sees the old value here has stored
                    // its event before that.
                    receiver.delivering.store(false, Ordering::SeqCst);
                }
            }
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Starts a task for every application that has something due and none yet. Gives the time until
/// the next one will be due.
async fn start_due(
    webhooks: &Arc<Webhooks>,
    tasks: &mut JoinSet<()>,
    applications: &mut HashMap<task::Id, Arc<Receiver>>,
    stop: &CancellationToken,
) -> Result<Duration, storage::Error> {
    let mut sleep = LONGEST_SLEEP;
    for (sdk_app_id, next_ms) in webhooks.queue.waiting().await? {
        let receiver = webhooks.receiver(sdk_app_id);
        // Counted before anything is due, so that what waits can be watched after a restart.
        receiver.waiting(&*webhooks.queue, sdk_app_id).await?;
        if receiver.delivering.load(Ordering::SeqCst) {
            continue;
        }
        let now_ms = webhooks.clock.now_ms();
        let url = webhooks.source.callbacks(sdk_app_id).and_then(|to| to.url.clone());
        let shut = url.filter(|url| receiver.after.refuses(url, now_ms));
        let retry_at = shut.and_then(|url| receiver.after.retry_at(&url));
        let next_ms = if next_ms > now_ms.saturating_add(FAR_MS) { now_ms } else { next_ms };
        let from_ms = retry_at.map_or(next_ms, |at| at.max(next_ms));
        if now_ms < from_ms {
            sleep = sleep.min(Duration::from_millis(from_ms - now_ms));
            continue;
        }
        receiver.delivering.store(true, Ordering::SeqCst);
        let (webhooks, stop) = (Arc::clone(webhooks), stop.clone());
        let task = tasks.spawn(async move {
            if let Err(error) = webhooks.deliver_due(sdk_app_id, &stop).await {
                tracing::error!(sdk_app_id, %error, "webhooks cannot be taken from their queue");
                // The events are still due; without a pause they would be tried again at once.
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(STORAGE_PAUSE) => {}
                }
            }
        });
        applications.insert(task.id(), receiver);
    }
    Ok(sleep)
}
