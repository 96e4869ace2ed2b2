//! The way of after-events into their queue. Until an event is durable it is kept in memory, bounded
//! in bytes, and its caller waits: a slow database slows down those who make events. One that fails
//! holds up nobody while there is memory, and loses nothing.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::courier::Start;
use super::delivery::PASSED_BY;
use super::figures::{Dropped, count};
use super::{Event, Webhooks};
use crate::storage::{NewAfter, StoredKey, Subject};

/// Events that are stored together: one commit serves all that came while the last one ran.
const RECORD_BATCH: usize = 256;
/// Events whose keys are read together at the start.
const KEYS_BATCH: usize = 10_000;
/// What an event takes in memory beside its texts.
const EVENT_BYTES: usize = 256;
/// The pauses between writes that fail; a write itself waits two seconds for a locked database.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Writes that are tried once more when the service stops.
const LAST_TRIES: u32 = 3;

/// An event on its way into the queue.
pub(super) struct Record {
    event: NewAfter,
    /// Told when it has arrived, or is dropped.
    settled: oneshot::Sender<()>,
}

impl Record {
    fn bytes(&self) -> usize {
        bytes(&self.event)
    }
}

fn bytes(event: &NewAfter) -> usize {
    let Subject { group, account } = &event.subject;
    let names = [group, account].into_iter().flatten().map(String::len);
    EVENT_BYTES + event.body.len() + names.sum::<usize>()
}

/// The memory of events that are not stored yet.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    bytes: usize,
    events: usize,
    of_application: HashMap<u32, usize>,
}

impl Memory {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn events(&self) -> usize {
        self.taken().events
    }

    fn of_application(&self, sdk_app_id: u32) -> usize {
        self.taken().of_application.get(&sdk_app_id).copied().unwrap_or(0)
    }

    /// Takes room for one event, if there is any.
    fn take(&self, sdk_app_id: u32, bytes: usize, most: usize, most_of_application: usize) -> bool {
        let mut taken = self.taken();
        let own = taken.of_application.get(&sdk_app_id).copied().unwrap_or(0);
        if taken.bytes + bytes > most || own + bytes > most_of_application {
            return false;
        }
        taken.bytes += bytes;
        taken.events += 1;
        taken.of_application.insert(sdk_app_id, own + bytes);
        true
    }

    fn give_back(&self, sdk_app_id: u32, bytes: usize) {
        let mut taken = self.taken();
        taken.bytes = taken.bytes.saturating_sub(bytes);
        taken.events = taken.events.saturating_sub(1);
        let own = taken.of_application.remove(&sdk_app_id).unwrap_or(0).saturating_sub(bytes);
        if own > 0 {
            taken.of_application.insert(sdk_app_id, own);
        }
    }
}

impl Webhooks {
    /// Tells the receiver of something that has happened, if it wants to know. Returns when the
    /// event is durable, and at the latest after the patience of the rules; while the database fails,
    /// at once. Then the event stays in memory until it can be stored. Only where there is no room for
    /// it, it is counted and dropped: what has happened stays as it is.
    pub(crate) async fn after(&self, sdk_app_id: u32, event: Event, subject: Subject) {
        if self.wanted(sdk_app_id, event.command).is_none() {
            return;
        }
        let event = NewAfter {
            sdk_app_id,
            command: event.command,
            subject,
            body: event.body,
            client_ip: event.client_ip,
            platform: event.platform,
            created_ms: self.clock.now_ms(),
        };
        let (most, most_of_app) = (self.rules.memory_bytes, self.rules.memory_of_application_bytes);
        if !self.memory.take(sdk_app_id, bytes(&event), most, most_of_app) {
            return self.dropped(sdk_app_id, Dropped::MemoryFull);
        }
        let half_full = self.memory.of_application(sdk_app_id) > most_of_app / 2;
        let (settled, answer) = oneshot::channel();
        if let Err(mpsc::error::SendError(record)) = self.records.send(Record { event, settled }) {
            // The courier has ended, and with it the service.
            return self.drop_record(record, Dropped::Unstored);
        }
        // When the database is known to fail, waiting helps nobody until memory runs short.
        if half_full || !self.unwritable.load(Ordering::Relaxed) {
            let _ = timeout(self.rules.record_patience, answer).await;
        }
    }

    fn drop_record(&self, record: Record, why: Dropped) {
        self.memory.give_back(record.event.sdk_app_id, record.bytes());
        self.dropped(record.event.sdk_app_id, why);
        // Nobody listens if the caller has gone on.
        let _ = record.settled.send(());
    }

    pub(super) fn dropped(&self, sdk_app_id: u32, why: Dropped) {
        self.figures.dropped(why);
        if let Some(others) = self.dropping.pass(self.clock.monotonic_ms()) {
            tracing::error!(sdk_app_id, ?why, others, "after-webhooks are dropped");
        }
    }

    /// Stores what came, however often it takes. False if the service stops and it cannot be stored.
    async fn record(&self, records: Vec<Record>, stop: &CancellationToken) -> bool {
        let records = self.that_fit(records);
        let (events, told): (Vec<_>, Vec<_>) =
            records.into_iter().map(|record| (record.event, record.settled)).unzip();
        let (mut pause, mut last_tries) = (FIRST_PAUSE, 0);
        let first = loop {
            // After a panic it may be stored already. Then it is delivered twice, but never lost.
            let error = match self.caught("store webhooks", self.queue.push(&events)).await {
                Some(Ok(first)) => {
                    self.unwritable.store(false, Ordering::Relaxed);
                    break Some(first);
                }
                Some(Err(error)) => Some(error),
                None => None,
            };
            self.unwritable.store(true, Ordering::Relaxed);
            count(&self.figures.after_store_retried);
            if let Some(error) = error
                && let Some(others) = self.failing.pass(self.clock.monotonic_ms())
            {
                tracing::error!(%error, others, "after-webhooks cannot be stored yet");
            }
            if stop.is_cancelled() {
                last_tries += 1;
                if last_tries >= LAST_TRIES {
                    break None;
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        for ((event, settled), place) in events.into_iter().zip(told).zip(0..) {
            let Some(first) = first else {
                self.drop_record(Record { event, settled }, Dropped::Unstored);
                continue;
            };
            self.memory.give_back(event.sdk_app_id, bytes(&event));
            count(&self.figures.after_recorded);
            let key = StoredKey {
                id: first + place,
                sdk_app_id: event.sdk_app_id,
                subject: event.subject,
                created_ms: event.created_ms,
                next_ms: event.created_ms,
                attempts: 0,
            };
            self.schedule(&key).await;
            let _ = settled.send(());
        }
        first.is_some()
    }

    /// Drops what its application has no place for.
    fn that_fit(&self, records: Vec<Record>) -> Vec<Record> {
        let mut coming: HashMap<u32, usize> = HashMap::new();
        let mut fit = Vec::with_capacity(records.len());
        for record in records {
            let sdk_app_id = record.event.sdk_app_id;
            let coming = coming
                .entry(sdk_app_id)
                .or_insert_with(|| self.receiver(sdk_app_id).schedule().len());
            if *coming < self.rules.after_waiting {
                *coming += 1;
                fit.push(record);
            } else {
                self.drop_record(record, Dropped::QueueFull);
            }
        }
        fit
    }

    /// Gives a stored event to those who deliver. One at which this panics is delivered after the next
    /// start.
    async fn schedule(&self, key: &StoredKey) {
        self.caught("schedule webhook", async { self.add_to_schedule(key) }).await;
    }

    fn add_to_schedule(&self, key: &StoredKey) {
        let receiver = self.receiver(key.sdk_app_id);
        receiver.schedule().add(key, key.attempts >= PASSED_BY);
        if !receiver.tended.swap(true, Ordering::Relaxed) {
            // Nobody receives when the service stops; the event is stored.
            let _ = self.starts.send(Start::Events(key.sdk_app_id, Arc::clone(&receiver)));
        }
        receiver.wake.notify_one();
    }

    /// Finds what an earlier service has left, unless the service stops before.
    async fn find_earlier(&self, stop: &CancellationToken) {
        let mut above = i64::MIN;
        while !stop.is_cancelled() {
            let keys = self.caught("find webhooks", self.queue.keys(above, KEYS_BATCH)).await;
            match keys {
                Some(Ok(keys)) => {
                    for key in &keys {
                        self.schedule(key).await;
                    }
                    match keys.last() {
                        Some(last) => above = last.id,
                        None => {
                            self.unwritable.store(false, Ordering::Relaxed);
                            return;
                        }
                    }
                }
                failed => {
                    self.unwritable.store(true, Ordering::Relaxed);
                    if let Some(Err(error)) = failed {
                        tracing::error!(%error, "the queue of webhooks cannot be read yet");
                    }
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(LONGEST_PAUSE) => {}
                    }
                }
            }
        }
    }
}

/// Stores events until `stop`, and then what has been handed over by then.
pub(super) async fn record_all(
    webhooks: &Webhooks,
    mut records: mpsc::UnboundedReceiver<Record>,
    stop: &CancellationToken,
) {
    // What is new has a higher id than what is found, so it is stored after that.
    webhooks.find_earlier(stop).await;
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
        if !webhooks.record(std::mem::take(&mut batch), stop).await {
            // No batch after this one would fare better, and each would take its time.
            records.close();
            while let Some(record) = records.recv().await {
                webhooks.drop_record(record, Dropped::Unstored);
            }
            return;
        }
    }
}
